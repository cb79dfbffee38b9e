package attributes

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Fold gives the form in which sign-in names are compared and stored in the
// unique index. There is one rule for user names, e-mail addresses, telephone
// numbers and preferred user names:
//
//   - canonically equivalent spellings are equal (Unicode NFC): an accented
//     letter is the same in one code point or two;
//   - in a pool that ignores case, letters are equal when simple case folding
//     makes them equal, which is what strings.EqualFold calls equal.
//
// Nothing else is equal. Ligatures, full-width forms, the dotless and the
// dotted i, and letters of other alphabets stay different names, because a
// mail system may deliver them to different people.
func Fold(pool *api.UserPoolType, name string) string {
	if CaseSensitive(pool) {
		return norm.NFC.String(name)
	}
	return foldCase(name)
}

// CaseSensitive reports whether the pool tells upper from lower case in
// sign-in names: it does unless it was told not to.
func CaseSensitive(pool *api.UserPoolType) bool {
	return pool.UsernameConfiguration == nil || pool.UsernameConfiguration.CaseSensitive
}

// foldCase decomposes first, so that a mark which folds to a letter is seen.
func foldCase(name string) string {
	ascii := true
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(name)
	}
	return norm.NFC.String(strings.Map(foldRune, norm.NFD.String(name)))
}

// foldRune gives one representative of the letters that differ from r in case
// only: the lower-case one where it belongs to them.
func foldRune(r rune) rune {
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	lower := unicode.ToLower(least)
	for f := unicode.SimpleFold(least); f != least; f = unicode.SimpleFold(f) {
		if f == lower {
			return lower
		}
	}
	return least
}

// UsernameAttribute reports whether attribute serves as user name in the pool.
func UsernameAttribute(pool *api.UserPoolType, attribute string) bool {
	return slices.Contains(pool.UsernameAttributes, api.UsernameAttributeType(attribute))
}

// Alias reports whether attribute is a further sign-in name in the pool.
func Alias(pool *api.UserPoolType, attribute string) bool {
	return slices.Contains(pool.AliasAttributes, api.AliasAttributeType(attribute))
}

// AutoVerified reports whether the pool sends a code for a new value of the
// attribute by itself.
func AutoVerified(pool *api.UserPoolType, attribute string) bool {
	return slices.Contains(pool.AutoVerifiedAttributes, api.VerifiedAttributeType(attribute))
}

// VerifiedFirst reports whether a change of the attribute waits until the new
// value is verified.
func VerifiedFirst(pool *api.UserPoolType, attribute string) bool {
	settings := pool.UserAttributeUpdateSettings
	return settings != nil &&
		slices.Contains(settings.AttributesRequireVerificationBeforeUpdate, api.VerifiedAttributeType(attribute))
}

// MaxUsername is the longest user name, in characters.
const MaxUsername = 128

// PossibleUsername reports whether any user of any pool could have a name.
func PossibleUsername(name string) bool {
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= MaxUsername &&
		!strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// NewUsername decides what becomes of the user name that a new user was given
// (spec/users-and-pools.md §4, texts: spec/errors.md §7). In a pool that takes
// addresses as user names it gives the attribute that the name is the value
// of; elsewhere it gives "", after making sure that the name cannot be taken
// for somebody's alias.
func NewUsername(pool *api.UserPoolType, username string) (attribute string, err error) {
	isEmail, isPhone := LooksLikeEmail(username), LooksLikePhone(username)
	if len(pool.UsernameAttributes) > 0 {
		email, phone := UsernameAttribute(pool, Email), UsernameAttribute(pool, PhoneNumber)
		switch {
		case email && isEmail:
			return Email, nil
		case phone && isPhone:
			return PhoneNumber, nil
		case email && phone:
			return "", api.InvalidParameterException("Username should be either an email or a phone number.")
		case email:
			return "", api.InvalidParameterException("Username should be an email.")
		default:
			return "", api.InvalidParameterException("Username should be a phone number.")
		}
	}
	if isEmail && Alias(pool, Email) {
		return "", api.InvalidParameterException("Username cannot be of email format, since user pool is configured for email alias.")
	}
	if isPhone && Alias(pool, PhoneNumber) {
		return "", api.InvalidParameterException("Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	return "", nil
}

// CheckPreferredUsername refuses a preferred user name that could be taken for
// somebody's address, in pools where both serve as aliases.
func CheckPreferredUsername(pool *api.UserPoolType, preferred string) error {
	if !Alias(pool, PreferredUsername) {
		return nil
	}
	switch {
	case LooksLikeEmail(preferred) && Alias(pool, Email):
		return api.InvalidParameterException("Username cannot be of email format, since user pool is configured for email alias.")
	case LooksLikePhone(preferred) && Alias(pool, PhoneNumber):
		return api.InvalidParameterException("Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	return nil
}

// Taken is the answer to a sign-in name of the given attribute that belongs
// to another user already; exception makes it of the right type.
func Taken(exception func(format string, args ...any) *api.Error, attribute string) error {
	return exception("An account with the given %s already exists.", attribute)
}

// SignInNames gives every string that the user can sign in with now, folded
// as the pool asks (spec/users-and-pools.md §4): the user name; in pools that
// take addresses as user names, the user's addresses, verified or not; in pools
// with aliases, verified addresses and the preferred user name.
func SignInNames(pool *api.UserPoolType, u *store.User) []store.Name {
	names := []store.Name{{Name: Fold(pool, u.Username), Kind: store.NameUsername}}
	add := func(attribute string) {
		name := Fold(pool, u.Attributes.Get(attribute))
		known := func(n store.Name) bool { return n.Name == name }
		if name != "" && !slices.ContainsFunc(names, known) {
			names = append(names, store.Name{Name: name, Kind: attribute})
		}
	}
	if u.Status == api.UserStatusTypeExternalProvider {
		return names // signs in elsewhere, and may have the address of somebody else here
	}
	for _, a := range pool.UsernameAttributes {
		add(string(a))
	}
	for _, a := range pool.AliasAttributes {
		flag := VerifiedFlag(string(a))
		if flag == "" || True(u.Attributes.Get(flag)) {
			add(string(a))
		}
	}
	return names
}

// AddressAsName gives an address of the user that serves as user name in the pool:
// that of the attribute where it does, else the first; empty in other pools.
func AddressAsName(pool *api.UserPoolType, u *store.User, attribute string) string {
	name := ""
	for _, a := range pool.UsernameAttributes {
		if value := u.Attributes.Get(string(a)); name == "" || string(a) == attribute {
			name = value
		}
	}
	return name
}
