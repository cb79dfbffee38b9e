package attributes_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

var (
	sensitive   = &api.UserPoolType{}
	insensitive = &api.UserPoolType{UsernameConfiguration: &api.UsernameConfigurationType{CaseSensitive: false}}
)

// pair is two spellings and whether they name the same user.
type pair struct {
	a, b             string
	same, sameNoCase bool
}

// lookAlikes makes pairs from Unicode's own tables of letters.
func lookAlikes() []pair {
	var pairs []pair
	add := func(a, b string, same, sameNoCase bool) {
		pairs = append(pairs, pair{"x" + a + "@example.com", "x" + b + "@example.com", same, sameNoCase})
	}
	// Full-width letters and digits are not the ASCII ones.
	for r := rune('!'); r <= '~'; r++ {
		add(string(r), string(r-'!'+0xff01), false, false)
	}
	// Letters that differ in case only.
	for r := rune('a'); r <= 'z'; r++ {
		add(string(r), string(r-'a'+'A'), false, true)
		add(string(r-'a'+0xff41), string(r-'a'+0xff21), false, true)
	}
	for r := rune(0x3b1); r <= 0x3c9; r++ { // Greek
		if r != 0x3c2 {
			add(string(r), string(r-0x20), false, true)
		}
	}
	for r := rune(0x430); r <= 0x44f; r++ { // Cyrillic
		add(string(r), string(r-0x20), false, true)
	}
	// One code point, or a letter with a combining mark.
	for _, c := range []string{
		"a\u0300", "a\u0301", "a\u0302", "a\u0303", "a\u0308", "a\u030a", "c\u0327", "e\u0300", "e\u0301", "e\u0302",
		"e\u0308", "i\u0300", "i\u0301", "i\u0302", "i\u0308", "n\u0303", "o\u0300", "o\u0301", "o\u0302", "o\u0303", "o\u0308",
		"u\u0300", "u\u0301", "u\u0302", "u\u0308", "y\u0301", "y\u0308", "s\u030c", "z\u030c", "g\u0306",
	} {
		add(c, composed[c], true, true)
		add(c[:1], c, false, false)
		add(c[:1], composed[c], false, false)
	}
	// Ligatures, old and styled letters.
	for _, p := range [][2]string{
		{"ff", "\ufb00"},
		{"fi", "\ufb01"},
		{"fl", "\ufb02"},
		{"ffi", "\ufb03"},
		{"ffl", "\ufb04"},
		{"st", "\ufb06"},
		{"ss", "\u00df"},
		{"ae", "\u00e6"},
		{"oe", "\u0153"},
		{"ij", "\u0133"},
		{"dz", "\u01f3"},
		{"nj", "\u01cc"},
		{"i", "\u0131"},
		{"I", "\u0131"},
		{"i", "\u0130"},
		{"I", "\u0130"},
		{"\u0131", "\u0130"},
		{"l", "1"},
		{"0", "o"},
		{"a", "\u0430"},
		{"e", "\u0435"},
		{"o", "\u043e"},
		{"p", "\u0440"},
		{"c", "\u0441"},
		{"y", "\u0443"},
		{"x", "\u0445"},
		{"o", "\u03bf"},
		{"v", "\u03bd"},
		{"a", "\u0251"},
		{"g", "\u0261"},
		{"2", "\u00b2"},
		{"3", "\u00b3"},
		{"1", "\u00b9"},
	} {
		add(p[0], p[1], false, false)
	}
	for r := range rune(26) {
		for _, base := range []rune{0x24d0, 0x1d41a, 0x1d44e + 0x1a, 0x1d4ea, 0x1d51e, 0x1d552, 0x1d586, 0x1d5ba, 0x1d622, 0x1d68a} {
			add(string('a'+r), string(base+r), false, false)
		}
	}
	// The same letter under another code point: equal to Unicode itself.
	add("K", "\u212a", true, true)
	add("k", "\u212a", false, true)
	add("\u00c5", "\u212b", true, true)
	add("\u03a9", "\u2126", true, true)
	add("s", "\u017f", false, true)
	return pairs
}

var composed = map[string]string{
	"a\u0300": "\u00e0", "a\u0301": "\u00e1", "a\u0302": "\u00e2", "a\u0303": "\u00e3", "a\u0308": "\u00e4", "a\u030a": "\u00e5",
	"c\u0327": "\u00e7", "e\u0300": "\u00e8", "e\u0301": "\u00e9", "e\u0302": "\u00ea", "e\u0308": "\u00eb",
	"i\u0300": "\u00ec", "i\u0301": "\u00ed", "i\u0302": "\u00ee", "i\u0308": "\u00ef", "n\u0303": "\u00f1",
	"o\u0300": "\u00f2", "o\u0301": "\u00f3", "o\u0302": "\u00f4", "o\u0303": "\u00f5", "o\u0308": "\u00f6",
	"u\u0300": "\u00f9", "u\u0301": "\u00fa", "u\u0302": "\u00fb", "u\u0308": "\u00fc", "y\u0301": "\u00fd", "y\u0308": "\u00ff",
	"s\u030c": "\u0161", "z\u030c": "\u017e", "g\u0306": "\u011f",
}

func TestS044LookAlikeNamesAreOneUserOrTwo(t *testing.T) {
	t.Parallel()
	pairs := lookAlikes()
	if len(pairs) < 500 {
		t.Fatalf("only %d pairs", len(pairs))
	}
	for _, p := range pairs {
		if got := attributes.Fold(sensitive, p.a) == attributes.Fold(sensitive, p.b); got != p.same {
			t.Errorf("case-sensitive: %+q and %+q are the same: %v, want %v", p.a, p.b, got, p.same)
		}
		if got := attributes.Fold(insensitive, p.a) == attributes.Fold(insensitive, p.b); got != p.sameNoCase {
			t.Errorf("ignoring case: %+q and %+q are the same: %v, want %v", p.a, p.b, got, p.sameNoCase)
		}
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		for _, pool := range []*api.UserPoolType{sensitive, insensitive} {
			once := attributes.Fold(pool, name)
			if twice := attributes.Fold(pool, once); twice != once {
				t.Fatalf("%+q folds to %+q, then to %+q", name, once, twice)
			}
		}
	})
	for r := rune(1); r <= 0x10ffff; r++ {
		if r == 0xd800 {
			r = 0xe000
		}
		once := attributes.Fold(insensitive, string(r))
		if twice := attributes.Fold(insensitive, once); twice != once {
			t.Errorf("%+q folds to %+q, then to %+q", r, once, twice)
		}
	}
}

func TestNewUsername(t *testing.T) {
	t.Parallel()
	byEmail := &api.UserPoolType{UsernameAttributes: []api.UsernameAttributeType{"email"}}
	byPhone := &api.UserPoolType{UsernameAttributes: []api.UsernameAttributeType{"phone_number"}}
	byBoth := &api.UserPoolType{UsernameAttributes: []api.UsernameAttributeType{"email", "phone_number"}}
	aliases := &api.UserPoolType{AliasAttributes: []api.AliasAttributeType{"email", "phone_number"}}
	for _, c := range []struct {
		pool            *api.UserPoolType
		name, attribute string
		message         string
	}{
		{sensitive, "ana", "", ""},
		{sensitive, "ana@example.com", "", ""},
		{byEmail, "ana@example.com", "email", ""},
		{byEmail, "ana", "", "Username should be an email."},
		{byEmail, "+15550100", "", "Username should be an email."},
		{byPhone, "+15550100", "phone_number", ""},
		{byPhone, "ana@example.com", "", "Username should be a phone number."},
		{byBoth, "ana@example.com", "email", ""},
		{byBoth, "+15550100", "phone_number", ""},
		{byBoth, "ana", "", "Username should be either an email or a phone number."},
		{aliases, "ana", "", ""},
		{aliases, "ana@example.com", "", "Username cannot be of email format, since user pool is configured for email alias."},
		{aliases, "+15550100", "", "Username cannot be of phone number format, since user pool is configured for phone number alias."},
	} {
		attribute, err := attributes.NewUsername(c.pool, c.name)
		if attribute != c.attribute {
			t.Errorf("%q: attribute %q, want %q", c.name, attribute, c.attribute)
		}
		wantInvalid(t, err, c.message)
	}
}

// wantInvalid checks for an InvalidParameterException; no message: no error.
func wantInvalid(t *testing.T, err error, message string) {
	t.Helper()
	if message == "" {
		if err != nil {
			t.Errorf("unexpected error %v", err)
		}
		return
	}
	wantError(t, err, "InvalidParameterException", message)
}

func TestSignInNames(t *testing.T) {
	t.Parallel()
	user := func(verified string) *store.User {
		return &store.User{Username: "Ana", Attributes: store.Attributes{
			{Name: "email", Value: "Ana@Example.com"},
			{Name: "email_verified", Value: verified},
			{Name: "phone_number", Value: "+15550100"},
			{Name: "preferred_username", Value: "ana"},
		}}
	}
	aliases := &api.UserPoolType{AliasAttributes: []api.AliasAttributeType{"email", "phone_number", "preferred_username"}}
	aliasesNoCase := &api.UserPoolType{AliasAttributes: aliases.AliasAttributes, UsernameConfiguration: insensitive.UsernameConfiguration}
	byEmail := &api.UserPoolType{UsernameAttributes: []api.UsernameAttributeType{"email"}}
	for _, c := range []struct {
		name string
		pool *api.UserPoolType
		user *store.User
		want []store.Name
	}{
		{"no further names", sensitive, user("true"), []store.Name{{Name: "Ana", Kind: "username"}}},
		{"unverified alias does not count", aliases, user("false"), []store.Name{{Name: "Ana", Kind: "username"}, {Name: "ana", Kind: "preferred_username"}}},
		{"verified alias", aliases, user("true"), []store.Name{
			{Name: "Ana", Kind: "username"}, {Name: "Ana@Example.com", Kind: "email"}, {Name: "ana", Kind: "preferred_username"},
		}},
		{"one name twice", aliasesNoCase, user("true"), []store.Name{{Name: "ana", Kind: "username"}, {Name: "ana@example.com", Kind: "email"}}},
		{"address as user name, unverified", byEmail, user("false"), []store.Name{{Name: "Ana", Kind: "username"}, {Name: "Ana@Example.com", Kind: "email"}}},
	} {
		if diff := cmp.Diff(c.want, attributes.SignInNames(c.pool, c.user)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestNamesThatNobodyCanHave(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"ana", "ana@example.com", strings.Repeat("ä", attributes.MaxUsername)} {
		if !attributes.PossibleUsername(name) {
			t.Errorf("%.20q is refused", name)
		}
	}
	for _, name := range []string{"", "an a", "ana\n", "ana\x00", "an\xffa", strings.Repeat("ä", attributes.MaxUsername+1)} {
		if attributes.PossibleUsername(name) {
			t.Errorf("%.20q is taken", name)
		}
	}
}
