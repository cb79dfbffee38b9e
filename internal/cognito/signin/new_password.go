package signin

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sessions"
	"cognate/internal/store"
)

const (
	paramNewPassword = "NEW_PASSWORD"
	attributePrefix  = "userAttributes."
)

// newPasswordStep makes a user replace the temporary password, and complete the
// attributes that the pool requires (auth-flows.md §7, NEW_PASSWORD_REQUIRED).
type newPasswordStep struct{ o *Operations }

func (newPasswordStep) traits() traits { return traits{} }

func (s newPasswordStep) Begin(_ context.Context, a *attempt) (*answer, error) {
	params, err := s.describe(a)
	if err != nil {
		return nil, err
	}
	session, err := s.o.sealFor(a, api.ChallengeNameTypeNewPasswordRequired, credentials.Fingerprint(a.user.Password))
	if err != nil {
		return nil, err
	}
	return &answer{challenge: api.ChallengeNameTypeNewPasswordRequired, params: params, session: session}, nil
}

// describe tells the client what the user has and what is missing.
func (s newPasswordStep) describe(a *attempt) (map[string]string, error) {
	missing := make([]string, 0)
	var present orderedStrings
	for _, attribute := range a.user.Attributes {
		if a.client.Readable(attribute.Name) && attribute.Name != attributes.Identities {
			present.add(attribute.Name, attribute.Value)
		}
	}
	for _, name := range a.client.Pool.Schema.Required() {
		if a.user.Attributes.Get(name) == "" {
			missing = append(missing, attributePrefix+name)
			present.add(name, "")
		}
	}
	required, err := json.Marshal(missing)
	if err != nil {
		return nil, fmt.Errorf("list missing attributes: %w", err)
	}
	current, err := present.json()
	if err != nil {
		return nil, err
	}
	params := map[string]string{"requiredAttributes": string(required), "userAttributes": current}
	if a.state == nil { // straight from the first request
		params[keyUserID] = a.user.Username
	}
	return params, nil
}

func (s newPasswordStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if a.hidden() {
		return nil, errIncorrect() // disabled or deleted meanwhile
	}
	// Whoever proved another temporary password than the present one proved
	// nothing.
	if a.user.Status != api.UserStatusTypeForceChangePassword ||
		subtle.ConstantTimeCompare(a.state.Data, credentials.Fingerprint(a.user.Password)) != 1 {
		return nil, misplaced(sessions.Session, "Invalid session for the user.")
	}
	changes, err := s.changes(a)
	if err != nil {
		return nil, err
	}
	pool, password := a.client.Pool, a.params[paramNewPassword]
	if err := s.o.Credentials.CheckPolicy(pool, password); err != nil {
		return nil, err
	}
	if err := s.o.Threats.CheckPassword(ctx, pool, a.client, api.EventFilterTypePasswordChange, password); err != nil {
		return nil, err
	}
	if err := s.o.Credentials.CheckHistory(ctx, pool, a.user, password); err != nil {
		return nil, err
	}
	made, err := s.o.Credentials.New(pool, a.user.Username, password)
	if err != nil {
		return nil, err
	}
	return s.o.settle(ctx, a, proof{
		right: true,
		kind:  sessions.Session,
		change: func(ctx context.Context, tx *store.Tx, u *store.User) error {
			return s.apply(ctx, tx, pool, u, made, changes)
		},
	})
}

// changes reads and checks the attributes of an answer, sorted by name.
func (s newPasswordStep) changes(a *attempt) ([]api.AttributeType, error) {
	var fresh, changed []api.AttributeType
	for _, param := range sortedKeys(a.params) {
		name, ok := strings.CutPrefix(param, attributePrefix)
		if !ok {
			continue
		}
		attribute := api.AttributeType{Name: name, Value: new(a.params[param])}
		switch present := a.user.Attributes.Get(name); {
		case name == attributes.EmailVerified, name == attributes.PhoneNumberVerified:
			return nil, api.NotAuthorizedException("Cannot modify the non-mutable attribute %s", name)
		case present != "" && slices.Contains(a.client.Pool.Schema.Required(), name):
			return nil, api.NotAuthorizedException("Cannot modify an already provided %s", name)
		case present != "":
			changed = append(changed, attribute)
		default:
			fresh = append(fresh, attribute)
		}
	}
	schema := a.client.Pool.Schema
	if err := schema.CheckNew(fresh, false); err != nil {
		return nil, err
	}
	if err := schema.CheckUpdate(changed); err != nil {
		return nil, err
	}
	all := append(fresh, changed...)
	for _, attribute := range all {
		if !a.client.Writable(attribute.Name) {
			return nil, api.NotAuthorizedException("A client attempted to write unauthorized attribute")
		}
	}
	for _, name := range schema.Required() {
		if a.user.Attributes.Get(name) == "" && a.params[attributePrefix+name] == "" {
			return nil, api.InvalidParameterException("Invalid attributes given, %s is missing", name)
		}
	}
	return all, nil
}

// apply gives the user the new password and attributes and confirms the account.
func (s newPasswordStep) apply(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, made *store.Password, changes []api.AttributeType) error {
	if u.Status != api.UserStatusTypeForceChangePassword {
		return misplaced(sessions.Session, "Invalid session for the user.")
	}
	for _, change := range changes {
		if *change.Value == "" {
			u.Attributes.Delete(change.Name)
		} else {
			u.Attributes.Set(change.Name, *change.Value)
		}
		// An address nobody has proved.
		if flag := attributes.VerifiedFlag(change.Name); flag != "" {
			u.Attributes.Set(flag, "false")
		}
	}
	if err := s.o.Credentials.Store(ctx, tx, pool, u, made); err != nil {
		return err
	}
	u.Status = api.UserStatusTypeConfirmed
	u.ModifiedAt = s.o.Now()
	if err := tx.SaveUser(ctx, u); err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	taken, _, err := tx.SetNames(ctx, u.PoolID, u.Sub, attributes.SignInNames(pool.Config(), u))
	if err != nil {
		return err
	}
	if taken != nil {
		return attributes.Taken(api.AliasExistsException, taken.Kind)
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// orderedStrings is a JSON object of strings that keeps its order.
type orderedStrings struct{ pairs [][2]string }

func (o *orderedStrings) add(name, value string) { o.pairs = append(o.pairs, [2]string{name, value}) }

func (o *orderedStrings) json() (string, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, pair := range o.pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, text := range pair {
			quoted, err := json.Marshal(text)
			if err != nil {
				return "", fmt.Errorf("list attributes: %w", err)
			}
			if j == 1 {
				b.WriteByte(':')
			}
			b.Write(quoted)
		}
	}
	b.WriteByte('}')
	return b.String(), nil
}
