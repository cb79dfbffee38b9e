package webidentity

import (
	"crypto/sha1"
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/saml/samltest"
)

const (
	samlARN = "arn:aws:iam::123456789012:saml-provider/corp"
	roleARN = "arn:aws:iam::123456789012:role/dev"
)

var samlProviders = sync.OnceValue(func() (two [2]*samltest.Provider) {
	for i := range two {
		p, err := samltest.New("https://idp.example", 2048, at)
		if err != nil {
			panic(err)
		}
		two[i] = p
	}
	return two
})

func samlAnswer() samltest.Answer {
	return samltest.Answer{
		ACS: SigninEndpoint, Audience: SigninEndpoint, Now: at, NameID: "ana", SignAssertion: true,
		Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
		Attributes: []samltest.Attribute{
			{Name: RoleAttribute, Values: []string{roleARN + "," + samlARN, samlARN + ", " + roleARN + "2", "nonsense", roleARN}},
			{Name: SessionNameAttribute, Values: []string{"ana@example.com"}},
		},
	}
}

func TestSAMLResponsesSayWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	idp := samlProviders()[0]
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	a := samlAnswer()
	a.Edit = func(response *etree.Element) {
		response.FindElement("./Assertion/AuthnStatement").CreateAttr("SessionNotOnOrAfter", at.Add(30*time.Minute).Format(time.RFC3339))
	}
	response, err := idp.Response(a)
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.SAML(t.Context(), samlARN, idp.Metadata(), samltest.Post(response))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha1.Sum([]byte("https://idp.example" + "123456789012" + "/corp"))
	want := &Claims{
		Subject: "ana", Issuer: "https://idp.example", Audience: []string{SigninEndpoint}, Party: SigninEndpoint,
		Issued: at, Expires: at.Add(5 * time.Minute),
		Values: map[string]any{
			RoleAttribute:        []any{roleARN + "," + samlARN, samlARN + ", " + roleARN + "2", "nonsense", roleARN},
			SessionNameAttribute: []any{"ana@example.com"},
		},
		SAML: &Assertion{
			SubjectType: "persistent", NameQualifier: base64.StdEncoding.EncodeToString(digest[:]),
			Attributes: map[string][]string{
				RoleAttribute:        {roleARN + "," + samlARN, samlARN + ", " + roleARN + "2", "nonsense", roleARN},
				SessionNameAttribute: {"ana@example.com"},
			},
			Roles:      []RolePair{{roleARN, samlARN}, {roleARN + "2", samlARN}},
			SessionEnd: at.Add(30 * time.Minute),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSAMLResponsesAreForHereAndNow(t *testing.T) {
	t.Parallel()
	idp, other := samlProviders()[0], samlProviders()[1]
	for name, x := range map[string]struct {
		change func(*samltest.Answer)
		after  time.Duration
		want   Kind
	}{
		"for AWS":                  {func(*samltest.Answer) {}, 0, 0},
		"signed around":            {func(a *samltest.Answer) { a.SignAssertion, a.SignResponse = false, true }, 0, 0},
		"for the name of AWS":      {func(a *samltest.Answer) { a.Audience = "urn:amazon:webservices" }, 0, 0},
		"for this installation":    {func(a *samltest.Answer) { a.ACS, a.Audience = "https://sts.example/", "https://sts.example/" }, 0, 0},
		"an answer to a request":   {func(a *samltest.Answer) { a.InResponseTo = "_1" }, 0, 0},
		"late but in time":         {func(*samltest.Answer) {}, 5*time.Minute + 59*time.Second, 0},
		"too late":                 {func(*samltest.Answer) {}, 6 * time.Minute, Expired},
		"too late for its issue":   {func(a *samltest.Answer) { a.Edit = issued(at.Add(-2 * time.Minute)) }, 4*time.Minute + time.Second, Expired},
		"too early":                {func(*samltest.Answer) {}, -3 * time.Minute, BadSignature},
		"for somebody else":        {func(a *samltest.Answer) { a.Audience = "https://other.example" }, 0, WrongAudience},
		"sent to somebody else":    {func(a *samltest.Answer) { a.ACS = "https://other.example" }, 0, BadSignature},
		"for a pool":               {func(a *samltest.Answer) { a.Audience = "urn:amazon:cognito:sp:us-east-1_a" }, 0, WrongAudience},
		"not signed":               {func(a *samltest.Answer) { a.SignAssertion = false }, 0, BadSignature},
		"of another entity's name": {func(a *samltest.Answer) { a.Edit = rename }, 0, BadSignature},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, c := newProvider(t), &clock{}
			v := newVerifier(p, c)
			a := samlAnswer()
			x.change(&a)
			response, err := idp.Response(a)
			if err != nil {
				t.Fatal(err)
			}
			c.advance(x.after)
			if _, err := v.SAML(t.Context(), samlARN, idp.Metadata(), samltest.Post(response)); kindOf(t, err) != x.want {
				t.Errorf("%v, want kind %d", err, x.want)
			}
			if _, err := v.SAML(t.Context(), samlARN, other.Metadata(), samltest.Post(response)); kindOf(t, err) != BadSignature {
				t.Errorf("by another provider's keys: %v", err)
			}
		})
	}
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	failure := idp.Failure(samltest.Answer{ACS: SigninEndpoint, Now: at}, "Responder", "no")
	if _, err := v.SAML(t.Context(), samlARN, idp.Metadata(), samltest.Post(failure)); kindOf(t, err) != Rejected {
		t.Error(err)
	}
	if _, err := v.SAML(t.Context(), samlARN, []byte("<nothing/>"), "x"); kindOf(t, err) != BadSignature {
		t.Error(err)
	}
}

func issued(when time.Time) func(*etree.Element) {
	return func(response *etree.Element) {
		response.FindElement("./Assertion").CreateAttr("IssueInstant", when.Format(time.RFC3339))
	}
}

func rename(response *etree.Element) {
	response.FindElement("./Assertion/Issuer").SetText("https://evil.example")
}

func TestRolePairs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]RolePair{
		roleARN + "," + samlARN:                  {{roleARN, samlARN}},
		samlARN + "," + roleARN:                  {{roleARN, samlARN}},
		" " + samlARN + " , " + roleARN + "\n\t": {{roleARN, samlARN}},
		roleARN:                                  nil,
		roleARN + "," + roleARN:                  nil,
		roleARN + "," + samlARN + "," + samlARN:  {{roleARN, samlARN + "," + samlARN}}, // which is no provider
		"":                                       nil,
	} {
		if diff := cmp.Diff(want, rolePairs([]string{text})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}
