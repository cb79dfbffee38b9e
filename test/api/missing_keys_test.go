package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// An answer needs the keys of its challenge (auth-flows.md §7); the one that is
// missing is named, whatever the Session is worth.
func TestAnswersWithMissingKeysAreRefused(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	session := aws.String(strings.Repeat("x", 20))
	for challenge, keys := range map[types.ChallengeNameType][]string{
		"PASSWORD_VERIFIER":        {"PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"},
		"PASSWORD":                 {"PASSWORD"},
		"PASSWORD_SRP":             {"SRP_A"},
		"SELECT_CHALLENGE":         {"ANSWER"},
		"NEW_PASSWORD_REQUIRED":    {"NEW_PASSWORD"},
		"SMS_MFA":                  {"SMS_MFA_CODE"},
		"SMS_OTP":                  {"SMS_OTP_CODE"},
		"EMAIL_OTP":                {"EMAIL_OTP_CODE"},
		"SOFTWARE_TOKEN_MFA":       {"SOFTWARE_TOKEN_MFA_CODE"},
		"SELECT_MFA_TYPE":          {"ANSWER"},
		"MFA_SETUP":                {},
		"CUSTOM_CHALLENGE":         {"ANSWER"},
		"DEVICE_SRP_AUTH":          {"DEVICE_KEY", "SRP_A"},
		"DEVICE_PASSWORD_VERIFIER": {"DEVICE_KEY", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"},
		"WEB_AUTHN":                {},
	} {
		keys = append(keys, "USERNAME")
		for _, missing := range keys {
			var pairs []string
			for _, key := range keys {
				if key != missing {
					pairs = append(pairs, key, "x")
				}
			}
			_, err := a.respond(t, challenge, session, pairs...)
			wantError(t, err, "InvalidParameterException", "Missing required parameter "+missing)
		}
		if slices.Contains(keys, "PASSWORD_CLAIM_SECRET_BLOCK") {
			continue // the block carries the state
		}
		_, err := a.respond(t, challenge, nil, "USERNAME", "ana")
		wantError(t, err, "InvalidParameterException", "Missing required parameter Session")
	}
}
