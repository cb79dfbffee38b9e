package identity_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/identity"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

// anyCall has an input of the right form for every operation, in which ID stands for a
// pool or an identity.
var anyCall = map[string]string{
	"CreateIdentityPool":                 `{"IdentityPoolName":"shop","AllowUnauthenticatedIdentities":false}`,
	"DeleteIdentities":                   `{"IdentityIdsToDelete":["ID"]}`,
	"DeleteIdentityPool":                 `{"IdentityPoolId":"ID"}`,
	"DescribeIdentity":                   `{"IdentityId":"ID"}`,
	"DescribeIdentityPool":               `{"IdentityPoolId":"ID"}`,
	"GetCredentialsForIdentity":          `{"IdentityId":"ID"}`,
	"GetId":                              `{"IdentityPoolId":"ID"}`,
	"GetIdentityPoolRoles":               `{"IdentityPoolId":"ID"}`,
	"GetOpenIdToken":                     `{"IdentityId":"ID"}`,
	"GetOpenIdTokenForDeveloperIdentity": `{"IdentityPoolId":"ID","Logins":{"a":"b"}}`,
	"GetPrincipalTagAttributeMap":        `{"IdentityPoolId":"ID","IdentityProviderName":"a"}`,
	"ListIdentities":                     `{"IdentityPoolId":"ID","MaxResults":1}`,
	"ListIdentityPools":                  `{"MaxResults":1}`,
	"ListTagsForResource":                `{"ResourceArn":"ARN"}`,
	"LookupDeveloperIdentity":            `{"IdentityPoolId":"ID","DeveloperUserIdentifier":"a"}`,
	"MergeDeveloperIdentities":           `{"IdentityPoolId":"ID","DeveloperProviderName":"a","SourceUserIdentifier":"a","DestinationUserIdentifier":"b"}`,
	"SetIdentityPoolRoles":               `{"IdentityPoolId":"ID","Roles":{}}`,
	"SetPrincipalTagAttributeMap":        `{"IdentityPoolId":"ID","IdentityProviderName":"a"}`,
	"TagResource":                        `{"ResourceArn":"ARN","Tags":{"a":"b"}}`,
	"UnlinkDeveloperIdentity":            `{"IdentityPoolId":"ID","IdentityId":"ID","DeveloperProviderName":"a","DeveloperUserIdentifier":"b"}`,
	"UnlinkIdentity":                     `{"IdentityId":"ID","Logins":{"a":"b"},"LoginsToRemove":["a"]}`,
	"UntagResource":                      `{"ResourceArn":"ARN","TagKeys":["a"]}`,
	"UpdateIdentityPool":                 `{"IdentityPoolId":"ID","IdentityPoolName":"shop","AllowUnauthenticatedIdentities":false}`,
}

func (w *world) anyCall(t *testing.T, name string) servertest.Answer {
	t.Helper()
	arn := "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + anyShape
	body := strings.NewReplacer(`"ID"`, `"`+anyShape+`"`, `"ARN"`, `"`+arn+`"`).Replace(anyCall[name])
	operation := identity.Operations[name]
	answer := w.Do(t, w.request(t, operation, []byte(body), time.Now()))
	if answer.ErrorType() == "ValidationException" {
		t.Fatalf("%s: %s", name, answer.Body)
	}
	return answer
}

func operationNames(t *testing.T) []string {
	t.Helper()
	names := slices.Sorted(maps.Keys(identity.Operations))
	if described := slices.Sorted(maps.Keys(anyCall)); len(names) != 23 || !slices.Equal(described, names) {
		t.Fatalf("there are inputs for %v, want 23", described)
	}
	return names
}

// Every operation has a rate.
func TestEveryOperationIsRefusedBeyondItsRate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := servertest.Start(t, func(c *server.Config) {
		c.Quotas = "aws"
		c.Now = func() time.Time { return now } // no second passes
	})
	w := &world{Server: s}
	const highest = 200 // of the rates
	for _, name := range operationNames(t) {
		var last servertest.Answer
		for range highest + 1 {
			if last = w.anyCall(t, name); last.ErrorType() == "TooManyRequestsException" {
				break
			}
		}
		if last.Status != http.StatusBadRequest || last.ErrorType() != "TooManyRequestsException" || last.Message() != "Rate exceeded" {
			t.Errorf("%s: %d %s", name, last.Status, last.Body)
		}
	}
}

// A database that fails is nobody's fault but the server's, and says nothing of itself.
func TestEveryOperationSaysSoWhenTheServerFails(t *testing.T) {
	t.Parallel()
	s, err := server.New(t.Context(), server.Config{
		Mode: server.Serve, DataDir: t.TempDir(),
		RootAccessKeyID: servertest.RootAccessKeyID, RootSecretAccessKey: servertest.RootSecretAccessKey,
	})
	wantOK(t, err)
	door := httptest.NewServer(s.Handler())
	t.Cleanup(door.Close)
	wantOK(t, s.Close())
	w := &world{Server: &servertest.Server{URL: door.URL, Region: "us-east-1", HTTP: door.Client()}}
	for _, name := range operationNames(t) {
		answer := w.anyCall(t, name)
		if answer.Status != http.StatusInternalServerError || answer.Body != `{"__type":"InternalErrorException","message":"Something went wrong"}` {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
}
