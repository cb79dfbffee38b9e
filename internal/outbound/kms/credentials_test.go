package kms

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// bare takes everything out of the environment that credentials could come from.
func bare(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
	} {
		t.Setenv(name, "")
	}
	nowhere := filepath.Join(t.TempDir(), "missing")
	t.Setenv("AWS_CONFIG_FILE", nowhere)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestCredentialsOfTheEnvironment(t *testing.T) {
	bare(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "token")
	got, err := new(Standard).Retrieve(t.Context())
	if err != nil || got.AccessKeyID != "AKID" || got.SecretAccessKey != "secret" || got.SessionToken != "token" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCredentialsOfAProfile(t *testing.T) {
	bare(t)
	file := filepath.Join(t.TempDir(), "credentials")
	text := "[default]\naws_access_key_id=OTHER\naws_secret_access_key=x\n[mail]\naws_access_key_id=PROFILE\naws_secret_access_key=secret\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	t.Setenv("AWS_PROFILE", "mail")
	if got, err := new(Standard).Retrieve(t.Context()); err != nil || got.AccessKeyID != "PROFILE" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCredentialsOfTheContainer(t *testing.T) {
	bare(t)
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_ = json.NewEncoder(w).Encode(map[string]string{
			"AccessKeyId": "CONTAINER", "SecretAccessKey": "secret", "Token": "token", "Expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		})
	}))
	defer s.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", s.URL)
	var chain Standard
	for range 3 {
		if got, err := chain.Retrieve(t.Context()); err != nil || got.AccessKeyID != "CONTAINER" {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestNoCredentialsIsAnError(t *testing.T) {
	bare(t)
	if got, err := new(Standard).Retrieve(t.Context()); err == nil {
		t.Errorf("found %s", got.AccessKeyID)
	}
}
