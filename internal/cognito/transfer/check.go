package transfer

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/identities"
	"cognate/internal/protocol/passwordhash"
	"cognate/internal/store"
)

const (
	// longestSecret bounds salts, verifiers and seeds, in bytes: a verifier is a
	// number of 3072 bits.
	longestSecret = 384
	longestSalt   = 64
	// mostOf bounds each list that a user brings.
	mostOf = 500
)

// validSub is a UUID, or what another pool has made of it.
var validSub = regexp.MustCompile(`^[0-9A-Za-z_-]{1,64}$`)

// statuses are those that a user can come with.
var statuses = []api.UserStatusType{
	api.UserStatusTypeUnconfirmed, api.UserStatusTypeConfirmed, api.UserStatusTypeArchived, api.UserStatusTypeCompromised,
	api.UserStatusTypeUnknown, api.UserStatusTypeResetRequired, api.UserStatusTypeForceChangePassword, api.UserStatusTypeExternalProvider,
}

// userOf makes the user of a row, or says why it cannot be one of the pool.
func userOf(pool *directory.Pool, r *Row) (*store.User, error) {
	if err := r.check(pool, pool.Schema); err != nil {
		return nil, err
	}
	from := &r.User
	u := &store.User{
		PoolID: pool.ID, Sub: from.Sub, Username: from.Username, Status: from.UserStatus, Enabled: from.Enabled,
		CreatedAt: from.UserCreateDate.Time, ModifiedAt: from.UserLastModifiedDate.Time,
		Pending: from.Pending, MFA: from.MFA, PasswordBlocked: from.PasswordBlocked, PasswordElsewhere: from.PasswordElsewhere,
		TemporaryPasswordExpiresAt: from.TemporaryPasswordExpires.Time,
	}
	u.MFA.SoftwareToken = false
	for _, a := range from.Attributes {
		if a.Value != nil && *a.Value != "" {
			u.Attributes.Set(a.Name, *a.Value)
		}
	}
	if _, err := identities.Of(u); err != nil {
		return nil, errors.New("the attribute identities is malformed")
	}
	if err := attributes.CheckFlags(from.Attributes, u.Attributes.Get); err != nil {
		return nil, err
	}
	if s := r.Secrets; s != nil {
		u.MFA.SoftwareToken = s.TOTP != nil
		if s.Password != nil {
			u.Password, u.PasswordElsewhere = s.Password.stored(), false
		}
	}
	return u, nil
}

// check refuses what no user of this service could be: the row was written by
// somebody else.
func (r *Row) check(pool *directory.Pool, schema *attributes.Schema) error {
	u := &r.User
	switch {
	case !attributes.PossibleUsername(u.Username):
		return errors.New("the user name is empty, too long, or has spaces or control characters")
	case !validSub.MatchString(u.Sub):
		return errors.New("the sub is not one")
	case !slices.Contains(statuses, u.UserStatus):
		return fmt.Errorf("there is no status %q", u.UserStatus)
	case u.UserCreateDate.IsZero() || u.UserLastModifiedDate.IsZero():
		return errors.New("UserCreateDate and UserLastModifiedDate must be given")
	case max(len(u.Groups), len(u.Identities), len(u.Passkeys), len(u.Pending)) > mostOf:
		return fmt.Errorf("a list has more than %d entries", mostOf)
	}
	for _, a := range u.Attributes {
		if a.Value != nil && !clean(*a.Value) {
			return fmt.Errorf("the attribute %s has characters that cannot be stored", a.Name)
		}
	}
	for name, value := range u.Pending {
		if fault := schema.Fault(name, value); fault != "" || !clean(value) {
			return fmt.Errorf("the pending value of %s is not one", name)
		}
	}
	for _, i := range u.Identities {
		if i.ProviderName == "" || i.Value == "" || !clean(i.ProviderName+i.Attribute+i.Value) {
			return errors.New("an identity has no provider or no value")
		}
	}
	for _, k := range u.Passkeys {
		if k.CredentialID == "" || !clean(k.CredentialID) || len(k.Details.PublicKey) == 0 {
			return errors.New("a passkey has no id or no key")
		}
	}
	if err := r.Secrets.check(); err != nil {
		return err
	}
	// A pool that takes addresses as names gives its users others of its own.
	if len(pool.Config().UsernameAttributes) == 0 && u.UserStatus != api.UserStatusTypeExternalProvider {
		if _, err := attributes.NewUsername(pool.Config(), u.Username); err != nil {
			return err
		}
	}
	// Nobody sets this one by name; it is what is shown of the identities.
	others := slices.DeleteFunc(slices.Clone(u.Attributes), func(a api.AttributeType) bool { return a.Name == attributes.Identities })
	if len(u.Attributes)-len(others) > 1 {
		return errors.New("the attribute identities comes twice")
	}
	return schema.CheckNew(others, false)
}

func (s *Secrets) check() error {
	if s == nil {
		return nil
	}
	if max(len(s.History), len(s.Devices)) > mostOf {
		return fmt.Errorf("a list has more than %d entries", mostOf)
	}
	if s.Password != nil {
		if err := s.Password.read(); err != nil {
			return err
		}
	}
	bad := s.Password != nil && !s.Password.ok() || s.TOTP != nil && (len(s.TOTP.Secret) == 0 || len(s.TOTP.Secret) > longestSecret)
	for i := range s.History {
		if err := s.History[i].read(); err != nil {
			return err
		}
		bad = bad || !s.History[i].ok()
	}
	for i := range s.Devices {
		d := &s.Devices[i]
		bad = bad || len(d.Secret.Imported) > 0 || d.Secret.Hash != "" || !d.Secret.ok() || d.DeviceKey == "" || !clean(d.DeviceKey+d.Name+d.LastIP)
	}
	if bad {
		return errors.New("a password, an authenticator or a device is malformed")
	}
	return nil
}

// read takes in the text of a hash, which says itself how much work it is to check
// passwords by it (security.md S172).
func (v *Verifier) read() error {
	if v.Hash == "" {
		return nil
	}
	hash, err := passwordhash.Parse(v.Algorithm, v.Hash, passwordhash.Own())
	switch {
	case errors.Is(err, passwordhash.ErrBounds):
		return fmt.Errorf("the parameters of a password hash exceed the limits for %s", v.Algorithm)
	case err != nil:
		return fmt.Errorf("a password hash is not one made by %s", v.Algorithm)
	}
	*v = Verifier{Imported: hash.Stored()}
	return nil
}

// ok reports whether there is something to check passwords by.
func (v *Verifier) ok() bool {
	if len(v.Imported) > 0 {
		hash, err := passwordhash.Open(v.Imported)
		return err == nil && hash.Within(passwordhash.Own()) == nil && len(v.Salt) == 0 && len(v.Verifier) == 0
	}
	return len(v.Salt) > 0 && len(v.Salt) <= longestSalt && len(v.Verifier) > 0 && len(v.Verifier) <= longestSecret
}

func (v *Verifier) stored() *store.Password {
	return &store.Password{Salt: v.Salt, Verifier: v.Verifier, Imported: v.Imported}
}

// clean reports whether the database can hold a text.
func clean(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
