package testidp

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"cognate/internal/api"
)

// serviceProvider is the name of a pool in SAML, before its id (federation.md §3.1).
const serviceProvider = "urn:amazon:cognito:sp:"

// samlPool is what the SAML provider knows of a pool.
type samlPool struct {
	signers []*x509.Certificate // that the pool signs with
	// Of the pool's first provider that has this metadata.
	provider       string // name; empty: there is none
	begins         bool   // IDPInit
	signs          bool   // requests to sign in
	wantsEncrypted bool
	encryption     *rsa.PublicKey
}

// poolOf asks the pool that an entity of SAML is.
func (p *Providers) poolOf(ctx context.Context, entityID string) (*samlPool, error) {
	id, ok := strings.CutPrefix(entityID, serviceProvider)
	if !ok {
		return nil, fmt.Errorf("%q is no user pool", entityID)
	}
	ctx = asking(ctx, id)
	pool := &samlPool{}
	made, err := p.pools.GetSigningCertificate(ctx, &api.GetSigningCertificateRequest{UserPoolId: id})
	if err != nil {
		return nil, fmt.Errorf("ask for the certificate of pool %s: %w", id, err)
	}
	if made.Certificate == nil {
		return nil, fmt.Errorf("pool %s has no certificate", id)
	}
	signer, err := certificateOf(*made.Certificate)
	if err != nil {
		return nil, fmt.Errorf("read the certificate of pool %s: %w", id, err)
	}
	pool.signers = []*x509.Certificate{signer}
	for token := ""; ; {
		list, err := p.pools.ListIdentityProviders(ctx, &api.ListIdentityProvidersRequest{UserPoolId: id, MaxResults: new(int32(60)), NextToken: token})
		if err != nil {
			return nil, fmt.Errorf("list the providers of pool %s: %w", id, err)
		}
		for _, one := range list.Providers {
			if one.ProviderType != api.IdentityProviderTypeTypeSaml {
				continue
			}
			if err := p.describe(ctx, pool, id, one.ProviderName); err != nil || pool.provider != "" {
				return pool, err
			}
		}
		if token = list.NextToken; token == "" {
			return pool, nil
		}
	}
}

// describe takes up what a provider of a pool says, if it is this one.
func (p *Providers) describe(ctx context.Context, pool *samlPool, poolID, name string) error {
	described, err := p.pools.DescribeIdentityProvider(ctx, &api.DescribeIdentityProviderRequest{UserPoolId: poolID, ProviderName: name})
	if err != nil {
		return fmt.Errorf("ask for provider %s of pool %s: %w", name, poolID, err)
	}
	details := described.IdentityProvider.ProviderDetails
	if details["SSORedirectBindingURI"] != p.URL(SAML)+"/sso" {
		return nil
	}
	pool.provider, pool.begins = name, details["IDPInit"] == "true"
	pool.signs, pool.wantsEncrypted = details["RequestSigningAlgorithm"] != "", details["EncryptedResponses"] == "true"
	certificate, err := certificateOf(details["ActiveEncryptionCertificate"])
	if err != nil {
		return fmt.Errorf("read the certificate of provider %s: %w", name, err)
	}
	var ok bool
	if pool.encryption, ok = certificate.PublicKey.(*rsa.PublicKey); !ok {
		return fmt.Errorf("the certificate of provider %s has no RSA key", name)
	}
	return nil
}

// certificateOf reads a certificate in PEM form, with or without the lines around it.
func certificateOf(text string) (*x509.Certificate, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return x509.ParseCertificate(block.Bytes)
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, fmt.Errorf("read a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// asking gives a context for operations of the API, in the Region of a pool.
func asking(ctx context.Context, poolID string) context.Context {
	region, _, _ := strings.Cut(poolID, "_")
	return api.WithRequest(ctx, &api.RequestInfo{RequestID: uuid.NewString(), Region: region})
}

// begin lets the SAML provider begin: the form says for which app and where.
func (p *Providers) begin(w http.ResponseWriter, r *http.Request) {
	v, err := p.unasked(r)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	p.arrived(w, r, v, false)
}

func (p *Providers) unasked(r *http.Request) (*visit, error) {
	form := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	domain, client, redirect := strings.TrimRight(form("domain"), "/"), form("client_id"), form("redirect_uri")
	at, err := url.Parse(domain)
	if err != nil || !webAddress(domain) || client == "" || !webAddress(redirect) {
		return nil, errors.New("the domain and the redirect URI have to be addresses, and there has to be a client")
	}
	id, err := p.poolAt(r.Context(), at)
	if err != nil {
		return nil, err
	}
	pool, err := p.poolOf(r.Context(), serviceProvider+id)
	switch {
	case err != nil:
		return nil, err
	case pool.provider == "":
		return nil, fmt.Errorf("pool %s has no provider with the metadata of %s", id, p.URL(SAML)+"/metadata")
	}
	scope := form("scope")
	if scope == "" {
		scope = "openid"
	}
	relay := url.Values{
		"identity_provider": {pool.provider}, "client_id": {client}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {scope},
	}
	return &visit{kind: SAML, at: p.now(), clientID: client, redirectURI: redirect, saml: &samlRequest{
		sp: serviceProvider + id, acs: domain + "/saml2/idpresponse", relayState: relay.Encode(),
	}}, nil
}

// poolAt finds the pool of a domain: a custom one, or a prefix, in the host name or,
// for tools that cannot set hosts, in the path.
func (p *Providers) poolAt(ctx context.Context, at *url.URL) (string, error) {
	prefix, _, _ := strings.Cut(at.Hostname(), ".")
	if name, ok := strings.CutPrefix(at.Path, "/_domains/"); ok {
		prefix = name
	}
	for _, name := range []string{at.Hostname(), prefix} {
		found, err := p.pools.DescribeUserPoolDomain(asking(ctx, ""), &api.DescribeUserPoolDomainRequest{Domain: name})
		if err == nil && found.DomainDescription != nil && found.DomainDescription.UserPoolId != "" {
			return found.DomainDescription.UserPoolId, nil
		}
	}
	return "", fmt.Errorf("no pool has the domain %s", at.Hostname())
}
