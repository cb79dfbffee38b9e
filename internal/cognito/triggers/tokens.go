package triggers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Why tokens are made, for PreTokenGeneration.
const (
	TokensOfHostedSignIn = "TokenGeneration_HostedAuth"
	TokensOfSignIn       = "TokenGeneration_Authentication"
	TokensOfNewPassword  = "TokenGeneration_NewPasswordChallenge"
	TokensOfDevice       = "TokenGeneration_AuthenticateDevice"
	TokensOfRefresh      = "TokenGeneration_RefreshTokens"
	TokensOfMachine      = "TokenGeneration_ClientCredentials"
)

// roleRequest is the groups and roles of a user in an event.
type roleRequest struct {
	Groups    []string `json:"groupsToOverride"`
	Roles     []string `json:"iamRolesToOverride"`
	Preferred *string  `json:"preferredRole"`
}

type tokenRequest struct {
	Attributes object            `json:"userAttributes"`
	Scopes     []string          `json:"scopes,omitzero"`
	Roles      roleRequest       `json:"groupConfiguration"`
	Metadata   map[string]string `json:"clientMetadata,omitzero"`
}

// PreTokenGeneration asks what to change in the tokens of a user. The groups are
// the user's, best precedence first; scopes are those of the access token.
func (t *Triggers) PreTokenGeneration(ctx context.Context, on Occasion, source string, groups []*store.Group, scopes []string) (tokens.Override, error) {
	if !Has(on.Pool, PreTokenGeneration) {
		return tokens.Override{}, nil
	}
	version := api.PreTokenGenerationLambdaVersionTypeV10
	if c := on.Pool.Config().LambdaConfig.PreTokenGenerationConfig; c != nil && c.LambdaVersion != "" {
		version = c.LambdaVersion
	}
	r := tokenRequest{Attributes: on.userAttributes(), Roles: rolesOf(groups), Metadata: on.Metadata}
	m := message{name: PreTokenGeneration, source: source}
	if version == api.PreTokenGenerationLambdaVersionTypeV10 {
		m.request, m.response = r, firstResponse{}
	} else {
		r.Scopes = scopes
		m.request, m.response = r, laterResponse{}
		m.version = "2"
		if version == api.PreTokenGenerationLambdaVersionTypeV30 {
			m.version = "3"
		}
	}
	f, err := t.call(ctx, on, m)
	if err != nil {
		return tokens.Override{}, err
	}
	var got tokens.Override
	if m.version == "" {
		got = f.firstVersion()
	} else {
		got = f.laterVersions()
	}
	return got, f.err
}

// machineRequest is the event about a client's own token: there is no user.
type machineRequest struct {
	Attributes object            `json:"userAttributes"`
	Scopes     []string          `json:"scopes"`
	Roles      *roleRequest      `json:"groupConfiguration"`
	Metadata   map[string]string `json:"clientMetadata,omitzero"`
}

// machineUser takes the place of a user's name in events about clients.
const machineUser = "ClientCredentials"

// MachineTokens asks what to change in the access token of a client that acts for
// itself. Only functions of event version 3 are asked (endpoints.md §4.3).
func (t *Triggers) MachineTokens(ctx context.Context, c *directory.Client, scopes []string, metadata map[string]string) (tokens.Override, error) {
	if !Has(c.Pool, PreTokenGeneration) {
		return tokens.Override{}, nil
	}
	config := c.Pool.Config().LambdaConfig.PreTokenGenerationConfig
	if config == nil || config.LambdaVersion != api.PreTokenGenerationLambdaVersionTypeV30 {
		return tokens.Override{}, nil
	}
	f, err := t.call(ctx, Occasion{Pool: c.Pool, Client: c, Username: machineUser}, message{
		name: PreTokenGeneration, source: TokensOfMachine, version: "3",
		request:  machineRequest{Attributes: object{}, Scopes: scopes, Metadata: metadata},
		response: laterResponse{},
	})
	if err != nil {
		return tokens.Override{}, err
	}
	got := f.laterVersions()
	return got, f.err
}

// The members of the response before the function fills them in.
type (
	firstResponse struct {
		Details *struct{} `json:"claimsOverrideDetails"`
	}
	laterResponse struct {
		Details *struct{} `json:"claimsAndScopeOverrideDetails"`
	}
)

func rolesOf(groups []*store.Group) roleRequest {
	all := tokens.RolesOf(groups)
	r := roleRequest{Groups: append([]string{}, all.Groups...), Roles: append([]string{}, all.Roles...)}
	if all.Preferred != "" {
		r.Preferred = &all.Preferred
	}
	return r
}

// firstVersion reads what version 1 asks for: changes to the ID token, whose
// claims are strings, and groups.
func (f *fields) firstVersion() tokens.Override {
	var v tokens.Override
	details := f.object("claimsOverrideDetails")
	if details == nil {
		return v
	}
	v.ID.Set = map[string]json.RawMessage{}
	for name, value := range details.texts("claimsToAddOrOverride") {
		text, err := encode(value)
		if err != nil {
			details.fail(err)
		}
		v.ID.Set[name] = text
	}
	v.ID.Suppress = details.list("claimsToSuppress")
	v.Groups = details.groups()
	f.inherit(details)
	return v
}

// laterVersions reads what versions 2 and 3 ask for.
func (f *fields) laterVersions() tokens.Override {
	var v tokens.Override
	details := f.object("claimsAndScopeOverrideDetails")
	if details == nil {
		return v
	}
	if id := details.object("idTokenGeneration"); id != nil {
		v.ID = id.changes()
		details.inherit(id)
	}
	if access := details.object("accessTokenGeneration"); access != nil {
		v.Access = access.changes()
		v.AddScopes, v.SuppressScopes = access.list("scopesToAdd"), access.list("scopesToSuppress")
		details.inherit(access)
	}
	v.Groups = details.groups()
	f.inherit(details)
	return v
}

// changes reads claims of any type. A null says nothing.
func (f *fields) changes() tokens.ClaimChanges {
	var values map[string]json.RawMessage
	f.read("claimsToAddOrOverride", &values)
	c := tokens.ClaimChanges{Set: map[string]json.RawMessage{}, Suppress: f.list("claimsToSuppress")}
	for name, value := range values {
		if bytes.Equal(value, []byte("null")) {
			continue
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, value); err != nil {
			f.fail(fmt.Errorf("claim %s: %w", name, err))
			continue
		}
		c.Set[name] = compact.Bytes()
	}
	return c
}

// groups reads a whole set of groups and roles; nil keeps the user's.
func (f *fields) groups() *tokens.GroupChange {
	details := f.object("groupOverrideDetails")
	if details == nil {
		return nil
	}
	change := &tokens.GroupChange{
		Groups: details.list("groupsToOverride"), Roles: details.list("iamRolesToOverride"), Preferred: details.textOrEmpty("preferredRole"),
	}
	f.inherit(details)
	return change
}
