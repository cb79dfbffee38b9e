package srp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"cognate/internal/protocol/srp/srpclient"
)

// vector is one row of testdata/vectors.json, copied from auth-flows.md §13.2.
type vector struct {
	Case, Name, UserID, Password  string
	Salt, PaddedSalt              string
	ClientSecret, ServerSecret    string
	SecretBlock, Timestamp        string
	X, U, PaddedU, Key, Signature string
	Verifier, ClientPublic        string
	ServerPublic, Shared          string
	DeviceSalt, DeviceVerifier    string
}

func vectors(t testing.TB) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vs []vector
	if err := json.Unmarshal(raw, &vs); err != nil {
		t.Fatal(err)
	}
	if len(vs) != 2 {
		t.Fatalf("%d vectors, want 2", len(vs))
	}
	return vs
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %s, want %s", what, got, want)
	}
}

func (v vector) claim(t testing.TB) Claim {
	t.Helper()
	block, err := base64.StdEncoding.DecodeString(v.SecretBlock)
	if err != nil {
		t.Fatal(err)
	}
	return Claim{Name: v.Name, UserID: v.UserID, SecretBlock: block, Timestamp: v.Timestamp}
}

func TestMultiplierIsThePublishedOne(t *testing.T) {
	t.Parallel()
	equal(t, "k", multiplier.Text(16), "538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6")
	if modulus.BitLen() != 3072 || !modulus.ProbablyPrime(8) {
		t.Error("N is not a 3072-bit prime")
	}
}

func TestPadIsMinimalTwosComplement(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"0": "00", "1": "01", "7f": "7f", "80": "0080", "ff": "00ff", "100": "0100", "8000": "008000"} {
		equal(t, "pad "+in, hex.EncodeToString(pad(hexInt(in))), want)
	}
}

func TestServerReproducesTheVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Case, func(t *testing.T) {
			t.Parallel()
			salt := unhex(t, v.Salt)
			equal(t, "PAD(salt)", hex.EncodeToString(pad(new(big.Int).SetBytes(salt))), v.PaddedSalt)
			equal(t, "x", hex.EncodeToString(privateKey(v.Name, v.UserID, v.Password, salt)), v.X)
			verifier := Verifier(v.Name, v.UserID, v.Password, salt)
			equal(t, "v", hex.EncodeToString(verifier), v.Verifier)

			s, err := NewServer(verifier, unhex(t, v.ServerSecret))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "B", s.PublicHex(), v.ServerPublic)
			a, err := ParsePublic(v.ClientPublic)
			if err != nil {
				t.Fatal(err)
			}
			u := hashInts(new(big.Int).SetBytes(a), s.public)
			equal(t, "u", u.Text(16), v.U)
			equal(t, "PAD(u)", hex.EncodeToString(pad(u)), v.PaddedU)
			shared, err := s.shared(new(big.Int).SetBytes(a), u)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "S", shared.Text(16), v.Shared)

			resumed, err := ResumeServer(verifier, unhex(t, v.ServerSecret), s.Public())
			if err != nil {
				t.Fatal(err)
			}
			key, err := resumed.Key(a)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "key", hex.EncodeToString(key), v.Key)
			equal(t, "signature", Signature(key, v.claim(t)), v.Signature)
			if err := resumed.VerifyClaim(a, v.claim(t), v.Signature); err != nil {
				t.Errorf("VerifyClaim: %v", err)
			}
		})
	}
}

func TestClientReproducesTheVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		c := srpclient.NewWithSecret(unhex(t, v.ClientSecret))
		equal(t, "A", c.A(), v.ClientPublic)
		ch := srpclient.Challenge{
			Name: v.Name, UserID: v.UserID, Password: v.Password,
			Salt: v.Salt, B: v.ServerPublic, SecretBlock: v.SecretBlock,
		}
		key, err := c.Key(ch)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "key", hex.EncodeToString(key), v.Key)
		signature, err := c.Sign(ch, v.Timestamp)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "signature", signature, v.Signature)
	}
}

func TestDeviceVerifierOfTheVector(t *testing.T) {
	t.Parallel()
	v := vectors(t)[1]
	verifierText, saltText := srpclient.DeviceVerifier(v.Name, v.UserID, v.Password, unhex(t, v.Salt))
	equal(t, "Salt", saltText, v.DeviceSalt)
	equal(t, "PasswordVerifier", verifierText, v.DeviceVerifier)

	salt, verifier, err := ParseDeviceVerifier(v.DeviceSalt, v.DeviceVerifier)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "salt", SaltHex(salt), v.Salt)
	equal(t, "verifier", hex.EncodeToString(verifier), v.Verifier)
}

func TestParseDeviceVerifierRefuses(t *testing.T) {
	t.Parallel()
	good := base64.StdEncoding.EncodeToString([]byte{1})
	encode := func(n *big.Int) string { return base64.StdEncoding.EncodeToString(pad(n)) }
	tests := map[string]struct {
		salt, verifier string
		want           error
	}{
		"negative salt":     {base64.StdEncoding.EncodeToString([]byte{0x80}), good, ErrNegative},
		"negative verifier": {good, base64.StdEncoding.EncodeToString([]byte{0xff, 1}), ErrNegative},
		"empty salt":        {"", good, ErrDeviceVerifier},
		"empty verifier":    {good, "", ErrDeviceVerifier},
		"not base64":        {good, "%%%%", ErrDeviceVerifier},
		"zero verifier":     {good, base64.StdEncoding.EncodeToString([]byte{0}), ErrDeviceVerifier},
		"verifier N":        {good, encode(modulus), ErrDeviceVerifier},
		"long salt":         {base64.StdEncoding.EncodeToString(make([]byte, 80)), good, ErrDeviceVerifier},
	}
	for name, tt := range tests {
		if _, _, err := ParseDeviceVerifier(tt.salt, tt.verifier); !errors.Is(err, tt.want) {
			t.Errorf("%s: error %v, want %v", name, err, tt.want)
		}
	}
}

// TestExchangesAgree runs whole sign-ins with random values, among them salts
// with leading zero bytes, which are not significant.
func TestExchangesAgree(t *testing.T) {
	t.Parallel()
	const name, user, password = "AbCdEf123", "11111111-2222-4333-8444-555555555555", "Pässwörd 1!"
	for i := range 12 {
		salt := NewSalt()
		if i%3 == 0 {
			salt[0], salt[1] = 0, byte(i)
		}
		verifier := Verifier(name, user, password, salt)
		c := srpclient.New()
		s, err := NewServer(verifier, NewSecret())
		if err != nil {
			t.Fatal(err)
		}
		a, err := ParsePublic(c.A())
		if err != nil {
			t.Fatal(err)
		}
		claim := Claim{Name: name, UserID: user, SecretBlock: []byte("block"), Timestamp: srpclient.Timestamp(time.Unix(1706933106, 0))}
		ch := srpclient.Challenge{
			Name: name, UserID: user, Password: password, Salt: SaltHex(salt), B: s.PublicHex(),
			SecretBlock: base64.StdEncoding.EncodeToString(claim.SecretBlock),
		}
		sign := func(ch srpclient.Challenge) string {
			signature, err := c.Sign(ch, claim.Timestamp)
			if err != nil {
				t.Fatal(err)
			}
			return signature
		}
		right := sign(ch)
		if err := s.VerifyClaim(a, claim, right); err != nil {
			t.Fatalf("right password: %v (salt %x)", err, salt)
		}
		ch.Password = "Pässwörd 1! "
		if err := s.VerifyClaim(a, claim, sign(ch)); !errors.Is(err, ErrSignature) {
			t.Fatalf("wrong password: %v, want ErrSignature", err)
		}
		for what, other := range map[string]Claim{
			"user":  {name, "22222222-2222-4333-8444-555555555555", claim.SecretBlock, claim.Timestamp},
			"pool":  {"other", user, claim.SecretBlock, claim.Timestamp},
			"block": {name, user, []byte("clock"), claim.Timestamp},
			"time":  {name, user, claim.SecretBlock, "Sat Feb 3 04:05:07 UTC 2024"},
		} {
			if err := s.VerifyClaim(a, other, right); !errors.Is(err, ErrSignature) {
				t.Errorf("other %s: %v, want ErrSignature", what, err)
			}
		}
		for _, text := range []string{"", "!", right[:len(right)-4], right + right} {
			if err := s.VerifyClaim(a, claim, text); !errors.Is(err, ErrSignature) {
				t.Errorf("signature %q: %v, want ErrSignature", text, err)
			}
		}
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	salt := NewSalt()
	verifier := Verifier("p", "u", "Secret-1", salt)
	if !CheckPassword("p", "u", "Secret-1", salt, verifier) {
		t.Error("the right password is refused")
	}
	if !CheckPassword("p", "u", "Secret-1", append([]byte{0}, salt...), append([]byte{0}, verifier...)) {
		t.Error("leading zeros change the result")
	}
	for _, wrong := range []string{"", "secret-1", "Secret-1 ", " Secret-1", "Secret-1\x00"} {
		if CheckPassword("p", "u", wrong, salt, verifier) {
			t.Errorf("password %q is accepted", wrong)
		}
	}
	for _, bad := range [][]byte{nil, {0}, modulus.Bytes()} {
		if CheckPassword("p", "u", "Secret-1", salt, bad) {
			t.Errorf("verifier %x is accepted", bad)
		}
	}
}

// TestS063EveryByteOfAPasswordCounts uses pairs that differ where other schemes
// stop reading or normalize.
func TestS063EveryByteOfAPasswordCounts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 256)
	salt := NewSalt()
	for name, pair := range map[string][2]string{
		"byte 73":        {long, long[:72] + "y" + long[73:]},
		"byte 256":       {long, long[:255] + "y"},
		"trailing space": {"Abc12345!", "Abc12345! "},
		"case":           {"Abc12345!", "abc12345!"},
		"composition":    {"\u00e9", "e\u0301"},
		"zero byte":      {"Abc", "Abc\x00"},
	} {
		if CheckPassword("p", "u", pair[1], salt, Verifier("p", "u", pair[0], salt)) {
			t.Errorf("%s: passwords are taken for the same", name)
		}
	}
}

func TestS060DegeneratePublicValuesAreRefused(t *testing.T) {
	t.Parallel()
	n2 := new(big.Int).Lsh(modulus, 1)
	above := new(big.Int).Add(modulus, big.NewInt(1))
	for _, text := range []string{
		"", "0", "00", strings.Repeat("0", 768), modulus.Text(16), n2.Text(16), above.Text(16),
		"g", "-1", "+1", "0x12", "1_2", " 12", "12\n", "12 ", strings.Repeat("f", 768), strings.Repeat("1", 5000), "١",
	} {
		if _, err := ParsePublic(text); !errors.Is(err, ErrPublicValue) {
			t.Errorf("A = %.20q: %v, want ErrPublicValue", text, err)
		}
	}
	last := new(big.Int).Sub(modulus, big.NewInt(1))
	for _, text := range []string{"1", "f", "001", "AbC", last.Text(16), "00" + last.Text(16)} {
		if _, err := ParsePublic(text); err != nil {
			t.Errorf("A = %.20q: %v", text, err)
		}
	}

	s, err := NewServer([]byte{9}, NewSecret())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range [][]byte{nil, {0}, modulus.Bytes(), n2.Bytes(), above.Bytes()} {
		if _, err := s.Key(a); !errors.Is(err, ErrPublicValue) {
			t.Errorf("Key(%.8x): %v, want ErrPublicValue", a, err)
		}
		if err := s.VerifyClaim(a, Claim{}, ""); !errors.Is(err, ErrPublicValue) {
			t.Errorf("VerifyClaim(%.8x): %v, want ErrPublicValue", a, err)
		}
	}
	if _, err := s.shared(big.NewInt(5), new(big.Int)); !errors.Is(err, ErrDegenerate) {
		t.Errorf("u = 0: %v, want ErrDegenerate", err)
	}
}

func TestS060ServerValuesAreFreshAndNonZero(t *testing.T) {
	t.Parallel()
	if _, err := NewServer([]byte{9}, make([]byte, SecretSize)); !errors.Is(err, ErrDegenerate) {
		t.Errorf("b = 0: %v, want ErrDegenerate", err)
	}
	if _, err := ResumeServer([]byte{9}, NewSecret(), nil); !errors.Is(err, ErrDegenerate) {
		t.Errorf("B = 0: %v, want ErrDegenerate", err)
	}
	for _, v := range [][]byte{nil, {0}, modulus.Bytes()} {
		if _, err := NewServer(v, NewSecret()); err == nil {
			t.Errorf("verifier %.8x is accepted", v)
		}
		if _, err := ResumeServer(v, NewSecret(), []byte{1}); err == nil {
			t.Errorf("verifier %.8x is accepted", v)
		}
	}
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := NewServer([]byte{9}, make([]byte, size)); err == nil {
			t.Errorf("a secret of %d bytes is accepted", size)
		}
	}
	// B = k·v + g^b is zero for exactly this verifier; it needs b known beforehand.
	b := NewSecret()
	v := new(big.Int).ModInverse(multiplier, modulus)
	v.Mul(v, powG(b)).Neg(v).Mod(v, modulus)
	if _, err := NewServer(v.Bytes(), b); !errors.Is(err, ErrDegenerate) {
		t.Errorf("B = 0: %v, want ErrDegenerate", err)
	}
	seen := map[string]bool{}
	for range 20 {
		s, err := NewServer([]byte{9}, NewSecret())
		if err != nil {
			t.Fatal(err)
		}
		if seen[s.PublicHex()] {
			t.Fatal("B repeats")
		}
		seen[s.PublicHex()] = true
	}
}

func TestPowersOfTheGenerator(t *testing.T) {
	t.Parallel()
	exponents := [][]byte{make([]byte, 32), {31: 1}, {31: 255}, {30: 1, 31: 0}, {0: 128, 31: 0}, {0: 1, 31: 1}}
	for range 20 {
		e := make([]byte, 32)
		_, _ = rand.Read(e)
		exponents = append(exponents, e)
	}
	all := make([]byte, 32)
	for i := range all {
		all[i] = 255
	}
	for _, e := range append(exponents, all) {
		want := new(big.Int).Exp(big.NewInt(2), new(big.Int).SetBytes(e), modulus)
		if got := powG(e); got.Cmp(want) != 0 {
			t.Errorf("2^%x is wrong", e)
		}
	}
	if size := len(powers()) * modulusSize / elementWords; size > 3<<20 {
		t.Errorf("the table has %d bytes", size)
	}
}

func TestSaltHexIsAnInteger(t *testing.T) {
	t.Parallel()
	equal(t, "salt", SaltHex([]byte{0, 0, 0x0a, 0xbc}), "abc")
	equal(t, "salt", SaltHex([]byte{0xb4, 0x83}), "b483")
	equal(t, "zero salt", SaltHex(make([]byte, 16)), "0")
}

func TestTimestamps(t *testing.T) {
	t.Parallel()
	got, err := ParseTimestamp("Tue Jul 4 09:05:03 UTC 2017")
	if want := time.Date(2017, 7, 4, 9, 5, 3, 0, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("parsed %v, %v, want %v", got, err, want)
	}
	for unix := int64(0); unix < 2_000_000_000; unix += 12_345_678 {
		at := time.Unix(unix, 0)
		if got, err := ParseTimestamp(srpclient.Timestamp(at)); err != nil || !got.Equal(at) {
			t.Errorf("%q: %v, %v", srpclient.Timestamp(at), got, err)
		}
	}
	for _, text := range []string{
		"", "Tue Jul 04 09:05:03 UTC 2017", "Tue Jul  4 09:05:03 UTC 2017", "Mon Jul 4 09:05:03 UTC 2017",
		"Tue Jul 4 9:05:03 UTC 2017", "Tue Jul 4 09:05:03 GMT 2017", "Tue Jul 4 09:05:03 CEST 2017", "tue jul 4 09:05:03 UTC 2017",
		"Di Jul 4 09:05:03 UTC 2017", "Tue Jul 4 09:05:03 UTC 17", "Tue Jul 4 09:05:03.5 UTC 2017", "Tue Jul 32 09:05:03 UTC 2017",
		"Tue Jul 4 09:05:03 UTC 2017 ", " Tue Jul 4 09:05:03 UTC 2017", "2017-07-04T09:05:03Z", "Tue Jul 4 24:05:03 UTC 2017",
	} {
		if _, err := ParseTimestamp(text); !errors.Is(err, ErrTimestamp) {
			t.Errorf("%q: %v, want ErrTimestamp", text, err)
		}
	}
}

func TestSimulatedUsersAreStableAndDistinct(t *testing.T) {
	t.Parallel()
	key := []byte("0123456789abcdef0123456789abcdef")
	simulate := func(key []byte, pool, name string) Simulated {
		s, err := Simulate(key, pool, name)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Salt) != SaltSize {
			t.Errorf("salt has %d bytes", len(s.Salt))
		}
		if _, err := NewServer(s.Verifier, NewSecret()); err != nil {
			t.Errorf("simulated verifier: %v", err)
		}
		return s
	}
	first, again := simulate(key, "r_pool", "ana"), simulate(key, "r_pool", "ana")
	equal(t, "salt", SaltHex(again.Salt), SaltHex(first.Salt))
	equal(t, "verifier", hex.EncodeToString(again.Verifier), hex.EncodeToString(first.Verifier))
	if first.ID != again.ID {
		t.Error("the id changes")
	}
	for what, other := range map[string]Simulated{
		"name":     simulate(key, "r_pool", "anb"),
		"pool":     simulate(key, "r_pooh", "ana"),
		"boundary": simulate(key, "r_poola", "na"),
		"key":      simulate([]byte("1123456789abcdef0123456789abcdef"), "r_pool", "ana"),
	} {
		if SaltHex(other.Salt) == SaltHex(first.Salt) || other.ID == first.ID {
			t.Errorf("another %s gives the same user", what)
		}
	}
}

func FuzzPublicValue(f *testing.F) {
	for _, text := range []string{"0", "1", "00ff", modulusHex, "-1", "zz", vectors(f)[0].ClientPublic} {
		f.Add(text)
	}
	s, err := NewServer([]byte{9}, NewSecret())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParsePublic(text)
		if err != nil {
			if !errors.Is(err, ErrPublicValue) || a != nil {
				t.Fatalf("%x, %v", a, err)
			}
			return
		}
		n := new(big.Int).SetBytes(a)
		if n.Sign() <= 0 || n.Cmp(modulus) >= 0 || len(a) != modulusSize {
			t.Fatalf("accepted %q", text)
		}
		if got, want := n.Text(16), strings.ToLower(strings.TrimLeft(text, "0")); got != want {
			t.Fatalf("%q read as %s", text, got)
		}
		if err := s.VerifyClaim(a, Claim{}, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="); !errors.Is(err, ErrSignature) {
			t.Fatalf("a zero signature: %v", err)
		}
	})
}
