package federated

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/federation"
	"cognate/internal/protocol/saml"
	"cognate/internal/store"
	"cognate/internal/web/domainhost"
)

// serviceProvider is the pool of a domain as a provider sees it (federation.md §3.1).
func (d *Doors) serviceProvider(ctx context.Context, site *domainhost.Site, p *store.IdentityProvider) (saml.ServiceProvider, error) {
	sp := saml.ServiceProvider{
		EntityID: "urn:amazon:cognito:sp:" + p.PoolID, ACS: site.Base + "/saml2/idpresponse", SLO: site.Base + "/saml2/logout",
		SignRequests: p.Settings.Details["RequestSigningAlgorithm"] != "", RequireEncrypted: p.Settings.Details["EncryptedResponses"] == "true",
		Skew: saml.Skew,
	}
	var err error
	if sp.SigningKey, err = d.SAML.SigningKey(ctx, p.PoolID); err != nil {
		return sp, err
	}
	if len(p.Settings.EncryptionKey) > 0 {
		key, err := x509.ParsePKCS8PrivateKey(p.Settings.EncryptionKey)
		if err != nil {
			return sp, fmt.Errorf("read the key of identity provider %s: %w", p.Name, err)
		}
		sp.EncryptionKey, _ = key.(*rsa.PrivateKey)
	}
	return sp, nil
}

// departSAML sends a browser to a SAML provider.
func (d *Doors) departSAML(ctx context.Context, w http.ResponseWriter, site *domainhost.Site, request *authorization.Request,
	provider *store.IdentityProvider, leaving federation.Departure,
) (string, error) {
	metadata, err := d.SAML.Metadata(ctx, provider)
	if err != nil {
		return "", refusal(request, provider, err)
	}
	sp, err := d.serviceProvider(ctx, site, provider)
	if err != nil {
		return "", err
	}
	state := federation.NewState()
	id, location, err := saml.NewAuthnRequest(sp, metadata, state, d.Now())
	if err != nil {
		return "", err
	}
	leaving.RequestID = id
	cookie, err := d.Federation.Depart(ctx, request.Client.PoolID, state, leaving)
	if err != nil {
		return "", err
	}
	d.Cookies.SetState(w, site, cookie)
	return location, nil
}

// fromSAML serves /saml2/idpresponse: an answer to a request, or for providers that
// may begin themselves, one without (federation.md §3.6).
func (d *Doors) fromSAML(ctx context.Context, a *arrival) error {
	relay := a.posted.Get("RelayState")
	back, err := d.Federation.Return(ctx, a.domain.PoolID, a.domain.Name, relay, a.Cookies.State(a.r))
	var request *authorization.Request
	var provider *store.IdentityProvider
	requestID := ""
	switch {
	case errors.Is(err, federation.ErrNoDeparture):
		if request, provider, err = a.unsolicited(ctx, relay); request == nil {
			return err
		}
	case err != nil:
		return err
	default:
		a.Cookies.DropState(a.w, a.site)
		if request, provider, err = a.again(ctx, back.Query, back.Provider); request == nil {
			return err
		}
		requestID = back.RequestID
		if request.Nonce == "" {
			request.Nonce = back.Nonce
		}
	}
	if provider.Type != api.IdentityProviderTypeTypeSaml {
		a.Fail(a.w, a.r, invalidState)
		return nil
	}
	said, err := a.assertion(ctx, provider, requestID)
	if err != nil {
		return a.refuse(ctx, request, provider, err)
	}
	upstream, err := json.Marshal(said.Subject)
	if err != nil {
		return fmt.Errorf("remember a session at %s: %w", provider.Name, err)
	}
	attributes := make(map[string]any, len(said.Attributes))
	for name, values := range said.Attributes {
		switch len(values) {
		case 0:
			attributes[name] = ""
		case 1:
			attributes[name] = values[0]
		default:
			attributes[name] = values
		}
	}
	return a.enter(ctx, request, &federation.Verified{
		Provider: provider, Subject: said.NameID, Issuer: said.Issuer, Said: attributes, Vouched: map[string]any{"samlResponse": attributes},
	}, string(upstream))
}

// assertion checks the answer of a provider and uses it up.
func (a *arrival) assertion(ctx context.Context, provider *store.IdentityProvider, requestID string) (*saml.Assertion, error) {
	metadata, err := a.SAML.Metadata(ctx, provider)
	if err != nil {
		return nil, err
	}
	sp, err := a.serviceProvider(ctx, a.site, provider)
	if err != nil {
		return nil, err
	}
	said, err := saml.ParseResponse(a.posted.Get("SAMLResponse"), saml.Expected{
		SP: sp, Metadata: metadata, InResponseTo: requestID, Now: a.Now(),
		OnlySigned: a.Unopened.Check(ctx, provider.PoolID, provider.Name) != nil,
	})
	if err != nil {
		if refused, ok := errors.AsType[*saml.Error](err); ok && refused.Unopened {
			a.Unopened.Failed(ctx, provider.PoolID, provider.Name)
		}
		return nil, err
	}
	first, err := a.Federation.Spend(ctx, provider.PoolID, provider.Name, said.ID, said.NotOnOrAfter.Add(sp.Skew))
	if err != nil {
		return nil, err
	}
	if !first {
		return nil, &saml.Error{Reason: "The assertion was used before."}
	}
	return said, nil
}

// unsolicited reads what a provider wants that begins itself: the parameters of an
// authorize request in RelayState. No request means that the browser has been sent
// elsewhere.
func (a *arrival) unsolicited(ctx context.Context, relay string) (*authorization.Request, *store.IdentityProvider, error) {
	query, err := url.ParseQuery(relay)
	if err != nil || query.Get("client_id") == "" {
		a.Fail(a.w, a.r, "Invalid samlResponse or relayState from identity provider")
		return nil, nil, nil //nolint:nilerr // told on the page
	}
	name := query.Get("identity_provider")
	if identifier := query.Get("idp_identifier"); name == "" && identifier != "" {
		found, err := a.Directory.ProviderIdentified(ctx, a.domain.PoolID, identifier)
		if err != nil {
			return nil, nil, err
		}
		if found != nil {
			name = found.Name
		}
	}
	request, provider, err := a.again(ctx, relay, name)
	if request == nil {
		return nil, nil, err
	}
	if provider.Settings.Details["IDPInit"] != "true" {
		a.Fail(a.w, a.r, "Invalid relayState from identity provider")
		return nil, nil, nil
	}
	return request, provider, nil
}

// Logout sends a browser to the SAML provider that its session came from, to be
// signed out there as well; empty where that is not wanted. After is where it goes
// in the end (federation.md §3.7).
func (d *Doors) Logout(w http.ResponseWriter, r *http.Request, session *store.SSOSession, after string) (location string, err error) {
	ctx, site := r.Context(), domainhost.From(r.Context())
	provider, err := d.Directory.Provider(ctx, session.PoolID, session.Provider)
	if err != nil || provider == nil || session.Upstream == "" || provider.Type != api.IdentityProviderTypeTypeSaml ||
		provider.Settings.Details["IDPSignout"] != "true" {
		return "", err
	}
	metadata, err := d.SAML.Metadata(ctx, provider)
	if err != nil || metadata.SLORedirect == "" {
		return "", err
	}
	sp, err := d.serviceProvider(ctx, site, provider)
	if err != nil {
		return "", err
	}
	var who saml.Subject
	if err := json.Unmarshal([]byte(session.Upstream), &who); err != nil {
		return "", fmt.Errorf("read a session at %s: %w", provider.Name, err)
	}
	state := federation.NewState()
	id, location, err := saml.NewLogoutRequest(sp, metadata, who, state, d.Now())
	if err != nil {
		return "", err
	}
	cookie, err := d.Federation.Depart(ctx, session.PoolID, state, federation.Departure{
		Provider: provider.Name, Domain: site.Domain.Name, RequestID: id, After: after,
	})
	if err != nil {
		return "", err
	}
	d.Cookies.SetState(w, site, cookie)
	return location, nil
}

// fromLogout serves /saml2/logout: the answer to our request, or a provider's own
// request to sign a user out.
func (d *Doors) fromLogout(ctx context.Context, a *arrival) error {
	if a.posted.Has("SAMLRequest") {
		return a.signOut(ctx)
	}
	back, err := d.Federation.Return(ctx, a.domain.PoolID, a.domain.Name, a.posted.Get("RelayState"), a.Cookies.State(a.r))
	a.Cookies.DropState(a.w, a.site)
	if errors.Is(err, federation.ErrNoDeparture) || err == nil && back.After == "" {
		a.Fail(a.w, a.r, invalidState)
		return nil
	}
	if err != nil {
		return err
	}
	provider, err := d.Directory.Provider(ctx, a.domain.PoolID, back.Provider)
	if err != nil {
		return err
	}
	if provider != nil {
		expected, err := a.expected(ctx, provider, back.RequestID)
		if err != nil {
			return err
		}
		if err := saml.ParseLogoutResponse(a.posted.Get("SAMLResponse"), expected); err != nil {
			// The user is signed out here in any case.
			a.Log.InfoContext(ctx, "an identity provider's answer to a sign-out was refused", "provider", provider.Name, "error", err)
		}
	}
	a.redirect(back.After)
	return nil
}

func (a *arrival) expected(ctx context.Context, provider *store.IdentityProvider, requestID string) (saml.Expected, error) {
	metadata, err := a.SAML.Metadata(ctx, provider)
	if err != nil {
		return saml.Expected{}, err
	}
	sp, err := a.serviceProvider(ctx, a.site, provider)
	return saml.Expected{SP: sp, Metadata: metadata, InResponseTo: requestID, Now: a.Now()}, err
}
