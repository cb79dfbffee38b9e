package saml

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/saml/samltest"
)

// entraLike is metadata in the form in which Microsoft publishes it: a mark, a signature,
// roles that are not ours, default namespaces.
func entraLike(certificate string) string {
	return "\xEF\xBB\xBF" + `<?xml version="1.0" encoding="utf-8"?><!-- made by hand -->
<EntityDescriptor ID="_f8" entityID="https://sts.example/00/" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
    validUntil="2026-12-01T00:00:00Z" cacheDuration="P1DT2H">
  <RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="fed:SecurityTokenServiceType"
      protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706"/>
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol" WantAuthnRequestsSigned="true">
    <KeyDescriptor use="encryption"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
      ` + certificate[:60] + "\n      " + certificate[60:] + `
    </X509Certificate></X509Data></KeyInfo></KeyDescriptor>
    <SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.example/00/slo?x=1" ResponseLocation="https://login.example/00/slo-done"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://login.example/00/post"/>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.example/00/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>`
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString(keys().idp.Certificate.Raw)
	got, err := ParseMetadata([]byte(entraLike(encoded)), testNow)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Signing) != 1 || !got.Signing[0].Equal(keys().idp.Certificate) {
		t.Errorf("certificates are %v", got.Signing)
	}
	got.Signing = nil
	want := &Metadata{
		EntityID: "https://sts.example/00/", SSORedirect: "https://login.example/00/sso",
		SLORedirect: "https://login.example/00/slo?x=1", SLOResponse: "https://login.example/00/slo-done",
		WantsSigned: true, ValidUntil: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), CacheDuration: 26 * time.Hour,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMetadataOfOneProviderAmongOthers(t *testing.T) {
	t.Parallel()
	one := string(keys().idp.Metadata())
	around := func(inner string) []byte {
		return []byte(`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2026-11-21T00:00:00Z">` +
			`<md:EntityDescriptor entityID="https://sp.example"><md:SPSSODescriptor/></md:EntityDescriptor>` + inner + `</md:EntitiesDescriptor>`)
	}
	got, err := ParseMetadata(around(one), testNow)
	if err != nil || got.EntityID != testEntity || got.ValidUntil != testNow.Add(12*time.Hour) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ParseMetadata(around(one+one), testNow); err == nil {
		t.Error("two providers are accepted")
	}
	if _, err := ParseMetadata(around(""), testNow); err == nil {
		t.Error("no provider is accepted")
	}
}

func TestS103BadMetadata(t *testing.T) {
	t.Parallel()
	good := string(keys().idp.Metadata())
	certificate := base64.StdEncoding.EncodeToString(keys().idp.Certificate.Raw)
	for name, c := range map[string][2]string{
		"document type":               {"<md:Entity", "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><md:Entity"},
		"not XML":                     {"<md:Entity", "{"},
		"another root":                {good, `<md:AffiliationDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>`},
		"another namespace":           {"urn:oasis:names:tc:SAML:2.0:metadata", "urn:oasis:names:tc:SAML:1.0:metadata"},
		"no entityID":                 {` entityID="https://idp.example"`, ""},
		"long entityID":               {"https://idp.example\"", "https://idp.example/" + strings.Repeat("x", 1024) + "\""},
		"no role":                     {"IDPSSODescriptor protocol", "SPSSODescriptor x='' protocol"},
		"another protocol":            {"urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol"},
		"no sign-in by redirect":      {`Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"`, `Binding="x" Location="https://idp.example/sso"`},
		"no certificate":              {certificate, ""},
		"certificate for another use": {`use="signing"`, `use="encryption"`},
		"certificate is no base64":    {certificate, "%%"},
		"certificate is none":         {certificate, "AAAA"},
		"certificate too long":        {certificate, strings.Repeat("A", 4097)},
		"expired":                     {" entityID=", ` validUntil="2026-11-20T12:00:00Z" entityID=`},
		"expired role":                {"<md:IDPSSODescriptor ", `<md:IDPSSODescriptor validUntil="2026-11-20T12:00:00Z" `},
		"valid until no time":         {" entityID=", ` validUntil="soon" entityID=`},
		"cached for no duration":      {" entityID=", ` cacheDuration="PT" entityID=`},
		"cached for minus an hour":    {" entityID=", ` cacheDuration="-PT1H" entityID=`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := strings.ReplaceAll(good, c[0], c[1])
			if document == good {
				t.Fatal("nothing was changed")
			}
			got, err := ParseMetadata([]byte(document), testNow)
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestS102Locations(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"https://idp.example/sso?a=b&amp;c=d":              "good",
		"https://idp.example:8443/sso":                     "good",
		"http://localhost:8080/sso":                        "loopback",
		"http://127.0.0.1/sso":                             "loopback",
		"http://[::1]/sso":                                 "loopback",
		"http://idp.localhost/sso":                         "loopback",
		"http://idp.example/sso":                           "bad",
		"http://localhost.evil.example/sso":                "bad",
		"javascript:alert(1)":                              "bad",
		"javascript://idp.example/%0aalert(1)":             "bad",
		"data:text/html,x":                                 "bad",
		"HTTPS://idp.example/sso":                          "good",
		"//idp.example/sso":                                "bad",
		"/sso":                                             "bad",
		"":                                                 "bad",
		"https://":                                         "bad",
		"https:///sso":                                     "bad",
		"https://a:b@idp.example/":                         "bad",
		"https://idp.example/#x":                           "bad",
		"https://idp.example/&quot;onload=&quot;":          "bad",
		"https://idp.example/&lt;script&gt;":               "bad",
		"https://idp.example/&#13;&#10;X: y":               "bad",
		"https://idp.example/\u202e":                       "bad",
		"https://idp.example/a b":                          "bad",
		"https://idp.example/" + strings.Repeat("x", 2048): "bad",
	} {
		document := bytes.Replace(keys().idp.Metadata(), []byte(`"https://idp.example/sso"`), []byte(`"`+location+`"`), 1)
		got, err := ParseMetadata(document, testNow)
		verdict := "bad"
		switch {
		case err == nil && got.Loopback:
			verdict = "loopback"
		case err == nil:
			verdict = "good"
		}
		if verdict != want {
			t.Errorf("%.80q is %s (%v), want %s", location, verdict, err, want)
		}
	}
}

func TestS161MetadataIsBounded(t *testing.T) {
	t.Parallel()
	good := string(keys().idp.Metadata())
	for name, filling := range map[string]string{
		"size":  strings.Repeat(" ", MaxMetadata),
		"nodes": strings.Repeat("<md:x/>", maxNodes),
		"depth": strings.Repeat("<md:x>", maxDepth) + strings.Repeat("</md:x>", maxDepth),
	} {
		if _, err := ParseMetadata([]byte(strings.Replace(good, "<md:IDP", filling+"<md:IDP", 1)), testNow); err == nil {
			t.Errorf("%s: no limit", name)
		}
	}
	many, err := samltest.New(testEntity, 2048, testNow)
	if err != nil {
		t.Fatal(err)
	}
	document := string(many.Metadata())
	for i := range maxCertificates {
		c, err := samltest.Certify(many.Key, testNow.Add(-time.Duration(i+1)*time.Hour), testNow.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		key := fmt.Sprintf(`<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
			base64.StdEncoding.EncodeToString(c.Raw))
		document = strings.Replace(document, "<md:Single", key+"<md:Single", 1)
	}
	if _, err := ParseMetadata([]byte(document), testNow); err == nil {
		t.Errorf("%d certificates are accepted", maxCertificates+1)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for value, want := range map[string]time.Duration{
		"PT6H": 6 * time.Hour, "P1D": day, "P1DT1M": day + time.Minute, "PT0S": 0, "PT1.5S": time.Second, "P1M": 30 * day,
		"PT604800S": 7 * day, "P1Y": 365 * day, "P9999Y": 365 * day, "P10Y9999M99999D": 365 * day,
		"P": -1, "PT": -1, "": -1, "1D": -1, "P1H": -1, "P-1D": -1, "PT1,5S": -1, "PT99999999999999999999S": -1, "P1DT": -1,
	} {
		got, err := duration(value)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %s (%v), want %s", value, got, err, want)
		}
	}
}
