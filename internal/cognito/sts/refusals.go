package sts

import (
	"context"
	"errors"

	"cognate/internal/api"
	"cognate/internal/api/sts"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/outbound/oidc"
)

// HTTP statuses of the errors that no model has.
const (
	statusBadRequest = 400
	statusForbidden  = 403
)

func accessDenied(format string, args ...any) *api.Error {
	return api.NewError("AccessDenied", statusForbidden, format, args)
}

func validationError(format string, args ...any) *api.Error {
	return api.NewError("ValidationError", statusBadRequest, format, args)
}

// errNoDevice is the answer to codes of devices: keys here have none (D4).
func errNoDevice() error {
	return accessDenied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.")
}

// notAllowed is the answer to who may not have a session of a role, and to who asks for
// one of a role that does not exist (D2, D4, D5).
func notAllowed(ctx context.Context, action, role string) *api.Error {
	if who := access.CallerFrom(ctx); who != nil {
		return accessDenied("User: %s is not authorized to perform: %s on resource: %s", who.ARN, action, role)
	}
	return accessDenied("Not authorized to perform %s", action)
}

// refused puts a refusal of package access into the words of the service.
func (o *Operations) refused(ctx context.Context, action, role string, err error) error {
	var r *access.Refusal
	if !errors.As(err, &r) {
		return err
	}
	return worded(ctx, action, role, r).Because(err)
}

func worded(ctx context.Context, action, role string, r *access.Refusal) *api.Error {
	switch r.Reason {
	case access.RootMayNot:
		return accessDenied("Roles may not be assumed by root accounts.")
	case access.SessionMayNot:
		return accessDenied("Cannot call GetSessionToken with session credentials")
	case access.DurationTooLong:
		return validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case access.ChainTooLong:
		return validationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	case access.MalformedPolicy:
		return sts.MalformedPolicyDocumentException("%s", r.Message)
	case access.PolicyTooLarge:
		return sts.PackedPolicyTooLargeException("%s", r.Message)
	case access.NoSuchPolicy, access.BadTags:
		return validationError("%s", r.Message)
	case access.NotTrusted, access.NoSuchRole, access.BadSourceIdentity:
	}
	return notAllowed(ctx, action, role)
}

// tokenRefused puts a refusal of a web identity token into the words of the service
// (D2).
func tokenRefused(err error) error {
	var e *webidentity.Error
	if !errors.As(err, &e) {
		return err
	}
	return tokenWorded(e).Because(err)
}

func tokenWorded(e *webidentity.Error) *api.Error {
	switch e.Kind {
	case webidentity.Expired:
		return sts.ExpiredTokenException("Token expired: current date/time %d must be before the expiration date/time %d", e.Now.Unix(), e.Expires.Unix())
	case webidentity.WrongAudience:
		return sts.InvalidIdentityTokenException("Incorrect token audience")
	case webidentity.MissingClaim:
		return sts.InvalidIdentityTokenException("Missing a required claim: %s", e.Claim)
	case webidentity.BadSignature:
		if errors.Is(e, oidc.ErrUnknownKey) {
			return sts.InvalidIdentityTokenException("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
		}
		return sts.InvalidIdentityTokenException("Token signature invalid")
	case webidentity.BadTime:
		return sts.InvalidIdentityTokenException("Token is not valid yet")
	case webidentity.Inactive, webidentity.Rejected:
		return sts.IDPRejectedClaimException("The identity provider did not accept the token")
	case webidentity.Unreachable:
		return sts.IDPCommunicationErrorException("The identity provider could not be reached to verify the token")
	case webidentity.WrongIssuer, webidentity.Malformed:
	}
	return errNoToken()
}

func errNoToken() *api.Error {
	return sts.InvalidIdentityTokenException("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
}

func errNoIdentity() *api.Error {
	return sts.InvalidIdentityTokenException("The identity of the token does not exist any more")
}

// responseRefused puts a refusal of a SAML response into the words of the service (D5).
func responseRefused(err error) error {
	var e *webidentity.Error
	if !errors.As(err, &e) {
		return err
	}
	answer := sts.InvalidIdentityTokenException("Response signature invalid")
	switch e.Kind { //nolint:exhaustive // responses have no other kinds
	case webidentity.Expired:
		answer = sts.ExpiredTokenException("Token must be redeemed within 5 minutes of issuance")
	case webidentity.WrongAudience:
		answer = sts.InvalidIdentityTokenException("Audience is invalid")
	case webidentity.Rejected:
		answer = sts.IDPRejectedClaimException("The identity provider says that the sign-in failed")
	}
	return answer.Because(err)
}
