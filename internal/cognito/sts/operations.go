package sts

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/api/sts"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/store"
)

// Operations are the operations. The fields are set before the first use.
type Operations struct {
	DB         *store.DB
	Access     *access.Access
	Verifier   *webidentity.Verifier
	Identities *identitytokens.Tokens // of this installation's identity pools
	Now        func() time.Time
	AccountID  string
}

// usual is how long a session lasts that nobody has asked a length for.
const usual = time.Hour

// GetCallerIdentity tells who signed the request. It needs no permission, and no
// policy can forbid it (D3).
func (o *Operations) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	who := access.CallerFrom(ctx)
	return &sts.GetCallerIdentityResponse{UserId: &who.UserID, Account: &who.Account, Arn: who.ARN}, nil
}

// GetSessionToken gives temporary credentials with the caller's own rights (D6).
func (o *Operations) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenRequest) (*sts.GetSessionTokenResponse, error) {
	if in.SerialNumber != "" || in.TokenCode != "" {
		return nil, errNoDevice()
	}
	session, err := o.Access.SessionOf(ctx, access.CallerFrom(ctx), seconds(in.DurationSeconds))
	if err != nil {
		return nil, o.refused(ctx, "sts:GetSessionToken", "", err)
	}
	return &sts.GetSessionTokenResponse{Credentials: credentials(session)}, nil
}

// seconds is a duration as requests have it, 0 where there is none.
func seconds(n *int32) time.Duration {
	if n == nil {
		return 0
	}
	return time.Duration(*n) * time.Second
}

func credentials(s *access.Session) *sts.Credentials {
	return &sts.Credentials{
		AccessKeyId: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken, Expiration: api.TimeOf(s.Expires),
	}
}

func roleUser(s *access.Session) *sts.AssumedRoleUser {
	return &sts.AssumedRoleUser{AssumedRoleId: s.AssumedRoleID, Arn: s.ARN}
}

// packed is the size of session policies and tags in percent, where there are any.
func packed(s *access.Session, has bool) *int32 {
	if !has {
		return nil
	}
	return new(int32(s.PackedPolicySize))
}

// mostPolicies is how many managed session policies a request may name (D2). The
// model does not say it.
const mostPolicies = 10

// arns are the managed session policies of a request.
func arns(list []sts.PolicyDescriptorType) ([]string, error) {
	if len(list) > mostPolicies {
		return nil, validationError("1 validation error detected: Value at 'policyArns' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", mostPolicies)
	}
	var all []string
	for _, one := range list {
		if one.Arn != "" {
			all = append(all, one.Arn)
		}
	}
	return all, nil
}
