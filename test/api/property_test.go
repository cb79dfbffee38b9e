package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/servertest"
	"cognate/internal/servertest/inputs"
)

// Exceptions that may answer any operation: those of the framework, which no
// model lists (spec/errors.md §2), and those that the specification names
// beyond the model of an operation.
var (
	anywhere = []string{
		"SerializationException", "InvalidParameterException", "OperationNotEnabledException", "AccessDeniedException",
	}
	beyondTheModel = map[string][]string{
		"AdminCreateUser":            {"AliasExistsException"},
		"AdminUpdateUserAttributes":  {"NotAuthorizedException"},
		"CreateManagedLoginBranding": {"FeatureUnavailableInTierException"}, // newest-features.md §20
		"UpdateManagedLoginBranding": {"FeatureUnavailableInTierException"},
	}
)

// Inputs made from the constraints table, right and wrong, reach every
// operation: each answer is a success, an exception of the operation's model,
// or one of the framework's. Nothing is a server error.
func TestEveryOperationAnswersInputsFromItsConstraintsAsItsModelSays_S170(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	known := knownValues(t, s)
	for _, name := range slices.Sorted(maps.Keys(api.Operations)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operation := api.Operations[name]
			rapid.Check(t, func(r *rapid.T) {
				input := known.Of(r, operation.Input)
				if m, ok := input.(map[string]any); ok && operation.Name == "DeleteUserPool" {
					delete(m, "UserPoolId") // the others need the pool
				}
				body, err := json.Marshal(input)
				if err != nil {
					r.Fatal(err)
				}
				answer := s.Call(t, name, string(body))
				checkAnswer(r, operation, string(body), answer)
			})
		})
	}
}

func checkAnswer(t *rapid.T, operation *api.Operation, input string, answer servertest.Answer) {
	if answer.Status == http.StatusOK {
		return
	}
	code := answer.ErrorType()
	if answer.Status >= http.StatusInternalServerError {
		t.Fatalf("%s answered %d %s to %s", operation.Name, answer.Status, answer.Body, input)
	}
	if slices.Contains(operation.Errors, code) || slices.Contains(anywhere, code) || slices.Contains(beyondTheModel[operation.Name], code) {
		return
	}
	t.Errorf("%s answered %s to %s, which its model does not list", operation.Name, answer.Body, input)
}

// knownValues has ids that exist, so that inputs get past the first look-up.
func knownValues(t *testing.T, s *servertest.Server) inputs.Values {
	t.Helper()
	pool := s.CreatePool(t, nil)
	client := s.CreateClient(t, pool, nil)
	s.CreateUser(t, pool, "ana", "Correct-Horse1!", "email", "a@example.com")
	in, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-Horse1!"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tokens := in.AuthenticationResult
	return inputs.Values{
		"UserPoolId":    {pool},
		"ClientId":      {client},
		"Username":      {"ana", "ben", "nobody"},
		"GroupName":     {"admins", "editors"},
		"AuthFlow":      {"USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "ADMIN_USER_PASSWORD_AUTH"},
		"ChallengeName": {"PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"},
		"Name":          {"email", "phone_number", "name", "custom:x", "sub"},
		"AttributeName": {"email", "phone_number"},
		"Password":      {"Correct-Horse1!"},
		"ResourceArn":   {"arn:aws:cognito-idp:us-east-1:123456789012:userpool/" + pool},
		"Filter":        {`email = "a@example.com"`, `username ^= "a"`, `status = "Enabled"`},
		"AccessToken":   {"eyJraWQiOiJ4IiwiYWxnIjoiUlMyNTYifQ.e30.c2ln", *tokens.AccessToken},
		"RefreshToken":  {*tokens.RefreshToken},
		"Token":         {*tokens.RefreshToken, *tokens.AccessToken},
	}
}
