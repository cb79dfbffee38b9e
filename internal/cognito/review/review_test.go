package review

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

// sound is a pool with one client that nothing is said about.
func sound() Subject {
	return Subject{
		Pool: &api.UserPoolType{
			Id:                          "us-east-1_AbCdEf123",
			AdminCreateUserConfig:       &api.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true},
			AutoVerifiedAttributes:      []api.VerifiedAttributeType{"email"},
			UserAttributeUpdateSettings: &api.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []api.VerifiedAttributeType{"email"}},
			MfaConfiguration:            api.UserPoolMfaTypeOptional,
			DeletionProtection:          api.DeletionProtectionTypeActive,
			Policies:                    &api.UserPoolPolicyType{PasswordPolicy: &api.PasswordPolicyType{MinimumLength: new(int32(12))}},
			SchemaAttributes:            []api.SchemaAttributeType{{Name: "email", Mutable: new(true)}},
		},
		Clients: []*api.UserPoolClientType{{
			ClientId: "web", PreventUserExistenceErrors: api.PreventUserExistenceErrorTypesEnabled,
			AllowedOAuthFlows: []api.OAuthFlowType{api.OAuthFlowTypeCode}, EnableTokenRevocation: new(true),
		}},
	}
}

// lines are findings in short.
func lines(findings []Finding) []string {
	var list []string
	for _, f := range findings {
		line := []string{f.Severity.String(), f.Rule}
		for _, part := range []string{f.ClientID, f.Attribute} {
			if part != "" {
				line = append(line, part)
			}
		}
		list = append(list, strings.Join(line, " "))
	}
	slices.Sort(list)
	return list
}

func TestASoundPoolHasNoFindings(t *testing.T) {
	t.Parallel()
	if got := Review(sound()); len(got) > 0 {
		t.Errorf("%v", lines(got))
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(p *api.UserPoolType, c *api.UserPoolClientType){
		"notice self-sign-up": func(p *api.UserPoolType, _ *api.UserPoolClientType) { p.AdminCreateUserConfig = nil },
		"notice self-sign-up, warning unverified-sign-up": func(p *api.UserPoolType, _ *api.UserPoolClientType) {
			p.AdminCreateUserConfig, p.AutoVerifiedAttributes = nil, nil
		},
		"critical weak-password-policy": func(p *api.UserPoolType, _ *api.UserPoolClientType) {
			p.Policies.PasswordPolicy.MinimumLength = new(int32(7))
		},
		"warning no-mfa":                  func(p *api.UserPoolType, _ *api.UserPoolClientType) { p.MfaConfiguration = "" },
		"warning unproven-address":        func(p *api.UserPoolType, _ *api.UserPoolClientType) { p.UserAttributeUpdateSettings = nil },
		"notice no-deletion-protection":   func(p *api.UserPoolType, _ *api.UserPoolClientType) { p.DeletionProtection = "" },
		"warning user-existence web":      func(_ *api.UserPoolType, c *api.UserPoolClientType) { c.PreventUserExistenceErrors = "LEGACY" },
		"warning no-token-revocation web": func(_ *api.UserPoolType, c *api.UserPoolClientType) { c.EnableTokenRevocation = new(false) },
		"notice admin-flow-without-secret web": func(_ *api.UserPoolType, c *api.UserPoolClientType) {
			c.ExplicitAuthFlows = []api.ExplicitAuthFlowsType{api.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth}
		},
		"warning implicit-grant web": func(_ *api.UserPoolType, c *api.UserPoolClientType) {
			c.AllowedOAuthFlows = append(c.AllowedOAuthFlows, api.OAuthFlowTypeImplicit)
		},
		"warning open-registration": func(p *api.UserPoolType, _ *api.UserPoolClientType) {
			p.DcrConfiguration = &api.DcrConfigurationType{EnableStatus: api.StatusTypeEnabled, OpenDcrEnabled: true}
		},
	} {
		s := sound()
		change(s.Pool, s.Clients[0])
		if got := strings.Join(lines(Review(s)), ", "); got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
}

func TestS055RolesByCustomAttributesAreFound(t *testing.T) {
	t.Parallel()
	s := sound()
	for name, mutable := range map[string]bool{"custom:role": true, "custom:colour": true, "custom:plan": false, "dev:custom:admin": true} {
		s.Pool.SchemaAttributes = append(s.Pool.SchemaAttributes, api.SchemaAttributeType{Name: name, Mutable: &mutable})
	}
	web := s.Clients[0]
	check := func(want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, lines(Review(s))); diff != "" {
			t.Error(diff)
		}
	}
	// Without lists a client may read and write everything.
	check("critical writable-claim web custom:role", "warning writable-claim web custom:colour")
	web.WriteAttributes = []string{"email"}
	check()
	web.WriteAttributes = []string{"email", "custom:role"}
	check("critical writable-claim web custom:role")
	web.ReadAttributes = []string{"email"} // so it stands in no token
	check()
	// It is enough that another client reads it.
	other := *sound().Clients[0]
	other.ClientId, other.WriteAttributes, other.ReadAttributes = "other", []string{"email"}, []string{"custom:role"}
	s.Clients = append(s.Clients, &other)
	check("critical writable-claim web custom:role")
	// What cannot be changed can be chosen at sign-up.
	web.WriteAttributes, other.ReadAttributes = []string{"custom:plan"}, []string{"custom:plan"}
	check()
	s.Pool.AdminCreateUserConfig = nil
	check("critical writable-claim web custom:plan", "notice self-sign-up")
}

func TestTheWorstComesFirst(t *testing.T) {
	t.Parallel()
	s := sound()
	s.Pool.AdminCreateUserConfig, s.Pool.MfaConfiguration = nil, ""
	s.Pool.Policies.PasswordPolicy.MinimumLength = new(int32(6))
	var got []Severity
	for _, f := range Review(s) {
		got = append(got, f.Severity)
	}
	if diff := cmp.Diff([]Severity{Critical, Warning, Notice}, got); diff != "" {
		t.Error(diff)
	}
}
