package rolechoice

import (
	"cmp"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Limits of session tags (identity-pools.md §B3), in characters and tags.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// TagMap says which claims of a provider become session tags.
type TagMap struct {
	UseDefaults bool              // client and username, from where the provider has them
	Tags        map[string]string // tag key to claim; counts without UseDefaults
}

// PrincipalTags gives the session tags of a caller with these logins. The maps are
// those of the pool by Login.Provider; a login without one brings no tags. Where
// two logins bring the same tag, the provider that is first in byte order wins.
//
// A claim that is absent, or a list of several values, yields no tag. A value that
// no tag can have is InvalidIdentityPoolConfigurationException, as when the role is
// refused: leaving the tag out could widen what a policy permits.
func PrincipalTags(maps map[string]TagMap, logins []Login) (map[string]string, error) {
	tags := make(map[string]string)
	for _, l := range slices.SortedFunc(slices.Values(logins), func(a, b Login) int { return cmp.Compare(a.Provider, b.Provider) }) {
		for key, claim := range l.tagged(maps[l.Provider]) {
			value := texts(l.claims[claim])
			if _, taken := tags[key]; taken || len(value) != 1 || value[0] == "" {
				continue
			}
			tags[key] = value[0]
		}
	}
	if err := CheckTags(tags); err != nil {
		return nil, misconfigured().Because(err)
	}
	return tags, nil
}

// tagged gives the claims of a login that become tags, by tag key.
func (l Login) tagged(m TagMap) map[string]string {
	switch {
	case !m.UseDefaults:
		return m.Tags
	case l.saml:
		return map[string]string{"client": samlID, "username": samlName}
	}
	return map[string]string{"client": "aud", "username": "sub"}
}

// CheckTags says what is wrong with session tags: more than 50, keys or values that
// are too long, or characters that no tag has.
func CheckTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return fmt.Errorf("%d session tags are more than %d", len(tags), maxTags)
	}
	for key, value := range tags {
		switch {
		case key == "" || utf8.RuneCountInString(key) > maxTagKey || !plain(key):
			return fmt.Errorf("no session tag can have the key %q", key)
		case utf8.RuneCountInString(value) > maxTagValue || !plain(value):
			return fmt.Errorf("the session tag %q cannot have its value", key)
		}
	}
	return nil
}

// plain admits letters, digits, separators and _.:/=+-@ (the pattern of tag keys and
// values in the service model of STS).
func plain(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Z, r) && !isPunctuation(r) {
			return false
		}
	}
	return true
}

func isPunctuation(r rune) bool {
	switch r {
	case '_', '.', ':', '/', '=', '+', '-', '@':
		return true
	}
	return false
}
