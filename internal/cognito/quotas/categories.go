package quotas

import "slices"

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

// The categories of identity pools. AWS bounds the first four operations by
// themselves; of the others the specification says nothing.
const (
	GetID                   Category = "GetId"
	GetOpenIDToken          Category = "GetOpenIdToken"
	GetCredentials          Category = "GetCredentialsForIdentity"
	GetDeveloperToken       Category = "GetOpenIdTokenForDeveloperIdentity"
	IdentityPoolsManagement Category = "IdentityPools"
)

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

	GetID:                   {rate: 25},
	GetOpenIDToken:          {rate: 200},
	GetCredentials:          {rate: 200},
	GetDeveloperToken:       {rate: 50},
	IdentityPoolsManagement: {rate: 25},
}

// operations lists the operations of each category. The service's documentation
// sorts those of its first years; newer ones stand with what they resemble
// (docs/decisions/unsure-quotas.md).
var operations = map[Category][]string{
	UserAuthentication: {
		"AdminInitiateAuth", "AdminRespondToAuthChallenge", "GetTokensFromRefreshToken", "InitiateAuth", "RespondToAuthChallenge",
	},
	UserCreation: {"AdminConfirmSignUp", "AdminCreateUser", "AdminSetUserPassword", "ConfirmSignUp", "SignUp"},
	UserAccountRecovery: {
		"AdminResetUserPassword", "ChangePassword", "ConfirmForgotPassword", "ForgotPassword",
	},
	UserRead: {"AdminGetUser", "GetUser"},
	UserUpdate: {
		"AdminAddUserToGroup", "AdminDeleteUser", "AdminDeleteUserAttributes", "AdminDisableProviderForUser", "AdminDisableUser",
		"AdminEnableUser", "AdminLinkProviderForUser", "AdminRemoveUserFromGroup", "AdminUpdateUserAttributes",
		"AdminUserGlobalSignOut", "DeleteUser", "DeleteUserAttributes", "GlobalSignOut", "UpdateUserAttributes", "VerifyUserAttribute",
	},
	UserToken: {"RevokeToken"},
	UserResourceRead: {
		"AdminGetDevice", "AdminGetUserAuthFactors", "AdminListDevices", "AdminListGroupsForUser", "AdminListUserAuthEvents",
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

// DefaultRate is the rate of a category where none is provisioned, in requests per
// second; false means that there is no such category.
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

// ofIdentityPools are the categories of the identity pools API, which has no
// provisioned limits.
var ofIdentityPools = []Category{GetID, GetOpenIDToken, GetCredentials, GetDeveloperToken, IdentityPoolsManagement}

// OfIdentityPools gives the category of an operation of the identity pools API.
func OfIdentityPools(operation string) Category {
	if c := Category(operation); slices.Contains(ofIdentityPools, c) {
		return c
	}
	return IdentityPoolsManagement
}

// Of gives the category of an operation of the user pools API.
func Of(operation string) Category { return ofOperation[operation] }
