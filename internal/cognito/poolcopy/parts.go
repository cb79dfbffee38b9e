package poolcopy

import (
	"context"
	"fmt"

	"cognate/internal/api"
)

// The largest pages of the lists.
const (
	page60 = 60
	page50 = 50
)

func (r *reader) resourceServers(ctx context.Context) error {
	in := &api.ListResourceServersRequest{UserPoolId: r.poolID, MaxResults: new(int32(page50))}
	for {
		var got api.ListResourceServersResponse
		if err := r.from.Call(ctx, "ListResourceServers", in, &got); err != nil {
			return fmt.Errorf("read the resource servers of pool %s: %w", r.poolID, err)
		}
		for _, s := range got.ResourceServers {
			made := &api.CreateResourceServerRequest{UserPoolId: r.poolID, Identifier: s.Identifier, Name: s.Name, Scopes: s.Scopes}
			if err := r.step("CreateResourceServer", "", s.Identifier, made, nil); err != nil {
				return err
			}
		}
		if in.NextToken = got.NextToken; got.NextToken == "" {
			return nil
		}
	}
}

// providerSecrets are the details that are kept from others.
var providerSecrets = []string{"client_secret", "private_key"}

func (r *reader) providers(ctx context.Context) error {
	in := &api.ListIdentityProvidersRequest{UserPoolId: r.poolID, MaxResults: new(int32(page60))}
	for {
		var got api.ListIdentityProvidersResponse
		if err := r.from.Call(ctx, "ListIdentityProviders", in, &got); err != nil {
			return fmt.Errorf("read the identity providers of pool %s: %w", r.poolID, err)
		}
		for _, p := range got.Providers {
			if err := r.provider(ctx, p.ProviderName); err != nil {
				return err
			}
		}
		if in.NextToken = got.NextToken; got.NextToken == "" {
			return nil
		}
	}
}

func (r *reader) provider(ctx context.Context, name string) error {
	var got api.DescribeIdentityProviderResponse
	in := &api.DescribeIdentityProviderRequest{UserPoolId: r.poolID, ProviderName: name}
	if err := r.from.Call(ctx, "DescribeIdentityProvider", in, &got); err != nil {
		return fmt.Errorf("read the identity provider %s: %w", name, err)
	}
	p := got.IdentityProvider
	if p == nil {
		return fmt.Errorf("read the identity provider %s: the answer is empty", name)
	}
	secrets := map[string]string{}
	for _, key := range providerSecrets {
		if value := p.ProviderDetails[key]; value != "" {
			secrets["ProviderDetails."+key] = value
			delete(p.ProviderDetails, key)
		}
	}
	if p.ProviderType == api.IdentityProviderTypeTypeSaml {
		if p.ProviderDetails["EncryptedResponses"] == "true" {
			r.note("identity provider "+name, "its assertions are encrypted for a new certificate: give it to the provider (DescribeIdentityProvider shows it)")
		}
		for _, made := range []string{"ActiveEncryptionCertificate", "SSORedirectBindingURI", "SLORedirectBindingURI"} {
			delete(p.ProviderDetails, made)
		}
	}
	if p.ProviderType == api.IdentityProviderTypeTypeSignInWithApple && secrets["ProviderDetails.private_key"] == "" {
		r.note("identity provider "+name, "its private key is not shown: give it with --provider-secret %s.private_key=FILE", name)
	}
	r.note("identity provider "+name, "it has to know the new address of the pool's domain (/oauth2/idpresponse or /saml2/idpresponse)")
	made := &api.CreateIdentityProviderRequest{}
	if err := into(p, made); err != nil {
		return err
	}
	return r.step("CreateIdentityProvider", "", name, made, secrets)
}

func (r *reader) groups(ctx context.Context) error {
	in := &api.ListGroupsRequest{UserPoolId: r.poolID, Limit: new(int32(page60))}
	for {
		var got api.ListGroupsResponse
		if err := r.from.Call(ctx, "ListGroups", in, &got); err != nil {
			return fmt.Errorf("read the groups of pool %s: %w", r.poolID, err)
		}
		for _, g := range got.Groups {
			made := &api.CreateGroupRequest{}
			if err := into(&g, made); err != nil {
				return err
			}
			if err := r.step("CreateGroup", "", g.GroupName, made, nil); err != nil {
				return err
			}
		}
		if in.NextToken = got.NextToken; got.NextToken == "" {
			return nil
		}
	}
}

func (r *reader) clients(ctx context.Context) error {
	in := &api.ListUserPoolClientsRequest{UserPoolId: r.poolID, MaxResults: new(int32(page60))}
	for {
		var got api.ListUserPoolClientsResponse
		if err := r.from.Call(ctx, "ListUserPoolClients", in, &got); err != nil {
			return fmt.Errorf("read the clients of pool %s: %w", r.poolID, err)
		}
		for _, c := range got.UserPoolClients {
			if err := r.client(ctx, c.ClientId); err != nil {
				return err
			}
		}
		if in.NextToken = got.NextToken; got.NextToken == "" {
			return nil
		}
	}
}

func (r *reader) client(ctx context.Context, id string) error {
	var got api.DescribeUserPoolClientResponse
	in := &api.DescribeUserPoolClientRequest{UserPoolId: r.poolID, ClientId: id}
	if err := r.from.Call(ctx, "DescribeUserPoolClient", in, &got); err != nil {
		return fmt.Errorf("read client %s: %w", id, err)
	}
	if got.UserPoolClient == nil {
		return fmt.Errorf("read client %s: the answer is empty", id)
	}
	made := &api.CreateUserPoolClientRequest{}
	if err := into(got.UserPoolClient, made); err != nil {
		return err
	}
	if got.UserPoolClient.ClientType == api.ClientTypeTypeDcr {
		// Made by an administrator's request it would sign people in without asking
		// them (security.md S026).
		r.note("client "+made.ClientName, "it registered itself, and is left out: it has to register anew")
		return nil
	}
	var secrets map[string]string
	if made.ClientSecret != "" {
		secrets = map[string]string{"ClientSecret": made.ClientSecret}
		made.ClientSecret = ""
	}
	if a := made.AnalyticsConfiguration; a != nil {
		r.note("client "+made.ClientName, "analytics are not sent to Pinpoint")
	}
	r.clientIDs = append(r.clientIDs, id)
	if err := r.step("CreateUserPoolClient", id, made.ClientName, made, secrets); err != nil || secrets == nil {
		return err
	}
	return r.secondSecret(ctx, id, made.ClientName, secrets["ClientSecret"])
}

func (r *reader) domains(ctx context.Context) error {
	for _, name := range []string{r.config.Domain, r.config.CustomDomain} {
		if name == "" {
			continue
		}
		var got api.DescribeUserPoolDomainResponse
		if err := r.from.Call(ctx, "DescribeUserPoolDomain", &api.DescribeUserPoolDomainRequest{Domain: name}, &got); err != nil {
			return fmt.Errorf("read the domain %s: %w", name, err)
		}
		made := &api.CreateUserPoolDomainRequest{UserPoolId: r.poolID, Domain: name}
		if d := got.DomainDescription; d != nil {
			made.ManagedLoginVersion, made.Routing = d.ManagedLoginVersion, d.Routing
			if d.CustomDomainConfig != nil && d.CustomDomainConfig.CertificateArn != "" {
				made.CustomDomainConfig = d.CustomDomainConfig
				r.note("domain "+name, "its certificate stays where it is: the server gets one by itself, or give it yours; then change the DNS record")
			} else {
				r.note("domain "+name, "its host is another one now: the prefix stands before --domain-suffix of the server")
			}
		}
		if err := r.step("CreateUserPoolDomain", "", name, made, nil); err != nil {
			return err
		}
	}
	return nil
}
