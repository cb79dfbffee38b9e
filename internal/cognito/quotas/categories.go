package quotas

// A Category is what requests are counted by.
type Category string

// The categories of the service.
const (
	UserAuthentication     Category = "UserAuthentication"
	UserCreation           Category = "UserCreation"
	UserFederation         Category = "UserFederation"
	UserAccountRecovery    Category = "UserAccountRecovery"
	UserRead               Category = "UserRead"
	UserUpdate             Category = "UserUpdate"
	UserToken              Category = "UserToken"
	UserResourceRead       Category = "UserResourceRead"
	UserResourceUpdate     Category = "UserResourceUpdate"
	UserList               Category = "UserList"
	UserPoolRead           Category = "UserPoolRead"
	UserPoolUpdate         Category = "UserPoolUpdate"
	UserPoolResourceRead   Category = "UserPoolResourceRead"
	UserPoolResourceUpdate Category = "UserPoolResourceUpdate"
	UserPoolClientRead     Category = "UserPoolClientRead"
	UserPoolClientUpdate   Category = "UserPoolClientUpdate"
	ClientAuthentication   Category = "ClientAuthentication"
	LimitManagement        Category = "LimitManagement"
)

// IdentityPoolsManagement is the category of the operations of identity pools that
// AWS does not bound by themselves.
const IdentityPoolsManagement Category = "IdentityPools"

// identityPools are the rates of identity pools, by operation: those that the
// service's documentation of quotas has, and one for all others.
var identityPools = map[Category]rule{
	"GetId":                              {rate: 25},
	"GetOpenIdToken":                     {rate: 200},
	"GetCredentialsForIdentity":          {rate: 200},
	"GetOpenIdTokenForDeveloperIdentity": {rate: 50},
	"ListIdentities":                     {rate: 5},
	"DeleteIdentities":                   {rate: 10},
	"identity:TagResource":               {rate: 5}, // user pools have operations of these names
	"identity:UntagResource":             {rate: 5},
	"identity:ListTagsForResource":       {rate: 10},
	IdentityPoolsManagement:              {rate: 25},
}

// SecurityTokens is the category of every operation of STS: AWS counts them together,
// with a rate that is no quota of this service.
const SecurityTokens Category = "SecurityTokenService"

const securityTokensRate = 600

// rule is what is known of a category.
type rule struct {
	rate           int64 // requests per second by default
	adjustable     bool  // its rate can be provisioned
	administration bool  // of pools and clients: bounded for each operation and pool besides
}

// rules are the defaults of AWS (spec/newest-features.md §9 and
// spec/users-and-pools.md §25).
var rules = map[Category]rule{
	UserAuthentication:     {rate: 120, adjustable: true},
	UserCreation:           {rate: 50, adjustable: true},
	UserFederation:         {rate: 25, adjustable: true},
	UserAccountRecovery:    {rate: 30},
	UserRead:               {rate: 120, adjustable: true},
	UserUpdate:             {rate: 25},
	UserToken:              {rate: 120, adjustable: true},
	UserResourceRead:       {rate: 50, adjustable: true},
	UserResourceUpdate:     {rate: 25},
	UserList:               {rate: 30},
	UserPoolRead:           {rate: 15, administration: true},
	UserPoolUpdate:         {rate: 15, administration: true},
	UserPoolResourceRead:   {rate: 20, administration: true},
	UserPoolResourceUpdate: {rate: 15, administration: true},
	UserPoolClientRead:     {rate: 15, administration: true},
	UserPoolClientUpdate:   {rate: 15, administration: true},
	ClientAuthentication:   {rate: 150},
	LimitManagement:        {rate: 1},
}

// ruleOf gives the rule of a category of any API.
func ruleOf(c Category) (rule, bool) {
	if c == SecurityTokens {
		return rule{rate: securityTokensRate}, true
	}
	if r, ok := rules[c]; ok {
		return r, true
	}
	r, ok := identityPools[c]
	return r, ok
}

// operations lists the operations of each category. The service's documentation
// sorts those of its first years; newer ones stand with what they resemble
// (docs/decisions/unsure-quotas.md).
var operations = map[Category][]string{
	UserAuthentication: {
		"AdminInitiateAuth", "AdminRespondToAuthChallenge", "GetTokensFromRefreshToken", "InitiateAuth", "RespondToAuthChallenge",
	},
	UserCreation: {"AdminConfirmSignUp", "AdminCreateUser", "ConfirmSignUp", "SignUp"},
	UserAccountRecovery: {
		"AdminResetUserPassword", "AdminSetUserPassword", "ChangePassword", "ConfirmForgotPassword", "ForgotPassword",
	},
	UserRead: {"AdminGetUser", "AdminGetUserAuthFactors", "GetUser"},
	UserUpdate: {
		"AdminAddUserToGroup", "AdminDeleteUser", "AdminDeleteUserAttributes", "AdminDisableProviderForUser", "AdminDisableUser",
		"AdminEnableUser", "AdminLinkProviderForUser", "AdminRemoveUserFromGroup", "AdminUpdateUserAttributes",
		"AdminUserGlobalSignOut", "DeleteUser", "DeleteUserAttributes", "GlobalSignOut", "UpdateUserAttributes", "VerifyUserAttribute",
	},
	UserToken: {"RevokeToken"},
	UserResourceRead: {
		"AdminGetDevice", "AdminListDevices", "AdminListGroupsForUser", "AdminListUserAuthEvents",
		"AdminListUserSessions", "GetDevice", "GetUserAttributeVerificationCode", "GetUserAuthFactors", "ListDevices",
		"ListUserSessions", "ListWebAuthnCredentials", "ResendConfirmationCode",
	},
	UserResourceUpdate: {
		"AdminDeleteSoftwareToken", "AdminForgetDevice", "AdminRevokeUserSession", "AdminSetUserMFAPreference", "AdminSetUserSettings",
		"AdminUpdateAuthEventFeedback", "AdminUpdateDeviceStatus", "AssociateSoftwareToken", "CompleteWebAuthnRegistration",
		"ConfirmDevice", "DeleteWebAuthnCredential", "ForgetDevice", "RevokeUserSession", "SetUserMFAPreference",
		"SetUserSettings", "StartWebAuthnRegistration", "UpdateAuthEventFeedback", "UpdateDeviceStatus", "VerifySoftwareToken",
	},
	UserList:       {"ListUsers", "ListUsersInGroup"},
	UserPoolRead:   {"DescribeUserPool", "ListUserPools"},
	UserPoolUpdate: {"CreateUserPool", "DeleteUserPool", "UpdateUserPool"},
	UserPoolResourceRead: {
		"DescribeIdentityProvider", "DescribeManagedLoginBranding", "DescribeManagedLoginBrandingByClient", "DescribeResourceServer",
		"DescribeRiskConfiguration", "DescribeTerms", "DescribeTermsByClient", "DescribeUserImportJob", "DescribeUserPoolDomain",
		"GetCSVHeader", "GetGroup", "GetIdentityProviderByIdentifier", "GetLogDeliveryConfiguration", "GetSigningCertificate",
		"GetUICustomization", "GetUserPoolMfaConfig", "GetUserPoolSessionConfiguration", "ListGroups", "ListIdentityProviders",
		"ListResourceServers", "ListTagsForResource", "ListTerms", "ListUserImportJobs", "ListUserPoolReplicas",
	},
	UserPoolResourceUpdate: {
		"AddCustomAttributes", "CreateGroup", "CreateIdentityProvider", "CreateManagedLoginBranding", "CreateResourceServer",
		"CreateTerms", "CreateUserImportJob", "CreateUserPoolDomain", "CreateUserPoolReplica", "DeleteGroup", "DeleteIdentityProvider",
		"DeleteManagedLoginBranding", "DeleteResourceServer", "DeleteTerms", "DeleteUserPoolDomain", "DeleteUserPoolReplica",
		"SetLogDeliveryConfiguration", "SetRiskConfiguration", "SetUICustomization", "SetUserPoolMfaConfig",
		"SetUserPoolSessionConfiguration", "StartUserImportJob", "StopUserImportJob", "TagResource", "UntagResource", "UpdateGroup",
		"UpdateIdentityProvider", "UpdateManagedLoginBranding", "UpdateResourceServer", "UpdateTerms", "UpdateUserPoolDomain",
		"UpdateUserPoolReplica",
	},
	UserPoolClientRead: {
		"DescribeUserPoolClient", "GetUserPoolClientSessionConfiguration", "ListUserPoolClientSecrets", "ListUserPoolClients",
	},
	UserPoolClientUpdate: {
		"AddUserPoolClientSecret", "CreateUserPoolClient", "DeleteUserPoolClient", "DeleteUserPoolClientSecret",
		"SetUserPoolClientSessionConfiguration", "UpdateUserPoolClient",
	},
	ClientAuthentication: {"GetClientToken"},
	LimitManagement:      {"GetProvisionedLimit", "UpdateProvisionedLimit"},
}

// DefaultRate is the rate of a category of user pools where none is provisioned, in
// requests per second; false means that there is no such category.
func DefaultRate(c Category) (int64, bool) {
	r, ok := rules[c]
	return r.rate, ok
}

// profileReads and profileWrites are what one user may do ten times a second each.
var (
	profileReads  = map[Category]bool{UserRead: true, UserResourceRead: true}
	profileWrites = map[Category]bool{UserUpdate: true, UserResourceUpdate: true}
)

// ofOperation is operations the other way round.
var ofOperation = func() map[string]Category {
	of := map[string]Category{}
	for category, names := range operations {
		for _, name := range names {
			of[name] = category
		}
	}
	return of
}()

// OfIdentityPools gives the category of an operation of the identity pools API.
func OfIdentityPools(operation string) Category {
	for _, c := range [...]Category{Category(operation), Category("identity:" + operation)} {
		if _, ok := identityPools[c]; ok {
			return c
		}
	}
	return IdentityPoolsManagement
}

// Of gives the category of an operation of the user pools API.
func Of(operation string) Category { return ofOperation[operation] }
