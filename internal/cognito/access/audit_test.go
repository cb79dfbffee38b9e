package access

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
)

func TestChangesOfEntriesAreWrittenDown(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) { c.Audit = audit.Trail{Log: slog.New(slog.NewJSONHandler(&log, nil))} })
	ctx := api.WithRequest(t.Context(), &api.RequestInfo{AccessKeyID: "AKIASOMEBODY", SourceIP: "203.0.113.9"})
	want := func(err error, records ...string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(log.String()) {
			var r map[string]string
			if err := json.Unmarshal([]byte(line), &r); err != nil || r["access_key"] != "AKIASOMEBODY" || r["source"] != "203.0.113.9" {
				t.Errorf("%s %v", line, err)
			}
			got = append(got, r["action"]+" "+r["object"])
		}
		if strings.Join(got, "\n") != strings.Join(records, "\n") {
			t.Errorf("written down is %q, want %q", got, records)
		}
		log.Reset()
	}
	const user = "arn:aws:iam::123456789012:user/ci"
	first, err := w.CreateKey(ctx, w.root, UserSpec{Name: "ci", Policies: []string{policy("Allow", "*")}})
	want(err, "access-key-made "+user+" "+first.ID)
	second, err := w.RotateKey(ctx, w.root, first.ID, true)
	want(err, "access-key-removed "+first.ID, "access-key-made "+user+" "+second.ID)
	want(w.PutUser(ctx, w.root, UserSpec{Name: "ci"}), "access-user-set "+user)
	want(w.DeleteKey(ctx, w.root, second.ID), "access-key-removed "+second.ID)
	role, err := w.PutRole(ctx, w.root, RoleSpec{Name: "r", Trust: trusting(`"*"`, "sts:AssumeRole", "")})
	want(err, "role-set "+role.ARN)
	want(w.DeleteRole(ctx, w.root, "r"), "role-removed "+role.ARN)
	p, err := w.PutOIDCProvider(ctx, w.root, "https://ci.example", []string{"x"})
	want(err, "trust-set "+p.ARN)
	want(w.DeleteProvider(ctx, w.root, p.ARN), "trust-removed "+p.ARN)
	// What is refused changes nothing.
	if err := w.DeleteRole(ctx, w.root, "r"); err == nil || log.Len() > 0 {
		t.Errorf("%v %s", err, &log)
	}
}
