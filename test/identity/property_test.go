package identity_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/servertest"
	"cognate/internal/servertest/inputs"
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
				input := known.Of(r, operation.Input)
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

// knownValues has ids that exist, so that inputs get past the first look-up.
func knownValues(t *testing.T, w *world) inputs.Values {
	t.Helper()
	login := w.login(t, "ana")
	arn := "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + w.pool
	return inputs.Values{
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
