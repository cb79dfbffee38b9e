package federation

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/identities"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// Federation finds and makes the profiles of users whom providers vouch for. All
// fields are set.
type Federation struct {
	DB       *store.DB
	Now      func() time.Time
	Triggers *triggers.Triggers
}

// Verified is what a provider vouches for, found genuine.
type Verified struct {
	Provider *store.IdentityProvider
	Subject  string
	Issuer   string         // entity id of a SAML provider, else empty
	Said     map[string]any // attributes by the provider's names
	// ACR and AMR are what a provider of OpenID Connect says about the sign-in.
	ACR string
	AMR []string
	// Vouched is the same as the pool's function sees it, see triggers.Inbound.
	Vouched map[string]any
}

// Arrival is the profile of somebody who arrives from a provider.
type Arrival struct {
	User *store.User
	New  bool // made just now
	// Factors and Level are what the provider vouches for beside that.
	Factors []string
	Level   tokens.Level
	// Change brings the profile up to date, in the transaction of the sign-in.
	Change func(ctx context.Context, tx *store.Tx, u *store.User) error
}

// Username is the user name of the profile that a subject of a provider gets
// (federation.md §6.1).
func Username(pool *directory.Pool, provider, subject string) string {
	name := provider + "_" + subject
	if !attributes.CaseSensitive(pool.Config()) {
		name = strings.ToLower(name)
	}
	return name
}

// Arrive finds the profile of a user at a client's pool, or makes one. Errors of
// type *api.Error are for the user's app to hear.
func (f *Federation) Arrive(ctx context.Context, client *directory.Client, v *Verified) (*Arrival, error) {
	name := Username(client.Pool, v.Provider.Name, v.Subject)
	if n := utf8.RuneCountInString(name); n > attributes.MaxUsername {
		return nil, api.InvalidParameterException("1 validation error detected: Value '%s' at 'userName' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", name, attributes.MaxUsername)
	}
	said, err := f.said(ctx, client, v, name)
	if err != nil {
		return nil, err
	}
	values, err := mapped(client, v.Provider.Settings.AttributeMapping, said)
	if err != nil {
		return nil, err
	}
	who := &visitor{Verified: v, client: client, name: name, values: values}
	found, err := f.find(ctx, who)
	if err != nil {
		return nil, err
	}
	if found == nil {
		if found, err = f.welcome(ctx, who); err != nil {
			return nil, err
		}
	}
	factors, level := levelOf(v)
	return &Arrival{User: found, New: who.made, Factors: factors, Level: level, Change: func(ctx context.Context, tx *store.Tx, u *store.User) error {
		return f.update(ctx, tx, who, u)
	}}, nil
}

// visitor is a Verified on its way to a profile.
type visitor struct {
	*Verified
	client *directory.Client
	name   string            // of an own profile
	values map[string]string // of the pool's attributes
	link   *store.UserIdentity
	same   bool // linked by an address that both sides have verified, from now on
	made   bool
}

// said is what is to be mapped: the provider's attributes, or those that the pool's
// function puts in their place.
func (f *Federation) said(ctx context.Context, client *directory.Client, v *Verified, name string) (map[string]any, error) {
	on := triggers.Occasion{Pool: client.Pool, Client: client, Username: name}
	replaced, err := f.Triggers.Inbound(ctx, on, v.Provider, v.Vouched)
	if err != nil || replaced == nil {
		return v.Said, err
	}
	said := make(map[string]any, len(replaced))
	for key, value := range replaced {
		said[key] = value
	}
	return said, nil
}

// find looks a profile up in the order of federation.md §7.3; nil when there is
// none.
func (f *Federation) find(ctx context.Context, who *visitor) (*store.User, error) {
	pool, provider := who.client.PoolID, who.Provider.Name
	return store.Read(ctx, f.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		link, ok, err := tx.UserIdentity(ctx, pool, provider, store.SubjectAttribute, who.Subject)
		if err != nil {
			return nil, err
		}
		if !ok {
			if link, err = who.linkByAttribute(ctx, tx); err != nil {
				return nil, err
			}
		}
		if link == nil {
			u, err := byVerifiedEmail(ctx, tx, who)
			who.same = u != nil
			return u, err
		}
		who.link = link
		return tx.UserBySub(ctx, pool, link.Sub)
	})
}

// linkByAttribute looks for a link that was made with the value of an attribute.
func (who *visitor) linkByAttribute(ctx context.Context, tx *store.Tx) (*store.UserIdentity, error) {
	pool, provider := who.client.PoolID, who.Provider.Name
	names, err := tx.LinkAttributes(ctx, pool, provider)
	if err != nil {
		return nil, err
	}
	for _, attribute := range names {
		value := who.values[attribute]
		if value == "" {
			continue
		}
		link, ok, err := tx.UserIdentity(ctx, pool, provider, attribute, value)
		if err != nil || ok {
			return link, err
		}
	}
	return nil, nil
}

// update brings a profile up to date with what the provider says. A link that was
// made with the value of an attribute is fixed to the subject by its first use.
func (f *Federation) update(ctx context.Context, tx *store.Tx, who *visitor, u *store.User) error {
	changed, err := who.fix(ctx, tx, u)
	if err != nil {
		return err
	}
	if who.same {
		if err := f.attach(ctx, tx, who, u); err != nil {
			return err
		}
		changed = true
	}
	if !who.made {
		applied, err := apply(who.client.Pool, u, who.values, false)
		if err != nil {
			return err
		}
		changed = changed || applied
	}
	if !changed {
		return nil
	}
	u.ModifiedAt = f.Now()
	if err := tx.SaveUser(ctx, u); err != nil {
		return err
	}
	taken, _, err := tx.SetNames(ctx, u.PoolID, u.Sub, attributes.SignInNames(who.client.Pool.Config(), u))
	if err == nil && taken != nil {
		err = attributes.Taken(api.AliasExistsException, taken.Kind)
	}
	return err
}

// fix replaces a link by an attribute by one by the subject.
func (who *visitor) fix(ctx context.Context, tx *store.Tx, u *store.User) (bool, error) {
	if who.link == nil || who.link.Attribute == store.SubjectAttribute {
		return false, nil
	}
	deleted, err := tx.DeleteUserIdentity(ctx, who.link)
	if err != nil {
		return false, err
	}
	if !deleted { // unlinked, or used by somebody else, since it was looked up
		return false, errNotLinked()
	}
	fixed := *who.link
	fixed.Attribute, fixed.Value = store.SubjectAttribute, who.Subject
	added, err := tx.InsertUserIdentity(ctx, &fixed)
	if err != nil {
		return false, err
	}
	if !added {
		return false, errNotLinked()
	}
	list, err := identities.Of(u)
	if err != nil {
		return false, err
	}
	for i := range list {
		if list[i].ProviderName == who.Provider.Name && list[i].UserID == who.link.Value {
			list[i].UserID = who.Subject
		}
	}
	return true, identities.Set(u, list)
}

// attach links a local user to the visitor.
func (f *Federation) attach(ctx context.Context, tx *store.Tx, who *visitor, u *store.User) error {
	now := f.Now()
	added, err := tx.InsertUserIdentity(ctx, &store.UserIdentity{
		PoolID: u.PoolID, Provider: who.Provider.Name, Attribute: store.SubjectAttribute, Value: who.Subject, Sub: u.Sub, CreatedAt: now,
	})
	if err != nil {
		return err
	}
	if !added {
		return errNotLinked()
	}
	list, err := identities.Of(u)
	if err != nil {
		return err
	}
	return identities.Set(u, append(list, identities.New(who.Provider, who.Subject, who.Issuer, false, now)))
}

func errNotLinked() error {
	return api.InvalidParameterException("Invalid ProviderName/Username combination. Please check again")
}
