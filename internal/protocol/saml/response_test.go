package saml

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"
	dsig "github.com/russellhaering/goxmldsig"

	"cognate/internal/protocol/saml/samltest"
)

func TestGoodResponses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		response, assertion bool
		unsolicited         bool
	}{
		{"assertion signed", false, true, false},
		{"response signed", true, false, false},
		{"both signed", true, true, false},
		{"sent by itself", false, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, e := answer(), expected()
			a.SignResponse, a.SignAssertion = c.response, c.assertion
			if c.unsolicited {
				a.InResponseTo, e.InResponseTo = "", ""
			}
			root := response(t, keys().idp, a)
			got, err := ParseResponse(samltest.Post(root), e)
			if err != nil {
				t.Fatal(err)
			}
			want := &Assertion{
				ID: attributeOf(root.FindElement("./Assertion"), "ID"), Issuer: testEntity,
				Subject: Subject{
					NameID: goodName, NameIDFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
					SessionIndex: "session-of-" + goodName,
				},
				Attributes:   map[string][]string{"email": {goodName}, "groups": {"staff", "R & D <one>"}, "empty": nil},
				AuthnContext: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
				Recipient:    e.SP.ACS, IssuedAt: testNow, NotOnOrAfter: testNow.Add(5 * time.Minute),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			theirs, err := oracle(t, samltest.Bytes(root), e)
			if err != nil || theirs.Subject.NameID.Value != goodName {
				t.Errorf("crewjam/saml: %v, %v", theirs, err)
			}
		})
	}
}

func TestForeignFormsOfGoodResponses(t *testing.T) {
	t.Parallel()
	edit := func(f func(r *etree.Element)) func(*samltest.Answer) { return func(a *samltest.Answer) { a.Edit = f } }
	for name, change := range map[string]func(*samltest.Answer){
		"no Destination, unsigned": edit(func(r *etree.Element) { r.RemoveAttr("Destination") }),
		"no Issuer in the response": edit(func(r *etree.Element) {
			r.RemoveChild(r.FindElement("./Issuer"))
		}),
		"no AuthnStatement": edit(func(r *etree.Element) {
			a := r.FindElement("./Assertion")
			a.RemoveChild(a.FindElement("./AuthnStatement"))
		}),
		"no attributes": func(a *samltest.Answer) { a.Attributes = nil },
		"time without zone": edit(func(r *etree.Element) {
			r.FindElement("./Assertion/Conditions").CreateAttr("NotBefore", "2026-11-20T11:59:00")
		}),
		"several audiences": edit(func(r *etree.Element) {
			r.FindElement("./Assertion/Conditions/AudienceRestriction").CreateElement("saml:Audience").SetText("https://other.example")
		}),
		"another confirmation besides": edit(func(r *etree.Element) {
			other := etree.NewElement("saml:SubjectConfirmation")
			other.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")
			r.FindElement("./Assertion/Subject").AddChild(other)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answer()
			change(&a)
			got, err := ParseResponse(samltest.Post(response(t, keys().idp, a)), expected())
			if err != nil || got.NameID != goodName {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestResponseIsReadWithWhiteSpaceAndMark(t *testing.T) {
	t.Parallel()
	document := samltest.Bytes(response(t, keys().idp, answer()))
	document = append([]byte("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), document...)
	encoded := post(document)
	var lines strings.Builder
	for len(encoded) > 76 {
		lines.WriteString(encoded[:76] + "\r\n")
		encoded = encoded[76:]
	}
	lines.WriteString(encoded)
	if _, err := ParseResponse(lines.String(), expected()); err != nil {
		t.Error(err)
	}
}

func TestSignatureByECDSA(t *testing.T) {
	t.Parallel()
	idp, err := samltest.New(testEntity, 0, testNow)
	if err != nil {
		t.Fatal(err)
	}
	e := expected()
	if e.Metadata, err = ParseMetadata(idp.Metadata(), testNow); err != nil {
		t.Fatal(err)
	}
	root := response(t, idp, answer())
	if _, err := ParseResponse(samltest.Post(root), e); err != nil {
		t.Errorf("in the form of X9.62: %v", err)
	}
	value := root.FindElement("./Assertion/Signature/SignatureValue")
	value.SetText(halves(t, value.Text()))
	if _, err := ParseResponse(samltest.Post(root), e); err != nil {
		t.Errorf("in the form of XML signatures: %v", err)
	}
}

func TestAnyCertificateOfTheMetadataIsTried(t *testing.T) {
	t.Parallel()
	next, err := samltest.New(testEntity, 2048, testNow)
	if err != nil {
		t.Fatal(err)
	}
	e := expected()
	if e.Metadata, err = ParseMetadata(keys().idp.Metadata(next.Certificate), testNow); err != nil {
		t.Fatal(err)
	}
	renewed := *next
	if renewed.Certificate, err = samltest.Certify(next.Key, testNow.AddDate(0, 0, -1), testNow.AddDate(1, 0, 0)); err != nil {
		t.Fatal(err)
	}
	for _, p := range []*samltest.Provider{keys().idp, next, &renewed} {
		root := response(t, p, answer())
		if _, err := ParseResponse(samltest.Post(root), e); err != nil {
			t.Error(err)
		}
		// Nor does it need to say which one.
		signature := root.FindElement("./Assertion/Signature")
		signature.RemoveChild(signature.FindElement("./KeyInfo"))
		if _, err := ParseResponse(samltest.Post(root), e); err != nil {
			t.Error(err)
		}
	}
}

func TestAssertionEndsWhenItSays(t *testing.T) {
	t.Parallel()
	raw := samltest.Post(response(t, keys().idp, answer()))
	e := expected()
	got, err := ParseResponse(raw, e)
	if err != nil {
		t.Fatal(err)
	}
	end := got.NotOnOrAfter.Add(e.SP.Skew)
	e.Now = end.Add(-time.Millisecond)
	if _, err := ParseResponse(raw, e); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	e.Now = end
	if _, err := ParseResponse(raw, e); err == nil {
		t.Error("taken at the time from which it need not be remembered")
	}
}

func TestProvidersRefusal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ code, message, want string }{
		{"Responder", "", "urn:oasis:names:tc:SAML:2.0:status:Responder"},
		{"Requester", "No such\nuser\x7f", "No such user "},
		{"Responder", strings.Repeat("x", 500), strings.Repeat("x", 200)},
	} {
		root := keys().idp.Failure(answer(), c.code, c.message)
		if got := refused(t, samltest.Bytes(root), expected(), true); got.Reason != c.want {
			t.Errorf("reason %q, want %q", got.Reason, c.want)
		}
	}
}

func TestEncryptedAssertions(t *testing.T) {
	t.Parallel()
	const xenc, xenc11 = "http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#"
	for _, c := range []struct {
		how    samltest.Encryption
		oracle bool // can do it too
	}{
		{samltest.Encryption{Content: xenc11 + "aes128-gcm"}, true},
		{samltest.Encryption{Content: xenc11 + "aes192-gcm"}, false},
		{samltest.Encryption{Content: xenc11 + "aes256-gcm"}, false},
		{samltest.Encryption{Content: xenc + "aes128-cbc"}, true},
		{samltest.Encryption{Content: xenc + "aes192-cbc"}, true},
		{samltest.Encryption{Content: xenc + "aes256-cbc"}, true},
		{samltest.Encryption{Digest: crypto.SHA1}, false},
		{samltest.Encryption{Digest: crypto.SHA256}, false},
		{samltest.Encryption{Transport: xenc11 + "rsa-oaep", Digest: crypto.SHA256, Mask: crypto.SHA256}, false},
		{samltest.Encryption{Transport: xenc11 + "rsa-oaep", Mask: crypto.SHA1}, false},
		{samltest.Encryption{Transport: xenc11 + "rsa-oaep"}, false},
		{samltest.Encryption{Content: xenc + "aes256-cbc", Beside: true}, true},
	} {
		for _, signed := range []string{"assertion", "response", "both"} {
			a, e := answer(), expected()
			a.EncryptFor, a.Encryption = &keys().encrypts.PublicKey, c.how
			a.SignAssertion, a.SignResponse = signed != "response", signed != "assertion"
			root := response(t, keys().idp, a)
			e.SP.RequireEncrypted = true
			got, err := ParseResponse(samltest.Post(root), e)
			if err != nil || got.NameID != goodName {
				t.Errorf("%+v, %s signed: %v", c.how, signed, err)
			}
			if !c.oracle {
				continue
			}
			if _, err := oracle(t, samltest.Bytes(root), e); err != nil {
				t.Errorf("%+v, %s signed: crewjam/saml: %v", c.how, signed, errors.Unwrap(err))
			}
		}
	}
}

func TestEncryptionIsAsConfigured(t *testing.T) {
	t.Parallel()
	e, a := expected(), answer()
	a.EncryptFor = &keys().encrypts.PublicKey
	refused(t, samltest.Bytes(response(t, keys().idp, a)), e, false)
	e.SP.RequireEncrypted = true
	refused(t, samltest.Bytes(response(t, keys().idp, answer())), e, false)
}

func BenchmarkParseResponse(b *testing.B) {
	a := answer()
	for range 50 {
		a.Attributes[1].Values = append(a.Attributes[1].Values, strings.Repeat("group ", 8))
	}
	for name, both := range map[string]bool{"assertion signed": false, "both signed": true} {
		a.SignResponse = both
		document := samltest.Bytes(response(b, keys().idp, a))
		raw, e := post(document), expected()
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseResponse(raw, e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// halves turns an ECDSA signature from ASN.1 to r and s of 32 bytes each.
func halves(t *testing.T, encoded string) string {
	t.Helper()
	der, err := decodeBase64(encoded)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for rest := der[2:]; len(rest) > 0; {
		n := bytes.TrimLeft(rest[2:2+rest[1]], "\x00")
		out.Write(make([]byte, 32-len(n)))
		out.Write(n)
		rest = rest[2+rest[1]:]
	}
	if out.Len() != 64 {
		t.Fatalf("signature of %d bytes", out.Len())
	}
	return post(out.Bytes())
}

// As Okta, Keycloak and Shibboleth sign: with prefixes that count although only
// values use them, declared on an element outside of what is signed; and as Entra
// ID writes: without prefixes.
func TestSignaturesWithInclusiveNamespaces(t *testing.T) {
	t.Parallel()
	const xs, xsi = "http://www.w3.org/2001/XMLSchema", "http://www.w3.org/2001/XMLSchema-instance"
	for _, both := range []bool{false, true} {
		root := response(t, keys().idp, answer())
		assertion := without(root.FindElement("./Assertion"), "./Signature")
		assertion.RemoveAttr("xmlns:xs")
		assertion.RemoveAttr("xmlns:xsi")
		root.CreateAttr("xmlns:xs", xs)
		root.CreateAttr("xmlns:xsi", xsi)
		for e := range all(assertion) {
			if e.Space == "saml" {
				e.Space = ""
			}
		}
		assertion.RemoveAttr("xmlns:saml")
		assertion.CreateAttr("xmlns", nsAssertion)
		signInclusive(t, assertion, "xs")
		if both {
			if err := keys().idp.Sign(root); err != nil {
				t.Fatal(err)
			}
		}
		got, err := ParseResponse(samltest.Post(root), expected())
		if err != nil || got.NameID != goodName {
			t.Errorf("both signed: %t: %+v, %v", both, got, err)
		}
		if _, err := oracle(t, samltest.Bytes(root), expected()); err != nil {
			t.Errorf("crewjam/saml: %v", err)
		}
	}
}

// signInclusive signs e with a list of prefixes in its transform.
func signInclusive(t *testing.T, e *etree.Element, prefixes string) {
	t.Helper()
	signature := etree.NewElement("ds:Signature")
	signature.CreateAttr("xmlns:ds", nsSignature)
	info := signature.CreateElement("ds:SignedInfo")
	info.CreateElement("ds:CanonicalizationMethod").CreateAttr("Algorithm", nsExclusive)
	info.CreateElement("ds:SignatureMethod").CreateAttr("Algorithm", dsig.RSASHA256SignatureMethod)
	reference := info.CreateElement("ds:Reference")
	reference.CreateAttr("URI", "#"+attributeOf(e, "ID"))
	transforms := reference.CreateElement("ds:Transforms")
	transforms.CreateElement("ds:Transform").CreateAttr("Algorithm", string(dsig.EnvelopedSignatureAltorithmId))
	exclusive := transforms.CreateElement("ds:Transform")
	exclusive.CreateAttr("Algorithm", nsExclusive)
	list := exclusive.CreateElement("ec:InclusiveNamespaces")
	list.CreateAttr("xmlns:ec", nsExclusive)
	list.CreateAttr("PrefixList", prefixes)
	reference.CreateElement("ds:DigestMethod").CreateAttr("Algorithm", digestMethods[0])
	content, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(prefixes).Canonicalize(detach(e))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content[:bytes.IndexByte(content, '>')], []byte("xmlns:xs=")) {
		t.Fatalf("the prefix does not count: %s", content)
	}
	digest := sha256.Sum256(content)
	reference.CreateElement("ds:DigestValue").SetText(post(digest[:]))
	e.InsertChildAt(1, signature)
	canonical, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(detach(info))
	if err != nil {
		t.Fatal(err)
	}
	digest = sha256.Sum256(canonical)
	value, err := rsa.SignPKCS1v15(rand.Reader, keys().idp.Key.(*rsa.PrivateKey), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature.CreateElement("ds:SignatureValue").SetText(post(value))
}
