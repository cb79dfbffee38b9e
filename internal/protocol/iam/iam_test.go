package iam

import (
	"fmt"
	"strings"
	"testing"
)

const (
	pool      = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdef"
	otherPool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_uvwxyz"
)

// mustParse compiles statements, given as JSON, in the version with variables.
func mustParse(t testing.TB, use Use, statements ...string) *Policy {
	t.Helper()
	p, err := Parse(document(statements...), use)
	if err != nil {
		t.Fatalf("Parse(%s): %v", statements, err)
	}
	return p
}

func document(statements ...string) []byte {
	return []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
}

// conditioned is a statement about everything under a condition.
func conditioned(effect, operator, key, values string) string {
	return fmt.Sprintf(`{"Effect":%q,"Action":"*","Resource":"*","Condition":{%q:{%q:%s}}}`, effect, operator, key, values)
}

const (
	allowAll = `{"Sid":"Everything","Effect":"Allow","Action":"*","Resource":"*"}`
	denyAll  = `{"Sid":"Nothing","Effect":"Deny","Action":"*","Resource":"*"}`
)

func listUsers(keys Keys) Request {
	return Request{Action: "cognito-idp:ListUsers", Resource: pool, Context: keys}
}
