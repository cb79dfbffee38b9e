package tokens

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/cognito/directory"
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

	doc familyDoc
}

// Pair is an access and an ID token.
type Pair struct {
	Access, ID string
	ExpiresIn  int32 // life of the access token, in seconds
}

// Mint signs the tokens of a grant: two signatures, one after the other. It
// belongs behind the transaction that the grant comes from.
func (t *Tokens) Mint(ctx context.Context, g Grant) (*Pair, error) {
	keys, err := t.keysOf(ctx, g.Client.PoolID)
	if err != nil {
		return nil, err
	}
	if len(g.Family.Doc) > 0 {
		if err := json.Unmarshal(g.Family.Doc, &g.doc); err != nil {
			return nil, fmt.Errorf("read token family %s: %w", g.Family.ID, err)
		}
	}
	issuer := t.Issuer(g.Client.PoolID)
	access, id := g.accessClaims(issuer), g.idClaims(issuer)
	pair := &Pair{ExpiresIn: int32(g.Client.AccessTokenLifetime() / time.Second)}
	t.Cores.Do(func() {
		if pair.Access, err = jwt.Sign(keys.access.key, keys.access.kid, access); err != nil {
			return
		}
		pair.ID, err = jwt.Sign(keys.id.key, keys.id.kid, id)
	})
	if err != nil {
		return nil, err
	}
	return pair, nil
}
