package server

import "cognate/internal/api/identity"

// identityService is the whole API of identity pools, made as service is.
type identityService struct {
	laterIdentity
}

// laterIdentity holds the operations that are not built yet.
type laterIdentity struct{ identity.Unimplemented }

var _ identity.Service = (*identityService)(nil)

func (p *parts) identityService() identity.Service {
	return &identityService{}
}
