package reliability

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/srp/srpclient"
	"cognate/internal/protocol/totp"
)

const pastPassword = "Correct-Horse1!"

// past is what clients and an operator know of an installation that was filled by
// an older version: what they still hold has to count after the upgrade.
type past struct {
	Pool, Client       string // signs in by the API
	Site, SiteSecret   string // a client of the pages
	Refresh, Revoked   pastToken
	SiteRefresh        string // a refresh token that came by a code
	TOTP               string // secret of ben
	Device             pastDevice
	KeyIDs             []string
	Described          map[string]json.RawMessage // answers of the older version, by name
	DeletedUser, Group string
}

// pastToken is a refresh token of Client, which counts with the key of its device only.
type pastToken struct{ Token, DeviceKey string }

type pastDevice struct{ Key, Group, Password string }

// makePast fills an installation with something of everything that the version of
// stop 9 could keep.
func makePast(t *testing.T, n *node) *past {
	t.Helper()
	ctx := t.Context()
	p := &past{Group: "admins", DeletedUser: "gone"}
	p.Pool, p.Client = n.makePool(ctx, t, &cip.CreateUserPoolClientInput{
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
		RefreshTokenValidity: 3650,
	}, &cip.CreateUserPoolInput{
		AliasAttributes:     []types.AliasAttributeType{types.AliasAttributeTypeEmail},
		MfaConfiguration:    types.UserPoolMfaTypeOff,
		DeviceConfiguration: &types.DeviceConfigurationType{DeviceOnlyRememberedOnUserPrompt: true},
		Schema:              []types.SchemaAttributeType{{Name: aws.String("team"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)}},
		UserPoolTags:        map[string]string{"stage": "past"},
		UserPoolAddOns:      &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeOff},
	})
	_, err := n.api.SetUserPoolMfaConfig(ctx, &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &p.Pool, MfaConfiguration: types.UserPoolMfaTypeOptional, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	})
	must(t, err)
	p.makeSite(t, n)
	p.makePeople(t, n)
	p.makeTokens(t, n)
	p.KeyIDs = p.keyIDs(t, n)
	p.Described = p.describe(t, n)
	return p
}

func (p *past) makeSite(t *testing.T, n *node) {
	t.Helper()
	ctx := t.Context()
	_, err := n.api.CreateResourceServer(ctx, &cip.CreateResourceServerInput{
		UserPoolId: &p.Pool, Identifier: aws.String("shop"), Name: aws.String("shop"),
		Scopes: []types.ResourceServerScopeType{{ScopeName: aws.String("read"), ScopeDescription: aws.String("read")}},
	})
	must(t, err)
	_, err = n.api.CreateIdentityProvider(ctx, &cip.CreateIdentityProviderInput{
		UserPoolId: &p.Pool, ProviderName: aws.String("acme"), ProviderType: types.IdentityProviderTypeTypeOidc,
		ProviderDetails: map[string]string{
			"client_id": "acme-client", "client_secret": "acme-secret", "oidc_issuer": "https://idp.example.com", "attributes_request_method": "GET", "authorize_scopes": "openid",
			"authorize_url": "https://idp.example.com/a", "token_url": "https://idp.example.com/t", "attributes_url": "https://idp.example.com/u", "jwks_uri": "https://idp.example.com/k",
		},
		AttributeMapping: map[string]string{"email": "email", "username": "sub"},
	})
	must(t, err)
	site, err := n.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &p.Pool, ClientName: aws.String("site"), GenerateSecret: true, RefreshTokenValidity: 3650,
		SupportedIdentityProviders: []string{"COGNITO", "acme"}, CallbackURLs: []string{domainCallback},
		AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, AllowedOAuthScopes: []string{"openid", "shop/read"},
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
	})
	must(t, err)
	p.Site, p.SiteSecret = *site.UserPoolClient.ClientId, *site.UserPoolClient.ClientSecret
	_, err = n.api.CreateUserPoolDomain(ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &p.Pool, Domain: aws.String(domainPrefix), ManagedLoginVersion: aws.Int32(2)})
	must(t, err)
	_, err = n.api.CreateManagedLoginBranding(ctx, &cip.CreateManagedLoginBrandingInput{UserPoolId: &p.Pool, ClientId: &p.Site, UseCognitoProvidedValues: true})
	must(t, err)
}

func (p *past) makePeople(t *testing.T, n *node) {
	t.Helper()
	ctx := t.Context()
	for _, name := range []string{"ana", "ben", "cleo", "eve", p.DeletedUser} {
		_, err := n.api.AdminCreateUser(ctx, &cip.AdminCreateUserInput{
			UserPoolId: &p.Pool, Username: &name, MessageAction: types.MessageActionTypeSuppress, TemporaryPassword: aws.String(pastPassword),
			UserAttributes: []types.AttributeType{
				{Name: aws.String("email"), Value: aws.String(name + "@example.com")},
				{Name: aws.String("email_verified"), Value: aws.String("true")},
				{Name: aws.String("custom:team"), Value: aws.String("Zoë & Co")},
			},
		})
		must(t, err)
		if name == "eve" {
			continue // stays with her temporary password
		}
		_, err = n.api.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &p.Pool, Username: &name, Password: aws.String(pastPassword), Permanent: true})
		must(t, err)
	}
	_, err := n.api.AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{UserPoolId: &p.Pool, Username: &p.DeletedUser})
	must(t, err)
	_, err = n.api.CreateGroup(ctx, &cip.CreateGroupInput{
		UserPoolId: &p.Pool, GroupName: &p.Group, Precedence: aws.Int32(3), RoleArn: aws.String("arn:aws:iam::123456789012:role/users"),
	})
	must(t, err)
	_, err = n.api.AdminAddUserToGroup(ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &p.Pool, GroupName: &p.Group, Username: aws.String("ana")})
	must(t, err)
	_, err = n.api.AdminLinkProviderForUser(ctx, &cip.AdminLinkProviderForUserInput{
		UserPoolId:      &p.Pool,
		DestinationUser: &types.ProviderUserIdentifierType{ProviderName: aws.String("Cognito"), ProviderAttributeValue: aws.String("ana")},
		SourceUser: &types.ProviderUserIdentifierType{
			ProviderName: aws.String("acme"), ProviderAttributeName: aws.String("Cognito_Subject"), ProviderAttributeValue: aws.String("acme-7"),
		},
	})
	must(t, err)
}

func (p *past) makeTokens(t *testing.T, n *node) {
	t.Helper()
	ctx := t.Context()
	for _, to := range []*pastToken{&p.Refresh, &p.Revoked} {
		got := p.signIn(t, n, "ana")
		*to = pastToken{*got.RefreshToken, *got.NewDeviceMetadata.DeviceKey}
	}
	_, err := n.api.RevokeToken(ctx, &cip.RevokeTokenInput{ClientId: &p.Client, Token: &p.Revoked.Token})
	must(t, err)

	ben := p.signIn(t, n, "ben").AccessToken
	associated, err := n.api.AssociateSoftwareToken(ctx, &cip.AssociateSoftwareTokenInput{AccessToken: ben})
	must(t, err)
	p.TOTP = *associated.SecretCode
	_, err = n.api.VerifySoftwareToken(ctx, &cip.VerifySoftwareTokenInput{AccessToken: ben, UserCode: aws.String(p.code(t, -1))})
	must(t, err)
	_, err = n.api.SetUserMFAPreference(ctx, &cip.SetUserMFAPreferenceInput{
		AccessToken: ben, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	})
	must(t, err)

	cleo := p.signIn(t, n, "cleo")
	p.Device = pastDevice{*cleo.NewDeviceMetadata.DeviceKey, *cleo.NewDeviceMetadata.DeviceGroupKey, "password of the device"}
	verifier, salt := srpclient.DeviceVerifier(p.Device.Group, p.Device.Key, p.Device.Password, []byte("salt of 16 bytes"))
	_, err = n.api.ConfirmDevice(ctx, &cip.ConfirmDeviceInput{
		AccessToken: cleo.AccessToken, DeviceKey: &p.Device.Key, DeviceName: aws.String("Cleo's phone"),
		DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{PasswordVerifier: &verifier, Salt: &salt},
	})
	must(t, err)
	_, err = n.api.UpdateDeviceStatus(ctx, &cip.UpdateDeviceStatusInput{
		AccessToken: cleo.AccessToken, DeviceKey: &p.Device.Key, DeviceRememberedStatus: types.DeviceRememberedStatusTypeRemembered,
	})
	must(t, err)
	p.SiteRefresh = p.signInOnPage(t, n)
}

// code is ben's, so many steps from now.
func (p *past) code(t *testing.T, steps int64) string {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(p.TOTP)
	must(t, err)
	code, err := totp.Code(secret, totp.StepAt(time.Now())+steps)
	must(t, err)
	return code
}

func (p *past) initiate(t *testing.T, n *node, flow types.AuthFlowType, parameters ...string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	return n.api.InitiateAuth(t.Context(), &cip.InitiateAuthInput{ClientId: &p.Client, AuthFlow: flow, AuthParameters: pairs(parameters)})
}

func pairs(list []string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

func (p *past) refresh(t *testing.T, n *node, r pastToken) error {
	t.Helper()
	_, err := p.initiate(t, n, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", r.Token, "DEVICE_KEY", r.DeviceKey)
	return err
}

func (p *past) signIn(t *testing.T, n *node, name string) *types.AuthenticationResultType {
	t.Helper()
	got, err := p.initiate(t, n, types.AuthFlowTypeUserPasswordAuth, "USERNAME", name, "PASSWORD", pastPassword)
	must(t, err)
	if got.AuthenticationResult == nil {
		t.Fatalf("%s is asked for %s", name, got.ChallengeName)
	}
	return got.AuthenticationResult
}

// signInOnPage signs ana in on the pages and gives the refresh token of the site.
func (p *past) signInOnPage(t *testing.T, n *node) (refresh string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	v := &visitor{http: &http.Client{Jar: jar, Transport: http.DefaultTransport}, client: p.Site}
	if answer, body := v.at(t, n, http.MethodGet, "/login", v.query(), nil); answer.StatusCode != http.StatusOK || v.csrf == "" {
		t.Fatalf("sign-in page: %s %s", answer.Status, body)
	}
	answer, body := v.at(t, n, http.MethodPost, "/login", v.query(), url.Values{"username": {"ana"}, "password": {pastPassword}, "_csrf": {v.csrf}})
	tokens := p.token(t, n, url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {domainCallback}, "code": {code(t, answer, body)}})
	return tokens["refresh_token"].(string)
}

// token asks the token endpoint as the site.
func (p *past) token(t *testing.T, n *node, form url.Values) (got map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.endpoint+"/_domains/"+domainPrefix+"/oauth2/token", strings.NewReader(form.Encode()))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(p.Site, p.SiteSecret)
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	must(t, json.NewDecoder(answer.Body).Decode(&got))
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("token endpoint: %s %v", answer.Status, got)
	}
	return got
}

func (p *past) secretHash(name string) string {
	mac := hmac.New(sha256.New, []byte(p.SiteSecret))
	_, _ = io.WriteString(mac, name+p.Site)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// keyIDs are those of the pool's key set.
func (p *past) keyIDs(t *testing.T, n *node) (ids []string) {
	t.Helper()
	answer, err := http.Get(n.endpoint + "/" + p.Pool + "/.well-known/jwks.json")
	must(t, err)
	defer answer.Body.Close()
	var set struct {
		Keys []struct {
			Kid string `json:"kid"`
		} `json:"keys"`
	}
	must(t, json.NewDecoder(answer.Body).Decode(&set))
	for _, k := range set.Keys {
		ids = append(ids, k.Kid)
	}
	return ids
}

// describe asks for everything that can be described.
func (p *past) describe(t *testing.T, n *node) map[string]json.RawMessage {
	t.Helper()
	ctx, all := t.Context(), map[string]json.RawMessage{}
	keep := func(name string, answer any, err error) {
		t.Helper()
		must(t, err)
		text, err := json.Marshal(answer)
		must(t, err)
		var members map[string]json.RawMessage
		must(t, json.Unmarshal(text, &members))
		delete(members, "ResultMetadata") // names the request
		all[name], err = json.Marshal(members)
		must(t, err)
	}
	pool, err := n.api.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &p.Pool})
	keep("pool", pool, err)
	mfa, err := n.api.GetUserPoolMfaConfig(ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &p.Pool})
	keep("mfa", mfa, err)
	for name, id := range map[string]*string{"client": &p.Client, "site": &p.Site} {
		client, err := n.api.DescribeUserPoolClient(ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &p.Pool, ClientId: id})
		keep(name, client, err)
	}
	for _, name := range []string{"ana", "ben", "cleo", "eve"} {
		user, err := n.api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &p.Pool, Username: &name})
		keep("user "+name, user, err)
	}
	groups, err := n.api.AdminListGroupsForUser(ctx, &cip.AdminListGroupsForUserInput{UserPoolId: &p.Pool, Username: aws.String("ana")})
	keep("groups of ana", groups, err)
	devices, err := n.api.AdminListDevices(ctx, &cip.AdminListDevicesInput{UserPoolId: &p.Pool, Username: aws.String("cleo")})
	keep("devices of cleo", devices, err)
	provider, err := n.api.DescribeIdentityProvider(ctx, &cip.DescribeIdentityProviderInput{UserPoolId: &p.Pool, ProviderName: aws.String("acme")})
	keep("provider", provider, err)
	resources, err := n.api.DescribeResourceServer(ctx, &cip.DescribeResourceServerInput{UserPoolId: &p.Pool, Identifier: aws.String("shop")})
	keep("resource server", resources, err)
	domain, err := n.api.DescribeUserPoolDomain(ctx, &cip.DescribeUserPoolDomainInput{Domain: aws.String(domainPrefix)})
	keep("domain", domain, err)
	style, err := n.api.DescribeManagedLoginBrandingByClient(ctx, &cip.DescribeManagedLoginBrandingByClientInput{UserPoolId: &p.Pool, ClientId: &p.Site})
	if err == nil {
		style.ManagedLoginBranding.Settings = nil // a document, which does not marshal
	}
	keep("style", style, err)
	return all
}
