package poolcopy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
)

// Settings reads everything about a pool but its users. Image fetches a picture
// that the API shows by its address only; without it pictures become notes. The
// error is ResourceNotFoundException when there is no such pool.
func Settings(ctx context.Context, from API, poolID string, image func(ctx context.Context, url string) ([]byte, error)) ([]Step, []Note, error) {
	r := &reader{from: from, poolID: poolID, image: image}
	for _, part := range []func(context.Context) error{
		r.pool, r.factors, r.resourceServers, r.providers, r.groups, r.clients, r.sessions, r.domains, r.looks, r.risks, r.logs,
	} {
		if err := part(ctx); err != nil {
			return nil, nil, err
		}
	}
	return r.steps, r.notes, nil
}

// reader collects the steps of one pool.
type reader struct {
	from   API
	poolID string
	image  func(ctx context.Context, url string) ([]byte, error)

	config    *api.UserPoolType
	clientIDs []string
	steps     []Step
	notes     []Note
}

func (r *reader) note(about, format string, args ...any) {
	r.notes = append(r.notes, Note{About: about, Text: fmt.Sprintf(format, args...)})
}

func (r *reader) step(call, id, name string, input any, secrets map[string]string) error {
	text, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("%s %s: write the request: %w", call, name, err)
	}
	r.steps = append(r.steps, Step{Call: call, ID: id, Name: name, Input: text, Secrets: secrets})
	return nil
}

// into fills out with the members of the same names: the service describes things
// with the names by which it makes them.
func into(described, out any) error {
	text, err := json.Marshal(described)
	if err != nil {
		return fmt.Errorf("read a description: %w", err)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read a description: %w", err)
	}
	return nil
}

func (r *reader) pool(ctx context.Context) error {
	var got api.DescribeUserPoolResponse
	if err := r.from.Call(ctx, "DescribeUserPool", &api.DescribeUserPoolRequest{UserPoolId: r.poolID}, &got); err != nil {
		return fmt.Errorf("read pool %s: %w", r.poolID, err)
	}
	if got.UserPool == nil {
		return fmt.Errorf("read pool %s: the answer is empty", r.poolID)
	}
	r.config = got.UserPool
	in := &api.CreateUserPoolRequest{}
	if err := into(r.config, in); err != nil {
		return err
	}
	in.PoolName = r.config.Name
	in.MfaConfiguration = "" // comes with the factors
	if in.AccountRecoverySetting == nil {
		in.AccountRecoverySetting = &api.AccountRecoverySettingType{} // the old order, which is not described
	}
	if p := in.Policies; p != nil && p.PasswordPolicy != nil && p.PasswordPolicy.TemporaryPasswordValidityDays != nil && in.AdminCreateUserConfig != nil {
		in.AdminCreateUserConfig.UnusedAccountValidityDays = nil // two names of one setting
	}
	for tag := range in.UserPoolTags {
		if strings.HasPrefix(tag, "aws:") {
			delete(in.UserPoolTags, tag)
		}
	}
	first, later := schema(r.config.SchemaAttributes)
	in.Schema = first
	if err := r.step("CreateUserPool", r.poolID, "", in, nil); err != nil {
		return err
	}
	for part := range slices.Chunk(later, mostAdded) {
		in := &api.AddCustomAttributesRequest{UserPoolId: r.poolID, CustomAttributes: part}
		if err := r.step("AddCustomAttributes", "", part[0].Name, in, nil); err != nil {
			return err
		}
	}
	r.noteSettings()
	return nil
}

const (
	// mostFirst and mostAdded are how many attributes a pool is made with, and how
	// many can be added at a time.
	mostFirst = 50
	mostAdded = 25
)

// schema parts the described attributes into those that a pool is made with and
// those that are added: only the first can be changed standard ones.
func schema(described []api.SchemaAttributeType) (first, later []api.SchemaAttributeType) {
	standard := attributes.Standard()
	for _, a := range described {
		switch name, custom := strings.CutPrefix(a.Name, attributes.CustomPrefix); {
		case slices.ContainsFunc(standard, func(s api.SchemaAttributeType) bool { return s.Name == a.Name }):
			if a.Name != attributes.EmailVerified && a.Name != attributes.PhoneNumberVerified && a.Name != attributes.Sub &&
				a.Name != attributes.Identities {
				first = append(first, a)
			}
		case custom:
			a.Name = name
			later = append(later, a)
		default:
			if name, ok := strings.CutPrefix(a.Name, attributes.DeveloperPrefix+attributes.CustomPrefix); ok {
				a.Name = name
				later = append(later, a)
				continue
			}
			a.Name = strings.TrimPrefix(a.Name, attributes.DeveloperPrefix)
			first = append(first, a)
		}
	}
	return first[:min(len(first), mostFirst)], append(first[min(len(first), mostFirst):], later...)
}

// noteSettings says which settings mean something else here.
func (r *reader) noteSettings() {
	if l := r.config.LambdaConfig; l != nil && *l != (api.LambdaConfigType{}) {
		r.note("triggers", "the functions are named by their ARNs; say with --function or --lambda-endpoint of the server where each of them runs")
	}
	if e := r.config.EmailConfiguration; e != nil && e.SourceArn != "" {
		r.note("e-mail", "messages are sent through --smtp-url of the server, not through %s", e.SourceArn)
	}
	if r.config.SmsConfiguration != nil {
		r.note("text messages", "messages are sent through --sms-url of the server; its role is not used")
	}
	if r.config.EstimatedNumberOfUsers > 0 {
		r.note("users", "sessions do not come along: everybody signs in once more")
	}
}

func (r *reader) factors(ctx context.Context) error {
	var got api.GetUserPoolMfaConfigResponse
	if err := r.from.Call(ctx, "GetUserPoolMfaConfig", &api.GetUserPoolMfaConfigRequest{UserPoolId: r.poolID}, &got); err != nil {
		return fmt.Errorf("read the factors of pool %s: %w", r.poolID, err)
	}
	in := &api.SetUserPoolMfaConfigRequest{}
	if err := into(&got, in); err != nil {
		return err
	}
	in.UserPoolId = r.poolID
	if _, everything := r.from.(Disclosure); !everything {
		if t := got.SoftwareTokenMfaConfiguration; t != nil && t.Enabled {
			r.note("authenticator apps", "their secrets cannot be read: users of one register it anew")
		}
		if got.WebAuthnConfiguration != nil {
			r.note("passkeys", "they cannot be read: users of one register it anew")
		}
	}
	return r.step("SetUserPoolMfaConfig", "", "", in, nil)
}
