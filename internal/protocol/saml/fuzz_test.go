package saml

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"cognate/internal/protocol/saml/samltest"
)

// soon bounds how long one input may take (reliability.md: 100 ms for 64 KiB),
// with room for the slow machines that fuzz with many workers.
const soon = time.Second

// inTime runs f, and again if it took too long: on a busy machine a process may
// stand still for a while.
func inTime(t *testing.T, limit time.Duration, f func()) {
	t.Helper()
	var took time.Duration
	for range 3 {
		start := time.Now()
		f()
		if took = time.Since(start); took <= limit {
			return
		}
	}
	t.Errorf("took %s", took)
}

// splice changes a document: the answers of a fuzzer to a known good one.
func splice(good []byte, at, drop int, insert []byte) []byte {
	at = min(max(at, 0), len(good))
	drop = min(max(drop, 0), len(good)-at)
	return bytes.Join([][]byte{good[:at], insert, good[at+drop:]}, nil)
}

// FuzzResponse splices bytes into good responses. Whatever comes out says what the
// provider signed, or is refused.
func FuzzResponse(f *testing.F) {
	var good [][]byte
	for i := range 3 {
		a := answer()
		a.SignResponse, a.SignAssertion = i > 0, i != 1
		good = append(good, samltest.Bytes(response(f, keys().idp, a)))
	}
	name := bytes.Index(good[0], []byte(goodName))
	f.Add(uint(0), name, len(goodName), []byte(evilName))
	f.Add(uint(1), name, 0, []byte("<!-- -->"))
	f.Add(uint(2), 0, 0, []byte("<!DOCTYPE a>"))
	f.Add(uint(0), bytes.Index(good[0], []byte("<saml:Assertion")), 0, []byte("<saml:Assertion/>"))
	f.Add(uint(1), 1, 5, []byte("x"))
	f.Fuzz(func(t *testing.T, which uint, at, drop int, insert []byte) {
		document := splice(good[which%uint(len(good))], at, drop, insert)
		var got *Assertion
		var err error
		inTime(t, soon, func() { got, err = ParseResponse(post(document), expected()) })
		var refusal *Error
		switch {
		case err != nil && (!errors.As(err, &refusal) || refusal.Reason == ""):
			t.Fatalf("error %#v is no refusal", err)
		case err == nil && (got.NameID != goodName || len(got.Attributes) != 3 || got.Attributes["email"][0] != goodName):
			t.Fatalf("accepted as %+v:\n%s", got, document)
		}
	})
}

// FuzzDecrypt gives any content to the reader of encrypted assertions.
func FuzzDecrypt(f *testing.F) {
	a := answer()
	a.EncryptFor = &keys().encrypts.PublicKey
	good := samltest.Bytes(response(f, keys().idp, a))
	f.Add(bytes.Index(good, []byte("CipherValue>"))+12, 4, []byte("AAAA"))
	f.Add(bytes.Index(good, []byte("aes256-gcm")), 10, []byte("aes128-gcm"))
	f.Add(0, 0, []byte{})
	f.Fuzz(func(t *testing.T, at, drop int, insert []byte) {
		e := expected()
		e.SP.RequireEncrypted = true
		got, err := ParseResponse(post(splice(good, at, drop, insert)), e)
		if err == nil && got.NameID != goodName {
			t.Fatalf("accepted as %+v", got)
		}
	})
}

// FuzzLogoutRequest splices bytes into a good logout request.
func FuzzLogoutRequest(f *testing.F) {
	root, err := keys().idp.LogoutRequest(testSP().SLO, goodName, []string{"one"}, testNow)
	if err != nil {
		f.Fatal(err)
	}
	good := samltest.Bytes(root)
	f.Add(bytes.Index(good, []byte(goodName)), 3, []byte("bob"))
	f.Add(bytes.Index(good, []byte("one<")), 3, []byte("two"))
	f.Add(0, 0, []byte{})
	f.Fuzz(func(t *testing.T, at, drop int, insert []byte) {
		raw := post(splice(good, at, drop, insert))
		got, err := ParseLogoutRequest(raw, expected())
		if err == nil && (got.NameID != goodName || len(got.SessionIndexes) != 1 || got.SessionIndexes[0] != "one") {
			t.Fatalf("accepted as %+v", got)
		}
		if ParseLogoutResponse(raw, expected()) == nil {
			t.Fatal("a request is accepted as an answer")
		}
	})
}

// FuzzMetadata splices bytes into good metadata.
func FuzzMetadata(f *testing.F) {
	good := [][]byte{
		keys().idp.Metadata(),
		[]byte(entraLike(base64.StdEncoding.EncodeToString(keys().idp.Certificate.Raw))),
	}
	f.Add(uint(0), bytes.Index(good[0], []byte(testEntity+"/sso")), 5, []byte("javascript"))
	f.Add(uint(1), bytes.Index(good[1], []byte("P1DT2H")), 6, []byte("-P1D"))
	f.Add(uint(0), 0, 10_000, []byte(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`))
	f.Fuzz(func(t *testing.T, which uint, at, drop int, insert []byte) {
		document := splice(good[which%uint(len(good))], at, drop, insert)
		var md *Metadata
		var err error
		inTime(t, soon*time.Duration(1+len(document)>>16), func() { md, err = ParseMetadata(document, testNow) })
		if err != nil {
			return
		}
		if md.EntityID == "" || md.SSORedirect == "" || len(md.Signing) == 0 || md.CacheDuration < 0 {
			t.Fatalf("metadata is %+v", md)
		}
		for _, location := range []string{md.SSORedirect, md.SLORedirect, md.SLOResponse} {
			if location != "" && !strings.HasPrefix(strings.ToLower(location), "https://") && !md.Loopback {
				t.Fatalf("metadata is %+v", md)
			}
		}
	})
}

// FuzzRedirect gives any query to the reader of the redirect binding.
func FuzzRedirect(f *testing.F) {
	_, address, err := NewAuthnRequest(testSP(), keys().metadata, "state", testNow)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(address[len(testEntity+"/sso?"):])
	f.Add("SAMLResponse=&RelayState=%zz")
	signer := spCertificate(f)
	f.Fuzz(func(t *testing.T, query string) {
		if got, err := ReadRedirect(query, nil); err == nil && len(got.Message) > maxInflated {
			t.Fatalf("message of %d bytes", len(got.Message))
		}
		if _, err := ReadRedirect(query, []*x509.Certificate{signer}); err == nil {
			t.Fatal("a query that nobody signed is accepted")
		}
	})
}
