package sts

import (
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"

	"cognate/internal/api/sts"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/protocol/saml/samltest"
	"cognate/internal/store"
)

const corp = iamARN + "saml-provider/corp"

var theProvider = sync.OnceValue(func() *samltest.Provider {
	p, err := samltest.New("https://idp.example", 2048, start)
	if err != nil {
		panic(err)
	}
	return p
})

func (w *world) response(role string, change func(*samltest.Answer)) string {
	w.t.Helper()
	a := samltest.Answer{
		ACS: webidentity.SigninEndpoint, Audience: webidentity.SigninEndpoint, Now: w.now(), NameID: "ana", SignAssertion: true,
		Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
		Attributes: []samltest.Attribute{
			{Name: webidentity.RoleAttribute, Values: []string{corp + "," + role}},
			{Name: webidentity.SessionNameAttribute, Values: []string{"ana@example.com"}},
		},
	}
	if change != nil {
		change(&a)
	}
	e, err := theProvider().Response(a)
	if err != nil {
		w.t.Fatal(err)
	}
	return samltest.Post(e)
}

func with(name string, values ...string) func(*samltest.Answer) {
	return func(a *samltest.Answer) {
		for i := range a.Attributes {
			if a.Attributes[i].Name == name {
				a.Attributes[i].Values = values
				return
			}
		}
		a.Attributes = append(a.Attributes, samltest.Attribute{Name: name, Values: values})
	}
}

func samlWorld(t *testing.T) *world {
	w := newWorld(t)
	w.provider(corp, store.AccountProviderSettings{Metadata: string(theProvider().Metadata())})
	return w
}

func asked(role, response string) *sts.AssumeRoleWithSAMLRequest {
	return &sts.AssumeRoleWithSAMLRequest{RoleArn: role, PrincipalArn: corp, SAMLAssertion: response}
}

func TestSAMLResponsesOpenRoles(t *testing.T) {
	t.Parallel()
	w := samlWorld(t)
	condition := `{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml","SAML:iss":"https://idp.example","SAML:sub":"ana",
		"SAML:sub_type":"transient","SAML:namequalifier":"` + qualifier + `","SAML:doc":"` + account + `/corp","sts:RoleSessionName":"ana@example.com"}}`
	role := w.role("dev", trusting(`{"Federated":"`+corp+`"}`, `["sts:AssumeRoleWithSAML","sts:TagSession"]`, condition), nil)
	response := w.response(role, func(a *samltest.Answer) {
		with(webidentity.TagAttributePrefix+"team", "a")(a)
		with(webidentity.TransitiveAttribute, "team")(a)
	})
	out, err := w.AssumeRoleWithSAML(t.Context(), asked(role, response))
	if err != nil {
		t.Fatal(err)
	}
	if *out.Subject != "ana" || *out.SubjectType != "transient" || *out.Issuer != "https://idp.example" ||
		*out.Audience != "https://signin.aws.amazon.com/saml" || *out.NameQualifier != qualifier ||
		out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/dev/ana@example.com" ||
		!out.Credentials.Expiration.Equal(start.Add(time.Hour)) || out.PackedPolicySize == nil {
		t.Errorf("%+v", out)
	}
	if _, err := w.AssumeRoleWithSAML(t.Context(), asked(role, response)); err != nil {
		t.Errorf("the same assertion again: %v", err) // which tools do (identity-pools.md D5)
	}
}

// The base64 SHA-1 digest of https://idp.example123456789012/corp, by openssl.
const qualifier = "39jJqmN7NZK8bgXNpJN4CWtSfOY="

func TestSAMLResponsesThatOpenNothing(t *testing.T) {
	t.Parallel()
	w := samlWorld(t)
	role := w.role("dev", trusting(`{"Federated":"`+corp+`"}`, `"sts:AssumeRoleWithSAML"`, ""), nil)
	other := w.role("other", trusting(`{"Federated":"`+iamARN+`saml-provider/other"}`, `"sts:AssumeRoleWithSAML"`, ""), nil)
	denied := "Not authorized to perform sts:AssumeRoleWithSAML"
	for name, x := range map[string]struct {
		role    string
		change  func(*samltest.Answer)
		in      func(*sts.AssumeRoleWithSAMLRequest)
		status  int
		code    string
		message string
	}{
		"role not named":       {other, with(webidentity.RoleAttribute, corp+","+role), nil, 403, "AccessDenied", denied},
		"role of another":      {role, with(webidentity.RoleAttribute, iamARN+"saml-provider/other,"+role), nil, 403, "AccessDenied", denied},
		"role trusts another":  {other, nil, nil, 403, "AccessDenied", denied},
		"no such role":         {iamARN + "role/none", nil, nil, 403, "AccessDenied", denied},
		"tags without a right": {role, with(webidentity.TagAttributePrefix+"team", "a"), nil, 403, "AccessDenied", denied},
		"no such provider": {
			role, nil, func(in *sts.AssumeRoleWithSAMLRequest) { in.PrincipalArn = iamARN + "saml-provider/none" },
			400, "InvalidIdentityToken", "Specified provider doesn't exist",
		},
		"no session name":      {role, with(webidentity.SessionNameAttribute), nil, 400, "InvalidIdentityToken", "RoleSessionName is required in AuthnResponse"},
		"bad session name":     {role, with(webidentity.SessionNameAttribute, "a b"), nil, 400, "InvalidIdentityToken", "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"},
		"two session names":    {role, with(webidentity.SessionNameAttribute, "ana", "ben"), nil, 400, "InvalidIdentityToken", "*"},
		"two values of a tag":  {role, with(webidentity.TagAttributePrefix+"team", "a", "b"), nil, 400, "InvalidIdentityToken", "*"},
		"bad source identity":  {role, with(webidentity.SourceAttribute, "a b"), nil, 400, "InvalidIdentityToken", "*"},
		"bad duration":         {role, with(webidentity.DurationAttribute, "899"), nil, 400, "InvalidIdentityToken", "*"},
		"not signed":           {role, func(a *samltest.Answer) { a.SignAssertion = false }, nil, 400, "InvalidIdentityToken", "Response signature invalid"},
		"for somebody else":    {role, func(a *samltest.Answer) { a.Audience = "https://other.example" }, nil, 400, "InvalidIdentityToken", "*"},
		"old":                  {role, func(a *samltest.Answer) { a.Now = a.Now.Add(-7 * time.Minute) }, nil, 400, "ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance"},
		"session is over":      {role, sessionEnd(start), nil, 400, "ExpiredTokenException", "*"},
		"longer than the role": {role, nil, func(in *sts.AssumeRoleWithSAMLRequest) { in.DurationSeconds = new(int32(7201)) }, 400, "ValidationError", "*"},
		"bad session policy":   {role, nil, func(in *sts.AssumeRoleWithSAMLRequest) { in.Policy = "{}" }, 400, "MalformedPolicyDocument", "*"},
		"not SAML":             {role, nil, func(in *sts.AssumeRoleWithSAMLRequest) { in.SAMLAssertion = "aGVsbG8=" }, 400, "InvalidIdentityToken", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			in := asked(x.role, w.response(x.role, x.change))
			if x.in != nil {
				x.in(in)
			}
			_, err := w.AssumeRoleWithSAML(t.Context(), in)
			wantError(t, err, x.status, x.code, x.message)
		})
	}
	failure := samltest.Post(theProvider().Failure(samltest.Answer{ACS: webidentity.SigninEndpoint, Now: start}, "Responder", "no"))
	_, err := w.AssumeRoleWithSAML(t.Context(), asked(role, failure))
	wantError(t, err, 403, "IDPRejectedClaim", "*")
}

func sessionEnd(end time.Time) func(*samltest.Answer) {
	return func(a *samltest.Answer) {
		a.Edit = func(response *etree.Element) {
			response.FindElement("./Assertion/AuthnStatement").CreateAttr("SessionNotOnOrAfter", end.Format(time.RFC3339))
		}
	}
}

// How long a session is by all who have a say in it (identity-pools.md D5).
func TestDurationsOfSAMLSessions(t *testing.T) {
	t.Parallel()
	w := samlWorld(t)
	role := w.role("dev", trusting(`{"Federated":"`+corp+`"}`, `"sts:AssumeRoleWithSAML"`, ""), nil)
	for name, x := range map[string]struct {
		asked     int32
		attribute string
		end       time.Duration
		want      time.Duration
	}{
		"nothing said":         {0, "", 0, time.Hour},
		"asked for":            {900, "", 0, 15 * time.Minute},
		"by the attribute":     {0, "7200", 0, 2 * time.Hour},
		"less than attribute":  {900, "7200", 0, 15 * time.Minute},
		"more than attribute":  {7200, "1800", 0, 30 * time.Minute},
		"until the end":        {7200, "", 20 * time.Minute, 20 * time.Minute},
		"end after all others": {900, "1800", 8 * time.Hour, 15 * time.Minute},
	} {
		response := w.response(role, func(a *samltest.Answer) {
			if x.attribute != "" {
				with(webidentity.DurationAttribute, x.attribute)(a)
			}
			if x.end != 0 {
				sessionEnd(start.Add(x.end))(a)
			}
		})
		in := asked(role, response)
		if x.asked != 0 {
			in.DurationSeconds = &x.asked
		}
		out, err := w.AssumeRoleWithSAML(t.Context(), in)
		if err != nil || !out.Credentials.Expiration.Equal(start.Add(x.want)) {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
}
