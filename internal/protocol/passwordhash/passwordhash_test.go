package passwordhash

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Hashes that others made: crypt_blowfish's own tests, libxcrypt (the ones with
// the salt abc…), PHP and htpasswd; the tests of the Argon2 reference; RFC 7914
// §11 and §12, which is also where PBKDF2 with SHA-256 has its vectors; Python's
// hashlib for the rest.
var made = []struct {
	algorithm      Algorithm
	password, text string
}{
	{BCRYPT, "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{BCRYPT, "\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
	{BCRYPT, "\xa3", "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"},
	{BCRYPT, "abc123xyz", "$2a$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"},
	{BCRYPT, "Correct-Horse1!", "$2b$12$abcdefghijklmnopqrstuugDyVtHSTx8ZlMQIJEQIuyDnicpCWnwm"},
	{BCRYPT, "pässwörd", "$2x$04$abcdefghijklmnopqrstuusLa1VKyG1SwS4T/Tip3T/Cdo9gT8Ol."},
	{BCRYPT, "pässwörd", "$2y$04$abcdefghijklmnopqrstuuyx2n0Zzopyr9QuYTMCfOJJOj526QVoC"},
	{BCRYPT, strings.Repeat("p", 80), "$2y$04$abcdefghijklmnopqrstuuNt.0ah97gHY3F7JC1Z6EXmQc0bQBhIO"},
	{BCRYPT, "Correct-Horse1!", "$2y$10$6JJrbXDz7vCuA78fbHvPRuy7Mb9KzhIqhnoLq7pySK7IEgFHkPPwi"},
	{BCRYPT, "Correct-Horse1!", "$2y$05$VwyefFMxcSOhqT7Id2PfPeA.EMHHeGdhpgfmEKHov0nFutyEgiKUa"},
	{SCRYPT, "Correct-Horse1!", "16384$8$1$30313233343536373839616263646566$821e8208a25a32c27713c1ecaf5dcbc8e3ebf4fe51aa3a61bf0a5909bbc57fa8"},
	{SCRYPT, "Correct-Horse1!", "65536$8$1$30313233343536373839616263646566$BEFE88FD44B33BFA027543F5EC9DEE331A710EBD1B4BF558029F2077A77172259D0BF0EF18E8E90A7622EA1E169E52CB5CF78A68C05A02933E251E3DD7A21C55"},
	{SCRYPT, "pleaseletmein", "16384$8$1$" + hex.EncodeToString([]byte("SodiumChloride")) +
		"$7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"},
	{ARGON2ID, "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
	{ARGON2ID, "Correct-Horse1!", "$argon2id$v=19$m=19456,t=2,p=1$TEdvZEtoUHFmTlFOTXM0OA$TLwJi6kcsinikzoUsZ0dUS46ShWak+8kA1x9Ozm9OZE"},
	{PBKDF2SHA256, "Password", "$pbkdf2-sha256$80000$" + base64.RawStdEncoding.EncodeToString([]byte("NaCl")) + "$" + hexToBase64(
		"4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d")},
	{PBKDF2SHA256, "Correct-Horse1!", "$pbkdf2-sha256$600000$MDEyMzQ1Njc4OWFiY2RlZg$31eTckIN7rkYce31dfCCJrVph6/It4yTr4OjaBY8w5o"},
	{PBKDF2SHA256, "Correct-Horse1!", "$pbkdf2-sha256$600000$MDEyMzQ1Njc4OWFiY2RlZg==$31eTckIN7rkYce31dfCCJrVph6/It4yTr4OjaBY8w5o="},
}

func hexToBase64(text string) string {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return strings.ReplaceAll(base64.RawStdEncoding.EncodeToString(b), "+", ".")
}

func TestHashesThatOthersMadeMatch(t *testing.T) {
	t.Parallel()
	for _, m := range made {
		t.Run(m.text[:12], func(t *testing.T) {
			t.Parallel()
			h := parse(t, m.algorithm, m.text)
			kept, err := Open(h.Stored())
			if err != nil {
				t.Fatal(err)
			}
			wantMatch(t, kept, m.password, true)
			wantMatch(t, kept, m.password[:len(m.password)-1], len(m.password) == 80)
			wantMatch(t, kept, "x"+m.password, false)
			wantMatch(t, kept, "", false)
		})
	}
}

func parse(t *testing.T, algorithm Algorithm, text string) *Hash {
	t.Helper()
	h, err := Parse(algorithm, text, CSV())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return h
}

func wantMatch(t *testing.T, h *Hash, password string, want bool) {
	t.Helper()
	got, err := h.Matches(password)
	if err != nil || got != want {
		t.Errorf("%q: %v %v, want %v", password, got, err, want)
	}
}

func TestBcryptAgreesWithThePackageOfThatName(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"", "a", "Correct-Horse1!", "päss", strings.Repeat("long", 18)} {
		text, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		h := parse(t, BCRYPT, string(text))
		wantMatch(t, h, password, true)
		wantMatch(t, h, "b"+password, false)
	}
}

// The makers of bcrypt hashes cut passwords after 72 bytes. Whoever has a longer
// one must still be let in, and the native verifier that follows counts all of it
// (package credentials has the test of that half).
func TestS063BcryptCountsTheFirst72Bytes(t *testing.T) {
	t.Parallel()
	h := parse(t, BCRYPT, "$2y$04$abcdefghijklmnopqrstuuNt.0ah97gHY3F7JC1Z6EXmQc0bQBhIO")
	wantMatch(t, h, strings.Repeat("p", 72)+"anything", true)
	wantMatch(t, h, strings.Repeat("p", 72), true)
	wantMatch(t, h, strings.Repeat("p", 71)+"q", false)
	wantMatch(t, h, strings.Repeat("p", 71)+"\x00", false)
}

func TestS172CostsOfImportedHashesAreBounded(t *testing.T) {
	t.Parallel()
	salt22, digest31 := strings.Repeat("a", 21)+"u", strings.Repeat("b", 31)
	hexes := "$" + strings.Repeat("ab", 16) + "$" + strings.Repeat("cd", 32)
	tail := "$" + base64.RawStdEncoding.EncodeToString(make([]byte, 16)) + "$" + base64.RawStdEncoding.EncodeToString(make([]byte, 32))
	bcryptOf := func(cost int) string { return fmt.Sprintf("$2b$%02d$%s%s", cost, salt22, digest31) }
	scryptOf := func(n, r, p int) string { return fmt.Sprintf("%d$%d$%d%s", n, r, p, hexes) }
	argonOf := func(m, i, p int) string { return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d%s", m, i, p, tail) }
	pbkdfOf := func(i int) string { return fmt.Sprintf("$pbkdf2-sha256$%d%s", i, tail) }
	for _, test := range []struct {
		algorithm Algorithm
		text      string
		csv, own  bool // allowed in import jobs, in imports of our own
	}{
		{BCRYPT, bcryptOf(4), true, true},
		{BCRYPT, bcryptOf(12), true, true},
		{BCRYPT, bcryptOf(13), false, true},
		{BCRYPT, bcryptOf(14), false, true},
		{BCRYPT, bcryptOf(15), false, false},
		{BCRYPT, bcryptOf(31), false, false},
		{BCRYPT, bcryptOf(99), false, false},
		{SCRYPT, scryptOf(65536, 8, 1), true, true},
		{SCRYPT, scryptOf(131072, 8, 1), false, false}, // 128 MiB
		{SCRYPT, scryptOf(131072, 4, 1), false, true},
		{SCRYPT, scryptOf(65536, 16, 1), false, false},
		{SCRYPT, scryptOf(16384, 16, 1), false, true},
		{SCRYPT, scryptOf(65536, 8, 2), false, true},
		{SCRYPT, scryptOf(65536, 8, 5), false, false},
		{SCRYPT, scryptOf(1<<40, 8, 1), false, false},
		{SCRYPT, scryptOf(2, 1<<40, 1), false, false},
		{ARGON2ID, argonOf(19456, 2, 1), true, true},
		{ARGON2ID, argonOf(19457, 2, 1), false, true},
		{ARGON2ID, argonOf(65536, 2, 1), false, true},
		{ARGON2ID, argonOf(65537, 2, 1), false, false},
		{ARGON2ID, argonOf(19456, 3, 1), false, true},
		{ARGON2ID, argonOf(19456, 11, 1), false, false},
		{ARGON2ID, argonOf(19456, 2, 2), false, true},
		{ARGON2ID, argonOf(19456, 2, 9), false, false},
		{ARGON2ID, argonOf(19456, 1<<40, 1), false, false},
		{PBKDF2SHA256, pbkdfOf(600_000), true, true},
		{PBKDF2SHA256, pbkdfOf(600_001), false, true},
		{PBKDF2SHA256, pbkdfOf(1_000_000), false, true},
		{PBKDF2SHA256, pbkdfOf(1_000_001), false, false},
		{PBKDF2SHA256, pbkdfOf(1 << 60), false, false},
	} {
		for _, b := range []struct {
			name    string
			bounds  Bounds
			allowed bool
		}{{"csv", CSV(), test.csv}, {"own", Own(), test.own}} {
			_, err := Parse(test.algorithm, test.text, b.bounds)
			if b.allowed && err != nil || !b.allowed && !errors.Is(err, ErrBounds) {
				t.Errorf("%s in %s: %v, want allowed %v", test.text, b.name, err, b.allowed)
			}
		}
	}
}

func TestOtherTextsAreNoHashes(t *testing.T) {
	t.Parallel()
	for _, m := range made {
		texts := []string{"", " ", "$", m.text + "x", " " + m.text, strings.ToUpper(m.text) + "$", m.text[:20], m.text + strings.Repeat("A", 600)}
		for _, other := range made {
			if other.algorithm != m.algorithm {
				texts = append(texts, other.text)
			}
		}
		for _, text := range texts {
			if m.algorithm == ARGON2ID && text == m.text+"x" || m.algorithm == PBKDF2SHA256 && strings.HasPrefix(text, m.text+"x") || text == m.text {
				continue // a longer digest
			}
			if _, err := Parse(m.algorithm, text, CSV()); !errors.Is(err, ErrForm) {
				t.Errorf("%s: %q: %v", m.algorithm, text, err)
			}
		}
	}
	for text, algorithm := range map[string]Algorithm{
		"$2z$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW":                   BCRYPT,
		"$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW":                   BCRYPT,
		"$2a$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW":                   BCRYPT,
		"1000$8$1$3031$821e8208a25a32c27713c1ecaf5dcbc8e3ebf4fe51aa3a61bf0a5909bbc57fa8": SCRYPT, // no power of two
		"1024$0$1$3031$821e8208a25a32c27713c1ecaf5dcbc8e3ebf4fe51aa3a61bf0a5909bbc57fa8": SCRYPT,
		"1024$8$1$$821e8208a25a32c27713c1ecaf5dcbc8e3ebf4fe51aa3a61bf0a5909bbc57fa8":     SCRYPT,
		"1024$8$1$3031$821e8208": SCRYPT, // too short to mean anything
		"$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4": ARGON2ID,
		"$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi":  ARGON2ID,
		"$argon2id$v=19$t=2,m=256,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi":  ARGON2ID,
		"$argon2id$v=19$m=7,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4":  ARGON2ID,
		"$pbkdf2-sha256$0$TmFDbA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4":                 PBKDF2SHA256,
		"$pbkdf2-sha512$1000$TmFDbA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4":              PBKDF2SHA256,
		"nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4":                                         "MD5",
	} {
		if _, err := Parse(algorithm, text, CSV()); !errors.Is(err, ErrForm) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Of what is kept nothing can be imported elsewhere: the digest is not in it.
func TestTheStoredFormHoldsNoDigest(t *testing.T) {
	t.Parallel()
	salt := []byte("0123456789abcdef")
	digest := argon2.IDKey([]byte("Correct-Horse1!"), salt, 1, 64, 1, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	h := parse(t, ARGON2ID, "$argon2id$v=19$m=64,t=1,p=1$"+b64(salt)+"$"+b64(digest))
	wantMatch(t, h, "Correct-Horse1!", true)
	stored := h.Stored()
	for _, form := range [][]byte{digest, []byte(b64(digest)), []byte(hex.EncodeToString(digest))} {
		if bytes.Contains(stored, form) {
			t.Errorf("%s holds the digest", stored)
		}
	}
	for _, bad := range []string{"", "{}", `{"a":"BCRYPT","o":"YWJj"}`} {
		if _, err := Open([]byte(bad)); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
}

// Whatever a text says, reading it costs next to nothing, and what was read can be
// stored and opened.
func FuzzParse(f *testing.F) {
	for _, m := range made {
		f.Add(string(m.algorithm), m.text)
	}
	f.Fuzz(func(t *testing.T, algorithm, text string) {
		h, err := Parse(Algorithm(algorithm), text, CSV())
		if err != nil {
			if !errors.Is(err, ErrForm) && !errors.Is(err, ErrBounds) {
				t.Errorf("%v", err)
			}
			return
		}
		opened, err := Open(h.Stored())
		if err != nil || !slices.Equal(opened.Stored(), h.Stored()) {
			t.Errorf("%q: opened %v, %v", text, opened, err)
		}
		bounds := CSV()
		switch k := h.kept; k.Algorithm {
		case BCRYPT:
			if k.Cost > bounds.BcryptCost {
				t.Errorf("cost %d", k.Cost)
			}
		case SCRYPT:
			if k.Cost*k.Memory*128 > bounds.ScryptMemory || k.Parallel > bounds.ScryptP {
				t.Errorf("scrypt %+v", k)
			}
		case ARGON2ID:
			if k.Memory > bounds.Argon2Memory || k.Cost > bounds.Argon2Passes || k.Parallel > bounds.Argon2Threads {
				t.Errorf("Argon2id %+v", k)
			}
		case PBKDF2SHA256:
			if k.Cost > bounds.PBKDF2Iterations {
				t.Errorf("iterations %d", k.Cost)
			}
		}
		if h.kept.Cost <= 1024 && h.kept.Memory <= 1024 && (h.kept.Algorithm != BCRYPT || h.kept.Cost <= 5) {
			if _, err := h.Matches("Correct-Horse1!"); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})
}
