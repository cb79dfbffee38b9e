package sts_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// All operations of STS are counted together, 600 a second with the quotas of an AWS
// account; what is beyond is refused before it is served.
func TestRequestsBeyondTheRateAreThrottled(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := servertest.Start(t, func(c *server.Config) {
		c.Quotas = "aws"
		c.Now = func() time.Time { return now } // no second passes
	})
	ask := func(form url.Values) (int, string) {
		t.Helper()
		form.Set("Version", "2011-06-15")
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(form.Encode()))
		wantOK(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer, err := s.HTTP.Do(r)
		wantOK(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		wantOK(t, err)
		return answer.StatusCode, string(body)
	}
	role := url.Values{"RoleArn": {"arn:aws:iam::" + account + ":role/none"}}
	token := url.Values{"Action": {"AssumeRoleWithWebIdentity"}, "RoleArn": role["RoleArn"], "RoleSessionName": {"app"}, "WebIdentityToken": {"none"}}
	for n := range 600 {
		if status, body := ask(token); status != http.StatusBadRequest || !strings.Contains(body, "<Code>InvalidIdentityToken</Code>") {
			t.Fatalf("request %d: %d %s", n, status, body)
		}
	}
	assertion := url.Values{"Action": {"AssumeRoleWithSAML"}, "RoleArn": role["RoleArn"], "PrincipalArn": {"arn:aws:iam::" + account + ":saml-provider/none"}, "SAMLAssertion": {"none"}}
	for _, form := range []url.Values{token, assertion} {
		if status, body := ask(form); status != http.StatusBadRequest || !strings.Contains(body, "<Code>Throttling</Code><Message>Rate exceeded</Message>") {
			t.Errorf("%s: %d %s", form.Get("Action"), status, body)
		}
	}
}
