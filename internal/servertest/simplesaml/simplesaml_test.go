package simplesaml_test

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/saml"
	"cognate/internal/servertest/simplesaml"
)

var ana = simplesaml.Person{Name: "ana", Password: "correct horse", Attributes: map[string][]string{
	"uid": {"ana@example.com"}, "mail": {"ana@example.com"}, "groups": {"staff", "R & D <one>"}, "name": {"Ana Lucía"},
}}

func newKey(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := saml.NewCertificate(key, "us-east-1_EXAMPLE1", time.Now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return key, simplesaml.DER(certificate)
}

// Package saml and SimpleSAMLphp understand one another in every message that
// goes between them.
func TestSimpleSAMLphp(t *testing.T) {
	t.Parallel()
	idp := simplesaml.Start(t, nil, ana)
	md, err := saml.ParseMetadata(idp.Metadata(t), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !md.Loopback || md.EntityID != idp.MetadataURL() || md.CheckCertificates(time.Now()) != nil {
		t.Errorf("metadata is %+v", md)
	}
	signing, signingCertificate := newKey(t)
	encryption, encryptionCertificate := newKey(t)
	sp := saml.ServiceProvider{
		EntityID: "urn:amazon:cognito:sp:us-east-1_EXAMPLE1", ACS: "https://auth.example/saml2/idpresponse",
		SLO: "https://auth.example/saml2/logout", SigningKey: signing, SignRequests: true, EncryptionKey: encryption, Skew: saml.Skew,
	}
	for name, c := range map[string]struct{ response, assertion, encrypt bool }{
		"assertion signed":            {false, true, false},
		"response signed":             {true, false, false},
		"both signed":                 {true, true, false},
		"assertion signed, encrypted": {false, true, true},
		"response signed, encrypted":  {true, false, true},
	} {
		known := simplesaml.ServiceProvider{
			EntityID: sp.EntityID, ACS: sp.ACS, SLO: sp.SLO, Signing: signingCertificate, SignResponse: c.response, SignAssertion: c.assertion,
		}
		if sp.RequireEncrypted = c.encrypt; c.encrypt {
			known.Encryption = encryptionCertificate
		}
		idp.Trust(t, known)
		t.Run(name, func(t *testing.T) { walk(t, idp, sp, md) })
	}
}

// walk signs in and out, each from both sides.
func walk(t *testing.T, idp *simplesaml.Provider, sp saml.ServiceProvider, md *saml.Metadata) {
	browser := simplesaml.NewBrowser(t)
	expected := saml.Expected{SP: sp, Metadata: md}
	id, address, err := saml.NewAuthnRequest(sp, md, "relay state & more", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	form := browser.SignIn(address, ana.Name, ana.Password)
	if form.Action != sp.ACS || form.Fields.Get("RelayState") != "relay state & more" {
		t.Fatalf("sent to %s with %v", form.Action, form.Fields)
	}
	expected.InResponseTo, expected.Now = id, time.Now()
	got, err := saml.ParseResponse(form.Fields.Get("SAMLResponse"), expected)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ana.Attributes, got.Attributes); diff != "" || got.NameID != "ana@example.com" || got.SessionIndex == "" {
		t.Errorf("%+v\n%s", got, diff)
	}
	expected.InResponseTo = ""
	if _, err := saml.ParseResponse(form.Fields.Get("SAMLResponse"), expected); err == nil {
		t.Error("taken without a request")
	}

	id, address, err = saml.NewLogoutRequest(sp, md, got.Subject, "leaving", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	form = browser.Open(address)
	expected.InResponseTo, expected.Now = id, time.Now()
	if err := saml.ParseLogoutResponse(form.Fields.Get("SAMLResponse"), expected); err != nil || form.Action != sp.SLO ||
		form.Fields.Get("RelayState") != "leaving" {
		t.Errorf("answer to our logout: %v, to %s with %v", err, form.Action, form.Fields)
	}

	form = browser.SignIn(idp.Unsolicited("spentityid="+sp.EntityID+"&RelayState=client_id%3Dx"), ana.Name, ana.Password)
	expected.InResponseTo, expected.Now = "", time.Now()
	got, err = saml.ParseResponse(form.Fields.Get("SAMLResponse"), expected)
	if err != nil || got.NameID != "ana@example.com" || form.Fields.Get("RelayState") != "client_id=x" {
		t.Fatalf("sent by itself: %+v, %v, %v", got, err, form.Fields.Get("RelayState"))
	}

	form = browser.Open(idp.SignOut())
	expected.Now = time.Now()
	request, err := saml.ParseLogoutRequest(form.Fields.Get("SAMLRequest"), expected)
	if err != nil {
		t.Fatalf("the provider's logout: %v, to %s with %v", err, form.Action, form.Fields)
	}
	if request.NameID != got.NameID || len(request.SessionIndexes) != 1 || request.SessionIndexes[0] != got.SessionIndex {
		t.Errorf("logout of %+v, session is %q", request, got.SessionIndex)
	}
	address, err = saml.NewLogoutResponse(sp, md, request.ID, form.Fields.Get("RelayState"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if at := browser.Leave(address); !strings.HasPrefix(at, idp.URL) {
		t.Errorf("after the logout at %s", at)
	}
}
