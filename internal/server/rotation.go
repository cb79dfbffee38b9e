package server

import (
	"context"

	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/signingkeys"
	"cognate/internal/store"
	"cognate/internal/web/control"
)

// signingKeys lists and rotates the signing keys of pools for operators; those of
// all identity pools go by the name of their issuer.
func (p *parts) signingKeys() control.Keys {
	rotation := &signingkeys.Rotation{DB: p.db, Directory: p.directory, Source: p.cfg.Keys, Now: p.cfg.Now}
	shown := func(keys []store.SigningKey, err error) ([]control.SigningKey, error) {
		list := make([]control.SigningKey, 0, len(keys))
		for _, k := range keys {
			list = append(list, control.SigningKey{ID: k.ID, Use: k.Use, CreatedAt: k.CreatedAt, SignsAt: k.SignsAt, Until: k.Until})
		}
		return list, err
	}
	return control.Keys{
		List: func(ctx context.Context, poolID string) ([]control.SigningKey, error) {
			if poolID == identitytokens.Provider {
				return shownIdentityKeys(p.identities.Keys(ctx))
			}
			return shown(rotation.List(ctx, poolID))
		},
		Rotate: func(ctx context.Context, poolID string, compromised bool) ([]control.SigningKey, error) {
			if poolID == identitytokens.Provider {
				return shownIdentityKeys(p.identities.Rotate(ctx, compromised))
			}
			return shown(rotation.Rotate(ctx, poolID, compromised))
		},
	}
}

func shownIdentityKeys(keys []store.IdentityKey, err error) ([]control.SigningKey, error) {
	list := make([]control.SigningKey, 0, len(keys))
	for _, k := range keys {
		list = append(list, control.SigningKey{ID: k.ID, Use: "openid", CreatedAt: k.CreatedAt, SignsAt: k.SignsAt, Until: k.Until})
	}
	return list, err
}
