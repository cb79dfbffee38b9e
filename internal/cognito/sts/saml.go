package sts

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cognate/internal/api/sts"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/protocol/iam"
)

const withSAML = "sts:AssumeRoleWithSAML"

// sessionNameForm is that of RoleSessionName, and of SourceIdentity.
var sessionNameForm = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// AssumeRoleWithSAML gives a session of a role to the holder of a SAML response that
// names the role, if the role trusts its provider (D5). The request is not signed.
func (o *Operations) AssumeRoleWithSAML(ctx context.Context, in *sts.AssumeRoleWithSAMLRequest) (*sts.AssumeRoleWithSAMLResponse, error) {
	managed, err := arns(in.PolicyArns)
	if err != nil {
		return nil, err
	}
	provider, found, err := o.Access.SAMLProvider(ctx, in.PrincipalArn)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, sts.InvalidIdentityTokenException("Specified provider doesn't exist")
	}
	said, err := o.Verifier.SAML(ctx, provider.ARN, []byte(provider.Metadata), in.SAMLAssertion)
	if err != nil {
		return nil, responseRefused(err)
	}
	if !slices.Contains(said.SAML.Roles, webidentity.RolePair{Role: in.RoleArn, Provider: in.PrincipalArn}) {
		return nil, notAllowed(ctx, withSAML, in.RoleArn)
	}
	a, err := o.samlAssumption(said, in)
	if err != nil {
		return nil, err
	}
	a.PolicyARNs, a.Federated, a.Origin = managed, provider.ARN, access.OriginFrom(ctx)
	session, err := o.Access.Assume(ctx, a)
	if err != nil {
		return nil, o.refused(ctx, withSAML, in.RoleArn, err)
	}
	return &sts.AssumeRoleWithSAMLResponse{
		Credentials: credentials(session), AssumedRoleUser: roleUser(session), SourceIdentity: session.SourceIdentity,
		Subject: &said.Subject, SubjectType: &said.SAML.SubjectType, Issuer: &said.Issuer, Audience: &said.Party,
		NameQualifier:    &said.SAML.NameQualifier,
		PackedPolicySize: packed(session, in.Policy != "" || len(in.PolicyArns)+len(a.Tags) > 0),
	}, nil
}

// samlAssumption reads of a response what the session is to be.
func (o *Operations) samlAssumption(said *webidentity.Claims, in *sts.AssumeRoleWithSAMLRequest) (access.Assumption, error) {
	attributes := said.SAML.Attributes
	a := access.Assumption{
		Action: withSAML, RoleARN: in.RoleArn, Policy: in.Policy, Tags: map[string]string{},
	}
	name := attributes[webidentity.SessionNameAttribute]
	switch {
	case len(name) == 0:
		return a, sts.InvalidIdentityTokenException("RoleSessionName is required in AuthnResponse")
	case len(name) > 1 || !sessionNameForm.MatchString(name[0]):
		return a, sts.InvalidIdentityTokenException("RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}")
	}
	a.SessionName = name[0]
	if source := attributes[webidentity.SourceAttribute]; len(source) > 0 {
		if len(source) > 1 || !sessionNameForm.MatchString(source[0]) {
			return a, errClaim(webidentity.SourceAttribute)
		}
		a.SourceIdentity = source[0]
	}
	for attribute, values := range attributes {
		if key, ok := strings.CutPrefix(attribute, webidentity.TagAttributePrefix); ok {
			if len(values) != 1 {
				return a, errClaim(attribute)
			}
			a.Tags[key] = values[0]
		}
	}
	a.TransitiveTags = attributes[webidentity.TransitiveAttribute]
	var err error
	if a.Duration, err = o.samlDuration(said.SAML, in); err != nil {
		return a, err
	}
	a.Keys = samlKeys(said, in.PrincipalArn)
	a.SessionKeys = a.Keys
	return a, nil
}

// samlDuration is how long the session lasts: what is asked for, but no longer than the
// provider's own session and its attribute say.
func (o *Operations) samlDuration(said *webidentity.Assertion, in *sts.AssumeRoleWithSAMLRequest) (time.Duration, error) {
	asked := seconds(in.DurationSeconds)
	if given := said.Attributes[webidentity.DurationAttribute]; len(given) > 0 {
		n, err := strconv.Atoi(given[0])
		if err != nil || len(given) > 1 || n < 900 || n > 43200 {
			return 0, sts.InvalidIdentityTokenException("SessionDuration in AuthnResponse must be a number of seconds from 900 to 43200")
		}
		if limit := time.Duration(n) * time.Second; asked == 0 || asked > limit {
			asked = limit
		}
	}
	if asked == 0 {
		asked = usual
	}
	if end := said.SessionEnd; !end.IsZero() {
		left := end.Sub(o.Now()).Truncate(time.Second)
		if left <= 0 {
			return 0, sts.ExpiredTokenException("The session at the identity provider has ended")
		}
		asked = min(asked, left)
	}
	return asked, nil
}

func samlKeys(said *webidentity.Claims, principal string) iam.Keys {
	keys := iam.Keys{}
	keys.Set("SAML:aud", said.Party)
	keys.Set("SAML:iss", said.Issuer)
	keys.Set("SAML:sub", said.Subject)
	keys.Set("SAML:sub_type", said.SAML.SubjectType)
	keys.Set("SAML:namequalifier", said.SAML.NameQualifier)
	if parts := strings.SplitN(principal, ":", 6); len(parts) == 6 {
		keys.Set("SAML:doc", parts[4]+"/"+strings.TrimPrefix(parts[5], "saml-provider/"))
	}
	return keys
}
