package users

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// SignUp registers a user, who stays unconfirmed until the code that is sent
// has been entered (spec/users-and-pools.md §6). A user whose code could not
// be sent exists all the same.
func (o *Operations) SignUp(ctx context.Context, in *api.SignUpRequest) (*api.SignUpResponse, error) {
	return o.signUp(ctx, in, sessions.Public)
}

// SignUpOnPage is SignUp for the pages of a pool's domain: its Session is for
// them, remembers the password that was set, and every client gets one.
func (o *Operations) SignUpOnPage(ctx context.Context, in *api.SignUpRequest) (*api.SignUpResponse, error) {
	return o.signUp(ctx, in, sessions.Pages)
}

func (o *Operations) signUp(ctx context.Context, in *api.SignUpRequest, door sessions.Door) (*api.SignUpResponse, error) {
	client, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	if admin := pool.Config().AdminCreateUserConfig; admin != nil && admin.AllowAdminCreateUserOnly {
		return nil, api.NotAuthorizedException("SignUp is not permitted for this user pool")
	}
	u, nameAttribute, err := o.registration(client, in)
	if err != nil {
		return nil, err
	}
	if u.Password, err = o.firstPassword(ctx, client, u, in); err != nil {
		return nil, err
	}
	on := triggers.Of(client, u, in.ClientMetadata)
	confirm, err := o.preSignUp(ctx, on, triggers.BySignUp, in.ValidationData)
	if err != nil {
		return nil, err
	}
	n := newcomer{client: client, user: u, name: in.Username, nameAttribute: nameAttribute, hides: client.HidesSignUps() && !confirm}
	n.to, n.send = signUpAddress(pool, u)
	n.from = threats.PublicContext(in.UserContextData)
	if confirm {
		u.Status, n.send = api.UserStatusTypeConfirmed, false
	}
	details, err := mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (*api.CodeDeliveryDetailsType, error) {
		return o.enrol(ctx, tx, out, n)
	})
	if api.HasCode(err, "UsernameExistsException") {
		details, err = o.overtaken(ctx, n, err)
	}
	if err != nil {
		return nil, err
	}
	if err := o.postConfirmation(ctx, on, u); err != nil {
		return nil, err
	}
	answer := &api.SignUpResponse{UserSub: u.Sub, UserConfirmed: confirm, CodeDeliveryDetails: details}
	if answer.Session, err = o.signUpSession(client, u, door, sessions.State{Step: sessions.SigningUp, Password: credentials.Fingerprint(u.Password)}); err != nil {
		return nil, err
	}
	return answer, nil
}

// newcomer is somebody who signs up.
type newcomer struct {
	client        *directory.Client
	user          *store.User
	name          string // as submitted
	nameAttribute string // of which it is the value, if it is one
	to            address
	send          bool // a code, to that address
	hides         bool // whether the name is taken
	from          threats.Context
}

// enrol is the transaction of a sign-up.
func (o *Operations) enrol(ctx context.Context, tx *store.Tx, out *outgoing, n newcomer) (*api.CodeDeliveryDetailsType, error) {
	pool := n.client.Pool
	if err := o.Limits.CountSignUp(ctx, tx, pool.ID, n.name); err != nil {
		return nil, err
	}
	if n.hides {
		owner, err := o.ownerOf(ctx, tx, pool, n.user)
		if err != nil {
			return nil, err
		}
		if owner != nil {
			return o.tellOwner(ctx, tx, n, owner)
		}
	}
	if err := o.insert(ctx, tx, pool, n.user, n.nameAttribute); err != nil {
		return nil, err
	}
	if err := o.Threats.Note(ctx, tx, api.EventTypeSignUp, n.client, n.user, n.from, api.EventResponseTypePass); err != nil || !n.send {
		return nil, err
	}
	at := codes.Slot{PoolID: pool.ID, Subject: limits.Subject(n.user, ""), Purpose: codes.SignUp}
	l := letter{out: out, purpose: messages.SignUp, pool: pool, client: n.client, user: n.user, to: n.to}
	details, err := o.sendCode(ctx, tx, at, l)
	return details, counted(err)
}

// registration makes the user that a sign-up asks for, without a password,
// and tells which attribute the user name is, if it is one.
func (o *Operations) registration(client *directory.Client, in *api.SignUpRequest) (u *store.User, nameAttribute string, err error) {
	pool := client.Pool
	if nameAttribute, err = attributes.NewUsername(pool.Config(), in.Username); err != nil {
		return nil, "", err
	}
	for _, a := range in.UserAttributes {
		if _, known := pool.Schema.Lookup(a.Name); known && !client.Writable(a.Name) {
			return nil, "", unauthorizedWrite()
		}
	}
	given, err := withName(pool, in.UserAttributes, nameAttribute, in.Username)
	if err != nil {
		return nil, "", err
	}
	if err := pool.Schema.CheckNew(given, true); err != nil {
		return nil, "", err
	}
	if attributes.Alias(pool.Config(), attributes.PreferredUsername) && attributes.Map(given)[attributes.PreferredUsername] != "" {
		return nil, "", api.InvalidParameterException("User cannot be created with a preferred_username alias until confirmed")
	}
	u = o.newUser(pool, in.Username, nameAttribute, given)
	u.Status = api.UserStatusTypeUnconfirmed
	for _, attribute := range []string{attributes.Email, attributes.PhoneNumber} {
		if u.Attributes.Has(attribute) {
			u.Attributes.Set(attributes.VerifiedFlag(attribute), "false")
		}
	}
	return u, nameAttribute, nil
}

// withName adds the attribute that the user name is the value of. Given as
// well, it must say the same.
func withName(pool *directory.Pool, given []api.AttributeType, nameAttribute, username string) ([]api.AttributeType, error) {
	if nameAttribute == "" {
		return given, nil
	}
	i := slices.IndexFunc(given, func(a api.AttributeType) bool { return a.Name == nameAttribute })
	if i < 0 {
		return append(slices.Clone(given), api.AttributeType{Name: nameAttribute, Value: &username}), nil
	}
	if given[i].Value == nil || pool.Fold(*given[i].Value) != pool.Fold(username) {
		return nil, api.InvalidParameterException("Username and %s attribute must be the same.", nameAttribute)
	}
	return given, nil
}

// newUser makes a user from checked attributes. In a pool where addresses are
// user names, the user name that is stored is the sub.
func (o *Operations) newUser(pool *directory.Pool, username, nameAttribute string, given []api.AttributeType) *store.User {
	now := o.Now()
	u := &store.User{
		PoolID: pool.ID, Sub: newSub(), Username: username,
		Enabled: true, CreatedAt: now, ModifiedAt: now,
	}
	if nameAttribute != "" {
		u.Username = u.Sub
	}
	values := attributes.Map(given)
	for _, a := range given {
		if value := values[a.Name]; value != "" {
			u.Attributes.Set(a.Name, value)
		}
	}
	return u
}

// firstPassword checks the password of a sign-up and makes its verifier. Only
// pools whose users can sign in with a code may do without one.
func (o *Operations) firstPassword(ctx context.Context, client *directory.Client, u *store.User, in *api.SignUpRequest) (*store.Password, error) {
	pool := client.Pool
	if in.Password == nil {
		if !passwordless(pool) {
			return nil, api.InvalidParameterException("Password is required")
		}
		return nil, o.admit(ctx, client, in.Username)
	}
	if err := o.Credentials.CheckPolicy(pool, *in.Password); err != nil {
		return nil, err
	}
	if err := o.Threats.CheckPassword(ctx, pool, client, api.EventFilterTypeSignUp, *in.Password); err != nil {
		return nil, err
	}
	if err := o.admit(ctx, client, in.Username); err != nil {
		return nil, err
	}
	return o.Credentials.New(pool, u.Username, *in.Password)
}

// insert stores a new user and claims the sign-in names.
func (o *Operations) insert(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, nameAttribute string) error {
	if err := tx.InsertUser(ctx, u); err != nil {
		return err
	}
	taken, err := o.claim(ctx, tx, pool, u, false)
	switch {
	case err != nil:
		return err
	case taken == nil:
		return o.Credentials.Remember(ctx, tx, pool, u)
	case taken.Kind == store.NameUsername || taken.Kind == nameAttribute:
		return api.UsernameExistsException("User already exists")
	case attributes.UsernameAttribute(pool.Config(), taken.Kind):
		return attributes.Taken(api.UsernameExistsException, taken.Kind)
	}
	return attributes.Taken(api.AliasExistsException, taken.Kind) // a function verified it
}

// passwordless reports whether users of the pool can sign in with a code
// instead of a password.
func passwordless(pool *directory.Pool) bool {
	policies := pool.Config().Policies
	if policies == nil || policies.SignInPolicy == nil {
		return false
	}
	return slices.ContainsFunc(policies.SignInPolicy.AllowedFirstAuthFactors, func(f api.AuthFactorType) bool {
		return f == api.AuthFactorTypeEmailOtp || f == api.AuthFactorTypeSmsOtp
	})
}

// unauthorizedWrite is the answer to a client that sets what it may not.
func unauthorizedWrite() error {
	return api.NotAuthorizedException("A client attempted to write unauthorized attribute")
}
