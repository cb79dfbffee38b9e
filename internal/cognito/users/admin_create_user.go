package users

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/invitations"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// AdminCreateUser makes a user with a temporary password and sends an
// invitation, or sends it again (spec/users-and-pools.md §7). A user whose
// invitation could not be sent exists all the same.
func (o *Operations) AdminCreateUser(ctx context.Context, in *api.AdminCreateUserRequest) (*api.AdminCreateUserResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	var u *store.User
	if in.MessageAction == api.MessageActionTypeResend {
		u, err = o.inviteAgain(ctx, pool, in)
	} else {
		u, err = o.invite(ctx, pool, in)
	}
	if err != nil {
		return nil, err
	}
	shown := userType(u, everything)
	return &api.AdminCreateUserResponse{User: &shown}, nil
}

// invite makes the user.
func (o *Operations) invite(ctx context.Context, pool *directory.Pool, in *api.AdminCreateUserRequest) (*store.User, error) {
	u, nameAttribute, err := o.invited(pool, in)
	if err != nil {
		return nil, err
	}
	list, err := letters(pool, u, in)
	if err != nil {
		return nil, err
	}
	secret, err := o.temporaryPassword(pool, in)
	if err != nil {
		return nil, err
	}
	if u.Password, u.TemporaryPasswordExpiresAt, err = o.temporary(pool, u, secret); err != nil {
		return nil, err
	}
	on := triggers.Occasion{Pool: pool, Username: u.Username, User: u, Metadata: in.ClientMetadata}
	if _, err := o.preSignUp(ctx, on, triggers.ByAdmin, in.ValidationData); err != nil {
		return nil, err
	}
	return mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (*store.User, error) {
		if err := o.insertInvited(ctx, tx, pool, u, nameAttribute, in.ForceAliasCreation); err != nil {
			return nil, err
		}
		return u, counted(o.sendInvitations(ctx, tx, out, list, secret))
	})
}

// invited makes the user that the request describes, without a password. A
// user who will have none gives nothing at the first sign-in, so all required
// attributes must be there.
func (o *Operations) invited(pool *directory.Pool, in *api.AdminCreateUserRequest) (u *store.User, nameAttribute string, err error) {
	if nameAttribute, err = attributes.NewUsername(pool.Config(), in.Username); err != nil {
		return nil, "", err
	}
	given, err := withName(pool, in.UserAttributes, nameAttribute, in.Username)
	if err != nil {
		return nil, "", err
	}
	without := in.TemporaryPassword == nil && passwordless(pool)
	if err := pool.Schema.CheckNew(given, without); err != nil {
		return nil, "", err
	}
	u = o.newUser(pool, in.Username, nameAttribute, given)
	if err := attributes.CheckFlags(given, u.Attributes.Get); err != nil {
		return nil, "", err
	}
	u.Status = api.UserStatusTypeForceChangePassword
	if without {
		u.Status = api.UserStatusTypeConfirmed
	}
	return u, nameAttribute, attributes.CheckPreferredUsername(pool.Config(), u.Attributes.Get(attributes.PreferredUsername))
}

// temporaryPassword is the one given or a new one; empty for users of a pool
// that can do without.
func (o *Operations) temporaryPassword(pool *directory.Pool, in *api.AdminCreateUserRequest) (string, error) {
	switch {
	case in.TemporaryPassword != nil:
		return *in.TemporaryPassword, o.Credentials.CheckPolicy(pool, *in.TemporaryPassword)
	case passwordless(pool):
		return "", nil
	}
	return o.Credentials.Temporary(pool), nil
}

func (o *Operations) temporary(pool *directory.Pool, u *store.User, secret string) (*store.Password, time.Time, error) {
	if secret == "" {
		return nil, time.Time{}, nil
	}
	password, err := o.Credentials.New(pool, u.Username, secret)
	return password, o.temporaryUntil(pool), err
}

// insertInvited stores the user and claims the names. An alias moves only if
// the request says that the address is verified, because otherwise it claims
// none.
func (o *Operations) insertInvited(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, nameAttribute string, force bool) error {
	if err := tx.InsertUser(ctx, u); err != nil {
		return err
	}
	taken, err := o.claim(ctx, tx, pool, u, force)
	switch {
	case err != nil:
		return err
	case taken == nil:
		return o.Credentials.Remember(ctx, tx, pool, u)
	case taken.Kind == store.NameUsername:
		return api.UsernameExistsException("User account already exists")
	case nameAttribute != "":
		return attributes.Taken(api.UsernameExistsException, taken.Kind)
	}
	return attributes.Taken(api.AliasExistsException, taken.Kind)
}

// inviteAgain gives a user who has not signed in yet a new temporary password
// and sends it. Attributes stay as they are.
func (o *Operations) inviteAgain(ctx context.Context, pool *directory.Pool, in *api.AdminCreateUserRequest) (*store.User, error) {
	known, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.Directory.User(ctx, tx, pool, in.Username)
	})
	if err != nil {
		return nil, err
	}
	if err := checkInvited(known, in.Username); err != nil {
		return nil, err
	}
	secret, err := o.temporaryPassword(pool, in)
	if err == nil && secret == "" {
		secret = o.Credentials.Temporary(pool)
	}
	if err != nil {
		return nil, err
	}
	password, until, err := o.temporary(pool, known, secret)
	if err != nil {
		return nil, err
	}
	return mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (*store.User, error) {
		u, err := tx.LockUser(ctx, pool.ID, known.Sub)
		if err != nil {
			return nil, err
		}
		if err := checkInvited(u, in.Username); err != nil {
			return nil, err
		}
		list, err := letters(pool, u, in)
		if err != nil {
			return nil, err
		}
		if err := o.setPassword(ctx, tx, pool, u, password, until); err != nil {
			return nil, err
		}
		return u, counted(o.sendInvitations(ctx, tx, out, list, secret))
	})
}

func checkInvited(u *store.User, name string) error {
	if u.Status != api.UserStatusTypeForceChangePassword {
		return api.UnsupportedUserStateException("Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", name)
	}
	return nil
}

// letters are the messages that tell the user.
func letters(pool *directory.Pool, u *store.User, in *api.AdminCreateUserRequest) ([]letter, error) {
	if in.MessageAction == api.MessageActionTypeSuppress || u.Password == nil && u.Status == api.UserStatusTypeConfirmed && !ownInvitation(pool) {
		return nil, nil
	}
	media, err := invitations.Media(u, in.DesiredDeliveryMediums)
	if err != nil {
		return nil, err
	}
	list := make([]letter, 0, len(media))
	for _, medium := range media {
		list = append(list, letter{purpose: messages.AdminCreateUser, pool: pool, user: u, to: current(u, invitations.Attribute(medium))})
	}
	return list, nil
}

// ownInvitation reports whether the pool has an invitation of its own. The
// usual one speaks of a password, which not every user has.
func ownInvitation(pool *directory.Pool) bool {
	admin := pool.Config().AdminCreateUserConfig
	return admin != nil && admin.InviteMessageTemplate != nil
}

func (o *Operations) sendInvitations(ctx context.Context, tx *store.Tx, out *outgoing, list []letter, secret string) error {
	for _, l := range list {
		l.secret, l.out = secret, out
		if err := o.send(ctx, tx, l); err != nil {
			return err
		}
	}
	return nil
}
