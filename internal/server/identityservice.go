package server

import (
	"cognate/internal/api/identity"
	"cognate/internal/cognito/identitypools"
)

type identityPoolOps = identitypools.Operations

// identityService is the whole API of identity pools, made as service is.
type identityService struct {
	*identityPoolOps
}

var _ identity.Service = (*identityService)(nil)

func (p *parts) identityService() identity.Service {
	c := p.cfg
	return &identityService{&identitypools.Operations{
		DB: p.db, Directory: p.directory, Paging: p.paging, Now: c.Now, Region: c.Region, AccountID: c.AccountID,
		Access: p.access, Verifier: p.outside, Tokens: p.identities, UserPoolIssuer: c.issuer, STS: p.remoteSTS, AllowChosenIDs: c.Mode == Dev,
	}}
}
