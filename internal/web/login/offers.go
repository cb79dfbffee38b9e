package login

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sso"
	"cognate/internal/web/pages"
)

// local reports whether users of the pool itself sign in with this request.
func (v *visit) local() bool {
	return slices.Contains(v.client.Config().SupportedIdentityProviders, sso.LocalProvider) &&
		(v.request.Provider == "" || v.request.Provider == sso.LocalProvider)
}

// byChoice reports whether the page asks for the name alone and then for one of the
// user's first factors (endpoints.md §6.2).
func (v *visit) byChoice() bool { return v.version == managed && choosesSignIn(v.client) }

func choosesSignIn(c *directory.Client) bool {
	return slices.Contains(c.Config().ExplicitAuthFlows, api.ExplicitAuthFlowsTypeAllowUserAuth)
}

// firstFactor reports whether sign-ins of the pool may begin with a factor.
func firstFactor(p *directory.Pool, f api.AuthFactorType) bool {
	policies := p.Config().Policies
	return policies != nil && policies.SignInPolicy != nil && slices.Contains(policies.SignInPolicy.AllowedFirstAuthFactors, f)
}

// passkeys reports whether users of the client sign in with passkeys on the pages.
func (v *visit) passkeys() bool {
	return v.byChoice() && firstFactor(v.client.Pool, api.AuthFactorTypeWebAuthn) && v.client.Pool.RelyingParty() != ""
}

// withoutPassword reports whether a sign-up may leave the password out: a code
// signs in as well.
func (v *visit) withoutPassword() bool {
	return v.byChoice() && (firstFactor(v.client.Pool, api.AuthFactorTypeEmailOtp) || firstFactor(v.client.Pool, api.AuthFactorTypeSmsOtp))
}

// signsUp reports whether people can make an account themselves (security.md S040).
func (v *visit) signsUp() bool {
	admin := v.client.Pool.Config().AdminCreateUserConfig
	return v.local() && (admin == nil || !admin.AllowAdminCreateUserOnly)
}

// recovers reports whether users can set a new password themselves.
func (v *visit) recovers() bool {
	setting := v.client.Pool.Config().AccountRecoverySetting
	return v.local() && (setting == nil || !slices.ContainsFunc(setting.RecoveryMechanisms, func(m api.RecoveryOptionType) bool {
		return m.Name == api.RecoveryOptionNameTypeAdminOnly
	}))
}

// nameKind is what users of the pool sign in with; newName of a new user, who has
// no aliases yet.
func (v *visit) nameKind() pages.NameKind {
	if len(v.client.Pool.Config().AliasAttributes) > 0 {
		return pages.Any
	}
	return v.newName()
}

func (v *visit) newName() pages.NameKind {
	named := v.client.Pool.Config().UsernameAttributes
	email := slices.Contains(named, api.UsernameAttributeTypeEmail)
	phone := slices.Contains(named, api.UsernameAttributeTypePhoneNumber)
	switch {
	case email && phone:
		return pages.EmailOrPhone
	case email:
		return pages.Email
	case phone:
		return pages.Phone
	}
	return pages.Username
}

// policy is what the pool asks of new passwords.
func policy(p *directory.Pool) pages.Policy {
	policies := p.Config().Policies
	if policies == nil || policies.PasswordPolicy == nil {
		return pages.Policy{}
	}
	c := policies.PasswordPolicy
	shown := pages.Policy{Upper: c.RequireUppercase, Lower: c.RequireLowercase, Digit: c.RequireNumbers, Symbol: c.RequireSymbols}
	if c.MinimumLength != nil {
		shown.MinLength = int(*c.MinimumLength)
	}
	return shown
}

// remembers reports whether users of the pool say themselves which devices are to
// be remembered.
func remembers(p *directory.Pool) bool {
	c := p.Config().DeviceConfiguration
	return c != nil && c.DeviceOnlyRememberedOnUserPrompt
}

// next is what the standing session is good for, before anybody signs in.
func (v *visit) next(ctx context.Context) (authorization.Next, error) {
	if v.tx.Fresh || v.tx.ForPasskey {
		return authorization.ShowLogin, nil
	}
	return v.p.Authorization.Decide(ctx, v.request, v.session)
}
