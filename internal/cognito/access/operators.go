package access

// The actions that operators need for entries of this package.
const (
	CreateAccessKey = "cognate:CreateAccessKey"
	ListAccessKeys  = "cognate:ListAccessKeys"
	RotateAccessKey = "cognate:RotateAccessKey"
	DeleteAccessKey = "cognate:DeleteAccessKey"
	PutUser         = "cognate:PutUser"
	PutRole         = "cognate:PutRole"
	ListRoles       = "cognate:ListRoles"
	DeleteRole      = "cognate:DeleteRole"
	PutProvider     = "cognate:PutProvider"
	ListProviders   = "cognate:ListProviders"
	DeleteProvider  = "cognate:DeleteProvider"
)

var entryActions = []string{
	CreateAccessKey, ListAccessKeys, RotateAccessKey, DeleteAccessKey, PutUser,
	PutRole, ListRoles, DeleteRole, PutProvider, ListProviders, DeleteProvider,
}
