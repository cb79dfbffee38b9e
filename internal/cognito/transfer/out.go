package transfer

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Transfer reads and writes the users of pools. All fields are set.
type Transfer struct {
	DB        *store.DB
	Directory *directory.Directory
	Now       func() time.Time
}

// MaxPage is the most users that one call gives or takes.
const MaxPage = 10_000

// Page gives up to limit users of a pool by sub, beginning after the sub given, and
// the sub to go on with, empty at the end. Users who come or go meanwhile may be
// left out.
func (t *Transfer) Page(ctx context.Context, poolID, after string, limit int) (rows []Row, next string, err error) {
	if _, err := t.Directory.Pool(ctx, poolID); err != nil {
		return nil, "", err
	}
	type page struct {
		users []*store.User
		own   map[string]*store.Belongings
		more  bool
	}
	query := store.UserQuery{PoolID: poolID, Column: store.ColumnSub, Op: store.OpPrefix, Limit: min(max(limit, 1), MaxPage)}
	if after != "" {
		query.After = &store.UserCursor{Sub: after}
	}
	got, err := store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (page, error) {
		users, more, err := tx.ListUsers(ctx, query)
		if err != nil || len(users) == 0 {
			return page{}, err
		}
		own, err := tx.Belongings(ctx, poolID, users[0].Sub, users[len(users)-1].Sub)
		return page{users: users, own: own, more: more != nil}, err
	})
	if err != nil {
		return nil, "", err
	}
	for _, u := range got.users {
		rows = append(rows, rowOf(u, got.own[u.Sub]))
	}
	if got.more {
		next = got.users[len(got.users)-1].Sub
	}
	return rows, next, nil
}

// ClientSecrets gives the values of a client's secrets, the oldest first.
func (t *Transfer) ClientSecrets(ctx context.Context, poolID, clientID string) ([]string, error) {
	client, err := t.Directory.PoolClient(ctx, poolID, clientID)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(client.Secrets))
	for i, s := range client.Secrets {
		values[i] = s.Value
	}
	return values, nil
}

func rowOf(u *store.User, own *store.Belongings) Row {
	row := Row{User: User{
		Username: u.Username, Sub: u.Sub, UserStatus: u.Status, Enabled: u.Enabled,
		UserCreateDate: api.TimeOf(u.CreatedAt), UserLastModifiedDate: api.TimeOf(u.ModifiedAt),
		Attributes: make([]api.AttributeType, 0, len(u.Attributes)), Pending: u.Pending, MFA: u.MFA,
		PasswordElsewhere: u.PasswordElsewhere, PasswordBlocked: u.PasswordBlocked,
		TemporaryPasswordExpires: timeOf(u.TemporaryPasswordExpiresAt),
	}}
	for i := range u.Attributes {
		row.User.Attributes = append(row.User.Attributes, api.AttributeType{Name: u.Attributes[i].Name, Value: &u.Attributes[i].Value})
	}
	var secrets Secrets
	if u.Password != nil {
		secrets.Password = verifierOf(u.Password)
	}
	if own != nil {
		row.User.add(own)
		secrets.add(own)
	}
	if secrets.Password != nil || len(secrets.History) > 0 || secrets.TOTP != nil || len(secrets.Devices) > 0 {
		row.Secrets = &secrets
	}
	return row
}

// timeOf is the time on the wire; no time stays none.
func timeOf(t time.Time) api.Time {
	if t.IsZero() {
		return api.Time{}
	}
	return api.TimeOf(t)
}

func (u *User) add(own *store.Belongings) {
	u.Groups = own.Groups
	for _, i := range own.Identities {
		identity := Identity{ProviderName: i.Provider, Attribute: i.Attribute, Value: i.Value, Own: i.Own, DateCreated: timeOf(i.CreatedAt)}
		if i.Attribute == store.SubjectAttribute {
			identity.Attribute = ""
		}
		u.Identities = append(u.Identities, identity)
	}
	for _, p := range own.Passkeys {
		u.Passkeys = append(u.Passkeys, Passkey{CredentialID: p.ID, SignCount: p.SignCount, CreatedAt: timeOf(p.CreatedAt), Details: p.Details})
	}
}

func (s *Secrets) add(own *store.Belongings) {
	for _, p := range own.History {
		s.History = append(s.History, PastPassword{*verifierOf(&p.Password), timeOf(p.CreatedAt)})
	}
	if t := own.TOTP; t != nil {
		s.TOTP = &Authenticator{Secret: t.Secret, Name: t.Name, LastStep: t.LastStep, CreatedAt: timeOf(t.CreatedAt)}
	}
	for _, d := range own.Devices {
		s.Devices = append(s.Devices, TrustedDevice{
			DeviceKey: d.ID, Name: d.Name, Remembered: d.Remembered, Secret: *verifierOf(&d.Secret), LastIP: d.LastIP,
			CreatedAt: timeOf(d.CreatedAt), ModifiedAt: timeOf(d.ModifiedAt), AuthenticatedAt: timeOf(d.AuthenticatedAt),
		})
	}
}

func verifierOf(p *store.Password) *Verifier {
	return &Verifier{Salt: p.Salt, Verifier: p.Verifier, Imported: p.Imported}
}
