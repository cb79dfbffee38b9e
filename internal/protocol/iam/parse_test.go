package iam

import (
	"errors"
	"strings"
	"testing"
)

func TestRefusedDocuments(t *testing.T) {
	t.Parallel()
	const (
		version   = `"Version":"2012-10-17"`
		malformed = "Syntax errors in policy."
		trustJSON = "This policy contains invalid Json"
		trust     = "Syntax error in policy."
	)
	statement := func(members string) string { return `{` + version + `,"Statement":[{` + members + `}]}` }
	condition := func(block string) string {
		return statement(`"Effect":"Allow","Action":"a:b","Resource":"*","Condition":` + block)
	}
	trusting := func(members string) string {
		return statement(`"Effect":"Allow","Action":"sts:AssumeRole",` + members)
	}
	for _, c := range []struct {
		use      Use
		document string
		message  string
	}{
		{Identity, ``, malformed},
		{Identity, `null`, malformed},
		{Identity, `"policy"`, malformed},
		{Identity, `[]`, malformed},
		{Identity, `{}`, malformed},
		{Identity, string(document(allowAll)) + `{}`, malformed},
		{Identity, "{\"Version\":\"2012-10-17\",\"Id\":\"\xff\"}", malformed},
		{Identity, `{` + version + `}`, malformed},
		{Identity, `{` + version + `,"Statement":[]}`, malformed},
		{Identity, `{` + version + `,"Statement":["x"]}`, malformed},
		{Identity, `{"Version":"2013-10-17","Statement":` + allowAll + `}`, malformed},
		{Identity, `{"Version":20121017,"Statement":` + allowAll + `}`, malformed},
		{Identity, `{` + version + `,"Statement":` + allowAll + `,"Extra":1}`, malformed},
		{Identity, `{` + version + `,"statement":` + allowAll + `}`, malformed},
		{Identity, `{` + version + `,` + version + `,"Statement":` + allowAll + `}`, malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*","Effect":"Deny"`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*","\u0045ffect":"Deny"`), malformed},
		{Identity, statement(`"Effect":"allow","Action":"*","Resource":"*"`), malformed},
		{Identity, statement(`"Action":"*","Resource":"*"`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":7,"Resource":"*"`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":["*",null],"Resource":"*"`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":{"a":"b"}`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*","Sid":1`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*","Unknown":1`), malformed},
		{Identity, strings.Repeat(`[`, 100000), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":` + strings.Repeat(`[`, 20) + strings.Repeat(`]`, 20)), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*"` + strings.Repeat(" ", maxDocument)), malformed},

		{Identity, statement(`"Effect":"Allow","Resource":"*"`), "Policy statement must contain actions."},
		{Identity, statement(`"Effect":"Allow","Resource":"*","Action":[]`), "Policy statement must contain actions."},
		{Identity, statement(`"Effect":"Allow","Action":"*"`), "Policy statement must contain resources."},
		{Session, statement(`"Effect":"Allow","Action":"*","NotResource":[]`), "Policy statement must contain resources."},
		{Boundary, statement(`"Effect":"Allow","Action":"ListUsers","Resource":"*"`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{Identity, statement(`"Effect":"Allow","Action":"a:b:c","Resource":"*"`), "Actions/Condition can contain only one colon."},
		{Identity, statement(`"Effect":"Allow","Action":"a b:c","Resource":"*"`), "Vendor a b is not valid"},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"userpool/x"`), `Resource userpool/x must be in ARN format or "*".`},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*","Sid":"a-b"`), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{Identity, string(document(allowAll, allowAll)), "Statement IDs (SID) in a single policy must be unique."},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"`), "Policy document should not specify a principal."},
		{Session, statement(`"Effect":"Allow","Action":"*","Resource":"*","NotPrincipal":"*"`), "Policy document should not specify a principal."},

		{Identity, condition(`[]`), malformed},
		{Identity, condition(`{"StringEquals":{}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":[]}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":null}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":"1","aws:a":"2"}}`), malformed},
		{Identity, condition(`{"StringEquals":{"a":"1"}}`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{Identity, condition(`{"stringEquals":{"aws:a":"1"}}`), "Invalid Condition type : stringEquals"},
		{Identity, condition(`{"StringSounds":{"aws:a":"1"}}`), "Invalid Condition type : StringSounds"},
		{Identity, condition(`{"NullIfExists":{"aws:a":"true"}}`), "Invalid Condition type : NullIfExists"},
		{Identity, condition(`{"ForAnyValue:Null":{"aws:a":"true"}}`), "Invalid Condition type : ForAnyValue:Null"},
		{Identity, condition(`{"ForAnyValue:ForAllValues:StringEquals":{"aws:a":"1"}}`), "Invalid Condition type : ForAnyValue:ForAllValues:StringEquals"},
		{Identity, condition(`{"NumericEquals":{"aws:a":"1_0"}}`), malformed},
		{Identity, condition(`{"NumericEquals":{"aws:a":"1e999"}}`), malformed},
		{Identity, condition(`{"NumericEquals":{"aws:a":"${aws:b}"}}`), malformed},
		{Identity, condition(`{"DateLessThan":{"aws:a":"21.11.2026"}}`), malformed},
		{Identity, condition(`{"Bool":{"aws:a":"yes"}}`), malformed},
		{Identity, condition(`{"Null":{"aws:a":1}}`), malformed},
		{Identity, condition(`{"BinaryEquals":{"aws:a":"?"}}`), malformed},
		{Identity, condition(`{"IpAddress":{"aws:a":"10.0.0.0/33"}}`), malformed},
		{Identity, condition(`{"NotIpAddress":{"aws:a":"10.0.0.*"}}`), malformed},
		{Identity, condition(`{"NotIpAddress":{"aws:a":"::ffff:10.0.0.0/104"}}`), malformed},
		{Identity, condition(`{"ArnLike":{"aws:a":"*"}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":"${aws:b"}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":"${}"}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":"${a${aws:b}}"}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":"${aws:b, none}"}}`), malformed},
		{Identity, condition(`{"StringEquals":{"aws:a":"${aws:b, 'a'b'}"}}`), malformed},
		{Identity, statement(`"Effect":"Allow","Action":"*","Resource":"arn:aws:x:::${aws:b"`), malformed},

		{Trust, `{`, trustJSON},
		{Trust, `{"Version":"2011-01-01","Statement":[]}`, "The policy must contain a valid version string"},
		{Trust, `{` + version + `}`, "Could not parse the policy: Statement is empty!"},
		{Trust, statement(`"Action":"sts:AssumeRole","Principal":"*"`), "Missing required field Effect"},
		{Trust, statement(`"Effect":"Permit","Action":"sts:AssumeRole","Principal":"*"`), "Invalid effect: Permit"},
		{Trust, statement(`"Effect":"Allow","Action":"sts:AssumeRole"`), "Missing required field Principal"},
		{Trust, statement(`"Effect":"Allow","Principal":"*"`), "Missing required field Action"},
		{Trust, statement(`"Effect":"Allow","Principal":"*","Action":"*"`), "AssumeRole policy may only specify STS AssumeRole actions."},
		{Trust, statement(`"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","iam:PassRole"]`), "AssumeRole policy may only specify STS AssumeRole actions."},
		{Trust, trusting(`"Principal":"*","Resource":"*"`), "Has prohibited field Resource"},
		{Trust, trusting(`"Principal":"*","NotResource":"*"`), "AssumeRole policy must not contain resources."},
		{Trust, trusting(`"NotPrincipal":"*"`), "AssumeRole policy must not contain NotPrincipal field."},
		{Trust, trusting(`"Principal":"me"`), "Principal must be a JSON object."},
		{Trust, trusting(`"Principal":{}`), "Missing required field Principal cannot be empty!"},
		{Trust, trusting(`"Principal":{"AWS":[]}`), trust},
		{Trust, trusting(`"Principal":{"AWS":"arn:aws:iam::123456789012:role/*"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/*"`},
		{Trust, trusting(`"Principal":{"AWS":"arn:aws:iam::123456789012:group/g"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:group/g"`},
		{Trust, trusting(`"Principal":{"AWS":"arn:aws:iam::1234:root"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::1234:root"`},
		{Trust, trusting(`"Principal":{"AWS":"me"}`), `Invalid principal in policy: "AWS":"me"`},
		{Trust, trusting(`"Principal":{"Federated":"*"}`), `Invalid principal in policy: "FEDERATED":"*"`},
		{Trust, trusting(`"Principal":{"Service":""}`), `Invalid principal in policy: "SERVICE":""`},
		{Trust, trusting(`"Principal":{"CanonicalUser":"a"}`), `Invalid principal in policy: "CANONICALUSER":"a"`},
		{
			Trust, statement(`"Sid":"a","Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"},{"Sid":"a","Effect":"Deny","Action":"sts:AssumeRole","Principal":"*"`),
			"The Statement Ids in the policy are not unique",
		},
	} {
		_, err := Parse([]byte(c.document), c.use)
		refused, ok := errors.AsType[*SyntaxError](err)
		if !ok || refused.Message != c.message {
			t.Errorf("Parse(%.200s): %v, want %s", c.document, err, c.message)
		}
	}
}

func TestAcceptedDocuments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		use      Use
		document string
	}{
		{Identity, `{"Statement":` + allowAll + `}`},
		{Identity, ` {"Version":"2008-10-17","Id":"x","Statement":[` + allowAll + `]} `},
		{Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":["iam:*","*:Get*"],"NotResource":"arn:aws:x*","Condition":{}}}`},
		{Identity, `{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:x:${"}}`},
		{Session, string(document(allowAll, denyAll))},
		{Boundary, string(document(allowAll))},
		{Trust, `{"Version":"2012-10-17","Statement":[{"Sid":"any text","Effect":"Allow","Principal":{"AWS":["*","123456789012"],"Service":"a.example.com"},"Action":["sts:AssumeRole","STS:TagSession"]}]}`},
		{Trust, `{"Statement":[{"Effect":"Deny","Principal":{"Federated":["graph.facebook.com","arn:aws:iam::123456789012:saml-provider/x"]},"Action":"sts:*"}]}`},
	} {
		if _, err := Parse([]byte(c.document), c.use); err != nil {
			t.Errorf("Parse(%s): %v", c.document, err)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	t.Parallel()
	_, err := Parse(document(allowAll, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"on"}}}`), Identity)
	const want = `Syntax errors in policy. (statement 2: condition key aws:SecureTransport: "on" is no boolean)`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestSizeCountsNoWhiteSpace(t *testing.T) {
	t.Parallel()
	if got := Size([]byte(" {\t\"é\" :\r\n 1}")); got != 7 {
		t.Errorf("Size: %d, want 7", got)
	}
}
