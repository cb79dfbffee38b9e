package providers

import (
	"context"
	"slices"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/identities"
	"cognate/internal/store"
)

const (
	// maxLinks is how many identities are linked to one profile.
	maxLinks = 5
	// maxLinkAttributes is how many attributes, beside the subject, the users of a
	// pool are linked to one provider by.
	maxLinkAttributes = 5
	// longestValue bounds what an identity is known by, in bytes: it is the key of a
	// row.
	longestValue = 2048
)

// person is a ProviderUserIdentifierType whose members are all there.
type person struct{ provider, attribute, value string }

func (p person) local() bool { return strings.EqualFold(p.provider, local) }

// read takes a user as the API names one. The attribute is the subject where it does
// not matter.
func read(member string, given *api.ProviderUserIdentifierType) (person, error) {
	p := person{provider: given.ProviderName, attribute: store.SubjectAttribute}
	if given.ProviderAttributeName != nil && *given.ProviderAttributeName != "" {
		p.attribute = *given.ProviderAttributeName
	}
	if given.ProviderAttributeValue != nil {
		p.value = *given.ProviderAttributeValue
	}
	if p.provider == "" || p.value == "" {
		return p, api.InvalidParameterException("%s needs ProviderName and ProviderAttributeValue.", member)
	}
	if len(p.value) > longestValue || strings.ContainsRune(p.value, 0) {
		return p, api.InvalidParameterException("ProviderAttributeValue of %s has more than %d bytes, or is no text.", member, longestValue)
	}
	return p, nil
}

// AdminLinkProviderForUser makes an identity at a provider, which never signed in
// here, another way into an existing profile (federation.md §7.4).
func (o *Operations) AdminLinkProviderForUser(ctx context.Context, in *api.AdminLinkProviderForUserRequest) (*api.AdminLinkProviderForUserResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	destination, err := read("DestinationUser", in.DestinationUser)
	if err != nil {
		return nil, err
	}
	source, err := read("SourceUser", in.SourceUser)
	if err != nil {
		return nil, err
	}
	provider, err := o.source(ctx, pool, source, in.SourceUser.ProviderAttributeName)
	if err != nil {
		return nil, err
	}
	entity := ""
	if provider.Type == api.IdentityProviderTypeTypeSaml {
		if entity, err = o.SAML.EntityID(ctx, provider); err != nil {
			return nil, err
		}
	}
	u, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.link(ctx, tx, pool, destination, source, provider, entity)
	})
	if err != nil {
		return nil, err
	}
	o.Audit.Write(ctx, audit.Record{Action: audit.IdentityLinked, PoolID: pool.ID, Sub: u.Sub, Object: provider.Name})
	return &api.AdminLinkProviderForUserResponse{}, nil
}

// source checks what can be linked: an identity at a provider of the pool, known by
// its subject or by the value of an attribute that is mapped.
func (o *Operations) source(ctx context.Context, pool *directory.Pool, source person, attribute *string) (*store.IdentityProvider, error) {
	if source.local() {
		return nil, api.InvalidParameterException("Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, " +
			"only as a DestinationUser")
	}
	p, err := o.named(ctx, pool.ID, source.provider)
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return nil, missing(source.provider)
	case attribute == nil || *attribute == "":
		return nil, api.InvalidParameterException("SourceUser needs ProviderAttributeName.")
	case source.attribute == store.SubjectAttribute:
		return p, nil
	case p.Type != api.IdentityProviderTypeTypeOidc && p.Type != api.IdentityProviderTypeTypeSaml:
		return nil, api.InvalidParameterException("ProviderAttributeName of a %s user has to be %s.", p.Type, store.SubjectAttribute)
	case source.attribute == usernameKey || p.Settings.AttributeMapping[source.attribute] == "":
		return nil, api.InvalidParameterException("Attribute %s is not mapped for identity provider %s.", source.attribute, p.Name)
	}
	return p, nil
}

// link writes a link, to a user who is locked for that.
func (o *Operations) link(ctx context.Context, tx *store.Tx, pool *directory.Pool, destination, source person,
	provider *store.IdentityProvider, entity string,
) (*store.User, error) {
	u, err := o.user(ctx, tx, pool, destination)
	if err != nil {
		return nil, err
	}
	if u, err = tx.LockUser(ctx, pool.ID, u.Sub); err != nil {
		return nil, err
	}
	if err := checkFree(ctx, tx, pool, source, u); err != nil {
		return nil, err
	}
	if err := checkRoom(ctx, tx, pool, source, u); err != nil {
		return nil, err
	}
	now := o.Now().UTC().Truncate(time.Millisecond)
	added, err := tx.InsertUserIdentity(ctx, &store.UserIdentity{
		PoolID: pool.ID, Provider: provider.Name, Attribute: source.attribute, Value: source.value, Sub: u.Sub, CreatedAt: now,
	})
	if err != nil {
		return nil, err
	}
	if !added { // by somebody else at the same time
		return nil, errElsewhere()
	}
	list, err := identities.Of(u)
	if err != nil {
		return nil, err
	}
	if err := identities.Set(u, append(list, identities.New(provider, source.value, entity, false, now))); err != nil {
		return nil, err
	}
	u.ModifiedAt = now
	return u, tx.SaveUser(ctx, u)
}

// user finds the user who is meant by a name of the pool, or by an identity.
func (o *Operations) user(ctx context.Context, tx *store.Tx, pool *directory.Pool, who person) (*store.User, error) {
	if who.local() {
		return o.Directory.User(ctx, tx, pool, who.value)
	}
	i, found, err := tx.UserIdentity(ctx, pool.ID, who.provider, store.SubjectAttribute, who.value)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, api.UserNotFoundException("User does not exist.")
	}
	return tx.UserBySub(ctx, pool.ID, i.Sub)
}

// checkFree refuses a source that somebody has already: it would be taken from them.
func checkFree(ctx context.Context, tx *store.Tx, pool *directory.Pool, source person, u *store.User) error {
	i, found, err := tx.UserIdentity(ctx, pool.ID, source.provider, source.attribute, source.value)
	switch {
	case err != nil:
		return err
	case !found && source.attribute == attributes.Email:
		return checkNewcomer(ctx, tx, pool, source)
	case !found:
		return nil
	case i.Own:
		return errSignedUp()
	case i.Sub == u.Sub:
		return api.InvalidParameterException("SourceUser is already linked to DestinationUser")
	}
	return errElsewhere()
}

// checkNewcomer refuses an address of somebody who has signed in through the same
// provider before: the link would never be used.
func checkNewcomer(ctx context.Context, tx *store.Tx, pool *directory.Pool, source person) error {
	q := store.UserQuery{PoolID: pool.ID, Column: store.ColumnEmail, Value: source.value, Limit: somePage}
	for {
		page, next, err := tx.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range page {
			list, err := identities.Of(u)
			if err != nil {
				return err
			}
			if slices.ContainsFunc(list, func(i identities.Identity) bool { return i.Primary && i.ProviderName == source.provider }) {
				return errSignedUp()
			}
		}
		if next == nil {
			return nil
		}
		q.After = next
	}
}

func errSignedUp() error {
	return api.InvalidParameterException("Merging is not currently supported, provide a SourceUser that has not been signed up in order to link")
}

func errElsewhere() error {
	return api.AliasExistsException("SourceUser is already linked to another user.")
}

// checkRoom keeps to the bounds on links.
func checkRoom(ctx context.Context, tx *store.Tx, pool *directory.Pool, source person, u *store.User) error {
	all, err := tx.UserIdentities(ctx, pool.ID, u.Sub)
	if err != nil {
		return err
	}
	links := 0
	for _, i := range all {
		if !i.Own {
			links++
		}
	}
	if links >= maxLinks {
		return api.LimitExceededException("A user can be linked to at most %d identities.", maxLinks)
	}
	if source.attribute == store.SubjectAttribute {
		return nil
	}
	used, err := tx.LinkAttributes(ctx, pool.ID, source.provider)
	if err != nil {
		return err
	}
	if len(used) >= maxLinkAttributes && !slices.Contains(used, source.attribute) {
		return api.LimitExceededException("Users can be linked by at most %d attributes of an identity provider.", maxLinkAttributes)
	}
	return nil
}

// AdminDisableProviderForUser takes a way into a profile away: a link to a provider,
// or a user's password (federation.md §7.5).
func (o *Operations) AdminDisableProviderForUser(ctx context.Context, in *api.AdminDisableProviderForUserRequest) (*api.AdminDisableProviderForUserResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	who, err := read("User", in.User)
	if err != nil {
		return nil, err
	}
	change, action := o.unlink, audit.IdentityUnlinked
	if who.local() {
		change, action = o.block, audit.PasswordBlocked
	} else if _, err := o.find(ctx, pool.ID, who.provider); err != nil {
		return nil, err
	}
	u, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return change(ctx, tx, pool, who)
	})
	if err != nil {
		return nil, err
	}
	o.Audit.Write(ctx, audit.Record{Action: action, PoolID: pool.ID, Sub: u.Sub, Object: who.provider})
	return &api.AdminDisableProviderForUserResponse{}, nil
}

// unlink removes a link. The identity by which a profile came to be is none.
func (o *Operations) unlink(ctx context.Context, tx *store.Tx, pool *directory.Pool, who person) (*store.User, error) {
	i, found, err := tx.UserIdentity(ctx, pool.ID, who.provider, who.attribute, who.value)
	if err != nil {
		return nil, err
	}
	if !found || i.Own {
		return nil, errNoSuchIdentity()
	}
	u, err := tx.LockUser(ctx, pool.ID, i.Sub)
	if err != nil {
		return nil, err
	}
	deleted, err := tx.DeleteUserIdentity(ctx, i)
	if err != nil {
		return nil, err
	}
	if !deleted {
		return nil, errNoSuchIdentity()
	}
	list, err := identities.Of(u)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(l identities.Identity) bool {
		return !l.Primary && l.ProviderName == who.provider && l.UserID == who.value
	})
	if err := identities.Set(u, list); err != nil {
		return nil, err
	}
	u.ModifiedAt = o.Now()
	return u, tx.SaveUser(ctx, u)
}

// block takes a local user's password away, until an administrator sets one.
func (o *Operations) block(ctx context.Context, tx *store.Tx, pool *directory.Pool, who person) (*store.User, error) {
	if who.attribute != store.SubjectAttribute {
		return nil, errNoSuchIdentity()
	}
	u, err := o.Directory.User(ctx, tx, pool, who.value)
	if err != nil {
		return nil, err
	}
	if u, err = tx.LockUser(ctx, pool.ID, u.Sub); err != nil {
		return nil, err
	}
	if u.Status == api.UserStatusTypeExternalProvider { // who has no password
		return nil, errNoSuchIdentity()
	}
	u.Password, u.PasswordBlocked, u.TemporaryPasswordExpiresAt = nil, true, time.Time{}
	u.ModifiedAt = o.Now()
	return u, tx.SaveUser(ctx, u)
}

func errNoSuchIdentity() error {
	return api.InvalidParameterException("Invalid ProviderName/Username combination. Please check again")
}
