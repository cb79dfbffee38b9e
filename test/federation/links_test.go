package federation_test

import (
	"encoding/json"
	"fmt"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

const password = "Correct-Horse1!"

// person is a user as the operations that link name one; no attribute for none.
func person(provider, attribute, value string) *types.ProviderUserIdentifierType {
	p := &types.ProviderUserIdentifierType{ProviderName: &provider, ProviderAttributeValue: &value}
	if attribute != "" {
		p.ProviderAttributeName = &attribute
	}
	return p
}

// link makes a source another way into the profile of a destination.
func (w *site) link(t *testing.T, destination, source *types.ProviderUserIdentifierType) error {
	t.Helper()
	_, err := w.s.SDK.AdminLinkProviderForUser(t.Context(), &cip.AdminLinkProviderForUserInput{UserPoolId: &w.pool, DestinationUser: destination, SourceUser: source})
	return err
}

// disable takes a way into a profile away.
func (w *site) disable(t *testing.T, who *types.ProviderUserIdentifierType) error {
	t.Helper()
	_, err := w.s.SDK.AdminDisableProviderForUser(t.Context(), &cip.AdminDisableProviderForUserInput{UserPoolId: &w.pool, User: who})
	return err
}

// identity is an entry of the attribute identities.
type identity struct {
	UserID       string  `json:"userId"`
	ProviderName string  `json:"providerName"`
	ProviderType string  `json:"providerType"`
	Issuer       *string `json:"issuer"`
	Primary      bool    `json:"primary"`
	DateCreated  int64   `json:"dateCreated"`
}

func (w *site) identities(t *testing.T, name string) (list []identity) {
	t.Helper()
	_, values := w.user(t, name)
	if values["identities"] != "" {
		wantOK(t, json.Unmarshal([]byte(values["identities"]), &list))
	}
	return list
}

func ana(t *testing.T) (*site, *provider) {
	t.Helper()
	w, p := acme(t, servertest.Shared(t))
	w.s.CreateUser(t, w.pool, "ana", password, "email", "ana@example.com", "email_verified", "true")
	return w, p
}

// federation.md §7.4; errors.md §9.
func TestLinksThatCannotBe(t *testing.T) {
	t.Parallel()
	w, p := ana(t)
	w.s.CreateUser(t, w.pool, "bob", password)
	_, err := w.s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
		UserPoolId: &w.pool, ProviderName: new("Google"), ProviderType: types.IdentityProviderTypeTypeGoogle,
		ProviderDetails: map[string]string{"client_id": "c", "client_secret": "s", "authorize_scopes": "email"}, AttributeMapping: map[string]string{"email": "email"},
	})
	wantOK(t, err)
	p.says("sub", "signed-up", "email", "carol@example.com", "email_verified", true)
	w.signIn(t, p, "Acme")
	toAna := person("Cognito", "", "ana")
	wantOK(t, w.link(t, toAna, person("Acme", "Cognito_Subject", "linked")))
	for name, c := range map[string]struct {
		to, from      *types.ProviderUserIdentifierType
		code, message string
	}{
		"nobody":               {person("Cognito", "", "eve"), person("Acme", "Cognito_Subject", "1"), "UserNotFoundException", "User does not exist."},
		"nobody from there":    {person("Acme", "", "eve"), person("Acme", "Cognito_Subject", "1"), "UserNotFoundException", "User does not exist."},
		"unknown provider":     {toAna, person("Other", "Cognito_Subject", "1"), "ResourceNotFoundException", "Identity provider Other does not exist."},
		"a local user":         {toAna, person("Cognito", "Cognito_Subject", "bob"), "InvalidParameterException", "Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser"},
		"has a profile":        {toAna, person("Acme", "Cognito_Subject", "signed-up"), "InvalidParameterException", "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"},
		"has one, by address":  {toAna, person("Acme", "email", "carol@example.com"), "InvalidParameterException", "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"},
		"linked already":       {toAna, person("Acme", "Cognito_Subject", "linked"), "InvalidParameterException", "SourceUser is already linked to DestinationUser"},
		"linked to another":    {person("Cognito", "", "bob"), person("Acme", "Cognito_Subject", "linked"), "AliasExistsException", "SourceUser is already linked to another user."},
		"not mapped":           {toAna, person("Acme", "nickname", "annie"), "InvalidParameterException", "Attribute nickname is not mapped for identity provider Acme."},
		"of the subject":       {toAna, person("Acme", "username", "annie"), "InvalidParameterException", "Attribute username is not mapped for identity provider Acme."},
		"social by an address": {toAna, person("Google", "email", "a@b.example"), "InvalidParameterException", "ProviderAttributeName of a Google user has to be Cognito_Subject."},
		"no attribute":         {toAna, person("Acme", "", "1"), "InvalidParameterException", "SourceUser needs ProviderAttributeName."},
		"no value":             {toAna, &types.ProviderUserIdentifierType{ProviderName: new("Acme"), ProviderAttributeName: new("Cognito_Subject")}, "InvalidParameterException", "SourceUser needs ProviderName and ProviderAttributeValue."},
	} {
		wantMessage(t, name, w.link(t, c.to, c.from), c.code, c.message)
	}
	if list := w.identities(t, "ana"); len(list) != 1 || list[0].UserID != "linked" || list[0].Primary || list[0].ProviderType != "OIDC" {
		t.Errorf("identities of ana: %+v", list)
	}
	if list := w.identities(t, "bob"); list != nil {
		t.Errorf("identities of bob: %+v", list)
	}
}

func TestAUserHasFiveLinks(t *testing.T) {
	t.Parallel()
	w, _ := ana(t)
	for i := range 5 {
		wantOK(t, w.link(t, person("Cognito", "", "ana"), person("Acme", "Cognito_Subject", fmt.Sprint(i))))
	}
	sixth := person("Acme", "Cognito_Subject", "6")
	wantException(t, "a sixth", w.link(t, person("Cognito", "", "ana"), sixth), "LimitExceededException")
	wantOK(t, w.disable(t, person("Acme", "Cognito_Subject", "0")))
	wantOK(t, w.link(t, person("Cognito", "", "ana"), sixth))
}

func TestUsersAreLinkedByFiveAttributes(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, nil), serveProvider(t, s)
	names := []string{"email", "name", "nickname", "given_name", "family_name", "website"}
	mapping := map[string]string{}
	for _, name := range names {
		mapping[name] = name
	}
	p.attach(t, w, "Acme", mapping)
	for i, name := range names {
		user := fmt.Sprint("user", i)
		s.CreateUser(t, w.pool, user, password)
		err := w.link(t, person("Cognito", "", user), person("Acme", name, "value"))
		if i < 5 {
			wantOK(t, err)
			continue
		}
		wantException(t, "a sixth attribute", err, "LimitExceededException")
		wantOK(t, w.link(t, person("Cognito", "", user), person("Acme", "email", "another")))
		wantOK(t, w.link(t, person("Cognito", "", user), person("Acme", "Cognito_Subject", "s")))
	}
}

// A federated user can have links too, and is named by the provider's subject.
func TestFederatedUsersAreLinked(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	second := serveProvider(t, s)
	second.attach(t, w, "Second", usual)
	_, err := s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{
		UserPoolId: &w.pool, ClientId: &w.client, SupportedIdentityProviders: []string{"Acme", "Second"}, AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode}, CallbackURLs: []string{callback},
		AllowedOAuthScopes: []string{"openid", "email", "profile", "aws.cognito.signin.user.admin"},
	})
	wantOK(t, err)
	p.says("sub", "A1", "email", "ana@example.com", "email_verified", true)
	first, _ := w.signIn(t, p, "Acme")
	wantOK(t, w.link(t, person("Acme", "", "A1"), person("Second", "Cognito_Subject", "B2")))
	second.says("sub", "B2", "email", "ana@second.example", "email_verified", true)
	id, _ := w.signIn(t, second, "Second")
	if id["sub"] != first["sub"] || id["cognito:username"] != "acme_a1" || id["email"] != "ana@second.example" {
		t.Errorf("claims %v", id)
	}
	list := w.identities(t, "acme_a1")
	if len(list) != 2 || !list[0].Primary || list[0].ProviderName != "Acme" || list[1].Primary || list[1].ProviderName != "Second" || list[1].UserID != "B2" {
		t.Errorf("identities %+v", list)
	}
	// What the profile came to be by is no link.
	wantException(t, "its own", w.disable(t, person("Acme", "Cognito_Subject", "A1")), "InvalidParameterException")
	wantOK(t, w.disable(t, person("Second", "Cognito_Subject", "B2")))
	if list := w.identities(t, "acme_a1"); len(list) != 1 || list[0].UserID != "A1" {
		t.Errorf("identities in the end %+v", list)
	}
	wantMessage(t, "twice", w.disable(t, person("Second", "Cognito_Subject", "B2")), "InvalidParameterException",
		"Invalid ProviderName/Username combination. Please check again")
	wantException(t, "unknown provider", w.disable(t, person("Third", "Cognito_Subject", "B2")), "ResourceNotFoundException")
}

// federation.md §7.5: a link that was never used goes by what it was made with.
func TestUnusedLinksAreRemovedAsTheyWereMade(t *testing.T) {
	t.Parallel()
	w, p := ana(t)
	wantOK(t, w.link(t, person("Cognito", "", "ana"), person("Acme", "email", "ana@work.example")))
	wantException(t, "another value", w.disable(t, person("Acme", "email", "bob@work.example")), "InvalidParameterException")
	wantException(t, "as a subject", w.disable(t, person("Acme", "Cognito_Subject", "ana@work.example")), "InvalidParameterException")
	wantOK(t, w.disable(t, person("Acme", "email", "ana@work.example")))
	p.says("sub", "7", "email", "ana@work.example", "email_verified", true)
	_, local := w.user(t, "ana")
	if id, _ := w.signIn(t, p, "Acme"); id["sub"] == local["sub"] || local["identities"] != "" {
		t.Errorf("still linked: %v, %s", id, local["identities"])
	}
}

// tryPassword signs in with a password.
func (w *site) tryPassword(t *testing.T, name string) error {
	t.Helper()
	_, err := w.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth, AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	return err
}

// federation.md §7.5: the password of a local user is blocked, for the user as well.
func TestALocalUserLosesThePassword(t *testing.T) {
	t.Parallel()
	w, p := ana(t)
	wantOK(t, w.link(t, person("Cognito", "", "ana"), person("Acme", "Cognito_Subject", "7")))
	wantOK(t, w.tryPassword(t, "ana"))
	wantException(t, "by another attribute", w.disable(t, person("Cognito", "email", "ana")), "InvalidParameterException")
	wantException(t, "nobody", w.disable(t, person("Cognito", "Cognito_Subject", "eve")), "UserNotFoundException")
	wantOK(t, w.disable(t, person("Cognito", "Cognito_Subject", "ana")))
	wantMessage(t, "password", w.tryPassword(t, "ana"), "NotAuthorizedException", "Incorrect username or password.")
	const state = "User password cannot be reset in the current state."
	_, err := w.s.Anonymous.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &w.client, Username: new("ana")})
	wantMessage(t, "ForgotPassword", err, "NotAuthorizedException", state)
	_, err = w.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: new("ana")})
	wantMessage(t, "AdminResetUserPassword", err, "NotAuthorizedException", state)
	p.says("sub", "7", "email", "ana@example.com", "email_verified", true)
	id, access := w.signIn(t, p, "Acme")
	if id["cognito:username"] != "ana" {
		t.Errorf("the link is gone too: %v", id)
	}
	_, err = w.s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{AccessToken: &access, ProposedPassword: new(password)})
	wantMessage(t, "ChangePassword", err, "NotAuthorizedException", state)
	_, err = w.s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: &w.pool, Username: new("ana"), Password: new(password), Permanent: true})
	wantOK(t, err)
	wantOK(t, w.tryPassword(t, "ana"))
}
