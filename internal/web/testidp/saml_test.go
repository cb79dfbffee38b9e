package testidp

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/saml"
)

const (
	domain = "http://shop.auth.localhost:7665"
	acs    = domain + "/saml2/idpresponse"
	entity = "urn:amazon:cognito:sp:us-east-1_AbCdEf123"
)

// withPool gives the bench a pool with keys, as the other side sees it.
func (b *bench) withPool(t *testing.T) saml.ServiceProvider {
	t.Helper()
	sp := saml.ServiceProvider{EntityID: entity, ACS: acs, SLO: domain + "/saml2/logout", Skew: saml.Skew}
	certify := func() (*rsa.PrivateKey, string) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		der, err := saml.NewCertificate(key, "pool", at)
		if err != nil {
			t.Fatal(err)
		}
		return key, base64.StdEncoding.EncodeToString(der)
	}
	sp.SigningKey, b.pools.certificate = certify()
	var certificate string
	sp.EncryptionKey, certificate = certify()
	b.pools.details = map[string]string{
		"SSORedirectBindingURI": b.URL(SAML) + "/sso", "SLORedirectBindingURI": b.URL(SAML) + "/slo", "ActiveEncryptionCertificate": certificate,
	}
	return sp
}

func (b *bench) metadata(t *testing.T) *saml.Metadata {
	t.Helper()
	answer, document := b.get(t, b.URL(SAML)+"/metadata")
	md, err := saml.ParseMetadata([]byte(document), at)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("metadata: %s %v", answer.Status, err)
	}
	return md
}

// respond has a request to sign in answered, and reads the answer.
func (b *bench) respond(t *testing.T, sp saml.ServiceProvider, md *saml.Metadata, decision map[string]any) (*saml.Assertion, error) {
	t.Helper()
	b.next(t, SAML, decision)
	id, address, err := saml.NewAuthnRequest(sp, md, "relay&state", b.clock())
	if err != nil {
		t.Fatal(err)
	}
	answer, page := b.get(t, address)
	form := carried(t, answer, page, acs)
	if form.Get("RelayState") != "relay&state" {
		t.Errorf("RelayState is %q", form.Get("RelayState"))
	}
	return saml.ParseResponse(form.Get("SAMLResponse"), saml.Expected{SP: sp, Metadata: md, InResponseTo: id, Now: b.clock()})
}

func TestAssertionsSayWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	b := start(t)
	sp := b.withPool(t)
	md := b.metadata(t)
	if md.EntityID != b.URL(SAML) || md.SLORedirect != b.URL(SAML)+"/slo" {
		t.Fatalf("metadata %+v", md)
	}
	for _, sign := range []Signing{"", SignAssertion, SignResponse, SignBoth} {
		for _, encrypt := range []bool{false, true} {
			got, err := b.respond(t, withEncryption(sp, encrypt), md, map[string]any{
				"person": 0, "sign": sign, "encrypt": encrypt, "claims": map[string]any{"level": 3, "tags": []string{"x", "y"}},
			})
			if err != nil {
				t.Errorf("sign %q, encrypt %v: %v", sign, encrypt, err)
				continue
			}
			want := map[string][]string{
				"email": {"ana@example.com"}, "email_verified": {"true"}, "given_name": {"Ana"}, "family_name": {"Ng"}, "name": {"Ana Ng"},
				"groups": {"staff", "site admins"}, "level": {"3"}, "tags": {"x", "y"},
			}
			if diff := cmp.Diff(want, got.Attributes); diff != "" || got.NameID != "100001" {
				t.Errorf("%s %s", got.NameID, diff)
			}
		}
	}
}

func withEncryption(sp saml.ServiceProvider, required bool) saml.ServiceProvider {
	sp.RequireEncrypted = required
	return sp
}

// What the pool's provider says decides where nobody has chosen.
func TestAssertionsAreEncryptedAsThePoolExpects(t *testing.T) {
	t.Parallel()
	b := start(t)
	sp := withEncryption(b.withPool(t), true)
	b.pools.details["EncryptedResponses"] = "true"
	if _, err := b.respond(t, sp, b.metadata(t), map[string]any{}); err != nil {
		t.Error(err)
	}
	if _, err := b.respond(t, sp, b.metadata(t), map[string]any{"encrypt": false}); err == nil {
		t.Error("a plain assertion was taken")
	}
}

func TestFailuresOfAssertions(t *testing.T) {
	t.Parallel()
	b := start(t)
	sp := b.withPool(t)
	md := b.metadata(t)
	first, err := b.respond(t, sp, md, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	for failure, want := range map[Failure]string{
		Denied: "The user denied the request", Expired: "is not valid", NotYetValid: "is not valid", WrongAudience: "Audience restriction",
		WrongIssuer: "", WrongRequest: "does not fit", WrongRecipient: "is not valid", BadSignature: "signature is invalid",
		NoSignature: "signature is invalid", UnknownKey: "signature is invalid",
	} {
		_, err := b.respond(t, sp, md, map[string]any{"failure": failure})
		refused, ok := errors.AsType[*saml.Error](err)
		if !ok || !strings.Contains(refused.Reason, want) {
			t.Errorf("%s: %v, want %q", failure, err, want)
		}
	}
	again, err := b.respond(t, sp, md, map[string]any{"failure": Replayed})
	if err != nil || again.ID != first.ID {
		t.Errorf("replayed: %v, %v; the first was %s", again, err, first.ID)
	}
	if _, err := b.respond(t, sp, md, map[string]any{"failure": RotatedKey}); err == nil {
		t.Error("another key was taken with the old metadata")
	}
	fresh := b.metadata(t)
	if _, err := b.respond(t, sp, fresh, map[string]any{}); err != nil || len(fresh.Signing) != 2 {
		t.Errorf("with the new metadata: %v, %d certificates", err, len(fresh.Signing))
	}
	for _, failure := range []Failure{NoEmail, UnverifiedEmail, OtherSubject} {
		got, err := b.respond(t, sp, fresh, map[string]any{"failure": failure})
		if err != nil {
			t.Fatal(err)
		}
		if got.NameID == "100001" && len(got.Attributes["email"]) == 1 && got.Attributes["email_verified"][0] == "true" {
			t.Errorf("%s: %+v", failure, got)
		}
	}
}

// Signatures on requests are checked where they are, and missed where the pool has
// promised them.
func TestRequestsOfPools(t *testing.T) {
	t.Parallel()
	b := start(t)
	sp := b.withPool(t)
	md := b.metadata(t)
	ask := func(change func(string) string) int {
		b.next(t, SAML, map[string]any{})
		_, address, err := saml.NewAuthnRequest(sp, md, "r", b.clock())
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := b.get(t, change(address))
		return answer.StatusCode
	}
	asIs := func(address string) string { return address }
	sp.SignRequests = true
	if status := ask(asIs); status != http.StatusOK {
		t.Errorf("signed: %d", status)
	}
	if status := ask(func(a string) string { return strings.Replace(a, "RelayState=r", "RelayState=x", 1) }); status != http.StatusBadRequest {
		t.Errorf("signed and changed: %d", status)
	}
	sp.SignRequests = false
	b.pools.details["RequestSigningAlgorithm"] = "rsa-sha256"
	if status := ask(asIs); status != http.StatusBadRequest {
		t.Errorf("unsigned where the pool signs: %d", status)
	}
	sp.EntityID = "https://other.example"
	if status := ask(asIs); status != http.StatusBadRequest {
		t.Errorf("of no pool: %d", status)
	}
}

func TestTheProviderBegins(t *testing.T) {
	t.Parallel()
	b := start(t)
	sp := b.withPool(t)
	b.next(t, SAML, map[string]any{"person": 1})
	form := url.Values{"client_id": {"c1"}, "redirect_uri": {"http://localhost:3000/"}, "domain": {domain + "/"}}
	answer, page := b.submit(t, b.URL(SAML)+"/begin", form)
	sent := carried(t, answer, page, acs)
	got, err := saml.ParseResponse(sent.Get("SAMLResponse"), saml.Expected{SP: sp, Metadata: b.metadata(t), Now: b.clock()})
	if err != nil || got.NameID != "100002" {
		t.Fatalf("%v, %v", got, err)
	}
	relay, err := url.ParseQuery(sent.Get("RelayState"))
	want := url.Values{
		"identity_provider": {"TestSAML"}, "client_id": {"c1"}, "redirect_uri": {"http://localhost:3000/"}, "response_type": {"code"}, "scope": {"openid"},
	}
	if diff := cmp.Diff(want, relay); diff != "" || err != nil {
		t.Errorf("RelayState: %s %v", diff, err)
	}
	for name, value := range map[string]string{"client_id": "", "redirect_uri": "javascript:alert(1)", "domain": "http://other.auth.localhost"} {
		wrong := maps.Clone(form)
		wrong.Set(name, value)
		if answer, _ := b.submit(t, b.URL(SAML)+"/begin", wrong); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s %q: %s", name, value, answer.Status)
		}
	}
}

func TestLogoutFromBothSides(t *testing.T) {
	t.Parallel()
	b := start(t)
	sp := b.withPool(t)
	md := b.metadata(t)
	expected := func(id string) saml.Expected {
		return saml.Expected{SP: sp, Metadata: md, InResponseTo: id, Now: b.clock()}
	}
	first, err := b.respond(t, sp, md, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	id, address, err := saml.NewLogoutRequest(sp, md, first.Subject, "r1", b.clock())
	if err != nil {
		t.Fatal(err)
	}
	if answer, _ := b.get(t, strings.Replace(address, "RelayState=r1", "RelayState=r2", 1)); answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a request that was changed: %s", answer.Status)
	}
	answer, page := b.get(t, address)
	form := carried(t, answer, page, sp.SLO)
	if err := saml.ParseLogoutResponse(form.Get("SAMLResponse"), expected(id)); err != nil || form.Get("RelayState") != "r1" {
		t.Errorf("the answer: %v, RelayState %q", err, form.Get("RelayState"))
	}
	if answer, _ := b.get(t, address); answer.StatusCode != http.StatusNotFound {
		t.Errorf("signed out twice: %s", answer.Status)
	}

	second, err := b.respond(t, sp, md, map[string]any{"person": 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, page := b.get(t, b.url+"/_cognate/idp/"); !strings.Contains(page, second.SessionIndex) || strings.Contains(page, first.SessionIndex) {
		t.Errorf("the sessions are\n%s", page)
	}
	answer, page = b.submit(t, b.URL(SAML)+"/sign-out", url.Values{"session": {second.SessionIndex}})
	form = carried(t, answer, page, sp.SLO)
	asked, err := saml.ParseLogoutRequest(form.Get("SAMLRequest"), expected(""))
	if err != nil || asked.NameID != "100002" || !cmp.Equal(asked.SessionIndexes, []string{second.SessionIndex}) {
		t.Fatalf("%+v, %v", asked, err)
	}
	back, err := saml.NewLogoutResponse(sp, md, asked.ID, "", b.clock())
	if err != nil {
		t.Fatal(err)
	}
	if answer, page := b.get(t, back); answer.StatusCode != http.StatusOK || !strings.Contains(page, "status:Success") {
		t.Errorf("%s\n%s", answer.Status, page)
	}
}
