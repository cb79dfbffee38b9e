package kms

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const arn = "arn:aws:kms:eu-west-1:123456789012:key/1"

func client(env map[string]string) *Client {
	return &Client{
		Getenv: func(name string) string { return env[name] },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			if env["AWS_ACCESS_KEY_ID"] == "" {
				return aws.Credentials{}, errors.New("none")
			}
			return aws.Credentials{AccessKeyID: env["AWS_ACCESS_KEY_ID"], SecretAccessKey: env["AWS_SECRET_ACCESS_KEY"]}, nil
		}),
		InWrite: func(context.Context) bool { return false },
		Now:     func() time.Time { return time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC) },
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		if in["KeyId"] != arn || in["KeySpec"] != "AES_256" || in["EncryptionContext"].(map[string]any)["userpool-id"] != "p" {
			t.Errorf("asked %v", in)
		}
		if got := r.Header.Get("Authorization"); !strings.Contains(got, "Credential=AKID/20250601/eu-west-1/kms/aws4_request") {
			t.Errorf("signed %s", got)
		}
		if got := r.Header.Get("X-Amz-Target"); got != "TrentService.GenerateDataKey" {
			t.Errorf("target %s", got)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"KeyId": arn, "Plaintext": bytes.Repeat([]byte{5}, 32), "CiphertextBlob": []byte("sealed")})
	}))
	defer s.Close()
	c := client(map[string]string{"AWS_ENDPOINT_URL_KMS": s.URL, "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "x"})
	key, err := c.Generate(t.Context(), arn, map[string]string{"userpool-id": "p"})
	if err != nil || key.ARN != arn || string(key.Sealed) != "sealed" || len(key.Plaintext) != 32 {
		t.Errorf("%+v, %v", key, err)
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	denied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"AccessDeniedException"}`))
	}))
	defer denied.Close()
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) }))
	defer empty.Close()
	for name, env := range map[string]map[string]string{
		"denied":         {"AWS_ENDPOINT_URL_KMS": denied.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
		"empty":          {"AWS_ENDPOINT_URL_KMS": empty.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
		"no credentials": {"AWS_ENDPOINT_URL_KMS": denied.URL},
		"plain http":     {"AWS_ENDPOINT_URL_KMS": "http://kms.example.com", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
		"metadata":       {"AWS_ENDPOINT_URL": "https://169.254.169.254/", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
	} {
		if _, err := client(env).Generate(t.Context(), arn, nil); err == nil {
			t.Errorf("%s: a key", name)
		}
	}
}
