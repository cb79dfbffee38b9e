package pools

import (
	"cmp"
	"slices"
	"strings"

	"cognate/internal/api"
)

// Placeholders of message templates (spec/users-and-pools.md §2.4).
const (
	codePlaceholder     = "{####}"
	usernamePlaceholder = "{username}"
)

// setVerificationTexts keeps the three older members and the template that
// replaced them equal; where both are given the template counts.
func setVerificationTexts(pool *api.UserPoolType, s *api.CreateUserPoolRequest) {
	var t api.VerificationMessageTemplateType
	if s.VerificationMessageTemplate != nil {
		t = *s.VerificationMessageTemplate
	}
	t.DefaultEmailOption = cmp.Or(t.DefaultEmailOption, api.DefaultEmailOptionTypeConfirmWithCode)
	t.SmsMessage = cmp.Or(t.SmsMessage, s.SmsVerificationMessage)
	t.EmailMessage = cmp.Or(t.EmailMessage, s.EmailVerificationMessage)
	t.EmailSubject = cmp.Or(t.EmailSubject, s.EmailVerificationSubject)
	pool.VerificationMessageTemplate = &t
	pool.SmsVerificationMessage = t.SmsMessage
	pool.EmailVerificationMessage = t.EmailMessage
	pool.EmailVerificationSubject = t.EmailSubject
}

// checkInvitation wants the user's name and password in an invitation; a pool
// with a passwordless first factor may leave the password out.
func checkInvitation(pool *api.UserPoolType) error {
	invite := pool.AdminCreateUserConfig.InviteMessageTemplate
	if invite == nil {
		return nil
	}
	for _, text := range []struct{ member, value string }{
		{"SMSMessage", invite.SMSMessage},
		{"EmailMessage", invite.EmailMessage},
	} {
		if text.value == "" {
			continue
		}
		if !strings.Contains(text.value, usernamePlaceholder) ||
			!strings.Contains(text.value, codePlaceholder) && !passwordless(pool) {
			return api.InvalidParameterException("%s of InviteMessageTemplate must contain %s and %s.", text.member, usernamePlaceholder, codePlaceholder)
		}
	}
	return nil
}

// passwordless reports whether users can sign in by a one-time code alone.
func passwordless(pool *api.UserPoolType) bool {
	policy := pool.Policies.SignInPolicy
	return policy != nil && (slices.Contains(policy.AllowedFirstAuthFactors, api.AuthFactorTypeEmailOtp) ||
		slices.Contains(policy.AllowedFirstAuthFactors, api.AuthFactorTypeSmsOtp))
}
