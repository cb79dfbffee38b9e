package saml

import (
	"bytes"
	"compress/flate"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/saml/samltest"
)

// spCertificate is that of the key that signs requests.
func spCertificate(t testing.TB) *x509.Certificate {
	t.Helper()
	der, err := NewCertificate(keys().signing, "us-east-1_EXAMPLE1", testNow)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// query reads an address that was made, and gives the rest of it.
func query(t *testing.T, address string, signers ...*x509.Certificate) (*Redirect, string) {
	t.Helper()
	before, raw, _ := strings.Cut(address, "SAMLRe")
	got, err := ReadRedirect("SAMLRe"+raw, signers)
	if err != nil {
		t.Fatal(err)
	}
	return got, before
}

func TestAuthnRequest(t *testing.T) {
	t.Parallel()
	sp := testSP()
	sp.SignRequests = true
	const relayState = "a b&c=d/é+"
	id, address, err := NewAuthnRequest(sp, keys().metadata, relayState, testNow)
	if err != nil {
		t.Fatal(err)
	}
	got, before := query(t, address, spCertificate(t))
	if before != testEntity+"/sso?" || got.RelayState != relayState || got.IsResponse {
		t.Errorf("%s, %+v", before, got)
	}
	var theirs crewjam.AuthnRequest
	if err := xml.Unmarshal(got.Message, &theirs); err != nil {
		t.Fatal(err)
	}
	if theirs.ID != id || theirs.AssertionConsumerServiceURL != sp.ACS || theirs.Issuer.Value != sp.EntityID ||
		theirs.Destination != testEntity+"/sso" || theirs.Version != "2.0" || !theirs.IssueInstant.Equal(testNow) ||
		theirs.ProtocolBinding != crewjam.HTTPPostBinding || theirs.NameIDPolicy != nil || theirs.ForceAuthn != nil {
		t.Errorf("request is %s", got.Message)
	}
	if ok := len(id) == 37 && id[0] == '_'; !ok {
		t.Errorf("id is %q", id)
	}
}

func TestAuthnRequestUnsignedBehindQuery(t *testing.T) {
	t.Parallel()
	md := *keys().metadata
	md.SSORedirect = "https://idp.example/sso?tenant=1"
	_, address, err := NewAuthnRequest(testSP(), &md, "", testNow)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	values := u.Query()
	if values.Get("tenant") != "1" || len(values) != 2 || !strings.HasPrefix(address, md.SSORedirect+"&SAMLRequest=") {
		t.Errorf("address is %s", address)
	}
	packed, err := base64.StdEncoding.DecodeString(values.Get("SAMLRequest"))
	if err != nil {
		t.Fatal(err)
	}
	if message, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed))); err != nil || !bytes.Contains(message, []byte("AuthnRequest")) {
		t.Errorf("%s, %v", message, err)
	}
	sp := testSP()
	sp.SignRequests, sp.SigningKey = true, nil
	if _, _, err := NewAuthnRequest(sp, &md, "", testNow); err == nil {
		t.Error("a request that has to be signed is made without a key")
	}
}

func TestS098RedirectSignatures(t *testing.T) {
	t.Parallel()
	sp := testSP()
	sp.SignRequests = true
	_, address, err := NewAuthnRequest(sp, keys().metadata, "state", testNow)
	if err != nil {
		t.Fatal(err)
	}
	_, raw, _ := strings.Cut(address, "?")
	_, otherAddress, err := NewAuthnRequest(sp, keys().metadata, "state", testNow)
	if err != nil {
		t.Fatal(err)
	}
	_, other, _ := strings.Cut(otherAddress, "?")
	message, _, _ := strings.Cut(other, "&")
	signer := spCertificate(t)
	signature := raw[strings.Index(raw, "&Signature="):]
	for name, c := range map[string]struct {
		query string
		good  bool
	}{
		"as sent":                        {raw, true},
		"with a stranger":                {"tenant=1&" + raw + "&x=y", true},
		"encoding named":                 {raw + "&SAMLEncoding=" + url.QueryEscape(deflateEncoding), true},
		"another order":                  {strings.Replace(raw, "&RelayState=state", "", 1) + "&RelayState=state", true},
		"another encoding":               {raw + "&SAMLEncoding=urn:x", false},
		"no signature":                   {strings.Replace(raw, signature, "", 1), false},
		"empty signature":                {strings.Replace(raw, signature, "&Signature=", 1), false},
		"signature is no base64":         {strings.Replace(raw, signature, "&Signature=%25", 1), false},
		"another message":                {message + raw[strings.Index(raw, "&RelayState"):], false},
		"another message besides":        {message + "&" + raw, false},
		"name written otherwise":         {strings.Replace(raw, "SAMLRequest", "%53AMLRequest", 1), false},
		"name written otherwise besides": {strings.Replace(message, "SAMLRequest", "%53AMLRequest", 1) + "&" + raw, false},
		"request and response":           {strings.Replace(message, "SAMLRequest", "SAMLResponse", 1) + "&" + raw, false},
		"request as response":            {strings.Replace(raw, "SAMLRequest", "SAMLResponse", 1), false},
		"relay state changed":            {strings.Replace(raw, "=state", "=other", 1), false},
		"relay state written otherwise":  {strings.Replace(raw, "=state", "=%73tate", 1), false},
		"relay state removed":            {strings.Replace(raw, "&RelayState=state", "", 1), false},
		"relay state twice":              {raw + "&RelayState=other", false},
		"SHA-1":                          {strings.Replace(raw, "2001%2F04%2Fxmldsig-more%23rsa-sha256", "2000%2F09%2Fxmldsig%23rsa-sha1", 1), false},
		"no algorithm":                   {strings.Replace(raw, "&SigAlg=", "&x=", 1), false},
		"lower-case escapes":             {strings.ReplaceAll(raw, "%2F", "%2f"), false},
		"bad escape":                     {raw + "&%zz", false},
		"nothing":                        {"", false},
	} {
		got, err := ReadRedirect(c.query, []*x509.Certificate{keys().idp.Certificate, signer})
		if (err == nil) != c.good {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		var refusal *Error
		if err != nil && !errors.As(err, &refusal) {
			t.Errorf("%s: error %v is no refusal", name, err)
		}
	}
	if _, err := ReadRedirect(raw, []*x509.Certificate{keys().idp.Certificate}); err == nil {
		t.Error("accepted with the key of another")
	}
}

func TestS100DeflateBomb(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw := "SAMLRequest=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if len(raw) > MaxMessage {
		t.Fatalf("bomb of %d characters is stopped by its size", len(raw))
	}
	if _, err := ReadRedirect(raw, nil); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("error is %v", err)
	}
}

func TestLogoutRequestOfOurs(t *testing.T) {
	t.Parallel()
	subject := Subject{NameID: goodName, NameIDFormat: "urn:x", NameQualifier: "q", SPNameQualifier: "s", SessionIndex: "i<1>"}
	id, address, err := NewLogoutRequest(testSP(), keys().metadata, subject, "state", testNow)
	if err != nil {
		t.Fatal(err)
	}
	got, before := query(t, address, spCertificate(t))
	var theirs crewjam.LogoutRequest
	if err := xml.Unmarshal(got.Message, &theirs); err != nil {
		t.Fatal(err)
	}
	if before != testEntity+"/slo?" || got.RelayState != "state" || theirs.ID != id || theirs.Issuer.Value != testSP().EntityID ||
		theirs.NameID.Value != goodName || theirs.NameID.Format != "urn:x" || theirs.NameID.NameQualifier != "q" ||
		theirs.NameID.SPNameQualifier != "s" || theirs.SessionIndex.Value != "i<1>" || theirs.Destination != testEntity+"/slo" {
		t.Errorf("request is %s", got.Message)
	}
	sp := testSP()
	sp.SigningKey = nil
	if _, _, err := NewLogoutRequest(sp, keys().metadata, subject, "", testNow); err == nil {
		t.Error("made without a key")
	}
	md := *keys().metadata
	md.SLORedirect = ""
	if _, _, err := NewLogoutRequest(testSP(), &md, subject, "", testNow); err == nil {
		t.Error("made without a location")
	}
}

func TestLogoutResponseOfOurs(t *testing.T) {
	t.Parallel()
	address, err := NewLogoutResponse(testSP(), keys().metadata, "_request", "state", testNow)
	if err != nil {
		t.Fatal(err)
	}
	got, before := query(t, address, spCertificate(t))
	var theirs crewjam.LogoutResponse
	if err := xml.Unmarshal(got.Message, &theirs); err != nil {
		t.Fatal(err)
	}
	if before != testEntity+"/slo?" || !got.IsResponse || got.RelayState != "state" || theirs.InResponseTo != "_request" ||
		theirs.Issuer.Value != testSP().EntityID || theirs.Status.StatusCode.Value != crewjam.StatusSuccess {
		t.Errorf("response is %s", got.Message)
	}
}

func TestLogoutRequestOfTheProvider(t *testing.T) {
	t.Parallel()
	root, err := keys().idp.LogoutRequest(testSP().SLO, goodName, []string{"one", "two"}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseLogoutRequest(samltest.Post(root), expected())
	if err != nil {
		t.Fatal(err)
	}
	want := &LogoutRequest{
		ID: attributeOf(root, "ID"), Issuer: testEntity, Subject: Subject{NameID: goodName, NameIDFormat: unspecified},
		SessionIndexes: []string{"one", "two"}, NotOnOrAfter: testNow.Add(5 * time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if issuer, err := UnverifiedIssuer(samltest.Post(root)); err != nil || issuer != testEntity {
		t.Errorf("issuer is %q, %v", issuer, err)
	}
	for _, raw := range []string{"", "%", post([]byte("<a/><b/>"))} {
		if issuer, err := UnverifiedIssuer(raw); err == nil {
			t.Errorf("issuer of %q is %q", raw, issuer)
		}
	}
}

func TestS104LogoutForgery(t *testing.T) {
	t.Parallel()
	idp, sp := keys().idp, testSP()
	request := func(p *samltest.Provider, destination string, at time.Time) *etree.Element {
		r, err := p.LogoutRequest(destination, goodName, []string{"one"}, at)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	changed := func(change func(r *etree.Element)) *etree.Element {
		r := request(idp, sp.SLO, testNow)
		change(r)
		return r
	}
	resigned := func(change func(r *etree.Element)) *etree.Element {
		return changed(func(r *etree.Element) {
			without(r, "./Signature")
			change(r)
			if err := idp.Sign(r); err != nil {
				t.Fatal(err)
			}
		})
	}
	weak := *idp
	weak.Method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	other := *idp
	other.EntityID = "https://other.example"
	for name, root := range map[string]*etree.Element{
		"not signed":        changed(func(r *etree.Element) { without(r, "./Signature") }),
		"signed by another": request(keys().stranger, sp.SLO, testNow),
		"SHA-1":             request(&weak, sp.SLO, testNow),
		"changed":           changed(func(r *etree.Element) { r.FindElement("./NameID").SetText(evilName) }),
		"session changed":   changed(func(r *etree.Element) { r.FindElement("./SessionIndex").SetText("two") }),
		"for another":       request(idp, sp.ACS, testNow),
		"by another":        request(&other, sp.SLO, testNow),
		"old":               request(idp, sp.SLO, testNow.Add(-7*time.Minute)),
		"from the future":   request(idp, sp.SLO, testNow.Add(2*time.Minute)),
		"no name":           resigned(func(r *etree.Element) { without(r, "./NameID") }),
		"encrypted name":    resigned(func(r *etree.Element) { r.FindElement("./NameID").Tag = "EncryptedID" }),
		"old, no end": resigned(func(r *etree.Element) {
			r.RemoveAttr("NotOnOrAfter")
			r.CreateAttr("IssueInstant", "2026-11-20T11:53:00Z")
		}),
		"ended":           resigned(func(r *etree.Element) { r.CreateAttr("NotOnOrAfter", "2026-11-20T11:58:00Z") }),
		"ends at no time": resigned(func(r *etree.Element) { r.CreateAttr("NotOnOrAfter", "") }),
		"not issued":      resigned(func(r *etree.Element) { r.RemoveAttr("IssueInstant") }),
		"version":         resigned(func(r *etree.Element) { r.CreateAttr("Version", "1.1") }),
		"another kind":    resigned(func(r *etree.Element) { r.Tag = "LogoutResponse" }),
		"wrapped":         wrapLogout(request(idp, sp.SLO, testNow)),
		"wrapped in signature": changed(func(r *etree.Element) {
			original := without(r.Copy(), "./Signature")
			rename(r, "_evil")
			r.FindElement("./NameID").SetText(evilName)
			place(r, original)
		}),
	} {
		got, err := ParseLogoutRequest(samltest.Post(root), expected())
		if _, ok := errors.AsType[*Error](err); !ok {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func wrapLogout(original *etree.Element) *etree.Element {
	evil := rename(without(original.Copy(), "./Signature"), "_evil")
	evil.FindElement("./NameID").SetText(evilName)
	evil.InsertChildAt(1, original)
	return evil
}

func TestS104LogoutResponseForgery(t *testing.T) {
	t.Parallel()
	e := expected()
	answer := func(p *samltest.Provider, destination, request string) *etree.Element {
		r, err := p.LogoutResponse(destination, request, testNow)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := ParseLogoutResponse(samltest.Post(answer(keys().idp, e.SP.SLO, testRequest)), e); err != nil {
		t.Errorf("good answer: %v", err)
	}
	failed := without(answer(keys().idp, e.SP.SLO, testRequest), "./Signature")
	failed.FindElement("./Status/StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
	if err := keys().idp.Sign(failed); err != nil {
		t.Fatal(err)
	}
	for name, root := range map[string]*etree.Element{
		"not signed":        without(answer(keys().idp, e.SP.SLO, testRequest), "./Signature"),
		"signed by another": answer(keys().stranger, e.SP.SLO, testRequest),
		"another request":   answer(keys().idp, e.SP.SLO, "_x"),
		"no request":        answer(keys().idp, e.SP.SLO, ""),
		"another place":     answer(keys().idp, e.SP.ACS, testRequest),
		"failed":            failed,
		"a sign-in":         response(t, keys().idp, samltest.Answer{ACS: e.SP.SLO, InResponseTo: testRequest, Now: testNow, NameID: "x", SignResponse: true}),
	} {
		if err := ParseLogoutResponse(samltest.Post(root), e); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	e.InResponseTo = ""
	if err := ParseLogoutResponse(samltest.Post(answer(keys().idp, e.SP.SLO, "")), e); err == nil {
		t.Error("accepted without a request")
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	first := spCertificate(t)
	der, err := NewCertificate(keys().signing, "us-east-1_EXAMPLE1", testNow.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	second, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if !first.PublicKey.(*rsa.PublicKey).Equal(second.PublicKey) || first.SerialNumber.Cmp(second.SerialNumber) == 0 {
		t.Error("renewed certificate is not another one for the same key")
	}
	if !first.NotBefore.Equal(testNow) || !first.NotAfter.Equal(testNow.AddDate(10, 0, 0)) || first.Subject.CommonName != "us-east-1_EXAMPLE1" {
		t.Errorf("%s is valid from %s to %s", first.Subject, first.NotBefore, first.NotAfter)
	}
	if err := first.CheckSignature(first.SignatureAlgorithm, first.RawTBSCertificate, first.Signature); err != nil {
		t.Error(err)
	}
}
