package server

import (
	"context"
	"crypto/rand"
	"fmt"

	"cognate/internal/api"
)

// Sample is the pool, client and user that dev makes so that there is
// something to sign in to at once.
type Sample struct {
	UserPoolID string `json:"userPoolId"`
	ClientID   string `json:"clientId"`
	Username   string `json:"username"`
	Password   string `json:"password"`
	Issuer     string `json:"issuer"`
}

const (
	sampleName = "cognate-sample" // of the pool and the client; a tag of that name marks the pool
	sampleUser = "ana@example.com"
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
	return sample, s.sampleUser(ctx, sample)
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
			api.ExplicitAuthFlowsTypeAllowUserSrpAuth, api.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			api.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, api.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	})
	if err != nil {
		return "", err
	}
	return made.UserPoolClient.ClientId, nil
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
