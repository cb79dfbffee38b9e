package federated

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"cognate/internal/api"
	"cognate/internal/protocol/saml"
	"cognate/internal/store"
)

// signOut serves the request of a provider to sign a user out (federation.md §3.7).
// It comes by a POST of the provider's own page, with which browsers send no cookie
// of the session: that is Lax. What the signed request names ends, wherever it is
// (S104).
func (a *arrival) signOut(ctx context.Context) error {
	provider, expected, asked, err := a.logoutRequest(ctx)
	if err != nil {
		return err
	}
	if asked == nil {
		a.Fail(a.w, a.r, invalidState)
		return nil
	}
	first, err := a.Federation.Spend(ctx, provider.PoolID, provider.Name, asked.ID, asked.NotOnOrAfter.Add(expected.SP.Skew))
	if err != nil {
		return err
	}
	if !first {
		a.Fail(a.w, a.r, invalidState)
		return nil
	}
	err = a.Sessions.EndUpstream(ctx, provider.PoolID, provider.Name, asked.NameID, func(upstream string) bool {
		var who saml.Subject
		return json.Unmarshal([]byte(upstream), &who) == nil && concerns(asked, who)
	})
	if err != nil {
		return err
	}
	if expected.Metadata.SLOResponse == "" {
		return nil // nowhere to answer to
	}
	location, err := saml.NewLogoutResponse(expected.SP, expected.Metadata, asked.ID, a.posted.Get("RelayState"), a.Now())
	if err != nil {
		return err
	}
	a.redirect(location)
	return nil
}

// logoutRequest reads a request to sign out, and finds the provider of the pool
// that signed it; nil where none did.
func (a *arrival) logoutRequest(ctx context.Context) (*store.IdentityProvider, saml.Expected, *saml.LogoutRequest, error) {
	raw := a.posted.Get("SAMLRequest")
	issuer, err := saml.UnverifiedIssuer(raw)
	if err != nil {
		return nil, saml.Expected{}, nil, nil //nolint:nilerr // told on the page
	}
	providers, err := a.Directory.Providers(ctx, a.domain.PoolID)
	if err != nil {
		return nil, saml.Expected{}, nil, err
	}
	for _, p := range providers {
		if p.Type != api.IdentityProviderTypeTypeSaml {
			continue
		}
		expected, err := a.expected(ctx, p, "")
		if err != nil {
			// One provider without metadata must not keep the others from signing out.
			a.Log.WarnContext(ctx, "a request to sign out was not compared with an identity provider", "provider", p.Name, "error", err)
			continue
		}
		if expected.Metadata.EntityID != issuer {
			continue
		}
		asked, err := saml.ParseLogoutRequest(raw, expected)
		if err == nil {
			return p, expected, asked, nil
		}
		if _, refused := errors.AsType[*saml.Error](err); !refused {
			return nil, saml.Expected{}, nil, err
		}
		a.Log.InfoContext(ctx, "a request to sign out was refused", "provider", p.Name, "error", err)
	}
	return nil, saml.Expected{}, nil, nil
}

// concerns reports whether a request to sign out means a session.
func concerns(asked *saml.LogoutRequest, who saml.Subject) bool {
	return asked.NameID == who.NameID && (len(asked.SessionIndexes) == 0 || slices.Contains(asked.SessionIndexes, who.SessionIndex))
}
