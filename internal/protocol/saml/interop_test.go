package saml

import (
	"encoding/base64"
	"encoding/xml"
	"html"
	"html/template"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	crewjam "github.com/crewjam/saml"
	"github.com/google/go-cmp/cmp"
	dsig "github.com/russellhaering/goxmldsig"
)

// peer is crewjam/saml as an identity provider that knows us.
func peer(t *testing.T, sp ServiceProvider, encrypt bool) *crewjam.IdentityProvider {
	t.Helper()
	at := func(path string) url.URL { return url.URL{Scheme: "https", Host: "idp.example", Path: path} }
	return &crewjam.IdentityProvider{
		Key: keys().idp.Key, Certificate: keys().idp.Certificate, Logger: log.New(io.Discard, "", 0),
		SignatureMethod: dsig.RSASHA256SignatureMethod, // SHA-1 if not said
		MetadataURL:     at("/metadata"), SSOURL: at("/sso"), LogoutURL: at("/slo"),
		ServiceProviderProvider: known{sp, encrypt, t}, SessionProvider: signedIn{},
		ResponseFormTemplate: template.Must(template.New("").Parse("{{.RelayState}} {{.SAMLResponse}}")),
	}
}

type known struct {
	sp      ServiceProvider
	encrypt bool
	t       *testing.T
}

func (k known) GetServiceProvider(*http.Request, string) (*crewjam.EntityDescriptor, error) {
	role := crewjam.SPSSODescriptor{
		AssertionConsumerServices: []crewjam.IndexedEndpoint{{Binding: crewjam.HTTPPostBinding, Location: k.sp.ACS}},
	}
	if k.encrypt {
		der, err := NewCertificate(k.sp.EncryptionKey, "encryption", testNow)
		if err != nil {
			return nil, err
		}
		role.KeyDescriptors = []crewjam.KeyDescriptor{{Use: "encryption", KeyInfo: crewjam.KeyInfo{X509Data: crewjam.X509Data{
			X509Certificates: []crewjam.X509Certificate{{Data: base64.StdEncoding.EncodeToString(der)}},
		}}}}
	}
	return &crewjam.EntityDescriptor{EntityID: k.sp.EntityID, SPSSODescriptors: []crewjam.SPSSODescriptor{role}}, nil
}

type signedIn struct{}

func (signedIn) GetSession(http.ResponseWriter, *http.Request, *crewjam.IdpAuthnRequest) *crewjam.Session {
	return &crewjam.Session{
		ID: "1", CreateTime: testNow, Index: "index-1", NameID: goodName, NameIDFormat: "urn:x", UserEmail: goodName,
		Groups: []string{"staff", "R & D"},
	}
}

// Our request is understood by crewjam/saml's identity provider, and its answer
// by us, with metadata that it wrote.
func TestSignInWithCrewjamsProvider(t *testing.T) {
	t.Parallel()
	for name, encrypt := range map[string]bool{"plain": false, "encrypted": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sp := testSP()
			sp.SignRequests, sp.RequireEncrypted = true, encrypt
			idp := peer(t, sp, encrypt)
			document, err := xml.MarshalIndent(idp.Metadata(), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			md, err := ParseMetadata(document, testNow)
			if err != nil {
				t.Fatal(err)
			}
			id, address, err := NewAuthnRequest(sp, md, "relay-state", testNow)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			idp.ServeSSO(w, httptest.NewRequest(http.MethodGet, address, nil))
			relayState, raw, _ := strings.Cut(html.UnescapeString(w.Body.String()), " ")
			if w.Code != http.StatusOK || relayState != "relay-state" {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			got, err := ParseResponse(raw, Expected{SP: sp, Metadata: md, InResponseTo: id, Now: testNow})
			if err != nil {
				t.Fatal(err)
			}
			subject := got.Subject
			subject.NameQualifier, subject.SPNameQualifier = "", ""
			want := Subject{NameID: goodName, NameIDFormat: "urn:x", SessionIndex: "index-1"}
			if diff := cmp.Diff(want, subject); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"staff", "R & D"}, got.Attributes["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}
