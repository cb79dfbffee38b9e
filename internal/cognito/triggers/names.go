package triggers

import "cognate/internal/api"

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

// configured reports whether a configuration has a function for a trigger.
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
		return false
	}
}
