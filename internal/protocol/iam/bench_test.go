package iam

import (
	"fmt"
	"testing"
)

// manyStatements is a policy of 50 statements of which the last allows.
func manyStatements(tb testing.TB) Policies {
	statements := make([]string, 49, 50)
	for i := range statements {
		statements[i] = fmt.Sprintf(`{"Effect":"Allow","Action":["cognito-idp:Admin%d*","cognito-idp:List*"],
			"Resource":"arn:aws:cognito-idp:*:123456789012:userpool/${aws:PrincipalTag/pool}-%d",
			"Condition":{"StringEquals":{"aws:PrincipalTag/team":"a"}}}`, i, i)
		if i%2 == 0 {
			statements[i] = fmt.Sprintf(`{"Effect":"Deny","Action":"cognito-idp:*","Resource":%q,"Condition":{
				"StringEquals":{"aws:PrincipalTag/team%d":"a"},
				"IpAddress":{"aws:SourceIp":["192.0.2.0/24","198.51.100.0/24"]}}}`, pool, i)
		}
	}
	return Policies{Identity: []*Policy{mustParse(tb, Identity, append(statements, allowAll)...)}}
}

// BenchmarkDecide is a call authorised by a policy of 50 statements, with as many
// keys as calls have.
func BenchmarkDecide(b *testing.B) {
	policies := manyStatements(b)
	keys := Keys{}
	for _, key := range []string{
		"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:ResourceAccount", "aws:RequestedRegion",
		"aws:UserAgent", "aws:SecureTransport", "aws:CurrentTime", "aws:EpochTime", "aws:userid", "aws:username",
		"aws:PrincipalTag/pool", "aws:PrincipalTag/team", "aws:ResourceTag/stage", "aws:ResourceTag/team",
	} {
		keys.Set(key, "us-east-1_abcdef")
	}
	keys.Set("aws:SourceIp", "203.0.113.9")
	request := listUsers(keys)
	b.ReportAllocs()
	for b.Loop() {
		if d := policies.Decide(request); !d.Allowed {
			b.Fatal(d)
		}
	}
}

// BenchmarkParse compiles the 50 statements.
func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		manyStatements(b)
	}
}
