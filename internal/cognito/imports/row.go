package imports

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/mfa"
	"cognate/internal/protocol/passwordhash"
	"cognate/internal/store"
)

// birthdateForm is that of files; the attribute keeps it
// (spec/users-and-pools.md §19).
const birthdateForm = "01/02/2006"

// sheet knows how the records of one file become users.
type sheet struct {
	pool      *directory.Pool
	columns   []string
	algorithm api.PasswordHashingAlgorithmType // empty: no hashes
	now       time.Time
	subs      attributes.Subs
}

// record is a row whose cells were looked at one by one.
type record struct {
	username string
	mfa      bool
	hash     *passwordhash.Hash
	given    []api.AttributeType // in the order of the columns
}

// refused is why a row does not become a user, in words for the log. It never
// holds a value of the row.
type refused string

func (r refused) Error() string { return string(r) }

// user makes the user that a line describes. The error is a refused for what is
// wrong with the line.
func (s *sheet) user(line string) (store.NewUser, error) {
	r, err := s.cells(line)
	if err != nil {
		return store.NewUser{}, err
	}
	u, err := s.build(r)
	if err != nil {
		return store.NewUser{}, inWords(err)
	}
	return store.NewUser{User: u, Names: attributes.SignInNames(s.pool.Config(), u)}, nil
}

// inWords turns the answer that another operation would give into one line.
func inWords(err error) error {
	if answer, ok := errors.AsType[*api.Error](err); ok {
		return refused(strings.ReplaceAll(strings.TrimSpace(answer.Message), "\n", " "))
	}
	return err
}

// cells checks the form of each cell.
func (s *sheet) cells(line string) (*record, error) {
	if !utf8.ValidString(line) {
		return nil, refused("The row is not encoded in UTF-8.")
	}
	fields := splitFields(line)
	if len(fields) != len(s.columns) {
		return nil, refused("The row has " + number(len(fields)) + " columns, the header has " + number(len(s.columns)) + ".")
	}
	r := &record{given: make([]api.AttributeType, 0, 8)}
	for i, column := range s.columns {
		value := fields[i]
		if strings.ContainsFunc(value, unicode.IsControl) {
			return nil, refused("The value of " + column + " contains control characters.")
		}
		if attributes.RunsInSheets(value) {
			return nil, refused("The value of " + column + " begins like a formula.")
		}
		if err := s.cell(r, column, value); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (s *sheet) cell(r *record, column, value string) (err error) {
	switch column {
	case columnUsername:
		r.username = value
		return checkUsername(value)
	case columnMFA:
		return s.mfa(r, value)
	case columnHash:
		return s.hash(r, value)
	}
	if value == "" {
		return nil
	}
	switch column {
	case attributes.EmailVerified, attributes.PhoneNumberVerified:
		if _, ok := yesOrNo(value); !ok {
			return refused("The value of " + column + " must be true or false.")
		}
	case "birthdate":
		if _, err := time.Parse(birthdateForm, value); err != nil || len(value) != len(birthdateForm) {
			return refused("The value of birthdate must have the form mm/dd/yyyy.")
		}
	case "updated_at":
		if strings.Trim(value, "0123456789") != "" {
			return refused("The value of updated_at must be in seconds since 1970.")
		}
	}
	r.given = append(r.given, api.AttributeType{Name: column, Value: &value})
	return nil
}

func yesOrNo(value string) (yes, ok bool) {
	yes = strings.EqualFold(value, "true")
	return yes, yes || strings.EqualFold(value, "false")
}

func checkUsername(name string) error {
	switch {
	case name == "":
		return refused("The value of cognito:username is missing.")
	case strings.ContainsFunc(name, unicode.IsSpace):
		return refused("The value of cognito:username contains spaces.")
	case utf8.RuneCountInString(name) > attributes.MaxUsername:
		return refused("The value of cognito:username is longer than " + number(attributes.MaxUsername) + " characters.")
	case strings.ContainsFunc(name, func(c rune) bool {
		return !unicode.In(c, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P)
	}):
		return refused("The value of cognito:username contains characters that are not allowed.")
	}
	return nil
}

// mfa takes true where the pool demands a second factor, false where it has none,
// and either where users choose.
func (s *sheet) mfa(r *record, value string) error {
	yes, ok := yesOrNo(value)
	switch mode := s.pool.Config().MfaConfiguration; {
	case !ok:
		return refused("The value of cognito:mfa_enabled must be true or false.")
	case mode == api.UserPoolMfaTypeOn && !yes:
		return refused("The value of cognito:mfa_enabled must be true, since the user pool requires MFA.")
	case mode != api.UserPoolMfaTypeOn && mode != api.UserPoolMfaTypeOptional && yes:
		return refused("The value of cognito:mfa_enabled must be false, since the user pool has no MFA.")
	}
	r.mfa = yes
	return nil
}

func (s *sheet) hash(r *record, value string) error {
	if value == "" {
		return nil
	}
	if s.algorithm == "" {
		return refused("The row has a password hash, but the job names no algorithm.")
	}
	var err error
	r.hash, err = passwordhash.Parse(passwordhash.Algorithm(s.algorithm), value, passwordhash.CSV())
	switch {
	case errors.Is(err, passwordhash.ErrBounds):
		return refused("The parameters of the password hash exceed the limits for " + string(s.algorithm) + ".")
	case err != nil:
		return refused("The value of password_hash is not a hash made by " + string(s.algorithm) + ".")
	}
	return nil
}

// build makes the user, by the rules for users that an administrator creates and
// those of imports.
func (s *sheet) build(r *record) (*store.User, error) {
	config := s.pool.Config()
	nameAttribute, err := attributes.NewUsername(config, r.username)
	if err != nil {
		return nil, err
	}
	u := &store.User{
		PoolID: s.pool.ID, Sub: s.subs.New(), Username: r.username, Enabled: true,
		CreatedAt: s.now, ModifiedAt: s.now, Status: api.UserStatusTypeResetRequired,
	}
	if nameAttribute != "" {
		u.Username = u.Sub
		if err := r.name(s.pool, nameAttribute); err != nil {
			return nil, err
		}
	}
	if err := s.pool.Schema.CheckNew(r.given, true); err != nil {
		return nil, err
	}
	r.fill(u)
	if err := attributes.CheckFlags(r.given, u.Attributes.Get); err != nil {
		return nil, err
	}
	if err := attributes.CheckPreferredUsername(config, u.Attributes.Get(attributes.PreferredUsername)); err != nil {
		return nil, err
	}
	if !reachable(config, u) {
		return nil, refused("The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true).")
	}
	if r.hash != nil {
		u.Status, u.Password = api.UserStatusTypeConfirmed, &store.Password{Imported: r.hash.Stored()}
	}
	if r.mfa && mfa.Has(u, mfa.SMS) && s.pool.Settings.MFA.SmsMfaConfiguration != nil {
		mfa.Set(&u.MFA, mfa.SMS, true, true)
	}
	return u, nil
}

// name makes sure that the attribute which serves as user name says the same.
func (r *record) name(pool *directory.Pool, attribute string) error {
	for _, a := range r.given {
		if a.Name != attribute {
			continue
		}
		if pool.Fold(*a.Value) != pool.Fold(r.username) {
			return api.InvalidParameterException("Username and %s attribute must be the same.", attribute)
		}
		return nil
	}
	r.given = append(r.given, api.AttributeType{Name: attribute, Value: &r.username})
	return nil
}

// fill gives the user the attributes; an address that is not said to be verified
// is not.
func (r *record) fill(u *store.User) {
	values := attributes.Map(r.given)
	for _, a := range r.given {
		u.Attributes = append(u.Attributes, store.Attribute{Name: a.Name, Value: values[a.Name]})
	}
	for _, attribute := range [...]string{attributes.Email, attributes.PhoneNumber} {
		if flag := attributes.VerifiedFlag(attribute); u.Attributes.Has(attribute) && !u.Attributes.Has(flag) {
			u.Attributes.Set(flag, "false")
		}
	}
}

// reachable reports whether the user has a verified address of a kind that the pool
// verifies by itself: the way to a first password.
func reachable(pool *api.UserPoolType, u *store.User) bool {
	for _, a := range pool.AutoVerifiedAttributes {
		if u.Attributes.Get(string(a)) != "" && attributes.True(u.Attributes.Get(attributes.VerifiedFlag(string(a)))) {
			return true
		}
	}
	return false
}
