package triggers

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/outbound/hook"
	"cognate/internal/store"
)

// Triggers calls functions. All fields are set, but for Encrypt.
type Triggers struct {
	// Invoke calls a function, see hook.Functions.
	Invoke Invoker
	// Encrypt seals a code for a pool's own senders under the key of the given
	// ARN. Without it pools with such senders send nothing.
	Encrypt func(ctx context.Context, poolID, keyID string, code []byte) (string, error)
	Log     *slog.Logger
}

// Occasion is what an event tells about the request and the user.
type Occasion struct {
	Pool   *directory.Pool
	Client *directory.Client // nil for what administrators do without a client
	// Username is the canonical name, or what was typed where nobody has it.
	Username string
	// User gives userAttributes; nil: there are none.
	User *store.User
	// Metadata is the ClientMetadata that reaches this trigger.
	Metadata map[string]string
}

// Of is the occasion of something that a known user does.
func Of(client *directory.Client, u *store.User, metadata map[string]string) Occasion {
	return Occasion{Pool: client.Pool, Client: client, Username: u.Username, User: u, Metadata: metadata}
}

const noClient = "CLIENT_ID_NOT_APPLICABLE"

// envelope is an event, its members in the order of recorded ones
// (recorded.md §2.7).
type envelope struct {
	Version  string `json:"version"`
	Region   string `json:"region"`
	PoolID   string `json:"userPoolId"`
	Username string `json:"userName"`
	Caller   struct {
		SDK      string `json:"awsSdkVersion"`
		ClientID string `json:"clientId"`
	} `json:"callerContext"`
	Source   string `json:"triggerSource"`
	Request  any    `json:"request"`
	Response any    `json:"response"`
}

// message is one event for a function.
type message struct {
	name     Name
	source   string // what stands before the underscore is the name, if this begins with one
	version  string // "1" when empty
	request  any
	response any // members with the values that mean nothing
	async    bool
}

// Has reports whether the pool has a function for a trigger.
func Has(p *directory.Pool, name Name) bool {
	config := p.Config().LambdaConfig
	return config != nil && configured(config, name)
}

// call sends an event to the pool's function and gives the response part of the
// answer.
func (t *Triggers) call(ctx context.Context, on Occasion, m message) (*fields, error) {
	event, err := on.event(ctx, m)
	if err != nil {
		return nil, err
	}
	answer, done, err := t.Invoke(ctx, on.call(ctx, m, event))
	t.log(ctx, on, m, done, err)
	if err != nil {
		return nil, refused(m.name, err)
	}
	if m.async {
		return nil, nil
	}
	return readResponse(answer)
}

// call addresses an event to the pool's function.
func (on Occasion) call(ctx context.Context, m message, event []byte) hook.Call {
	return hook.Call{
		ARN:       functionOf(on.Pool.Config().LambdaConfig, m.name),
		Region:    regionOf(on.Pool.ID),
		RequestID: api.RequestFrom(ctx).RequestID,
		Event:     event,
		Async:     m.async,
	}
}

func (on Occasion) event(ctx context.Context, m message) ([]byte, error) {
	e := envelope{
		Version: "1", Region: regionOf(on.Pool.ID), PoolID: on.Pool.ID, Username: on.Username,
		Source: m.source, Request: m.request, Response: m.response,
	}
	if m.version != "" {
		e.Version = m.version
	}
	e.Caller.SDK = sdkVersion(api.RequestFrom(ctx).UserAgent)
	e.Caller.ClientID = noClient
	if on.Client != nil {
		e.Caller.ClientID = on.Client.ID
	}
	if m.response == nil {
		e.Response = struct{}{}
	}
	return encode(e)
}

func (t *Triggers) log(ctx context.Context, on Occasion, m message, done hook.Outcome, err error) {
	if t.Log == nil {
		return
	}
	level, outcome := slog.LevelInfo, "answered"
	if err != nil {
		level, outcome = slog.LevelWarn, err.Error()
	}
	t.Log.LogAttrs(ctx, level, "function called",
		slog.String("pool", on.Pool.ID), slog.String("trigger", m.source), slog.String("target", done.Target),
		slog.Int("attempts", done.Attempts), slog.Float64("ms", float64(done.Took.Microseconds())/1000), slog.String("outcome", outcome))
}

// refused puts a failed call into the service's words (errors.md §16).
func refused(name Name, err error) error {
	if failure, ok := errors.AsType[*hook.FunctionError](err); ok {
		return api.UserLambdaValidationException("%s failed with error %s.", name, printable(failure.Message)).Because(err)
	}
	if failure, ok := errors.AsType[*hook.CallError](err); ok {
		return api.UnexpectedLambdaException("%s invocation failed due to error %s.", name, failure.Code).Because(err)
	}
	if errors.Is(err, hook.ErrUnusable) {
		return unrecognizable().Because(err)
	}
	return err
}

func unrecognizable() *api.Error {
	return api.InvalidLambdaResponseException("Unrecognizable lambda output")
}

// messageLimit bounds what a function can make a caller read, in bytes.
const messageLimit = 4 << 10

// printable is the message of a function's error as it may be shown.
func printable(s string) string {
	if len(s) > messageLimit {
		s = s[:messageLimit]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// regionOf is the Region that a pool belongs to, which begins its id.
func regionOf(poolID string) string {
	region, _, _ := strings.Cut(poolID, "_")
	return region
}

var agent = regexp.MustCompile(`\b(aws-sdk-[A-Za-z0-9+-]+)/(v?[0-9][0-9A-Za-z.+-]*)`)

// sdkVersion names the SDK of a caller by its user agent, such as
// aws-sdk-js-2.6.4.
func sdkVersion(userAgent string) string {
	found := agent.FindStringSubmatch(userAgent)
	if found == nil {
		return "aws-sdk-unknown-unknown"
	}
	return found[1] + "-" + found[2]
}

// userAttributes are those of a user as events show them.
func (on Occasion) userAttributes() object {
	u := on.User
	if u == nil {
		return object{}
	}
	o := object{{attributes.Sub, u.Sub}}
	config := on.Pool.Config()
	for _, a := range u.Attributes {
		o = append(o, pair{a.Name, a.Value})
		if flag := attributes.VerifiedFlag(a.Name); flag != "" && attributes.Alias(config, a.Name) && attributes.True(u.Attributes.Get(flag)) {
			o = append(o, pair{"cognito:" + a.Name + "_alias", a.Value})
		}
	}
	return append(o, pair{"cognito:user_status", string(u.Status)})
}

// functionOf is the ARN of the function for a trigger.
func functionOf(c *api.LambdaConfigType, name Name) string {
	switch name {
	case PreSignUp:
		return c.PreSignUp
	case PostConfirmation:
		return c.PostConfirmation
	case PreAuthentication:
		return c.PreAuthentication
	case PostAuthentication:
		return c.PostAuthentication
	case PreTokenGeneration:
		if c.PreTokenGenerationConfig != nil {
			return c.PreTokenGenerationConfig.LambdaArn
		}
		return c.PreTokenGeneration
	case UserMigration:
		return c.UserMigration
	case CustomMessage:
		return c.CustomMessage
	case DefineAuthChallenge:
		return c.DefineAuthChallenge
	case CreateAuthChallenge:
		return c.CreateAuthChallenge
	case VerifyAuthChallengeResponse:
		return c.VerifyAuthChallengeResponse
	case InboundFederation:
		if c.InboundFederation != nil {
			return c.InboundFederation.LambdaArn
		}
	case CustomEmailSender:
		if c.CustomEmailSender != nil {
			return c.CustomEmailSender.LambdaArn
		}
	case CustomSMSSender:
		if c.CustomSMSSender != nil {
			return c.CustomSMSSender.LambdaArn
		}
	}
	return ""
}
