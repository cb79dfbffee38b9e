package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"cognate/internal/protocol/saml/samltest"
)

// testNow is the time of every test.
var testNow = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	testEntity  = "https://idp.example"
	testRequest = "_0b7e2f6a-3c1d-4a55-9d31-1f0d5b1c2a3b"
	goodName    = "ada@example.com"
	evilName    = "admin@example.com"
)

// TestMain sets the clock of the oracle, which has one for all.
func TestMain(m *testing.M) {
	crewjam.TimeNow = func() time.Time { return testNow }
	crewjam.Clock = dsig.NewFakeClockAt(testNow)
	m.Run()
}

type parties struct {
	idp, stranger     *samltest.Provider
	signing, encrypts *rsa.PrivateKey
	metadata          *Metadata
}

var keys = sync.OnceValue(func() *parties {
	idp, err := samltest.New(testEntity, 2048, testNow)
	must(err)
	stranger, err := samltest.New(testEntity, 2048, testNow)
	must(err)
	signing, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	encrypts, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	md, err := ParseMetadata(idp.Metadata(), testNow)
	must(err)
	return &parties{idp, stranger, signing, encrypts, md}
})

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func testSP() ServiceProvider {
	return ServiceProvider{
		EntityID: "urn:amazon:cognito:sp:us-east-1_EXAMPLE1", ACS: "https://auth.example/saml2/idpresponse",
		SLO: "https://auth.example/saml2/logout", SigningKey: keys().signing, EncryptionKey: keys().encrypts, Skew: Skew,
	}
}

func expected() Expected {
	return Expected{SP: testSP(), Metadata: keys().metadata, InResponseTo: testRequest, Now: testNow}
}

func answer() samltest.Answer {
	sp := testSP()
	return samltest.Answer{
		ACS: sp.ACS, Audience: sp.EntityID, InResponseTo: testRequest, Now: testNow, NameID: goodName, SignAssertion: true,
		Attributes: []samltest.Attribute{
			{Name: "email", Values: []string{goodName}},
			{Name: "groups", Values: []string{"staff", "R & D <one>"}},
			{Name: "empty"},
		},
	}
}

func response(t testing.TB, p *samltest.Provider, a samltest.Answer) *etree.Element {
	t.Helper()
	r, err := p.Response(a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// post encodes a document.
func post(document []byte) string { return base64.StdEncoding.EncodeToString(document) }

// oracle is what crewjam/saml makes of a document.
func oracle(t testing.TB, document []byte, e Expected) (*crewjam.Assertion, error) {
	t.Helper()
	acs, err := url.Parse(e.SP.ACS)
	if err != nil {
		t.Fatal(err)
	}
	md := &crewjam.EntityDescriptor{}
	if err := xml.Unmarshal(keys().idp.Metadata(), md); err != nil {
		t.Fatal(err)
	}
	sp := crewjam.ServiceProvider{
		EntityID: e.SP.EntityID, AcsURL: *acs, IDPMetadata: md, Key: e.SP.EncryptionKey, AllowIDPInitiated: e.InResponseTo == "",
	}
	return sp.ParseXMLResponse(document, []string{e.InResponseTo}, *acs)
}

// refused checks that a document is refused with an *Error, and by the oracle if
// that shall know better too.
func refused(t *testing.T, document []byte, e Expected, oracleToo bool) *Error {
	t.Helper()
	got, err := ParseResponse(post(document), e)
	var refusal *Error
	switch {
	case err == nil:
		t.Fatalf("accepted as %+v:\n%.2000s", got, document)
	case !errors.As(err, &refusal) || refusal.Reason == "":
		t.Fatalf("error %#v is no refusal", err)
	}
	if oracleToo {
		if assertion, err := oracle(t, document, e); err == nil {
			t.Errorf("crewjam/saml accepts it as %+v", assertion.Subject.NameID)
		}
	}
	return refusal
}
