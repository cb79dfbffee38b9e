package paging

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"cognate/internal/api"
)

func testPaging() Paging { return Paging{Key: bytes.Repeat([]byte{7}, 32)} }

func TestATokenOpensForItsOwnListOnly(t *testing.T) {
	t.Parallel()
	p := testPaging()
	token := p.Encode("ListGroups\neu-west-1_abc", "admins", "")
	cursor, err := p.Decode(token, "ListGroups\neu-west-1_abc")
	if err != nil || !slices.Equal(cursor, []string{"admins", ""}) {
		t.Errorf("opened as %q, %v", cursor, err)
	}
	for _, scope := range []string{"", "ListGroups", "ListGroups\neu-west-1_abd", "ListUsers\neu-west-1_abc"} {
		wantInvalid(t, p, token, scope)
	}
	wantInvalid(t, Paging{Key: bytes.Repeat([]byte{8}, 32)}, token, "ListGroups\neu-west-1_abc")
}

func TestATokenFitsTheModelAndHidesItsCursor(t *testing.T) {
	t.Parallel()
	p := testPaging()
	token := p.Encode("s", strings.Repeat("€", 128))
	if len(token) > 131072 || strings.ContainsAny(token, " \t\n") || strings.Contains(token, "€") {
		t.Errorf("token %q", token)
	}
	if other := p.Encode("s", strings.Repeat("€", 128)); other == token {
		t.Error("two tokens of one place are equal")
	}
}

func TestAnAlteredTokenIsInvalid(t *testing.T) {
	t.Parallel()
	p := testPaging()
	token := p.Encode("s", "admins")
	for i := range len(token) {
		altered := []byte(token)
		altered[i] = 'A'
		if altered[i] == token[i] {
			altered[i] = 'B'
		}
		wantInvalid(t, p, string(altered), "s")
	}
	for _, token := range []string{"", "x", "!", token + "=", token[:len(token)-4], " " + token} {
		wantInvalid(t, p, token, "s")
	}
}

func wantInvalid(t *testing.T, p Paging, token, scope string) {
	t.Helper()
	_, err := p.Decode(token, scope)
	var got *api.Error
	if !errors.As(err, &got) || got.Code != "InvalidParameterException" || got.Message != "Invalid pagination token" {
		t.Errorf("token %q of scope %q: %v", token, scope, err)
	}
}

func FuzzOnlyOurTokensOpen(f *testing.F) {
	p := testPaging()
	f.Add(p.Encode("s", "admins"), "s")
	f.Add("", "")
	f.Add("AAAA", "ListGroups")
	f.Fuzz(func(t *testing.T, token, scope string) {
		cursor, err := p.Decode(token, scope)
		switch {
		case err != nil && !api.HasCode(err, "InvalidParameterException"):
			t.Errorf("error %v", err)
		case err == nil && (scope != "s" || !slices.Equal(cursor, []string{"admins"})):
			t.Errorf("opened as %q for %q", cursor, scope)
		}
		opened, err := p.Decode(p.Encode(scope, token, scope), scope)
		if utf8.ValidString(token) && utf8.ValidString(scope) && (err != nil || !slices.Equal(opened, []string{token, scope})) {
			t.Errorf("round trip gives %q, %v", opened, err)
		}
	})
}

func TestAListBeginsAtItsTokenOrAtItsBeginning(t *testing.T) {
	t.Parallel()
	p := testPaging()
	if after, err := p.After("", "ListGroups"); after != "" || err != nil {
		t.Errorf("without a token: %q, %v", after, err)
	}
	if after, err := p.After(p.Encode("ListGroups", "admins"), "ListGroups"); after != "admins" || err != nil {
		t.Errorf("with a token: %q, %v", after, err)
	}
	if _, err := p.After(p.Encode("ListUsers", "admins"), "ListGroups"); !api.HasCode(err, "InvalidParameterException") {
		t.Errorf("with that of another list: %v", err)
	}
	if _, err := p.After(p.Encode("ListGroups", "a", "b"), "ListGroups"); err == nil {
		t.Error("a token of two parts was taken")
	}
}
