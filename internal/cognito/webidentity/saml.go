package webidentity

import (
	"context"
	"crypto/sha1" //nolint:gosec // a name made of others, not a protection
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"cognate/internal/protocol/saml"
)

// SigninEndpoint is how SAML responses for AWS name whom and where they are for.
const SigninEndpoint = "https://signin.aws.amazon.com/saml"

// samlPartner is the other name that providers know for AWS: that of its metadata.
const samlPartner = "urn:amazon:webservices"

// Attributes of SAML responses for AWS (identity-pools.md B2, D5).
const (
	RoleAttribute        = "https://aws.amazon.com/SAML/Attributes/Role"
	SessionNameAttribute = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
	DurationAttribute    = "https://aws.amazon.com/SAML/Attributes/SessionDuration"
	SourceAttribute      = "https://aws.amazon.com/SAML/Attributes/SourceIdentity"
	TagAttributePrefix   = "https://aws.amazon.com/SAML/Attributes/PrincipalTag:"
	TransitiveAttribute  = "https://aws.amazon.com/SAML/Attributes/TransitiveTagKeys"
)

// Assertion is what only SAML responses say.
type Assertion struct {
	// SubjectType is persistent, transient or the whole name of another format.
	SubjectType string
	// NameQualifier is derived from issuer, account and provider, as STS answers it.
	NameQualifier string
	Attributes    map[string][]string
	Roles         []RolePair
	// SessionEnd is when the provider wants sessions to be over; zero: not said.
	SessionEnd time.Time
}

// RolePair is a value of RoleAttribute.
type RolePair struct{ Role, Provider string }

// SAML checks a response of a SAML provider, in base64. arn and metadata are the
// provider's (D5). The response may be for AWS by the name that providers know, or
// for this installation's STS; a request that it answers is not asked for.
func (v *Verifier) SAML(_ context.Context, arn string, metadata []byte, response string) (*Claims, error) {
	now := v.Now()
	known, err := saml.ParseMetadata(metadata, now)
	if err != nil {
		return nil, refuse(BadSignature, "read the provider's metadata: %w", err)
	}
	said, err := saml.ParseResponse(response, saml.Expected{
		SP: saml.ServiceProvider{
			EntityID: SigninEndpoint, OtherNames: append([]string{samlPartner}, v.Endpoints...),
			ACS: SigninEndpoint, OtherACS: v.Endpoints, Skew: saml.Skew,
		},
		Metadata: known, AnyRequest: true, Now: now,
	})
	if err != nil {
		return nil, samlRefusal(err, now)
	}
	values := make(map[string]any, len(said.Attributes))
	for name, texts := range said.Attributes {
		list := make([]any, len(texts))
		for i, text := range texts {
			list[i] = text
		}
		values[name] = list
	}
	return &Claims{
		Subject: said.NameID, Issuer: said.Issuer, Audience: []string{said.Recipient}, Party: said.Recipient,
		Issued: said.IssuedAt, Expires: said.NotOnOrAfter, Values: values,
		SAML: &Assertion{
			SubjectType: subjectType(said.NameIDFormat), NameQualifier: nameQualifier(said.Issuer, arn),
			Attributes: said.Attributes, Roles: rolePairs(said.Attributes[RoleAttribute]),
			SessionEnd: said.SessionNotOnOrAfter,
		},
	}, nil
}

func samlRefusal(err error, now time.Time) error {
	var refused *saml.Error
	switch {
	case errors.Is(err, saml.ErrEnded):
		return &Error{Kind: Expired, Now: now, Err: err}
	case errors.Is(err, saml.ErrAudience):
		return &Error{Kind: WrongAudience, Err: err}
	case errors.Is(err, saml.ErrFailed):
		return &Error{Kind: Rejected, Err: err}
	case errors.As(err, &refused):
		return &Error{Kind: BadSignature, Err: err}
	}
	return err
}

const formatPrefix = "urn:oasis:names:tc:SAML:2.0:nameid-format:"

// subjectType shortens the two formats that STS has words for.
func subjectType(format string) string {
	switch short := strings.TrimPrefix(format, formatPrefix); short {
	case "persistent", "transient":
		return short
	}
	return format
}

// nameQualifier identifies a provider together with an issuer: the digest of issuer,
// account and the provider's name.
func nameQualifier(issuer, arn string) string {
	account, name := "", ""
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		account = parts[4]
		_, name, _ = strings.Cut(parts[5], "/")
	}
	sum := sha1.Sum([]byte(issuer + account + "/" + name)) //nolint:gosec // see above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// rolePairs reads the values of RoleAttribute: a role and a provider in either
// order. Others are passed over.
func rolePairs(values []string) []RolePair {
	var pairs []RolePair
	for _, value := range values {
		a, b, ok := strings.Cut(value, ",")
		a, b = strings.TrimSpace(a), strings.TrimSpace(b)
		switch {
		case !ok:
		case strings.Contains(a, ":role/") && strings.Contains(b, ":saml-provider/"):
			pairs = append(pairs, RolePair{a, b})
		case strings.Contains(b, ":role/") && strings.Contains(a, ":saml-provider/"):
			pairs = append(pairs, RolePair{b, a})
		}
	}
	return pairs
}
