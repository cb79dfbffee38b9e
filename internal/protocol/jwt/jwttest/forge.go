// Package jwttest makes forged tokens out of a good one, for the tests of
// everything that takes a token. It needs only what an attacker has: a token and
// the public key.
package jwttest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"
)

// Forgery is a token no endpoint may accept.
type Forgery struct {
	Name  string
	Token string
}

// Forgeries returns the attacks of security.md S030 and their relatives against
// a good token which was signed by the holder of the public key.
func Forgeries(t testing.TB, good string, public *rsa.PublicKey) []Forgery {
	t.Helper()
	f := newForger(t, good, public)
	f.unsigned()
	f.otherAlgorithms()
	f.ownKeys()
	f.keyIDs()
	f.payloads()
	f.shapes()
	f.signatures()
	return f.made
}

type forger struct {
	t                          testing.TB
	public                     *rsa.PublicKey
	own                        *rsa.PrivateKey // the attacker's key
	kid                        string
	header, payload, signature string // segments of the good token
	claims                     map[string]any
	good                       string
	made                       []Forgery
}

func newForger(t testing.TB, good string, public *rsa.PublicKey) *forger {
	t.Helper()
	parts := strings.Split(good, ".")
	if len(parts) != 3 {
		t.Fatalf("the good token has %d segments", len(parts))
	}
	f := &forger{t: t, public: public, good: good, header: parts[0], payload: parts[1], signature: parts[2]}
	var header struct{ Kid string }
	f.must(json.Unmarshal(f.decode(parts[0]), &header))
	f.must(json.Unmarshal(f.decode(parts[1]), &f.claims))
	f.kid = header.Kid
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	f.must(err)
	f.own = own
	return f
}

func (f *forger) unsigned() {
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "RS256 ", "rs256"} {
		h := f.named(alg)
		f.add("alg "+alg+" unsigned", h+"."+f.payload+".")
		f.add("alg "+alg+" with the old signature", h+"."+f.payload+"."+f.signature)
	}
	f.add("RS256 unsigned", f.header+"."+f.payload+".")
	for name, alg := range map[string]string{"number": "256", "null": "null", "list": `["RS256"]`, "object": `{"RS256":1}`} {
		f.add("alg is a "+name, f.encode(`{"kid":"`+f.kid+`","alg":`+alg+`}`)+"."+f.payload+"."+f.signature)
	}
	f.add("no alg", f.encode(`{"kid":"`+f.kid+`"}`)+"."+f.payload+"."+f.signature)
	f.add("alg twice", f.encode(`{"kid":"`+f.kid+`","alg":"RS256","alg":"none"}`)+"."+f.payload+".")
}

func (f *forger) otherAlgorithms() {
	pkix, err := x509.MarshalPKIXPublicKey(f.public)
	f.must(err)
	pkcs1 := x509.MarshalPKCS1PublicKey(f.public)
	for name, secret := range map[string][]byte{
		"PKIX DER":   pkix,
		"PKIX PEM":   pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}),
		"PKCS1 DER":  pkcs1,
		"PKCS1 PEM":  pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1}),
		"modulus":    f.public.N.Bytes(),
		"modulus64":  []byte(base64.RawURLEncoding.EncodeToString(f.public.N.Bytes())),
		"key id":     []byte(f.kid),
		"empty text": {},
	} {
		for _, alg := range []string{"HS256", "RS256"} {
			f.sign(alg+" keyed with "+name, f.named(alg), f.payload, func(m []byte) []byte {
				h := hmac.New(sha256.New, secret)
				h.Write(m)
				return h.Sum(nil)
			})
		}
	}

	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	f.must(err)
	f.sign("ES256 swap", f.named("ES256"), f.payload, func(m []byte) []byte {
		digest := sha256.Sum256(m)
		r, s, err := ecdsa.Sign(rand.Reader, curve, digest[:])
		f.must(err)
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	})
	f.sign("ES256 zero signature", f.named("ES256"), f.payload, func([]byte) []byte { return make([]byte, 64) })
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	f.must(err)
	f.sign("EdDSA swap", f.named("EdDSA"), f.payload, func(m []byte) []byte { return ed25519.Sign(edwards, m) })
	f.sign("PS256 swap", f.named("PS256"), f.payload, func(m []byte) []byte {
		digest := sha256.Sum256(m)
		s, err := rsa.SignPSS(rand.Reader, f.own, crypto.SHA256, digest[:], nil)
		f.must(err)
		return s
	})
	for _, alg := range []string{"RS384", "RS512", "PS256", "RS1"} {
		f.add(alg+" with the old signature", f.named(alg)+"."+f.payload+"."+f.signature)
	}
}

// ownKeys signs with the attacker's key, in different ways of pointing to it.
func (f *forger) ownKeys() {
	n := base64.RawURLEncoding.EncodeToString(f.own.N.Bytes())
	jwk := `{"kty":"RSA","alg":"RS256","use":"sig","e":"AQAB","kid":"` + f.kid + `","n":"` + n + `"}`
	for name, extra := range map[string]string{
		"own key":             ``,
		"own key in jwk":      `,"jwk":` + jwk,
		"own key by jku":      `,"jku":"https://attacker.example/keys.json"`,
		"own key by local":    `,"jku":"http://127.0.0.1/keys.json"`,
		"own key by file":     `,"jku":"file:///etc/passwd"`,
		"own key by x5u":      `,"x5u":"https://attacker.example/cert.pem"`,
		"own key in x5c":      `,"x5c":["MIIB"]`,
		"crit unknown":        `,"crit":["exp"],"exp":1`,
		"crit empty":          `,"crit":[]`,
		"b64 false":           `,"b64":false,"crit":["b64"]`,
		"b64 false, not crit": `,"b64":false`,
		"type of a JWE":       `,"enc":"A256GCM"`,
	} {
		f.signOwn(name, f.encode(`{"kid":"`+f.kid+`","alg":"RS256"`+extra+`}`), f.payload)
	}
	f.signOwn("kid twice, own first", f.encode(`{"kid":"own","alg":"RS256","kid":"`+f.kid+`"}`), f.payload)
}

func (f *forger) keyIDs() {
	ids := map[string]string{
		"missing":       ``,
		"empty":         `"kid":"",`,
		"null":          `"kid":null,`,
		"number":        `"kid":0,`,
		"list":          `"kid":["` + f.kid + `"],`,
		"object":        `"kid":{"$ne":""},`,
		"path":          `"kid":"../../../../../../dev/null",`,
		"statement":     `"kid":"x' OR '1'='1' UNION SELECT 'AA==' --",`,
		"command":       `"kid":"|/bin/true",`,
		"address":       `"kid":"http://127.0.0.1/key",`,
		"zero byte":     `"kid":"` + f.kid + `\u0000",`,
		"space after":   `"kid":"` + f.kid + ` ",`,
		"line break":    `"kid":"` + f.kid + `\n",`,
		"without pad":   `"kid":"` + strings.TrimRight(f.kid, "=") + `",`,
		"other case":    `"kid":"` + strings.ToLower(f.kid) + `x",`,
		"very long":     `"kid":"` + strings.Repeat("A", 8000) + `",`,
		"name in caps":  `"KID":"` + f.kid + `",`,
		"name extended": `"kid ":"` + f.kid + `",`,
	}
	for name, member := range ids {
		f.signOwn("kid: "+name, f.encode(`{`+member+`"alg":"RS256"}`), f.payload)
	}
}

// payloads keeps the good signature over changed claims.
func (f *forger) payloads() {
	for name, change := range map[string]func(map[string]any){
		"sub":       func(c map[string]any) { c["sub"] = "00000000-0000-4000-8000-000000000000" },
		"username":  func(c map[string]any) { c["username"] = "admin" },
		"exp":       func(c map[string]any) { c["exp"] = 253402300799 },
		"token_use": func(c map[string]any) { c["token_use"] = "id" },
		"scope":     func(c map[string]any) { c["scope"] = "aws.cognito.signin.user.admin admin" },
		"groups":    func(c map[string]any) { c["cognito:groups"] = []string{"admin"} },
		"nothing":   func(c map[string]any) { clear(c) },
	} {
		changed := make(map[string]any, len(f.claims)+1)
		maps.Copy(changed, f.claims)
		change(changed)
		raw, err := json.Marshal(changed)
		f.must(err)
		f.add("claims changed: "+name, f.header+"."+f.encode(string(raw))+"."+f.signature)
	}
	plain := string(f.decode(f.payload))
	for name, text := range map[string]string{
		"second sub":    strings.Replace(plain, "{", `{"sub":"x",`, 1),
		"trailing data": plain + "{}",
		"array":         "[" + plain + "]",
		"null":          "null",
		"empty":         "",
		"not JSON":      "sub=x",
		"deep":          `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
	} {
		f.add("claims: "+name, f.header+"."+f.encode(text)+"."+f.signature)
	}
}

func (f *forger) shapes() {
	h, p, s := f.header, f.payload, f.signature
	for name, token := range map[string]string{
		"empty":               "",
		"dots":                "..",
		"one segment":         h,
		"two segments":        h + "." + p,
		"four segments":       f.good + "." + s,
		"five segments":       f.good + "." + s + "." + s,
		"dot after":           f.good + ".",
		"dot before":          "." + f.good,
		"no header":           "." + p + "." + s,
		"no claims":           h + ".." + s,
		"swapped":             p + "." + h + "." + s,
		"padding":             f.good + "==",
		"line break after":    f.good + "\n",
		"line break inside":   h + "." + p[:4] + "\r\n" + p[4:] + "." + s,
		"space before":        " " + f.good,
		"scheme before":       "Bearer " + f.good,
		"quoted":              `"` + f.good + `"`,
		"comma joined":        f.good + "," + f.good,
		"percent":             strings.Replace(f.good, ".", "%2E", 1),
		"other full stop":     strings.ReplaceAll(f.good, ".", "\u3002"),
		"zero byte":           f.good + "\x00",
		"JSON serialization":  `{"payload":"` + p + `","protected":"` + h + `","signature":"` + s + `"}`,
		"oversized":           f.good + strings.Repeat("A", 1<<17),
		"header not JSON":     f.encode("RS256") + "." + p + "." + s,
		"header with garbage": f.encode(string(f.decode(h))+" x") + "." + p + "." + s,
		"header with space":   f.encode(string(f.decode(h))+" ") + "." + p + "." + s,
	} {
		f.add("shape: "+name, token)
	}
	if last := respell(s); last != s {
		f.add("shape: other spelling of the signature", h+"."+p+"."+last)
	}
}

func (f *forger) signatures() {
	raw := f.decode(f.signature)
	flip := func(at int) []byte {
		b := bytes.Clone(raw)
		b[at] ^= 1
		return b
	}
	value := new(big.Int).SetBytes(raw)
	for name, changed := range map[string][]byte{
		"first bit":    flip(0),
		"middle bit":   flip(len(raw) / 2),
		"last bit":     flip(len(raw) - 1),
		"truncated":    raw[:len(raw)-1],
		"zero before":  append([]byte{0}, raw...),
		"zero after":   append(bytes.Clone(raw), 0),
		"doubled":      append(bytes.Clone(raw), raw...),
		"zeros":        make([]byte, len(raw)),
		"one":          append(make([]byte, len(raw)-1), 1),
		"plus modulus": value.Add(value, f.public.N).Bytes(),
		"modulus":      f.public.N.Bytes(),
	} {
		f.add("signature: "+name, f.header+"."+f.payload+"."+base64.RawURLEncoding.EncodeToString(changed))
	}
}

// named returns a header segment with the good key id and another algorithm.
func (f *forger) named(alg string) string {
	return f.encode(fmt.Sprintf(`{"kid":"%s","alg":"%s"}`, f.kid, alg))
}

func (f *forger) signOwn(name, header, payload string) {
	f.sign(name, header, payload, func(m []byte) []byte {
		digest := sha256.Sum256(m)
		s, err := rsa.SignPKCS1v15(nil, f.own, crypto.SHA256, digest[:])
		f.must(err)
		return s
	})
}

func (f *forger) sign(name, header, payload string, signature func([]byte) []byte) {
	message := header + "." + payload
	f.add(name, message+"."+base64.RawURLEncoding.EncodeToString(signature([]byte(message))))
}

func (f *forger) add(name, token string) { f.made = append(f.made, Forgery{name, token}) }

func (f *forger) encode(text string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

func (f *forger) decode(text string) []byte {
	f.t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	f.must(err)
	return raw
}

func (f *forger) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatalf("forge tokens: %v", err)
	}
}

// respell changes the unused bits of the last character, so that lenient
// decoders read the same bytes. Text without unused bits comes back unchanged.
func respell(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(text)%4 == 0 {
		return text
	}
	at := len(text) - 1
	return text[:at] + string(alphabet[strings.IndexByte(alphabet, text[at])|1])
}
