package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/servertest"
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
	world := newPropertyWorld(t, s)
	for _, name := range slices.Sorted(maps.Keys(api.Operations)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operation := api.Operations[name]
			rapid.Check(t, func(r *rapid.T) {
				input := world.value(r, operation.Input, "")
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

// propertyWorld knows ids that exist, so that inputs get past the first look-up.
type propertyWorld struct {
	known map[string][]string // member name → values that mean something
}

func newPropertyWorld(t *testing.T, s *servertest.Server) *propertyWorld {
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
	return &propertyWorld{known: map[string][]string{
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
	}}
}

// value makes a JSON value for a shape: usually a legal one, now and then
// one past a boundary, of another type, or absent.
func (w *propertyWorld) value(r *rapid.T, shape *api.Shape, member string) any {
	if known := w.known[member]; known != nil && rapid.IntRange(0, 9).Draw(r, "known") < 8 {
		return rapid.SampledFrom(known).Draw(r, member)
	}
	if rapid.IntRange(0, 49).Draw(r, "odd") == 0 {
		return rapid.SampledFrom([]any{nil, true, 1, -1.5, "", "x", "\u0000", []any{}, map[string]any{}, strings.Repeat("y", 3000)}).Draw(r, "value")
	}
	switch shape.Kind {
	case api.KindString:
		return w.text(r, shape)
	case api.KindBoolean:
		return rapid.Bool().Draw(r, "bool")
	case api.KindInteger, api.KindLong:
		return w.number(r, shape)
	case api.KindTimestamp:
		return rapid.Float64Range(0, 4e9).Draw(r, "time")
	case api.KindBlob:
		return "aGVsbG8="
	case api.KindList:
		list := make([]any, rapid.IntRange(0, 3).Draw(r, "length"))
		for i := range list {
			list[i] = w.value(r, shape.Elem, "")
		}
		return list
	case api.KindMap:
		m := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(r, "size") {
			m[fmt.Sprint(w.value(r, shape.Key, ""))] = w.value(r, shape.Elem, "")
		}
		return m
	case api.KindStructure:
		return w.structure(r, shape)
	}
	return map[string]any{"a": []any{1, "b"}}
}

func (w *propertyWorld) structure(r *rapid.T, shape *api.Shape) any {
	m := map[string]any{}
	for _, member := range shape.Members {
		likely := 4
		if member.Required {
			likely = 29
		}
		if rapid.IntRange(0, 29).Draw(r, "present") <= likely {
			m[member.Name] = w.value(r, member.Shape, member.Name)
		}
	}
	return m
}

// text makes a string at, inside or just past the boundaries of a shape.
func (w *propertyWorld) text(r *rapid.T, shape *api.Shape) string {
	if len(shape.Enum) > 0 && rapid.IntRange(0, 9).Draw(r, "enum") > 0 {
		return rapid.SampledFrom(shape.Enum).Draw(r, "member")
	}
	if shape.Pattern != "" && rapid.Bool().Draw(r, "matching") {
		if _, err := syntax.Parse(shape.Pattern, syntax.Perl); err == nil {
			return rapid.StringMatching(shape.Pattern).Draw(r, "text")
		}
	}
	lengths := []int{0, 1, int(shape.Min), int(shape.Min) + 1}
	if shape.HasMax && shape.Max < 5000 {
		lengths = append(lengths, int(shape.Max), int(shape.Max)+1)
	}
	n := rapid.SampledFrom(lengths).Draw(r, "length")
	return strings.Repeat(rapid.SampledFrom([]string{"a", "7", "é", "-", "+1"}).Draw(r, "character"), n)
}

func (w *propertyWorld) number(r *rapid.T, shape *api.Shape) int64 {
	candidates := []int64{0, 1, shape.Min, shape.Min - 1, 1 << 31, -1}
	if shape.HasMax {
		candidates = append(candidates, shape.Max, shape.Max+1)
	}
	return rapid.SampledFrom(candidates).Draw(r, "number")
}
