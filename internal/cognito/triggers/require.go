package triggers

import (
	"cognate/internal/api"
	"cognate/internal/cognito/directory"
)

// Name is a trigger of a pool, spelled as in error messages
// (spec/errors.md §16).
type Name string

// The triggers. The last two send messages in the place of the service.
const (
	PreSignUp                   Name = "PreSignUp"
	PostConfirmation            Name = "PostConfirmation"
	PreAuthentication           Name = "PreAuthentication"
	PostAuthentication          Name = "PostAuthentication"
	PreTokenGeneration          Name = "PreTokenGeneration"
	UserMigration               Name = "UserMigration"
	CustomMessage               Name = "CustomMessage"
	DefineAuthChallenge         Name = "DefineAuthChallenge"
	CreateAuthChallenge         Name = "CreateAuthChallenge"
	VerifyAuthChallengeResponse Name = "VerifyAuthChallengeResponse"
	InboundFederation           Name = "InboundFederation"
	CustomEmailSender           Name = "CustomEmailSender"
	CustomSMSSender             Name = "CustomSMSSender"
)

// Require answers OperationNotEnabledException when the pool has a function
// for one of the triggers, which the caller would have to call.
func Require(p *directory.Pool, names ...Name) error {
	config := p.Config().LambdaConfig
	if config == nil {
		return nil
	}
	for _, name := range names {
		if configured(config, name) {
			return api.OperationNotEnabledException("%s trigger is not enabled.", name)
		}
	}
	return nil
}

// Messages are the triggers that take part in sending a message.
func Messages() []Name { return []Name{CustomMessage, CustomEmailSender, CustomSMSSender} }

func configured(c *api.LambdaConfigType, name Name) bool {
	switch name {
	case PreSignUp:
		return c.PreSignUp != ""
	case PostConfirmation:
		return c.PostConfirmation != ""
	case PreAuthentication:
		return c.PreAuthentication != ""
	case PostAuthentication:
		return c.PostAuthentication != ""
	case PreTokenGeneration:
		return c.PreTokenGeneration != "" || c.PreTokenGenerationConfig != nil
	case UserMigration:
		return c.UserMigration != ""
	case CustomMessage:
		return c.CustomMessage != ""
	case DefineAuthChallenge:
		return c.DefineAuthChallenge != ""
	case CreateAuthChallenge:
		return c.CreateAuthChallenge != ""
	case VerifyAuthChallengeResponse:
		return c.VerifyAuthChallengeResponse != ""
	case InboundFederation:
		return c.InboundFederation != nil
	case CustomEmailSender:
		return c.CustomEmailSender != nil
	case CustomSMSSender:
		return c.CustomSMSSender != nil
	default:
		return true // a trigger nobody knows is not known to be absent
	}
}
