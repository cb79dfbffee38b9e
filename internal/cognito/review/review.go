package review

import (
	"slices"

	"cognate/internal/api"
)

// Severity says how much a finding weakens the pool.
type Severity int

// The severities. A critical one lets a user take what is not theirs.
const (
	Notice Severity = iota
	Warning
	Critical
)

func (s Severity) String() string { return [...]string{"notice", "warning", "critical"}[s] }

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is something about a pool or one of its clients.
type Finding struct {
	Rule      string   `json:"rule"` // its name, which stays
	Severity  Severity `json:"severity"`
	PoolID    string   `json:"poolId"`
	ClientID  string   `json:"clientId,omitzero"`  // empty: the pool itself
	Attribute string   `json:"attribute,omitzero"` // full name
	Text      string   `json:"text"`               // what is so, and what to do
}

// Subject is a pool with all of its clients.
type Subject struct {
	Pool    *api.UserPoolType
	Clients []*api.UserPoolClientType
}

// Review lists what it finds, the worst first.
func Review(s Subject) []Finding {
	findings := ofPool(s.Pool)
	for _, c := range s.Clients {
		findings = append(findings, ofClient(s.Pool, c)...)
	}
	findings = append(findings, ofAttributes(s)...)
	slices.SortStableFunc(findings, func(a, b Finding) int { return int(b.Severity) - int(a.Severity) })
	return findings
}

// shortest is the length of passwords that is asked for at least.
const shortest = 8

func ofPool(p *api.UserPoolType) []Finding {
	var found []Finding
	note := func(rule string, severity Severity, text string) {
		found = append(found, Finding{Rule: rule, Severity: severity, PoolID: p.Id, Text: text})
	}
	if selfSignUp(p) {
		note("self-sign-up", Notice, "Everybody can sign up. If users are invited, set AllowAdminCreateUserOnly.")
		if len(p.AutoVerifiedAttributes) == 0 {
			note("unverified-sign-up", Warning, "Users sign up without proving an address, so recovery has nowhere to go. Set AutoVerifiedAttributes.")
		}
	}
	if policy := passwordPolicy(p); policy != nil && policy.MinimumLength != nil && *policy.MinimumLength < shortest {
		note("weak-password-policy", Critical, "Passwords of fewer than 8 characters are allowed. Raise MinimumLength.")
	}
	if p.MfaConfiguration != api.UserPoolMfaTypeOn && p.MfaConfiguration != api.UserPoolMfaTypeOptional {
		note("no-mfa", Warning, "No user can have a second factor. Set MfaConfiguration to OPTIONAL or ON.")
	}
	for _, a := range unprovenChanges(p) {
		note("unproven-address", Warning, "Users can change their "+a+" without proving the new one first. Name it in AttributesRequireVerificationBeforeUpdate.")
	}
	if d := p.DcrConfiguration; d != nil && d.EnableStatus == api.StatusTypeEnabled && d.OpenDcrEnabled {
		note("open-registration", Warning, "Everybody can register a client of this pool. Ask for a token.")
	}
	if p.DeletionProtection != api.DeletionProtectionTypeActive {
		note("no-deletion-protection", Notice, "One call deletes the pool with its users. Set DeletionProtection to ACTIVE.")
	}
	return found
}

func selfSignUp(p *api.UserPoolType) bool {
	return p.AdminCreateUserConfig == nil || !p.AdminCreateUserConfig.AllowAdminCreateUserOnly
}

func passwordPolicy(p *api.UserPoolType) *api.PasswordPolicyType {
	if p.Policies == nil {
		return nil
	}
	return p.Policies.PasswordPolicy
}

// unprovenChanges are the addresses that mean something to the pool and change at
// once.
func unprovenChanges(p *api.UserPoolType) []string {
	var proven []api.VerifiedAttributeType
	if s := p.UserAttributeUpdateSettings; s != nil {
		proven = s.AttributesRequireVerificationBeforeUpdate
	}
	var list []string
	for _, a := range p.AutoVerifiedAttributes {
		if !slices.Contains(proven, a) {
			list = append(list, string(a))
		}
	}
	return list
}

func ofClient(p *api.UserPoolType, c *api.UserPoolClientType) []Finding {
	var found []Finding
	note := func(rule string, severity Severity, text string) {
		found = append(found, Finding{Rule: rule, Severity: severity, PoolID: p.Id, ClientID: c.ClientId, Text: text})
	}
	if c.PreventUserExistenceErrors != api.PreventUserExistenceErrorTypesEnabled {
		note("user-existence", Warning, "Answers tell whether a user exists. Set PreventUserExistenceErrors to ENABLED.")
	}
	if slices.Contains(c.AllowedOAuthFlows, api.OAuthFlowTypeImplicit) {
		note("implicit-grant", Warning, "Tokens come in the address of a page, where others can read them. Use the code grant.")
	}
	if c.EnableTokenRevocation != nil && !*c.EnableTokenRevocation {
		note("no-token-revocation", Warning, "Tokens cannot be revoked. Set EnableTokenRevocation.")
	}
	if c.ClientSecret == "" && slices.Contains(c.ExplicitAuthFlows, api.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth) {
		note("admin-flow-without-secret", Notice, "Servers sign users in through a client without a secret. Give them a client of their own with one.")
	}
	return found
}
