// Package access tests from outside what callers may do: keys, policies, roles and
// the commands' endpoints, with the AWS SDK for Go and requests of our own.
package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

const account = "123456789012"

// key is the credentials of somebody.
type key struct{ id, secret, token string }

var root = key{id: servertest.RootAccessKeyID, secret: servertest.RootSecretAccessKey}

func (k key) credentials() aws.Credentials {
	return aws.Credentials{AccessKeyID: k.id, SecretAccessKey: k.secret, SessionToken: k.token}
}

// send sends a request that k signs for a service, also when the test is over.
func (k key) send(t *testing.T, s *servertest.Server, service, method, path, target string, in any) servertest.Answer {
	t.Helper()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	if k.id != "" {
		sum := sha256.Sum256(body)
		if err := v4.NewSigner().SignHTTP(t.Context(), k.credentials(), r, hex.EncodeToString(sum[:]), service, s.Region, s.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return s.Do(t, r)
}

// control asks an endpoint of operators and reads its answer into out.
func (k key) control(t *testing.T, s *servertest.Server, method, path string, in, out any) servertest.Answer {
	t.Helper()
	answer := k.send(t, s, "cognito-idp", method, "/_cognate/v1/"+path, "", in)
	if out != nil {
		if answer.Status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, answer.Status, answer.Body)
		}
		if err := json.Unmarshal([]byte(answer.Body), out); err != nil {
			t.Fatal(err)
		}
	}
	return answer
}

// user makes a user with a key, and removes both when the test is over.
func user(t *testing.T, s *servertest.Server, by key, name string, policies ...string) key {
	t.Helper()
	var made struct{ AccessKeyID, SecretAccessKey string }
	by.control(t, s, http.MethodPost, "access-keys", map[string]any{"user": name, "policies": policies}, &made)
	t.Cleanup(func() { root.control(t, s, http.MethodDelete, "access-keys/"+made.AccessKeyID, nil, nil) })
	return key{id: made.AccessKeyID, secret: made.SecretAccessKey}
}

func putRole(t *testing.T, s *servertest.Server, name, trust string, policies ...string) (arn string) {
	t.Helper()
	var made struct{ ARN string }
	root.control(t, s, http.MethodPut, "roles", map[string]any{"name": name, "trust": trust, "policies": policies}, &made)
	return made.ARN
}

// statement is a policy of one statement; condition is JSON, or empty.
func statement(effect, actions, resources, condition string) string {
	if condition == "" {
		condition = "{}"
	}
	list := func(s string) string { return `["` + strings.Join(strings.Fields(s), `","`) + `"]` }
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":` + list(actions) + `,"Resource":` + list(resources) + `,"Condition":` + condition + `}]}`
}

func wantOK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantDenied wants a refusal of an action on a resource.
func wantDenied(t testing.TB, err error, who, action, resource string) {
	t.Helper()
	var e smithy.APIError
	want := "User: " + who + " is not authorized to perform: " + action + " on resource: " + resource + " "
	if !errors.As(err, &e) || e.ErrorCode() != "AccessDeniedException" || !strings.HasPrefix(e.ErrorMessage(), want) {
		t.Errorf("got  %v\nwant AccessDeniedException: %s…", err, want)
	}
}

func userARN(name string) string { return "arn:aws:iam::" + account + ":user/" + name }
