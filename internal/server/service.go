package server

import (
	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/branding"
	"cognate/internal/cognito/clients"
	"cognate/internal/cognito/devices"
	"cognate/internal/cognito/domains"
	"cognate/internal/cognito/factors"
	"cognate/internal/cognito/groups"
	"cognate/internal/cognito/imports"
	"cognate/internal/cognito/passkeys"
	"cognate/internal/cognito/pools"
	"cognate/internal/cognito/providers"
	"cognate/internal/cognito/quotas"
	"cognate/internal/cognito/resourceservers"
	"cognate/internal/cognito/risk"
	"cognate/internal/cognito/signin"
	"cognate/internal/cognito/terms"
	"cognate/internal/cognito/users"
	"cognate/internal/cognito/usersessions"
)

// Each package of operations under a name of its own, so that they can be
// embedded side by side.
type (
	poolOps    = pools.Operations
	clientOps  = clients.Operations
	factorOps  = factors.Operations
	groupOps   = groups.Operations
	userOps    = users.Operations
	signinOps  = signin.Operations
	passkeyOps = passkeys.Operations
	trackOps   = usersessions.Operations
	deviceOps  = devices.Operations
	riskOps    = risk.Operations
	domainOps  = domains.Operations
	serverOps  = resourceservers.Operations
	oauthOps   = authorization.Operations
	brandOps   = branding.Operations
	termsOps   = terms.Operations
	idpOps     = providers.Operations
	importOps  = imports.Operations
	quotaOps   = quotas.Operations
)

// service is the whole API. A method of the embedded operations wins over
// the one of later, which lies a level deeper; an operation written twice
// does not compile.
type service struct {
	*poolOps
	*clientOps
	*factorOps
	*groupOps
	*userOps
	*signinOps
	*passkeyOps
	*deviceOps
	*riskOps
	*trackOps
	*domainOps
	*serverOps
	*oauthOps
	*brandOps
	*termsOps
	*idpOps
	*importOps
	*quotaOps
	later
}

// later holds the operations that are not built yet.
type later struct{ api.Unimplemented }

var _ api.Service = (*service)(nil)
