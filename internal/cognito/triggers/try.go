package triggers

import (
	"context"
	"encoding/json"
	"strings"

	"cognate/internal/api"
)

// samples are the request parts of events to try functions with; %s stands for the
// user's attributes.
var samples = map[Name]string{
	PreSignUp:                   `{"userAttributes":%s,"validationData":null,"clientMetadata":{}}`,
	PostConfirmation:            `{"userAttributes":%s,"clientMetadata":{}}`,
	PreAuthentication:           `{"userAttributes":%s,"validationData":null}`,
	PostAuthentication:          `{"userAttributes":%s,"newDeviceUsed":false,"clientMetadata":{}}`,
	PreTokenGeneration:          `{"userAttributes":%s,"scopes":["aws.cognito.signin.user.admin"],"groupConfiguration":{"groupsToOverride":[],"iamRolesToOverride":[],"preferredRole":null},"clientMetadata":{}}`,
	UserMigration:               `{"password":"Sample-password-1","validationData":null,"clientMetadata":{}}`,
	CustomMessage:               `{"userAttributes":%s,"codeParameter":"{####}","linkParameter":"{##Click Here##}","usernameParameter":null,"clientMetadata":{}}`,
	DefineAuthChallenge:         `{"userAttributes":%s,"session":[],"clientMetadata":{}}`,
	CreateAuthChallenge:         `{"userAttributes":%s,"challengeName":"CUSTOM_CHALLENGE","session":[],"clientMetadata":{}}`,
	VerifyAuthChallengeResponse: `{"userAttributes":%s,"privateChallengeParameters":{},"challengeAnswer":"sample","clientMetadata":{}}`,
	InboundFederation:           `{"providerName":"Sample","providerType":"OIDC","attributes":{"tokenResponse":{},"idToken":{},"userInfo":{}}}`,
	CustomEmailSender:           `{"type":"customEmailSenderRequestV1","code":null,"clientMetadata":{},"userAttributes":%s}`,
	CustomSMSSender:             `{"type":"customSMSSenderRequestV1","code":null,"clientMetadata":{},"userAttributes":%s}`,
}

// nameOf is the trigger of a source.
func nameOf(source string) (Name, bool) {
	prefix, _, _ := strings.Cut(source, "_")
	if prefix == "TokenGeneration" {
		return PreTokenGeneration, true
	}
	_, known := samples[Name(prefix)]
	return Name(prefix), known
}

// Try sends the pool's function an event of a source and gives that event and the
// answer. A given event is sent as it is. Nothing that the function asks for
// happens.
func (t *Triggers) Try(ctx context.Context, on Occasion, source string, event []byte) (sent, answer []byte, err error) {
	name, known := nameOf(source)
	if !known {
		return nil, nil, api.InvalidParameterException("%s is no trigger source.", source)
	}
	if !Has(on.Pool, name) {
		return nil, nil, api.InvalidParameterException("The pool has no function for %s.", name)
	}
	if event == nil {
		attributes, err := encode(on.userAttributes())
		if err != nil {
			return nil, nil, err
		}
		request := strings.Replace(samples[name], "%s", string(attributes), 1)
		if event, err = on.event(ctx, message{name: name, source: source, request: json.RawMessage(request)}); err != nil {
			return nil, nil, err
		}
	}
	answer, _, err = t.Invoke(ctx, on.call(ctx, message{name: name, async: name == CustomEmailSender || name == CustomSMSSender}, event))
	if err != nil {
		return event, nil, refused(name, err)
	}
	return event, answer, nil
}
