package federation_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/beevik/etree"

	"cognate/internal/protocol/saml"
	"cognate/internal/protocol/saml/samltest"
	"cognate/internal/servertest"
)

// samlProvider is one that says what a test wants, attached to a site by its file.
type samlProvider struct {
	*samltest.Provider
	w    *site
	name string
}

// attachSAML makes a provider and attaches it under a name.
func attachSAML(t *testing.T, w *site, name string, details map[string]string) *samlProvider {
	t.Helper()
	made, err := samltest.New("https://"+strings.ToLower(name)+".example/"+w.pool, 2048, w.s.Now())
	wantOK(t, err)
	p := &samlProvider{made, w, name}
	p.attach(t, w, details)
	return p
}

func (p *samlProvider) attach(t *testing.T, w *site, details map[string]string) {
	t.Helper()
	all := map[string]string{"MetadataFile": string(p.Metadata())}
	maps.Copy(all, details)
	_, err := w.s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
		UserPoolId: &w.pool, ProviderName: &p.name, ProviderType: types.IdentityProviderTypeTypeSaml, ProviderDetails: all,
		AttributeMapping: map[string]string{"email": "mail", "name": "name"},
	})
	wantOK(t, err)
}

// corp is a site whose users come from one SAML provider.
func corp(t *testing.T, s *servertest.Server, details map[string]string) (*site, *samlProvider) {
	t.Helper()
	w := newSite(t, s, nil)
	p := attachSAML(t, w, "Corp", details)
	w.open(t, "Corp")
	return w, p
}

// asked is a browser at a SAML provider, with what it brought.
type asked struct {
	*agent
	request, relayState string
}

func (b *agent) leaveSAML(t *testing.T, p *samlProvider) *asked {
	t.Helper()
	got := b.authorize(t, p.name)
	at, raw, _ := strings.Cut(got.header.Get("Location"), "?")
	if got.status != http.StatusFound || at != p.SSO {
		t.Fatalf("not sent to %s: %d %s %s", p.SSO, got.status, got.header.Get("Location"), got.body)
	}
	message, err := saml.ReadRedirect(raw, nil)
	wantOK(t, err)
	doc := etree.NewDocument()
	wantOK(t, doc.ReadFromBytes(message.Message))
	return &asked{b, doc.Root().SelectAttrValue("ID", ""), message.RelayState}
}

// says is a good answer to a request of the site.
func (p *samlProvider) says(request, name string) samltest.Answer {
	return samltest.Answer{
		ACS: p.w.base + "/saml2/idpresponse", Audience: "urn:amazon:cognito:sp:" + p.w.pool, InResponseTo: request, Now: p.w.s.Now(),
		NameID: name, SignAssertion: true,
		Attributes: []samltest.Attribute{{Name: "mail", Values: []string{"ana@corp.example"}}, {Name: "name", Values: []string{"Ana"}}},
	}
}

func (p *samlProvider) raw(t *testing.T, a samltest.Answer) string {
	t.Helper()
	root, err := p.Response(a)
	wantOK(t, err)
	return samltest.Post(root)
}

// bring posts an answer to a site.
func (b *agent) bring(t *testing.T, w *site, raw, relayState string) reply {
	t.Helper()
	return b.send(t, http.MethodPost, w.base+"/saml2/idpresponse", url.Values{"SAMLResponse": {raw}, "RelayState": {relayState}})
}

// refusedWith checks that the app hears why an assertion was refused, and that
// there is no session.
func (r reply) refusedWith(t *testing.T, name, reason string) {
	t.Helper()
	r.wantError(t, name, "server_error", "Invalid SAML response received: "+reason)
	for _, cookie := range r.header.Values("Set-Cookie") {
		if strings.HasPrefix(cookie, "cognito=") {
			t.Errorf("%s: a session came with it", name)
		}
	}
}

func TestSignInBySAML(t *testing.T) {
	t.Parallel()
	w, p := corp(t, servertest.Shared(t), nil)
	left := w.browser(t).leaveSAML(t, p)
	id, _, _ := w.tokens(t, left.bring(t, w, p.raw(t, p.says(left.request, "Ana@Corp")), left.relayState).wantCode(t))
	list, _ := id["identities"].([]any)
	if id["cognito:username"] != "corp_ana@corp" || id["email"] != "ana@corp.example" || id["email_verified"] != false || len(list) != 1 {
		t.Fatalf("claims %v", id)
	}
	if one, _ := list[0].(map[string]any); one["userId"] != "Ana@Corp" || one["issuer"] != p.EntityID || one["providerType"] != "SAML" {
		t.Errorf("identity %v", one)
	}
}

// An assertion is used once, also by another browser and after a new request.
func TestS095ReplayedAssertions(t *testing.T) {
	t.Parallel()
	w, p := corp(t, servertest.Shared(t), map[string]string{"IDPInit": "true"})
	left := w.browser(t).leaveSAML(t, p)
	raw := p.raw(t, p.says(left.request, "ana"))
	left.bring(t, w, raw, left.relayState).wantCode(t)
	if got := left.bring(t, w, raw, left.relayState); got.status == http.StatusFound && strings.Contains(got.header.Get("Location"), "code=") {
		t.Errorf("the same form again: %s", got.header.Get("Location"))
	}
	again := w.browser(t).leaveSAML(t, p)
	again.bring(t, w, raw, again.relayState).refusedWith(t, "with a new request", "SAML Response does not fit the request.")

	relay := url.Values{
		"identity_provider": {"Corp"}, "client_id": {w.client}, "redirect_uri": {callback}, "response_type": {"code"},
		"scope": {"openid"}, "state": {"st"},
	}.Encode()
	raw = p.raw(t, p.says("", "ana"))
	w.browser(t).bring(t, w, raw, relay).wantCode(t)
	w.browser(t).bring(t, w, raw, relay).refusedWith(t, "sent by itself, twice", "The assertion was used before.")
}

func TestS096AssertionsForOthers(t *testing.T) {
	t.Parallel()
	w, p := corp(t, servertest.Shared(t), nil)
	const invalid, unfit = "SAML Assertion is not valid.", "SAML Response does not fit the request."
	for name, c := range map[string]struct {
		change func(a *samltest.Answer)
		reason string
	}{
		"audience": {
			func(a *samltest.Answer) { a.Audience += "x" },
			"Audience restriction in SAML Assertion does not allow it for urn:amazon:cognito:sp:" + w.pool,
		},
		"place":         {func(a *samltest.Answer) { a.ACS += "x" }, unfit},
		"expired":       {func(a *samltest.Answer) { a.Now = a.Now.Add(-7 * time.Minute) }, invalid},
		"not yet valid": {func(a *samltest.Answer) { a.Now = a.Now.Add(3 * time.Minute) }, invalid},
		"not signed":    {func(a *samltest.Answer) { a.SignAssertion = false }, "SAML Assertion signature is invalid."},
		"changed": {func(a *samltest.Answer) {
			a.SignAssertion, a.SignResponse = false, true
			a.Edit = func(r *etree.Element) { r.CreateAttr("ID", "not an id") }
		}, "SAML Response signature is invalid."},
		"no name": {func(a *samltest.Answer) { a.NameID = " " }, invalid},
	} {
		left := w.browser(t).leaveSAML(t, p)
		a := p.says(left.request, "ana")
		c.change(&a)
		left.bring(t, w, p.raw(t, a), left.relayState).refusedWith(t, name, c.reason)
	}
	left := w.browser(t).leaveSAML(t, p)
	failure := samltest.Post(p.Failure(p.says(left.request, ""), "Requester", "Ana is on leave"))
	left.bring(t, w, failure, left.relayState).refusedWith(t, "refused there", "Ana is on leave")
}

// Answers that nobody waits for: of another browser, of none, or of a provider
// that may not begin.
func TestS097UnsolicitedAnswers(t *testing.T) {
	t.Parallel()
	w, p := corp(t, servertest.Shared(t), nil)
	left := w.browser(t).leaveSAML(t, p)
	raw := p.raw(t, p.says(left.request, "mallory"))
	w.browser(t).bring(t, w, raw, left.relayState).wantPage(t, "another browser", "Invalid samlResponse or relayState from identity provider")
	relay := url.Values{
		"identity_provider": {"Corp"}, "client_id": {w.client}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {"st"},
	}
	unasked := p.raw(t, p.says("", "ana"))
	w.browser(t).bring(t, w, unasked, relay.Encode()).wantPage(t, "may not begin", "Invalid relayState from identity provider")
	for _, r := range []string{"", "x", "https://evil.example/", "client_id=" + w.client} {
		got := w.browser(t).bring(t, w, unasked, r)
		if location := got.header.Get("Location"); got.status < 400 && !strings.Contains(location, "error=") {
			t.Errorf("relay state %q leads to %d %s", r, got.status, location)
		}
	}
}

// The relay state of a provider that begins is checked as an authorize request is.
func TestS102RelayStateIsNoAddress(t *testing.T) {
	t.Parallel()
	w, p := corp(t, servertest.Shared(t), map[string]string{"IDPInit": "true"})
	good := url.Values{
		"identity_provider": {"Corp"}, "client_id": {w.client}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"st"},
	}
	w.browser(t).bring(t, w, p.raw(t, p.says("", "ana")), good.Encode()).wantCode(t)
	for _, evil := range []string{"https://evil.example/", "javascript:alert(1)", callback + "/../x", "//evil.example", ""} {
		bad := maps.Clone(good)
		bad.Set("redirect_uri", evil)
		got := w.browser(t).bring(t, w, p.raw(t, p.says("", "ana")), bad.Encode())
		location := got.header.Get("Location")
		if strings.Contains(location, "evil") || strings.Contains(location, "javascript") || strings.Contains(location, "code=") && evil != "" {
			t.Errorf("redirect_uri %q leads to %s", evil, location)
		}
		if strings.Contains(got.body, "javascript:alert(1)") {
			t.Errorf("the page repeats %q", evil)
		}
	}
}

// What is good at one pool, provider or domain is not at another, and a provider
// that was taken away is not asked any more.
func TestS099AnswersForAnotherProvider(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w := newSite(t, s, nil)
	one := attachSAML(t, w, "One", nil)
	two := attachSAML(t, w, "Two", nil)
	w.open(t, "One", "Two")
	other, foreign := corp(t, s, nil)

	left := w.browser(t).leaveSAML(t, one)
	left.bring(t, w, two.raw(t, two.says(left.request, "ana")), left.relayState).
		refusedWith(t, "the other provider's answer", "SAML Assertion signature is invalid.")
	left = w.browser(t).leaveSAML(t, one)
	left.bring(t, other, one.raw(t, one.says(left.request, "ana")), left.relayState).
		wantPage(t, "the other pool", "Invalid samlResponse or relayState from identity provider")
	left = w.browser(t).leaveSAML(t, one)
	left.bring(t, w, foreign.raw(t, foreign.says(left.request, "ana")), left.relayState).
		refusedWith(t, "the other pool's provider", "SAML Assertion signature is invalid.")

	// The same provider behind both: the audience and place are those of one.
	shared := &samlProvider{one.Provider, other, "Shared"}
	shared.attach(t, other, nil)
	left = w.browser(t).leaveSAML(t, one)
	left.bring(t, w, shared.raw(t, shared.says(left.request, "ana")), left.relayState).
		refusedWith(t, "an answer to another pool", "SAML Response does not fit the request.")

	left = w.browser(t).leaveSAML(t, one)
	raw := one.raw(t, one.says(left.request, "ana"))
	_, err := s.SDK.DeleteIdentityProvider(t.Context(), &cip.DeleteIdentityProviderInput{UserPoolId: &w.pool, ProviderName: new("One")})
	wantOK(t, err)
	got := left.bring(t, w, raw, left.relayState)
	location, cookies := got.header.Get("Location"), strings.Join(got.header.Values("Set-Cookie"), " ")
	if strings.Contains(location, "code=") || strings.Contains(cookies, "cognito=") {
		t.Errorf("the provider was deleted: %d %s", got.status, location)
	}
}

func (b *agent) signOutSAML(t *testing.T, w *site, root *etree.Element) reply {
	t.Helper()
	return b.send(t, http.MethodPost, w.base+"/saml2/logout", url.Values{"SAMLRequest": {samltest.Post(root)}, "RelayState": {"r"}})
}

// A provider ends the sessions that it names in a signed request, and no others.
func TestS104SignedOutByTheProvider(t *testing.T) {
	t.Parallel()
	w, p := corp(t, servertest.Shared(t), map[string]string{"IDPSignout": "true"})
	stranger, err := samltest.New(p.EntityID, 2048, w.s.Now())
	wantOK(t, err)
	left := w.browser(t).leaveSAML(t, p)
	left.bring(t, w, p.raw(t, p.says(left.request, "ana")), left.relayState).wantCode(t)
	signedIn := func() bool {
		return strings.HasPrefix(left.authorize(t, p.name).header.Get("Location"), callback+"?code=")
	}
	if !signedIn() {
		t.Fatal("there is no session")
	}
	slo := w.base + "/saml2/logout"
	request := func(by *samltest.Provider, to, name string, sessions ...string) *etree.Element {
		r, err := by.LogoutRequest(to, name, sessions, w.s.Now())
		wantOK(t, err)
		return r
	}
	unsigned := request(p.Provider, slo, "ana", "session-of-ana")
	unsigned.RemoveChild(unsigned.FindElement("./Signature"))
	provider := w.browser(t) // without the cookies of the user
	for name, root := range map[string]*etree.Element{
		"not signed":        unsigned,
		"signed by another": request(stranger, slo, "ana", "session-of-ana"),
		"for another place": request(p.Provider, slo+"x", "ana", "session-of-ana"),
	} {
		provider.signOutSAML(t, w, root).wantPage(t, name, "Invalid state")
		left.signOutSAML(t, w, root).wantPage(t, name, "Invalid state")
	}
	for name, root := range map[string]*etree.Element{
		"another user":    request(p.Provider, slo, "bob", "session-of-ana"),
		"another session": request(p.Provider, slo, "ana", "session-of-bob"),
	} {
		if got := provider.signOutSAML(t, w, root); got.status != http.StatusFound {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if !signedIn() {
		t.Fatal("a request that is forged or for others ended the session")
	}

	good := request(p.Provider, slo, "ana", "session-of-ana")
	got := provider.signOutSAML(t, w, good)
	at, raw, _ := strings.Cut(got.header.Get("Location"), "?")
	answer, err := saml.ReadRedirect(raw, nil)
	if got.status != http.StatusFound || at != p.SLO || err != nil || !answer.IsResponse || answer.RelayState != "r" ||
		!strings.Contains(string(answer.Message), good.SelectAttrValue("ID", "")) {
		t.Errorf("answered with %d %s (%v)", got.status, got.header.Get("Location"), err)
	}
	if signedIn() {
		t.Error("the session is still there")
	}
	provider.signOutSAML(t, w, good).wantPage(t, "again", "Invalid state")
}

// Who sends many assertions that cannot be decrypted learns nothing from more of
// them; a provider that signs its responses is not disturbed.
func TestS101DecryptionIsNotTriedForever(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, onThisMachine)
	w, p := corp(t, s, map[string]string{"IDPInit": "true", "EncryptedResponses": "true"})
	shown, err := s.SDK.DescribeIdentityProvider(t.Context(), &cip.DescribeIdentityProviderInput{UserPoolId: &w.pool, ProviderName: &p.name})
	wantOK(t, err)
	der, err := base64.StdEncoding.DecodeString(shown.IdentityProvider.ProviderDetails["ActiveEncryptionCertificate"])
	wantOK(t, err)
	certificate, err := x509.ParseCertificate(der)
	wantOK(t, err)
	relay := url.Values{
		"identity_provider": {"Corp"}, "client_id": {w.client}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"st"},
	}.Encode()
	post := func(signed bool, damage func([]byte) []byte) reply {
		a := p.says("", "ana")
		a.SignResponse = signed
		a.EncryptFor, _ = certificate.PublicKey.(*rsa.PublicKey)
		a.Encryption = samltest.Encryption{Content: "http://www.w3.org/2001/04/xmlenc#aes128-cbc", Damage: damage}
		return w.browser(t).bring(t, w, p.raw(t, a), relay)
	}
	const unopened = "Encrypted SAML Assertion is invalid."
	post(false, nil).wantCode(t)
	padding := func(b []byte) []byte { b[len(b)-17] ^= 0x80; return b } // what the block before it is added to
	for range 100 {
		post(false, padding).refusedWith(t, "damaged", unopened)
	}
	post(false, nil).refusedWith(t, "good, after a hundred that were not", unopened)
	post(true, nil).wantCode(t)
	s.Advance(2 * time.Minute)
	post(false, nil).wantCode(t)
}
