package access

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"time"

	"cognate/internal/protocol/sigv4"
	"cognate/internal/store"
)

// keyForm is the form of access key ids that Cognate makes.
var keyForm = regexp.MustCompile(`^A[KS]IA[A-Z2-7]{16}$`)

// usedEvery is how exactly the last use of a key is remembered.
const usedEvery = time.Hour

// keyEntry is an access key of a user.
type keyEntry struct {
	row       store.AccessKey
	principal *Principal
}

// Key finds the key that a request is signed with and whose it is, by the access
// key id and, for temporary credentials, the session token. False means that there
// is none, or that the token is not this key's; an error refuses the request.
//
// Expired credentials are found: Claim.Verify refuses them by their end.
func (a *Access) Key(ctx context.Context, accessKeyID, sessionToken string) (sigv4.Key, *Principal, bool, error) {
	if accessKeyID != "" && accessKeyID == a.Root.ID && sessionToken == "" {
		return sigv4.Key{Secret: a.Root.Secret}, a.rootPrincipal(accessKeyID), true, nil
	}
	if !keyForm.MatchString(accessKeyID) {
		return sigv4.Key{}, nil, false, nil
	}
	if sessionToken != "" {
		return a.sessionKey(ctx, accessKeyID, sessionToken)
	}
	e, known, err := a.userKey(ctx, accessKeyID)
	if err != nil || !known || !e.row.Active || e.row.Dev && !a.Dev {
		return sigv4.Key{}, nil, false, err
	}
	return sigv4.Key{Secret: e.row.Secret}, e.principal, true, nil
}

// Authenticate finds who signed a request, or refuses it with a *sigv4.Error. In
// dev, credentials that Cognate has not made are the first administrator's. The
// Region is the one that was signed for, empty where no credential names one.
func (a *Access) Authenticate(ctx context.Context, signed sigv4.Request, o sigv4.Options) (who *Principal, region string, err error) {
	if a.Dev {
		ours, region, err := a.unchecked(ctx, signed)
		if err != nil || ours != nil {
			return ours, region, err
		}
	}
	claim, err := sigv4.Parse(signed, o)
	if err != nil {
		return nil, "", err
	}
	key, who, known, err := a.Key(ctx, claim.AccessKeyID, claim.SessionToken)
	if err != nil {
		return nil, "", fmt.Errorf("find access key: %w", err)
	}
	if err := claim.Verify(key, known, o.Now); err != nil {
		return nil, "", err
	}
	return who, claim.Region, a.used(ctx, who, o.Now)
}

// unchecked gives the principal of credentials that Cognate has not made; nil
// where they are its own and have to be verified.
func (a *Access) unchecked(ctx context.Context, signed sigv4.Request) (*Principal, string, error) {
	id, region, _ := sigv4.Scope(signed)
	token := signed.Header.Get("X-Amz-Security-Token")
	if query, err := url.ParseQuery(signed.RawQuery); err == nil && token == "" {
		token = query.Get("X-Amz-Security-Token")
	}
	if id != "" && id != a.Root.ID {
		_, _, ours, err := a.Key(ctx, id, token)
		if err != nil || ours {
			return nil, "", err
		}
	}
	return a.Unchecked(id), region, nil
}

// Unchecked is the principal of credentials that nobody has checked: the first
// administrator. It is for dev alone.
func (a *Access) Unchecked(accessKeyID string) *Principal {
	p := a.rootPrincipal(accessKeyID)
	p.Unchecked = true
	return p
}

func (a *Access) rootPrincipal(accessKeyID string) *Principal {
	p := &Principal{Kind: Root, ARN: a.iamARN("root"), UserID: a.AccountID, Account: a.AccountID, AccessKeyID: accessKeyID}
	p.describe()
	return p
}

// userKey finds the key of a user with the rights that it has.
func (a *Access) userKey(ctx context.Context, id string) (*keyEntry, bool, error) {
	return a.keys.find(ctx, id, a.Now(), func(ctx context.Context) (*keyEntry, bool, error) {
		type found struct {
			key  store.AccessKey
			user *store.AccessUser
		}
		rows, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (found, error) {
			key, ok, err := tx.AccessKey(ctx, id)
			if err != nil || !ok || key.UserName == "" {
				return found{}, err
			}
			user, _, err := tx.AccessUser(ctx, key.UserName)
			return found{key, user}, err
		})
		if err != nil || rows.user == nil {
			return nil, false, err
		}
		p, err := a.userPrincipal(rows.user, rows.key)
		if err != nil {
			return nil, false, err
		}
		return &keyEntry{rows.key, p}, true, nil
	})
}

func (a *Access) userPrincipal(u *store.AccessUser, k store.AccessKey) (*Principal, error) {
	p := &Principal{
		Kind: User, ARN: a.iamARN("user/" + u.Name), UserID: u.ID, Account: a.AccountID,
		AccessKeyID: k.ID, UserName: u.Name, Tags: u.Settings.Tags,
	}
	var err error
	p.sourceBounds = together(u.Settings.Bounds, k.Bounds)
	if p.rights, err = a.rights(u.Settings.Policies, u.Settings.Boundary, p.sourceBounds); err != nil {
		return nil, fmt.Errorf("compile the rights of user %s: %w", u.Name, err)
	}
	p.source = store.Bounds{Policies: u.Settings.Policies, Boundary: u.Settings.Boundary}
	p.describe()
	return p, nil
}

// used remembers, about once an hour, that a user's key was used.
func (a *Access) used(ctx context.Context, p *Principal, now time.Time) error {
	if p.Kind != User {
		return nil
	}
	e, known, err := a.userKey(ctx, p.AccessKeyID)
	if err != nil || !known || now.Sub(e.row.UsedAt) < usedEvery {
		return err
	}
	_, err = store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.TouchAccessKey(ctx, p.AccessKeyID, now)
	})
	a.keys.forget()
	return err
}
