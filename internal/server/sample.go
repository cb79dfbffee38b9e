package server

import (
	"context"
	"crypto/rand"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
	"cognate/internal/web/start"
)

// Sample is the user pool, client and user that dev makes so that there is
// something to sign in to at once, and an identity pool for their credentials.
type Sample struct {
	UserPoolID string `json:"userPoolId"`
	ClientID   string `json:"clientId"`
	Username   string `json:"username"`
	Password   string `json:"password"`
	Issuer     string `json:"issuer"`
	Domain     string `json:"domain"` // base URL of the sign-in pages and the OAuth endpoints

	IdentityPoolID string `json:"identityPoolId"`
}

const (
	sampleName = "cognate-sample" // of the pool and the client; a tag of that name marks the pool
	sampleUser = "ana@example.com"

	samplePrefix = "sample" // of the domain
)

// MakeSample makes the sample through the operations that everybody uses, or
// finds the one that an earlier start made; the user gets a fresh password
// either way, because only its verifier is stored.
func (s *Server) MakeSample(ctx context.Context) (*Sample, error) {
	ctx = api.WithRequest(ctx, &api.RequestInfo{RequestID: "sample", Region: s.cfg.Region})
	if s.stock != nil {
		s.stock.Patient(ctx)
	}
	sample := &Sample{Username: sampleUser, Password: "Dev-" + rand.Text()[:10] + "-1a"}
	var err error
	if sample.UserPoolID, err = s.samplePool(ctx); err != nil {
		return nil, err
	}
	if sample.ClientID, err = s.sampleClient(ctx, sample.UserPoolID); err != nil {
		return nil, err
	}
	sample.Issuer = s.cfg.issuer(sample.UserPoolID)
	if err := s.samplePages(ctx, sample); err != nil {
		return nil, err
	}
	if err := s.sampleUser(ctx, sample); err != nil {
		return nil, err
	}
	if err := s.sampleIdentities(ctx, sample); err != nil {
		return nil, err
	}
	s.sample.Store(sample)
	return sample, nil
}

func (s *Server) samplePool(ctx context.Context) (string, error) {
	for token := ""; ; {
		page, err := s.service.ListUserPools(ctx, &api.ListUserPoolsRequest{MaxResults: 60, NextToken: token})
		if err != nil {
			return "", err
		}
		for _, p := range page.UserPools {
			if p.Name == sampleName {
				return p.Id, nil
			}
		}
		if token = page.NextToken; token == "" {
			break
		}
	}
	made, err := s.service.CreateUserPool(ctx, &api.CreateUserPoolRequest{
		PoolName:               sampleName,
		UsernameAttributes:     []api.UsernameAttributeType{api.UsernameAttributeTypeEmail},
		AutoVerifiedAttributes: []api.VerifiedAttributeType{api.VerifiedAttributeTypeEmail},
		UsernameConfiguration:  &api.UsernameConfigurationType{CaseSensitive: false},
		Policies: &api.UserPoolPolicyType{SignInPolicy: &api.SignInPolicyType{AllowedFirstAuthFactors: []api.AuthFactorType{
			api.AuthFactorTypePassword, api.AuthFactorTypeEmailOtp, api.AuthFactorTypeWebAuthn,
		}}},
	})
	if err != nil {
		return "", err
	}
	return made.UserPool.Id, nil
}

func (s *Server) sampleClient(ctx context.Context, poolID string) (string, error) {
	page, err := s.service.ListUserPoolClients(ctx, &api.ListUserPoolClientsRequest{UserPoolId: poolID, MaxResults: new(int32(60))})
	if err != nil {
		return "", err
	}
	for _, c := range page.UserPoolClients {
		if c.ClientName == sampleName {
			return c.ClientId, nil
		}
	}
	made, err := s.service.CreateUserPoolClient(ctx, &api.CreateUserPoolClientRequest{
		UserPoolId: poolID,
		ClientName: sampleName,
		ExplicitAuthFlows: []api.ExplicitAuthFlowsType{
			api.ExplicitAuthFlowsTypeAllowUserAuth,
			api.ExplicitAuthFlowsTypeAllowUserSrpAuth, api.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			api.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, api.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
		SupportedIdentityProviders:      []string{sso.LocalProvider},
		AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows:               []api.OAuthFlowType{api.OAuthFlowTypeCode},
		AllowedOAuthScopes:              []string{"openid", "email", "phone", "profile", tokens.SelfServiceScope},
		CallbackURLs:                    append([]string{start.CallbackURL(s.cfg.PublicURL)}, s.sampleURLs()...),
		LogoutURLs:                      append([]string{start.BrowserURL(s.cfg.PublicURL) + "/"}, s.sampleURLs()...),
		PreventUserExistenceErrors:      api.PreventUserExistenceErrorTypesEnabled,
	})
	if err != nil {
		return "", err
	}
	return made.UserPoolClient.ClientId, nil
}

// sampleURLs are where apps under development usually listen.
func (s *Server) sampleURLs() []string {
	return []string{
		"http://localhost:3000", "http://localhost:3000/", "http://localhost:3000/api/auth/callback/cognito",
		"http://localhost:4200/", "http://localhost:5173/", "http://localhost:8080/", "http://localhost:8080/login/oauth2/code/cognate",
	}
}

// samplePages gives the sample a domain with managed login in its own style.
func (s *Server) samplePages(ctx context.Context, sample *Sample) error {
	_, err := s.service.CreateUserPoolDomain(ctx, &api.CreateUserPoolDomainRequest{
		UserPoolId: sample.UserPoolID, Domain: samplePrefix, ManagedLoginVersion: new(int32(2)),
	})
	if err != nil && !api.HasCode(err, "InvalidParameterException") { // it has one
		return fmt.Errorf("create the sample's domain: %w", err)
	}
	_, err = s.service.CreateManagedLoginBranding(ctx, &api.CreateManagedLoginBrandingRequest{
		UserPoolId: sample.UserPoolID, ClientId: sample.ClientID, UseCognitoProvidedValues: true,
	})
	if err != nil && !api.HasCode(err, "ManagedLoginBrandingExistsException") {
		return fmt.Errorf("style the sample's pages: %w", err)
	}
	sample.Domain = s.DomainURL(&store.Domain{Name: samplePrefix, Kind: store.DomainPrefix})
	return nil
}

func (s *Server) sampleUser(ctx context.Context, sample *Sample) error {
	_, err := s.service.AdminCreateUser(ctx, &api.AdminCreateUserRequest{
		UserPoolId:    sample.UserPoolID,
		Username:      sample.Username,
		MessageAction: api.MessageActionTypeSuppress,
		UserAttributes: []api.AttributeType{
			{Name: "email", Value: new(sample.Username)},
			{Name: "email_verified", Value: new("true")},
		},
	})
	if err != nil && !api.HasCode(err, "UsernameExistsException") {
		return fmt.Errorf("create the sample user: %w", err)
	}
	_, err = s.service.AdminSetUserPassword(ctx, &api.AdminSetUserPasswordRequest{
		UserPoolId: sample.UserPoolID, Username: sample.Username, Password: sample.Password, Permanent: true,
	})
	return err
}
