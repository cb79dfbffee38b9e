package iam

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	p := mustParse(t, Identity,
		`{"Sid":"Read","Effect":"Allow","Action":"cognito-idp:List*","Resource":"`+pool+`"}`,
		`{"Effect":"Deny","Action":"s3:*","Resource":"*"}`,
		`{"Effect":"Deny","NotAction":"cognito-idp:*","Resource":"*"}`,
		`{"Effect":"Allow","Action":"*","Resource":"`+otherPool+`"}`,
		`{"Effect":"Allow","Action":"*","NotResource":"`+pool+`"}`,
		`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"},"StringLike":{"aws:PrincipalTag/Team":"b*"}}}`,
		`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`)
	want := []Finding{
		{Statement: "Read", Applies: true},
		{Statement: "2", Deny: true, Why: "its Action does not name the action"},
		{Statement: "3", Deny: true, Why: "its NotAction names the action"},
		{Statement: "4", Why: "its Resource does not name the resource"},
		{Statement: "5", Why: "its NotResource names the resource, or has a variable without a value"},
		{Statement: "6", Why: `its Condition StringLike aws:PrincipalTag/Team does not hold: the request has ["red"]`},
		{Statement: "7", Why: "its Condition IpAddress aws:SourceIp does not hold: the request does not have the key"},
	}
	keys := Keys{"aws:SecureTransport": {"true"}, "aws:principaltag/team": {"red"}}
	if diff := cmp.Diff(want, p.Explain(listUsers(keys))); diff != "" {
		t.Error(diff)
	}
}

func TestExplainTrust(t *testing.T) {
	t.Parallel()
	p := mustParse(t, Trust,
		`{"Effect":"Allow","Principal":{"Federated":"graph.facebook.com"},"Action":"sts:AssumeRoleWithWebIdentity"}`,
		`{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}`)
	want := []Finding{{Statement: "1", Why: "its Principal does not name the caller"}, {Statement: "2", Applies: true}}
	got := p.ExplainTrust(Principal{AWS: []string{account, "123456789012"}}, Request{Action: "sts:AssumeRole"})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
