package identity_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/servertest"
)

// Exceptions that may answer any operation: those of the framework, which no model
// lists (spec/errors.md §2, spec/identity-pools.md A7).
var anywhere = []string{"SerializationException", "ValidationException", "InvalidParameterException"}

// Inputs made from the constraints table, right and wrong, reach every operation:
// each answer is a success, an exception of the operation's model, or one of the
// framework's. Nothing is a server error.
func TestEveryOperationAnswersInputsFromItsConstraintsAsItsModelSays_S170(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cognitoidentity.CreateIdentityPoolInput) {
		classic(in)
		in.SupportedLoginProviders = map[string]string{"accounts.google.com": "app"}
	})
	known := knownValues(t, w)
	for _, name := range slices.Sorted(maps.Keys(identity.Operations)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operation := identity.Operations[name]
			rapid.Check(t, func(r *rapid.T) {
				input := known.value(r, operation.Input, "")
				if m, ok := input.(map[string]any); ok && operation.Name == "DeleteIdentityPool" {
					delete(m, "IdentityPoolId") // the others need the pool
				}
				body, err := json.Marshal(input)
				if err != nil {
					r.Fatal(err)
				}
				answer := w.call(t, operation, body)
				code := answer.ErrorType()
				switch {
				case answer.Status == http.StatusOK:
				case answer.Status >= http.StatusInternalServerError:
					r.Fatalf("%s answered %d %s to %s", name, answer.Status, answer.Body, body)
				case !slices.Contains(operation.Errors, code) && !slices.Contains(anywhere, code):
					r.Errorf("%s answered %s to %s, which its model does not list", name, answer.Body, body)
				}
			})
		})
	}
}

// call posts a body to an operation, signed if it needs a signature.
func (w *world) call(t *testing.T, operation *api.Operation, body []byte) servertest.Answer {
	t.Helper()
	return w.Do(t, w.request(t, operation, body, w.Now()))
}

// request is a call that is signed at a time, if the operation needs a signature.
func (w *world) request(t *testing.T, operation *api.Operation, body []byte, at time.Time) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/", bytes.NewReader(body))
	wantOK(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", identity.TargetPrefix+"."+operation.Name)
	if operation.Access == api.Signed {
		sum := sha256.Sum256(body)
		root := aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
		wantOK(t, v4.NewSigner().SignHTTP(t.Context(), root, r, hex.EncodeToString(sum[:]), "cognito-identity", w.Region, at))
	}
	return r
}

// values are by the name of a member those that mean something, so that inputs get
// past the first look-up.
type values map[string][]string

func knownValues(t *testing.T, w *world) values {
	t.Helper()
	login := w.login(t, "ana")
	arn := "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + w.pool
	return values{
		"IdentityPoolId":            {w.pool},
		"IdentityId":                {w.mustGetID(t, nil), w.mustGetID(t, login), w.mustVouch(t, "u1", "", nil)},
		"IdentityProviderName":      {w.provider, "accounts.google.com"},
		"Logins key":                {w.provider, developer, "accounts.google.com", "cognito-identity.amazonaws.com"},
		"Logins value":              {login[w.provider], "u1", "u2"},
		"LoginsToRemove":            {w.provider, "accounts.google.com"},
		"DeveloperProviderName":     {developer},
		"DeveloperUserIdentifier":   {"u1", "u2"},
		"SourceUserIdentifier":      {"u1", "u2"},
		"DestinationUserIdentifier": {"u1", "u2"},
		"ResourceArn":               {arn},
		"RoleARN":                   {roleARN("a")},
		"Roles key":                 {"authenticated", "unauthenticated"},
		"Roles value":               {roleARN("a")},
		"RoleMappings key":          {w.provider + ":" + w.client, "accounts.google.com"},
	}
}

// value makes a JSON value for a shape: usually a legal one, now and then one past a
// boundary, of another type, or absent.
func (v values) value(r *rapid.T, shape *api.Shape, member string) any {
	if known := v[member]; known != nil && rapid.IntRange(0, 9).Draw(r, "known") < 8 {
		switch shape.Kind {
		case api.KindString:
			return rapid.SampledFrom(known).Draw(r, member)
		case api.KindList:
			return []any{rapid.SampledFrom(known).Draw(r, member)}
		default:
		}
	}
	if rapid.IntRange(0, 49).Draw(r, "odd") == 0 {
		return rapid.SampledFrom([]any{nil, true, 1, -1.5, "", "x", "\u0000", []any{}, map[string]any{}, strings.Repeat("y", 3000)}).Draw(r, "value")
	}
	switch shape.Kind {
	case api.KindString:
		return v.text(r, shape)
	case api.KindBoolean:
		return rapid.Bool().Draw(r, "bool")
	case api.KindInteger, api.KindLong:
		return rapid.SampledFrom([]int64{0, 1, shape.Min, shape.Min - 1, shape.Max, shape.Max + 1, -1}).Draw(r, "number")
	case api.KindList:
		list := make([]any, rapid.IntRange(0, 3).Draw(r, "length"))
		for i := range list {
			list[i] = v.value(r, shape.Elem, "")
		}
		return list
	case api.KindMap:
		m := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(r, "size") {
			m[fmt.Sprint(v.value(r, shape.Key, member+" key"))] = v.value(r, shape.Elem, member+" value")
		}
		return m
	case api.KindStructure:
		return v.structure(r, shape)
	default:
		return map[string]any{"a": []any{1, "b"}}
	}
}

func (v values) structure(r *rapid.T, shape *api.Shape) any {
	m := map[string]any{}
	for _, member := range shape.Members {
		likely := 6
		if member.Required {
			likely = 29
		}
		if rapid.IntRange(0, 29).Draw(r, "present") <= likely {
			m[member.Name] = v.value(r, member.Shape, member.Name)
		}
	}
	return m
}

// text makes a string at, inside or just past the boundaries of a shape.
func (v values) text(r *rapid.T, shape *api.Shape) string {
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
