package tokens

import (
	"context"
	"encoding/json"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/identities"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// Grant is what tokens are made of: who may have them, and the family they
// belong to.
type Grant struct {
	Client *directory.Client
	User   *store.User
	Groups []*store.Group // best precedence first
	Family *store.Family
	At     time.Time // when the tokens are issued
	// Override is what the pool's function wants otherwise.
	Override Override
	// Nonce is that of an authorize request, for the first ID token.
	Nonce string

	doc        familyDoc
	identities json.RawMessage // of the user at other providers, or nil
}

// Pair is an access and an ID token. Without the scope openid there is no ID token.
type Pair struct {
	Access, ID string
	ExpiresIn  int32 // life of the access token, in seconds
}

// Mint signs the tokens of a grant: two signatures, one after the other. It
// belongs behind the transaction that the grant comes from.
func (t *Tokens) Mint(ctx context.Context, g Grant) (*Pair, error) {
	keys, err := t.keysOf(ctx, g.Client.Pool)
	if err != nil {
		return nil, err
	}
	if g.doc, err = readDoc(g.Family); err != nil {
		return nil, err
	}
	if g.identities, err = identities.Claim(g.User); err != nil {
		return nil, err
	}
	issuer := t.Issuer(g.Client.PoolID)
	access := g.accessClaims(issuer)
	pair := &Pair{ExpiresIn: int32(g.Client.AccessTokenLifetime() / time.Second)}
	t.Cores.Do(func() {
		if pair.Access, err = jwt.Sign(keys.access.key, keys.access.kid, access); err != nil || !g.doc.openID() {
			return
		}
		pair.ID, err = jwt.Sign(keys.id.key, keys.id.kid, g.idClaims(issuer, pair.Access))
	})
	if err != nil {
		return nil, err
	}
	return pair, nil
}

// MintMachine signs the access token of a client that acts for itself
// (tokens.md §4). Nothing of it is stored.
func (t *Tokens) MintMachine(ctx context.Context, c *directory.Client, scopes []string, override Override) (*Pair, error) {
	keys, err := t.keysOf(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	claims := machineClaims(c, t.Issuer(c.PoolID), t.Now().Unix(), scopes, override)
	pair := &Pair{ExpiresIn: int32(c.AccessTokenLifetime() / time.Second)}
	t.Cores.Do(func() { pair.Access, err = jwt.Sign(keys.access.key, keys.access.kid, claims) })
	if err != nil {
		return nil, err
	}
	return pair, nil
}
