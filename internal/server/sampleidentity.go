package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api/identity"
)

// The roles of the sample's identity pool. Nobody has put them: in dev they exist by
// their names.
const (
	sampleUserRole  = "cognate-sample-user"
	sampleGuestRole = "cognate-sample-guest"
)

// sampleIdentities makes the identity pool that gives credentials to the users of the
// sample and to guests. One that an earlier start made is used, whatever a developer
// has changed in it since, as long as it knows the sample's client.
func (s *Server) sampleIdentities(ctx context.Context, sample *Sample) error {
	id, err := s.findSampleIdentities(ctx)
	if err != nil {
		return fmt.Errorf("look for the sample's identity pool: %w", err)
	}
	client := identity.CognitoIdentityProvider{ProviderName: sample.provider(), ClientId: sample.ClientID}
	if id == "" {
		id, err = s.makeSampleIdentities(ctx, client)
	} else {
		err = s.admitToSampleIdentities(ctx, id, client)
	}
	if err != nil {
		return fmt.Errorf("make the sample's identity pool: %w", err)
	}
	sample.IdentityPoolID = id
	return nil
}

// findSampleIdentities gives the id of the pool; empty where there is none.
func (s *Server) findSampleIdentities(ctx context.Context) (string, error) {
	for token := ""; ; {
		page, err := s.identities.ListIdentityPools(ctx, &identity.ListIdentityPoolsInput{MaxResults: 60, NextToken: token})
		if err != nil {
			return "", err
		}
		for _, p := range page.IdentityPools {
			if p.IdentityPoolName == sampleName {
				return p.IdentityPoolId, nil
			}
		}
		if token = page.NextToken; token == "" {
			return "", nil
		}
	}
}

func (s *Server) makeSampleIdentities(ctx context.Context, client identity.CognitoIdentityProvider) (string, error) {
	made, err := s.identities.CreateIdentityPool(ctx, &identity.CreateIdentityPoolInput{
		IdentityPoolName: sampleName, AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []identity.CognitoIdentityProvider{client},
	})
	if err != nil {
		return "", err
	}
	role := "arn:aws:iam::" + s.cfg.AccountID + ":role/"
	return made.IdentityPoolId, s.identities.SetIdentityPoolRoles(ctx, &identity.SetIdentityPoolRolesInput{
		IdentityPoolId: made.IdentityPoolId,
		Roles:          map[string]string{"authenticated": role + sampleUserRole, "unauthenticated": role + sampleGuestRole},
	})
}

// admitToSampleIdentities adds the sample's client where the pool does not know it,
// because the sample was deleted and made again.
func (s *Server) admitToSampleIdentities(ctx context.Context, id string, client identity.CognitoIdentityProvider) error {
	pool, err := s.identities.DescribeIdentityPool(ctx, &identity.DescribeIdentityPoolInput{IdentityPoolId: id})
	if err != nil {
		return err
	}
	for _, known := range pool.CognitoIdentityProviders {
		if known.ProviderName == client.ProviderName && known.ClientId == client.ClientId {
			return nil
		}
	}
	pool.CognitoIdentityProviders = append(slices.Clone(pool.CognitoIdentityProviders), client)
	_, err = s.identities.UpdateIdentityPool(ctx, pool)
	return err
}

// provider names the sample's user pool as Logins do.
func (s *Sample) provider() string {
	region, _, _ := strings.Cut(s.UserPoolID, "_")
	return "cognito-idp." + region + ".amazonaws.com/" + s.UserPoolID
}
