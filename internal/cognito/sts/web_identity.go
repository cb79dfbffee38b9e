package sts

import (
	"context"
	"errors"
	"strings"

	"cognate/internal/api"
	"cognate/internal/api/sts"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/protocol/iam"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

const webIdentity = "sts:AssumeRoleWithWebIdentity"

// longestToken is that of the model, in characters. A token is measured before it is
// looked at.
const longestToken = 20_000

// bearer is whom a token stands for, in the terms of trust policies.
type bearer struct {
	federated string   // the principal that roles trust
	vouched   []string // providers of the account that an identity pool goes by
	provider  string   // as the answer names it
	subject   string
	audience  string
	keys      iam.Keys
	session   sessionClaims
}

// AssumeRoleWithWebIdentity gives a session of a role to the holder of a token, if the
// role trusts its provider (D2). The request is not signed.
func (o *Operations) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityRequest) (*sts.AssumeRoleWithWebIdentityResponse, error) {
	managed, err := arns(in.PolicyArns)
	if err != nil {
		return nil, err
	}
	who, err := o.bearer(ctx, in)
	if err != nil {
		return nil, err
	}
	session, err := o.Access.Assume(ctx, access.Assumption{
		Action: webIdentity, RoleARN: in.RoleArn, SessionName: in.RoleSessionName, Duration: seconds(in.DurationSeconds),
		Federated: who.federated, Vouched: who.vouched, Keys: who.keys, SessionKeys: who.keys, Policy: in.Policy, PolicyARNs: managed,
		Tags: who.session.tags, TransitiveTags: who.session.transitive, SourceIdentity: who.session.source, Origin: access.OriginFrom(ctx),
	})
	if err != nil {
		return nil, o.refused(ctx, webIdentity, in.RoleArn, err)
	}
	return &sts.AssumeRoleWithWebIdentityResponse{
		Credentials: credentials(session), AssumedRoleUser: roleUser(session), SourceIdentity: session.SourceIdentity,
		SubjectFromWebIdentityToken: who.subject, Provider: &who.provider, Audience: &who.audience,
		PackedPolicySize: packed(session, in.Policy != "" || len(in.PolicyArns)+len(who.session.tags) > 0),
	}, nil
}

// bearer checks the token of a request by whoever has issued it.
func (o *Operations) bearer(ctx context.Context, in *sts.AssumeRoleWithWebIdentityRequest) (*bearer, error) {
	// Clients send a token file as it is, and most ways to write one end it with a line
	// break.
	token := strings.TrimSpace(in.WebIdentityToken)
	switch in.ProviderId {
	case "":
	case webidentity.Facebook, webidentity.Amazon:
		return o.accessToken(ctx, in.ProviderId, token)
	default:
		return nil, validationError("ProviderId is for www.amazon.com and graph.facebook.com.")
	}
	issuer, err := issuerOf(token)
	if err != nil {
		return nil, err
	}
	switch issuer {
	case o.Identities.Issuer:
		return o.identity(ctx, token)
	case "https://accounts.google.com", "accounts.google.com":
		said, err := o.Verifier.AnyApp(ctx, webidentity.Google, token, 0)
		if err != nil {
			return nil, tokenRefused(err)
		}
		return describe(said, webidentity.Google, webidentity.Google)
	}
	return o.openID(ctx, issuer, token)
}

// issuerOf reads the issuer that a token claims, to find out whom to ask about it.
func issuerOf(token string) (string, error) {
	if len(token) > longestToken {
		return "", errNoToken()
	}
	issuer, err := jwt.ClaimedIssuer(token)
	if err != nil {
		return "", errNoToken().Because(err)
	}
	return issuer, nil
}

// identity takes a token of an identity pool of this installation.
func (o *Operations) identity(ctx context.Context, token string) (*bearer, error) {
	said, err := o.Identities.Verify(ctx, token)
	var expired *identitytokens.ExpiredError
	switch {
	case errors.As(err, &expired):
		return nil, tokenRefused(&webidentity.Error{Kind: webidentity.Expired, Now: expired.Now, Expires: expired.Expires})
	case errors.Is(err, identitytokens.ErrInvalid):
		return nil, tokenRefused(&webidentity.Error{Kind: webidentity.BadSignature, Err: err})
	case err != nil:
		return nil, err
	}
	if err := o.checkIdentity(ctx, said); err != nil {
		return nil, err
	}
	keys := iam.Keys{}
	keys.Set(identitytokens.Provider+":aud", said.PoolID)
	keys.Set(identitytokens.Provider+":sub", said.IdentityID)
	keys.Set(identitytokens.Provider+":amr", said.Methods...)
	return &bearer{
		federated: identitytokens.Provider, provider: identitytokens.Provider, subject: said.IdentityID, audience: said.PoolID,
		vouched: identitytokens.AccountProviders(said.Methods), keys: keys, session: sessionClaims{tags: said.Tags},
	}, nil
}

// checkIdentity refuses a token whose identity was deleted or disabled since: nobody
// is to come in by what somebody was.
func (o *Operations) checkIdentity(ctx context.Context, said *identitytokens.Token) error {
	who, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return tx.Identity(ctx, said.IdentityID)
	})
	switch {
	case api.HasCode(err, "ResourceNotFoundException"):
		return errNoIdentity().Because(err)
	case err != nil:
		return err
	case who.PoolID != said.PoolID || who.State == store.IdentityDisabled:
		return errNoIdentity()
	}
	return nil
}

// openID takes an ID token of an OpenID provider that an operator has entered.
func (o *Operations) openID(ctx context.Context, issuer, token string) (*bearer, error) {
	_, name, _ := strings.Cut(issuer, "://")
	name = strings.TrimSuffix(name, "/")
	arn := "arn:aws:iam::" + o.AccountID + ":oidc-provider/" + name
	provider, found, err := o.Access.OIDCProvider(ctx, arn)
	switch {
	case err != nil:
		return nil, err
	case !found || name == "":
		return nil, sts.InvalidIdentityTokenException("No OpenIDConnect provider found in your account for %s", clip(issuer))
	}
	said, err := o.Verifier.OIDC(ctx, webidentity.Provider{Issuer: provider.URL, Clients: provider.ClientIDs}, token, 0)
	if err != nil {
		return nil, tokenRefused(err)
	}
	return describe(said, arn, name)
}

// accessToken takes an access token of Facebook or Amazon, for any app: the role's
// trust policy has to look at it.
func (o *Operations) accessToken(ctx context.Context, name, token string) (*bearer, error) {
	said, err := o.Verifier.AnyApp(ctx, name, token, 0)
	if err != nil {
		return nil, tokenRefused(err)
	}
	subject := "user_id"
	if name == webidentity.Facebook {
		subject = "id"
	}
	keys := iam.Keys{}
	keys.Set(name+":app_id", said.Party)
	keys.Set(name+":"+subject, said.Subject)
	return &bearer{federated: name, provider: name, subject: said.Subject, audience: said.Party, keys: keys}, nil
}

// describe makes the condition keys of an ID token. aud is the app that the token was
// given to, oaud whom else it is for.
func describe(said *webidentity.Claims, federated, prefix string) (*bearer, error) {
	keys := iam.Keys{}
	party := said.Party
	if party == "" { // several audiences, and none was asked for
		party = said.Audience[0]
	}
	keys.Set(prefix+":aud", party)
	keys.Set(prefix+":oaud", said.Audience...)
	keys.Set(prefix+":sub", said.Subject)
	if methods := texts(said.Values["amr"]); len(methods) > 0 {
		keys.Set(prefix+":amr", methods...)
	}
	if email, ok := said.Values["email"].(string); ok && email != "" {
		keys.Set(prefix+":email", email)
	}
	session, err := sessionClaimsOf(said.Values)
	if err != nil {
		return nil, err
	}
	return &bearer{
		federated: federated, provider: federated, subject: said.Subject, audience: party, keys: keys, session: session,
	}, nil
}

// texts are the strings of a claim that is one or a list of them.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// clip bounds what an answer repeats of a token.
func clip(s string) string {
	const most = 256
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
