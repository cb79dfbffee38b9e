package saml

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"cognate/internal/protocol/saml/samltest"
)

// replaceIn changes a signed document as text.
func replaceIn(t *testing.T, document []byte, old, replacement string) []byte {
	t.Helper()
	if !bytes.Contains(document, []byte(old)) {
		t.Fatalf("document has no %q:\n%s", old, document)
	}
	return bytes.Replace(document, []byte(old), []byte(replacement), 1)
}

func TestS091TricksOfXML(t *testing.T) {
	t.Parallel()
	for _, both := range []bool{false, true} {
		a := answer()
		a.SignResponse = both
		good := samltest.Bytes(response(t, keys().idp, a))
		name := ">" + goodName + "</saml:NameID>"
		for what, c := range map[string]struct {
			old, replacement string
			oracle           bool
		}{
			"document type":          {"<samlp:Response", "<!DOCTYPE r><samlp:Response", false},
			"internal entity":        {"<samlp:Response", `<!DOCTYPE r [<!ENTITY x "` + evilName + `">]><samlp:Response`, false},
			"entity used":            {name, ">&x;</saml:NameID>", true},
			"external entity":        {"<samlp:Response", `<!DOCTYPE r SYSTEM "file:///etc/passwd"><samlp:Response`, false},
			"default attribute":      {"<samlp:Response", `<!DOCTYPE r [<!ATTLIST r ID CDATA "_evil">]><samlp:Response`, false},
			"processing instruction": {"<saml:Subject>", "<?x y?><saml:Subject>", true},
			"style sheet":            {"<samlp:Response", `<?xml-stylesheet href="x"?><samlp:Response`, false},
			"encoding":               {"<samlp:Response", `<?xml version="1.0" encoding="UTF-7"?><samlp:Response`, false},
			"version":                {"<samlp:Response", `<?xml version="1.1"?><samlp:Response`, true},
			"text before":            {"<samlp:Response", "x<samlp:Response", false},
			"attribute twice":        {`Version="2.0"`, `Version="2.0" Version="2.0"`, false},
			"attribute under two prefixes": {
				"<samlp:Response ", `<samlp:Response xmlns:a="urn:x" xmlns:b="urn:x" a:y="1" b:y="2" `, false,
			},
			"prefix not declared":    {"<saml:Subject>", "<evil:x/><saml:Subject>", true},
			"colons in a name":       {"<saml:Subject>", "<x::y/><saml:Subject>", true},
			"no local name":          {"<saml:Subject>", "<saml:/><saml:Subject>", true},
			"xmlns as a prefix":      {"<saml:Subject>", `<xmlns:x/><saml:Subject>`, true},
			"xml declared otherwise": {"<samlp:Response ", `<samlp:Response xmlns:xml="urn:x" `, false},
			"xml under another name": {"<samlp:Response ", `<samlp:Response xmlns:x="http://www.w3.org/XML/1998/namespace" `, false},
			"namespace taken back":   {"<samlp:Response ", `<samlp:Response xmlns:x="" `, false},
			"name of another namespace": {
				"<saml:Subject><saml:NameID>" + goodName + "</saml:NameID>",
				`<saml:Subject><x:NameID xmlns:x="urn:x">` + evilName + "</x:NameID><saml:NameID>" + goodName + "</saml:NameID>", true,
			},
			"subject of another namespace":   {"<saml:Subject>", `<x:Subject xmlns:x="urn:x"/><saml:Subject>`, true},
			"assertion of another namespace": {`<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`, `<saml:Assertion xmlns:saml="urn:x"`, true},
			"character reference of nothing": {name, ">&#0;" + goodName + "</saml:NameID>", true},
			"not UTF-8":                      {name, ">\xff" + goodName + "</saml:NameID>", true},
			"not closed":                     {"</samlp:Response>", "", true},
			"closed twice":                   {"</samlp:Response>", "</samlp:Response></samlp:Response>", true},
			"second root":                    {"</samlp:Response>", "</samlp:Response><samlp:Response xmlns:samlp='urn:x'/>", false},
			"unstable directive":             {"<saml:Subject>", "<!<!-- -->x><saml:Subject>", true},
			"unstable comment":               {"<saml:Subject>", "<! --x--><saml:Subject>", true},
		} {
			t.Run(fmt.Sprintf("%s, response signed: %t", what, both), func(t *testing.T) {
				t.Parallel()
				refused(t, replaceIn(t, good, c.old, c.replacement), expected(), c.oracle)
			})
		}
	}
}

// Text that one reader takes whole and another as far as the comment.
func TestS092Comments(t *testing.T) {
	t.Parallel()
	a := answer()
	a.NameID = evilName + ".evil.example"
	a.Attributes = []samltest.Attribute{{Name: "email", Values: []string{evilName + ".evil.example"}}}
	good := samltest.Bytes(response(t, keys().idp, a))
	for name, c := range map[string][2]string{
		"NameID":    {">" + evilName + ".evil", ">" + evilName + "<!-- -->.evil"},
		"attribute": {`xs:string">` + evilName, `xs:string">` + evilName + "<!---->"},
		"before":    {"<samlp:Response", "<!--x--><samlp:Response"},
		"after":     {"</samlp:Response>", "</samlp:Response><!--x-->"},
		"audience":  {"<saml:Audience>", "<saml:Audience><!--x-->"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, replaceIn(t, good, c[0], c[1]), expected(), false)
		})
	}
	// CDATA is text: one reader must not see less than another.
	got, err := ParseResponse(post(replaceIn(t, good, ">"+evilName+".evil.example</saml:NameID>",
		">"+evilName+"<![CDATA[.evil.example]]></saml:NameID>")), expected())
	if err != nil || got.NameID != a.NameID {
		t.Errorf("with CDATA: %+v, %v", got, err)
	}
	if err := signedWithComment(t); err == nil {
		t.Error("a comment that is signed in canonical form with comments is accepted")
	}
}

// signedWithComment signs a NameID with a comment in it.
func signedWithComment(t *testing.T) error {
	t.Helper()
	a := answer()
	a.Edit = func(r *etree.Element) {
		name := r.FindElement("./Assertion/Subject/NameID")
		name.SetText(evilName)
		name.CreateComment(" ")
		name.CreateText(".evil.example")
	}
	_, err := ParseResponse(samltest.Post(response(t, keys().idp, a)), expected())
	return err
}

const weakDigest = "http://www.w3.org/2000/09/xmldsig#sha1"

// resign changes the SignedInfo of a good response and signs it with the
// provider's own key, so that the form alone can be what is wrong.
func resign(t *testing.T, change func(info *etree.Element)) []byte {
	t.Helper()
	root := response(t, keys().idp, answer())
	signature := root.FindElement("./Assertion/Signature")
	info := signature.FindElement("./SignedInfo")
	change(info)
	if info.FindElement("./Reference/DigestMethod[@Algorithm='"+weakDigest+"']") != nil {
		content, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(without(detach(root.FindElement("./Assertion")), "./Signature"))
		if err != nil {
			t.Fatal(err)
		}
		digest := sha1.Sum(content)
		info.FindElement(".//DigestValue").SetText(base64.StdEncoding.EncodeToString(digest[:]))
	}
	canonical, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(detach(info))
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(canonical)
	value, err := rsa.SignPKCS1v15(rand.Reader, keys().idp.Key.(*rsa.PrivateKey), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature.FindElement("./SignatureValue").SetText(base64.StdEncoding.EncodeToString(value))
	return samltest.Bytes(root)
}

func TestS093FormsOfSignatures(t *testing.T) {
	t.Parallel()
	if _, err := ParseResponse(post(resign(t, func(*etree.Element) {})), expected()); err != nil {
		t.Fatalf("signed again without a change: %v", err)
	}
	algorithm := func(path, value string) func(*etree.Element) {
		return func(info *etree.Element) { info.FindElement(path).CreateAttr("Algorithm", value) }
	}
	const second = "./Reference/Transforms/Transform[2]"
	for name, change := range map[string]func(info *etree.Element){
		"inclusive form of the content":     algorithm(second, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
		"inclusive form 1.1 of the content": algorithm(second, "http://www.w3.org/2006/12/xml-c14n11"),
		"inclusive form of SignedInfo":      algorithm("./CanonicalizationMethod", "http://www.w3.org/2006/12/xml-c14n11"),
		"XPath":                             algorithm(second, "http://www.w3.org/TR/1999/REC-xpath-19991116"),
		"XSLT":                              algorithm(second, "http://www.w3.org/TR/1999/REC-xslt-19991116"),
		"base64":                            algorithm(second, "http://www.w3.org/2000/09/xmldsig#base64"),
		"enveloped twice":                   algorithm(second, string(dsig.EnvelopedSignatureAltorithmId)),
		"not enveloped":                     algorithm("./Reference/Transforms/Transform[1]", nsExclusive),
		"digest SHA-1":                      algorithm("./Reference/DigestMethod", weakDigest),
		"digest MD5":                        algorithm("./Reference/DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#md5"),
		"no transforms":                     func(info *etree.Element) { without(info, "./Reference/Transforms") },
		"no canonical form":                 func(info *etree.Element) { without(info, second) },
		"three transforms": func(info *etree.Element) {
			info.FindElement("./Reference/Transforms").AddChild(info.FindElement(second).Copy())
		},
		"no reference":              func(info *etree.Element) { without(info, "./Reference") },
		"reference twice":           func(info *etree.Element) { info.AddChild(info.FindElement("./Reference").Copy()) },
		"reference to the document": func(info *etree.Element) { info.FindElement("./Reference").CreateAttr("URI", "") },
		"reference to nothing":      func(info *etree.Element) { info.FindElement("./Reference").CreateAttr("URI", "#") },
		"reference without URI":     func(info *etree.Element) { info.FindElement("./Reference").RemoveAttr("URI") },
		"reference to a file":       func(info *etree.Element) { info.FindElement("./Reference").CreateAttr("URI", "file:///etc/passwd") },
		"reference by XPointer":     func(info *etree.Element) { info.FindElement("./Reference").CreateAttr("URI", "#xpointer(/)") },
		"digest of nothing": func(info *etree.Element) {
			info.FindElement(".//DigestValue").SetText("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		},
		"no digest": func(info *etree.Element) { info.FindElement(".//DigestValue").SetText("") },
		"parameter of the enveloped transform": func(info *etree.Element) {
			info.FindElement("./Reference/Transforms/Transform[1]").CreateElement("ds:XPath")
		},
		"parameter of the canonical form": func(info *etree.Element) { info.FindElement(second).CreateElement("ds:XPath") },
		"manifest":                        func(info *etree.Element) { info.CreateElement("ds:Manifest") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, resign(t, change), expected(), false)
		})
	}
	// A name that libxml2 cannot make canonical, which some take for empty output.
	good := samltest.Bytes(response(t, keys().idp, answer()))
	refused(t, replaceIn(t, good, "<saml:Subject>", `<x:y xmlns:x="1"/><saml:Subject>`), expected(), true)
}

// Signatures that are good in every way but their canonical form.
func TestS093OtherCanonicalForms(t *testing.T) {
	t.Parallel()
	for _, c := range []dsig.Canonicalizer{
		dsig.MakeC14N11Canonicalizer(), dsig.MakeC14N10RecCanonicalizer(), dsig.MakeC14N11WithCommentsCanonicalizer(),
	} {
		p := *keys().idp
		p.Canonical = c
		root := response(t, &p, answer())
		refusal := refused(t, samltest.Bytes(root), expected(), false)
		if refusal.Err == nil || !strings.Contains(refusal.Err.Error(), "canonical form") {
			t.Errorf("%s: %v", c.Algorithm(), refusal)
		}
	}
	p := *keys().idp
	p.Canonical = dsig.MakeC14N10ExclusiveWithCommentsCanonicalizerWithPrefixList("")
	if _, err := ParseResponse(samltest.Post(response(t, &p, answer())), expected()); err != nil {
		t.Errorf("exclusive with comments: %v", err)
	}
}

func TestS090IDsAreUnique(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ID", "Id", "id", "xml:id"} {
		root := response(t, keys().idp, answer())
		root.FindElement("./Status").CreateAttr(name, attributeOf(root.FindElement("./Assertion"), "ID"))
		refused(t, samltest.Bytes(root), expected(), false)
	}
}

func TestS094SignaturesThatProveNothing(t *testing.T) {
	t.Parallel()
	unsigned := func(a *samltest.Answer) { a.SignAssertion = false }
	sign := func(p *samltest.Provider, change func(a *samltest.Answer)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			a := answer()
			if change != nil {
				change(&a)
			}
			return samltest.Bytes(response(t, p, a))
		}
	}
	edited := func(change func(root *etree.Element)) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			a := answer()
			a.SignResponse = true
			root := response(t, keys().idp, a)
			change(root)
			return samltest.Bytes(root)
		}
	}
	value := func(s string) func(t *testing.T) []byte {
		return edited(func(root *etree.Element) { root.FindElement("./Assertion/Signature/SignatureValue").SetText(s) })
	}
	for name, c := range map[string]struct {
		build  func(t *testing.T) []byte
		oracle bool
	}{
		"not signed":                                 {sign(keys().idp, unsigned), true},
		"signature of the assertion removed":         {sign(keys().idp, func(a *samltest.Answer) { unsigned(a); a.NameID = evilName }), true},
		"key of the message":                         {sign(keys().stranger, nil), true},
		"key of the message, response signed":        {sign(keys().stranger, func(a *samltest.Answer) { unsigned(a); a.SignResponse = true }), true},
		"empty value":                                {value(""), false},
		"value of zeros":                             {value(base64.StdEncoding.EncodeToString(make([]byte, 256))), false},
		"value is no base64":                         {value("!"), false},
		"no value":                                   {edited(func(r *etree.Element) { without(r, "./Assertion/Signature/SignatureValue") }), false},
		"no SignedInfo":                              {edited(func(r *etree.Element) { without(r, "./Assertion/Signature/SignedInfo") }), false},
		"good response, assertion signed by another": {foreignAssertion, false},
		"unsigned response, assertion by another":    {sign(keys().stranger, func(a *samltest.Answer) { a.NameID = evilName }), true},
		"two signatures": {edited(func(r *etree.Element) {
			r.FindElement("./Assertion").AddChild(r.FindElement("./Assertion/Signature").Copy())
		}), false},
		"SHA-1":             {withMethod(dsig.RSASHA1SignatureMethod), false},
		"HMAC with the key": {withHMAC, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refusal := refused(t, c.build(t), expected(), c.oracle)
			if name == "SHA-1" && !strings.Contains(refusal.Error(), "not taken") {
				t.Errorf("refused for another reason: %v", refusal)
			}
		})
	}
}

// foreignAssertion is a response signed by the provider around an assertion that
// somebody else signed.
func foreignAssertion(t *testing.T) []byte {
	t.Helper()
	a := answer()
	a.NameID = evilName
	root := response(t, keys().stranger, a)
	if err := keys().idp.Sign(root); err != nil {
		t.Fatal(err)
	}
	return samltest.Bytes(root)
}

func withMethod(method string) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		t.Helper()
		p := *keys().idp
		p.Method = method
		return samltest.Bytes(response(t, &p, answer()))
	}
}

// withHMAC uses the public key as a secret.
func withHMAC(t *testing.T) []byte {
	t.Helper()
	root := response(t, keys().idp, answer())
	signature := root.FindElement("./Assertion/Signature")
	info := signature.FindElement("./SignedInfo")
	info.FindElement("./SignatureMethod").CreateAttr("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
	canonical, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(detach(info))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, keys().idp.Certificate.RawSubjectPublicKeyInfo)
	mac.Write(canonical)
	signature.FindElement("./SignatureValue").SetText(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return samltest.Bytes(root)
}

func TestS094WeakKeys(t *testing.T) {
	t.Parallel()
	weak, err := samltest.New(testEntity, 1024, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseMetadata(weak.Metadata(), testNow); err == nil {
		t.Error("metadata with no key but one of 1024 bits is accepted")
	}
	e := expected()
	if e.Metadata, err = ParseMetadata(keys().idp.Metadata(weak.Certificate), testNow); err != nil {
		t.Fatal(err)
	}
	e.Metadata.Signing = append(e.Metadata.Signing, weak.Certificate)
	refused(t, samltest.Bytes(response(t, weak, answer())), e, false)
}

func TestS094ExpiredCertificate(t *testing.T) {
	t.Parallel()
	e, md := expected(), *keys().metadata
	for name, span := range map[string][2]time.Time{
		"expired":       {testNow.AddDate(-2, 0, 0), testNow.AddDate(0, 0, -1)},
		"not valid yet": {testNow.AddDate(0, 0, 1), testNow.AddDate(2, 0, 0)},
	} {
		old, err := samltest.Certify(keys().idp.Key, span[0], span[1])
		if err != nil {
			t.Fatal(err)
		}
		md.Signing = []*x509.Certificate{old}
		e.Metadata = &md
		if md.CheckCertificates(testNow) == nil {
			t.Errorf("%s certificate: no objection", name)
		}
		refused(t, samltest.Bytes(response(t, keys().idp, answer())), e, false)
	}
	if err := keys().metadata.CheckCertificates(testNow); err != nil {
		t.Error(err)
	}
}

func TestS096WhatAnAssertionHasToSay(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) string { return testNow.Add(d).Format(instantFormat) }
	attr := func(path, name, value string) func(r *etree.Element) {
		return func(r *etree.Element) { r.FindElement(path).CreateAttr(name, value) }
	}
	noAttr := func(path, name string) func(r *etree.Element) {
		return func(r *etree.Element) { r.FindElement(path).RemoveAttr(name) }
	}
	drop := func(path string) func(r *etree.Element) {
		return func(r *etree.Element) { without(r, path) }
	}
	set := func(path, value string) func(r *etree.Element) {
		return func(r *etree.Element) { r.FindElement(path).SetText(value) }
	}
	const (
		root, assertion = ".", "./Assertion"
		conditions      = "./Assertion/Conditions"
		restriction     = "./Assertion/Conditions/AudienceRestriction"
		confirmation    = "./Assertion/Subject/SubjectConfirmation"
		data            = "./Assertion/Subject/SubjectConfirmation/SubjectConfirmationData"
	)
	audience := "Audience restriction in SAML Assertion does not allow it for urn:amazon:cognito:sp:us-east-1_EXAMPLE1"
	for name, c := range map[string]struct {
		change func(r *etree.Element)
		oracle bool
		reason string
	}{
		"another audience":               {set(restriction+"/Audience", "urn:amazon:cognito:sp:us-east-1_EXAMPLE2"), true, audience},
		"audience as prefix":             {set(restriction+"/Audience", "urn:amazon:cognito:sp:us-east-1_EXAMPLE11"), true, audience},
		"no audience":                    {drop(restriction + "/Audience"), true, audience},
		"no restriction":                 {drop(restriction), false, audience},
		"no conditions":                  {drop(conditions), false, reasonAssertion},
		"second restriction":             {func(r *etree.Element) { r.FindElement(conditions).CreateElement("saml:AudienceRestriction") }, false, audience},
		"unknown condition":              {func(r *etree.Element) { r.FindElement(conditions).CreateElement("saml:Condition") }, false, reasonAssertion},
		"another recipient":              {attr(data, "Recipient", "https://auth.example/saml2/idpresponse2"), true, reasonAssertion},
		"no recipient":                   {noAttr(data, "Recipient"), true, reasonAssertion},
		"no subject":                     {drop("./Assertion/Subject"), false, reasonAssertion},
		"no confirmation":                {drop(confirmation), false, reasonAssertion},
		"not bearer":                     {attr(confirmation, "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), false, reasonAssertion},
		"no confirmation data":           {drop(data), false, reasonAssertion},
		"another destination":            {attr(root, "Destination", "https://auth.example/other"), true, reasonResponse},
		"signed without destination":     {noAttr(root, "Destination"), true, reasonResponse},
		"empty destination":              {attr(root, "Destination", ""), false, reasonResponse},
		"another issuer":                 {set("./Assertion/Issuer", "https://evil.example"), true, reasonAssertion},
		"no issuer":                      {drop("./Assertion/Issuer"), true, reasonAssertion},
		"another issuer of the response": {set("./Issuer", "https://evil.example"), true, reasonResponse},
		"expired":                        {attr(conditions, "NotOnOrAfter", at(-10*time.Minute)), true, reasonAssertion},
		"expired just now":               {attr(conditions, "NotOnOrAfter", at(-60*time.Second)), false, reasonAssertion},
		"not yet valid":                  {attr(conditions, "NotBefore", at(61*time.Second)), false, reasonAssertion},
		"never valid":                    {attr(conditions, "NotBefore", at(10*time.Minute)), true, reasonAssertion},
		"no end":                         {noAttr(conditions, "NotOnOrAfter"), true, reasonAssertion},
		"no begin":                       {noAttr(conditions, "NotBefore"), false, reasonAssertion},
		"begin is no time":               {attr(conditions, "NotBefore", "yesterday"), true, reasonAssertion},
		"end in year 10000":              {attr(conditions, "NotOnOrAfter", "10000-01-01T00:00:00Z"), true, reasonAssertion},
		"confirmation expired":           {attr(data, "NotOnOrAfter", at(-4*time.Minute)), true, reasonAssertion},
		"confirmation without end":       {noAttr(data, "NotOnOrAfter"), true, reasonAssertion},
		"confirmation not yet valid":     {attr(data, "NotBefore", at(2*time.Minute)), false, reasonAssertion},
		"issued in the future":           {attr(assertion, "IssueInstant", at(61*time.Second)), false, reasonAssertion},
		"issued at no time":              {attr(assertion, "IssueInstant", ""), true, reasonForm},
		"no NameID":                      {drop("./Assertion/Subject/NameID"), false, reasonAssertion},
		"empty NameID":                   {set("./Assertion/Subject/NameID", " "), false, reasonAssertion},
		"two NameIDs": {func(r *etree.Element) {
			r.FindElement("./Assertion/Subject").CreateElement("saml:NameID").SetText(evilName)
		}, false, reasonAssertion},
		"element in NameID": {func(r *etree.Element) {
			r.FindElement("./Assertion/Subject/NameID").CreateElement("saml:b").SetText("x")
		}, false, reasonAssertion},
		"two subjects":            {func(r *etree.Element) { r.FindElement(assertion).AddChild(r.FindElement("./Assertion/Subject").Copy()) }, false, reasonAssertion},
		"version 1.1":             {attr(assertion, "Version", "1.1"), false, reasonForm},
		"response of version 1.1": {attr(root, "Version", "1.1"), false, reasonForm},
		"no id":                   {noAttr(assertion, "ID"), false, reasonSignature},
		"no status":               {drop("./Status"), true, reasonForm},
		"attribute without name":  {noAttr("./Assertion/AttributeStatement/Attribute", "Name"), false, reasonForm},
		"character of four bytes": {set("./Assertion/AttributeStatement/Attribute/AttributeValue", "Ada \U0001F600"), false, reasonAssertion},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answer()
			a.Edit, a.SignResponse = c.change, true
			refusal := refused(t, samltest.Bytes(response(t, keys().idp, a)), expected(), c.oracle)
			if refusal.Reason != c.reason {
				t.Errorf("reason is %q, want %q", refusal.Reason, c.reason)
			}
		})
	}
}

func TestS097UnsolicitedResponses(t *testing.T) {
	t.Parallel()
	const data = "./Assertion/Subject/SubjectConfirmation/SubjectConfirmationData"
	issued := func(age time.Duration) func(r *etree.Element) {
		return func(r *etree.Element) {
			r.FindElement("./Assertion").CreateAttr("IssueInstant", testNow.Add(-age).Format(instantFormat))
		}
	}
	for name, c := range map[string]struct {
		request, sent string // what we asked, and what is answered
		edit          func(r *etree.Element)
		good          bool
	}{
		"answer to another request":             {testRequest, "_00000000-0000-0000-0000-000000000000", nil, false},
		"answer to none":                        {testRequest, "", nil, false},
		"not asked for":                         {"", testRequest, nil, false},
		"sent by itself":                        {"", "", nil, true},
		"sent by itself, 6 minutes old":         {"", "", issued(6 * time.Minute), true},
		"sent by itself, 7 minutes old":         {"", "", issued(7 * time.Minute), false},
		"asked for, 7 minutes old":              {testRequest, testRequest, issued(7 * time.Minute), true},
		"response answers another":              {testRequest, testRequest, func(r *etree.Element) { r.CreateAttr("InResponseTo", "_x") }, false},
		"response answers none":                 {testRequest, testRequest, func(r *etree.Element) { r.RemoveAttr("InResponseTo") }, false},
		"assertion answers another":             {testRequest, testRequest, func(r *etree.Element) { r.FindElement(data).CreateAttr("InResponseTo", "_x") }, false},
		"assertion answers none":                {testRequest, testRequest, func(r *etree.Element) { r.FindElement(data).RemoveAttr("InResponseTo") }, false},
		"sent by itself, but assertion answers": {"", "", func(r *etree.Element) { r.FindElement(data).CreateAttr("InResponseTo", testRequest) }, false},
		"sent by itself, but answers nothing":   {"", "", func(r *etree.Element) { r.CreateAttr("InResponseTo", "") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, e := answer(), expected()
			a.InResponseTo, e.InResponseTo, a.Edit = c.sent, c.request, c.edit
			document := samltest.Bytes(response(t, keys().idp, a))
			if !c.good {
				refused(t, document, e, false)
				return
			}
			if _, err := ParseResponse(post(document), e); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestS100HugeMessages(t *testing.T) {
	t.Parallel()
	good := string(samltest.Bytes(response(t, keys().idp, answer())))
	for name, document := range map[string]string{
		"deep":       strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65),
		"very deep":  strings.Repeat("<a>", 20_000),
		"wide":       "<a>" + strings.Repeat("<b/>", 10_000) + "</a>",
		"attributes": strings.Replace(good, "<samlp:Response", "<samlp:Response"+manyAttributes(maxAttributes), 1),
		"prefixes":   strings.Replace(good, "<samlp:Response", manyPrefixes(maxPrefixes), 1),
		"large":      strings.Replace(good, "<saml:Subject>", strings.Repeat(" ", MaxMessage)+"<saml:Subject>", 1),
		"empty":      "", "space": " ", "no element": "<?xml version='1.0'?>",
	} {
		refusal := refused(t, []byte(document), expected(), false)
		if refusal.Reason != reasonForm {
			t.Errorf("%s: reason %q", name, refusal.Reason)
		}
	}
	if _, err := ParseResponse(strings.Repeat("A", MaxMessage+4), expected()); err == nil || !strings.Contains(err.Error(), "100004") {
		t.Errorf("too long: %v", err)
	}
	if _, err := ParseResponse("%%%", expected()); err == nil {
		t.Error("taken without base64")
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return b.String()
}

func manyPrefixes(n int) string {
	var b strings.Builder
	b.WriteString("<samlp:Response")
	for i := range n {
		fmt.Fprintf(&b, ` xmlns:p%d="urn:%d"`, i, i)
	}
	return b.String()
}

// Every optional element may be missing; nothing may panic.
func TestS100EveryElementMayBeMissing(t *testing.T) {
	t.Parallel()
	count := 0
	for range all(response(t, keys().idp, answer())) {
		count++
	}
	for i := 1; i < count; i++ {
		for _, signed := range []bool{true, false} {
			a := answer()
			a.Edit = func(r *etree.Element) { removeNth(r, i) }
			a.SignAssertion, a.SignResponse = false, signed
			root := response(t, keys().idp, a)
			got, err := ParseResponse(samltest.Post(root), expected())
			if err == nil && (!signed || got.NameID != goodName) {
				t.Errorf("without element %d: accepted as %+v", i, got)
			}
		}
		full := answer()
		full.SignResponse = true
		root := response(t, keys().idp, full)
		removeNth(root, i)
		if got, err := ParseResponse(samltest.Post(root), expected()); err == nil && got.NameID != goodName {
			t.Errorf("element %d removed behind the signature: accepted as %+v", i, got)
		}
	}
}

func removeNth(root *etree.Element, n int) {
	for e := range all(root) {
		if n == 0 {
			if e.Parent() != nil {
				e.Parent().RemoveChild(e)
			}
			return
		}
		n--
	}
}

func TestS101EveryFailureToDecryptIsTheSame(t *testing.T) {
	t.Parallel()
	const xenc, xenc11 = nsEncrypt, nsEncrypt11
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte {
			b[(at+len(b))%len(b)] ^= 0x81
			return b
		}
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	cases := map[string]samltest.Encryption{
		"PKCS #1 v1.5":    {Transport: xenc + "rsa-1_5"},
		"Triple DES":      {Content: xenc + "tripledes-cbc"},
		"unknown content": {Content: "urn:x"},
		"unknown key":     {Transport: "urn:x"},
		"SHA-512":         {Transport: xenc11 + "rsa-oaep", Digest: crypto.SHA512},
	}
	for _, content := range []string{xenc + "aes128-cbc", xenc + "aes256-cbc", xenc11 + "aes256-gcm"} {
		for name, damage := range map[string]func([]byte) []byte{
			"first byte": flip(0), "second block": flip(20), "padding": flip(-17), "last byte": flip(-1), "last but one block": flip(-20),
			"nothing": cut(0), "one byte": cut(1), "one block": cut(16), "two blocks": cut(32), "odd": cut(33), "half": cut(800),
		} {
			cases[content+" "+name] = samltest.Encryption{Content: content, Damage: damage}
		}
	}
	for name, how := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answer()
			a.EncryptFor, a.Encryption = &keys().encrypts.PublicKey, how
			sameRefusal(t, a, keys().idp)
		})
	}
	// Not signed, signed by another, or another's key: the same again.
	a := answer()
	a.EncryptFor, a.SignAssertion = &keys().encrypts.PublicKey, false
	sameRefusal(t, a, keys().idp)
	a.SignAssertion = true
	sameRefusal(t, a, keys().stranger)
	a.EncryptFor = &keys().signing.PublicKey
	sameRefusal(t, a, keys().idp)
}

func sameRefusal(t *testing.T, a samltest.Answer, p *samltest.Provider) {
	t.Helper()
	e := expected()
	e.SP.RequireEncrypted = true
	_, err := ParseResponse(samltest.Post(response(t, p, a)), e)
	if err == nil || err.Error() != "saml: Encrypted SAML Assertion is invalid." {
		t.Errorf("error is %v", err)
	}
}

func TestS101ReferencesAreNotFollowed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(data *etree.Element){
		"content elsewhere": func(data *etree.Element) {
			cipherData := data.FindElement("./CipherData")
			cipherData.RemoveChild(cipherData.FindElement("./CipherValue"))
			cipherData.CreateElement("xenc:CipherReference").CreateAttr("URI", "https://evil.example")
		},
		"two keys": func(data *etree.Element) {
			info := data.FindElement("./KeyInfo")
			info.AddChild(info.FindElement("./EncryptedKey").Copy())
		},
		"no key": func(data *etree.Element) { without(data, "./KeyInfo") },
		"key by name": func(data *etree.Element) {
			without(data, "./KeyInfo/EncryptedKey").FindElement("./KeyInfo").CreateElement("ds:KeyName")
		},
		"no method":        func(data *etree.Element) { without(data, "./EncryptionMethod") },
		"no method of key": func(data *etree.Element) { without(data, ".//EncryptedKey/EncryptionMethod") },
		"label": func(data *etree.Element) {
			data.FindElement(".//EncryptedKey/EncryptionMethod").CreateElement("xenc:OAEPparams").SetText("AAAA")
		},
		"other namespaces":  func(data *etree.Element) { data.CreateAttr("xmlns:xenc", "urn:x") },
		"nothing of it all": func(data *etree.Element) { data.Child = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, e := answer(), expected()
			a.EncryptFor = &keys().encrypts.PublicKey
			root := response(t, keys().idp, a)
			change(root.FindElement("./EncryptedAssertion/EncryptedData"))
			e.SP.RequireEncrypted = true
			if refusal := refused(t, samltest.Bytes(root), e, false); refusal.Reason != reasonEncrypted || refusal.Err != nil {
				t.Errorf("refusal is %v", refusal)
			}
		})
	}
}
