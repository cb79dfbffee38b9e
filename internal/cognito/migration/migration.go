package migration

import (
	"context"
	"maps"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/aliases"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// Migration brings users into pools. All fields but OldPools are set.
type Migration struct {
	DB          *store.DB
	Now         func() time.Time
	Triggers    *triggers.Triggers
	Credentials *credentials.Credentials
	Mailer      *triggers.Mailer
	Limits      limits.SelfService
	OldPools    *OldPools // nil: no old pool is asked
}

// Possible reports whether users of a pool can come from somewhere.
func Possible(pool *directory.Pool) bool {
	return pool.OldPool != nil || triggers.Has(pool, triggers.UserMigration)
}

// Request says who is looked for, and why.
type Request struct {
	Client *directory.Client
	Name   string // as typed
	triggers.Migration
	Metadata map[string]string
}

// Run asks the pool that the users come from, then the pool's function, for a user
// and stores the one it gets. The user is nil when there is neither, or when nobody
// could have the name. The caller has made sure that nobody has it yet. The old pool
// is asked about sign-ins only: it tells of nobody without a password.
func (m *Migration) Run(ctx context.Context, r Request) (*store.User, error) {
	pool := r.Client.Pool
	if !attributes.PossibleUsername(r.Name) { // sign-ins carry any text as one
		return nil, nil
	}
	if pool.OldPool != nil && m.OldPools != nil && r.Password != "" {
		if u, err := m.OldPools.find(ctx, pool, r.Name, r.Password); u != nil || err != nil {
			return u, err
		}
	}
	if !triggers.Has(pool, triggers.UserMigration) {
		return nil, nil
	}
	on := triggers.Occasion{Pool: pool, Client: r.Client, Username: r.Name, Metadata: r.Metadata}
	got, err := m.Triggers.UserMigration(ctx, on, r.Migration)
	if err != nil {
		return nil, err
	}
	u, nameAttribute, err := m.user(pool, r.Name, got)
	if err != nil {
		return nil, err
	}
	media, err := welcomeMedia(u, got)
	if err != nil {
		return nil, err
	}
	if r.Password != "" {
		// Users who have to choose a new one keep it too: until then it signs
		// nobody in.
		if u.Password, err = m.Credentials.New(pool, u.Username, r.Password); err != nil {
			return nil, err
		}
	}
	stored, err := store.Write(ctx, m.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return m.insert(ctx, tx, pool, u, nameAttribute, got.ForceAlias)
	})
	if err != nil {
		return nil, err
	}
	on.Username, on.User = stored.Username, stored
	m.welcome(ctx, on, media)
	return stored, nil
}

// user makes the user that a function described, without a password, and tells
// which attribute the user name is, if it is one.
func (m *Migration) user(pool *directory.Pool, name string, got *triggers.Migrated) (u *store.User, nameAttribute string, err error) {
	config := pool.Config()
	username, typed := got.Attributes["username"], attributes.LooksLikeEmail(name) && attributes.Alias(config, attributes.Email) ||
		attributes.LooksLikePhone(name) && attributes.Alias(config, attributes.PhoneNumber)
	switch {
	case username == "":
		username = name
	case pool.Fold(username) != pool.Fold(name) && !typed || !attributes.PossibleUsername(username):
		return nil, "", api.InvalidLambdaResponseException("Unrecognizable lambda output")
	}
	if nameAttribute, err = attributes.NewUsername(config, username); err != nil {
		return nil, "", err
	}
	given := listed(got.Attributes)
	if nameAttribute != "" && got.Attributes[nameAttribute] == "" {
		given = append(given, api.AttributeType{Name: nameAttribute, Value: &name})
	}
	if err := pool.Schema.CheckNew(given, true); err != nil {
		return nil, "", err
	}
	now := m.Now()
	u = &store.User{
		PoolID: pool.ID, Sub: attributes.NewSub(), Username: username, Enabled: true, CreatedAt: now, ModifiedAt: now,
		Status: api.UserStatusTypeResetRequired,
	}
	if nameAttribute != "" {
		u.Username = u.Sub
	}
	if got.Confirmed {
		u.Status = api.UserStatusTypeConfirmed
	}
	fill(u, given)
	if nameAttribute != "" && pool.Fold(u.Attributes.Get(nameAttribute)) != pool.Fold(name) {
		return nil, "", api.InvalidParameterException("Username and %s attribute must be the same.", nameAttribute)
	}
	if got.SMSMFA {
		if u.Attributes.Get(attributes.PhoneNumber) == "" || config.SmsConfiguration == nil {
			return nil, "", api.InvalidLambdaResponseException("Unrecognizable lambda output")
		}
		u.MFA = store.UserMFA{EnabledFactors: []string{"SMS_MFA"}, Preferred: "SMS_MFA"}
	}
	return u, nameAttribute, attributes.CheckFlags(given, u.Attributes.Get)
}

// listed gives the attributes of an answer sorted by name.
func listed(values map[string]string) []api.AttributeType {
	var list []api.AttributeType
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != "username" {
			list = append(list, api.AttributeType{Name: name, Value: new(values[name])})
		}
	}
	return list
}

// fill gives a user attributes; an address that was not said to be verified is
// not.
func fill(u *store.User, given []api.AttributeType) {
	values := attributes.Map(given)
	for _, a := range given {
		if value := values[a.Name]; value != "" {
			u.Attributes.Set(a.Name, value)
		}
	}
	for _, attribute := range []string{attributes.Email, attributes.PhoneNumber} {
		if flag := attributes.VerifiedFlag(attribute); u.Attributes.Has(attribute) && !u.Attributes.Has(flag) {
			u.Attributes.Set(flag, "false")
		}
	}
}

func (m *Migration) insert(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, nameAttribute string, force bool) (*store.User, error) {
	if err := tx.InsertUser(ctx, u); err != nil {
		return nil, err
	}
	taken, err := aliases.Claim(ctx, tx, m.Now(), pool, u, force)
	switch {
	case err != nil:
		return nil, err
	case taken == nil:
		return u, m.Credentials.Remember(ctx, tx, pool, u)
	case taken.Kind == store.NameUsername || taken.Kind == nameAttribute:
		return nil, api.UsernameExistsException("User already exists")
	}
	return nil, attributes.Taken(api.AliasExistsException, taken.Kind)
}
