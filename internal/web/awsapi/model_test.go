package awsapi

import (
	"encoding/json"
	"os"
	"testing"

	"cognate/internal/api"
)

// readModel reads the pinned service model into v.
func readModel(t *testing.T, v any) {
	t.Helper()
	data, err := os.ReadFile("../../api/model/cognito-idp.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// The 35 operations of spec/errors.md §2 are public, the other 105 signed.
func TestPublicOperations(t *testing.T) {
	t.Parallel()
	public := 0
	for _, o := range prepared(t) {
		if o.spec.Access == api.Public {
			public++
		}
	}
	if public != 35 {
		t.Errorf("%d public operations, want 35", public)
	}
}
