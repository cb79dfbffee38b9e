package remotests

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const success = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
<Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2026-03-01T13:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`

func refusalDocument(code string) string {
	return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>` + code +
		`</Code><Message>words</Message></Error><RequestId>r</RequestId></ErrorResponse>`
}

// service answers every request alike, and keeps the last form.
func service(t testing.TB, status int, body string) (*Client, *url.Values) {
	t.Helper()
	form := new(url.Values)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		*form, _ = url.ParseQuery(string(data))
		if r.Header.Get("Authorization") != "" {
			status = http.StatusTeapot
		}
		if status == http.StatusFound {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	client, err := Parse(server.URL, "eu-central-1")
	if err != nil {
		t.Fatal(err)
	}
	return client, form
}

func request() Request {
	return Request{
		Token: "eyJ.e30.x", RoleARN: "arn:aws:iam::123456789012:role/r", SessionName: "CognitoIdentityCredentials", Duration: time.Hour,
		Policy: "{}", PolicyARNs: []string{"arn:aws:iam::aws:policy/a", "arn:aws:iam::aws:policy/b"},
	}
}

func TestATokenIsExchanged(t *testing.T) {
	t.Parallel()
	client, form := service(t, http.StatusOK, success)
	got, err := client.Exchange(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	want := Credentials{
		AccessKeyID: "ASIAX", SecretAccessKey: "secret", SessionToken: "token", Expires: time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC),
	}
	if *got != want {
		t.Errorf("%+v", got)
	}
	for name, want := range map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::123456789012:role/r",
		"RoleSessionName": "CognitoIdentityCredentials", "WebIdentityToken": "eyJ.e30.x", "DurationSeconds": "3600", "Policy": "{}",
		"PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/a", "PolicyArns.member.2.arn": "arn:aws:iam::aws:policy/b",
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestAnswersWithoutASession(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status  int
		body    string
		refusal string // "" where the service is to blame
	}{
		"not trusted":        {403, refusalDocument("AccessDenied"), "AccessDenied"},
		"bad token":          {400, refusalDocument("InvalidIdentityToken"), "InvalidIdentityToken"},
		"issuer unreachable": {400, refusalDocument("IDPCommunicationError"), ""},
		"too many":           {429, refusalDocument("Throttling"), ""},
		"broken":             {500, refusalDocument("InternalFailure"), ""},
		"redirect":           {302, "", ""},
		"no document":        {200, "hello", ""},
		"no credentials":     {200, strings.Replace(success, "AccessKeyId>", "Key>", 2), ""},
		"too long":           {200, strings.Repeat(" ", answerLimit+1) + success, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := service(t, c.status, c.body)
			got, err := client.Exchange(t.Context(), request())
			var refused *RefusedError
			if got != nil || err == nil || errors.As(err, &refused) != (c.refusal != "") || refused != nil && refused.Code != c.refusal {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestNobodyIsCalledInsideATransaction(t *testing.T) {
	t.Parallel()
	client, form := service(t, http.StatusOK, success)
	client.InWrite = func(context.Context) bool { return true }
	if _, err := client.Exchange(t.Context(), request()); err == nil || len(*form) > 0 {
		t.Errorf("%v, %v", err, form)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://sts.amazonaws.com": true, "https://minio.example:9000/": true, "http://localhost:9000": true, "http://127.0.0.1:9000": true,
		"http://minio:9000": false, "http://minio:9000?insecure=true": true, "http://minio:9000?insecure=1": false,
		"https://sts.example?x=1": false, "https://a:b@sts.example": false, "sts.example": false, "ftp://sts.example": false, "": false, "https://%zz": false,
	} {
		if _, err := Parse(address, "us-east-1"); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}
