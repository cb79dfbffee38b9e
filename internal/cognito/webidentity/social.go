package webidentity

import (
	"context"
	"slices"
	"strings"
	"time"

	"cognate/internal/outbound/oidc"
)

// Names of the social providers in the Logins of identity pools, beside those of
// package oidc (identity-pools.md A4).
const (
	Google   = "accounts.google.com"
	Apple    = "appleid.apple.com"
	Facebook = oidc.FacebookName
	Amazon   = oidc.AmazonName
	Twitter  = oidc.TwitterName
	Digits   = oidc.DigitsName
)

// IsSocial reports whether a key of Logins names a social provider.
func IsSocial(name string) bool {
	switch name {
	case Google, Apple, Facebook, Amazon, Twitter, Digits:
		return true
	}
	return false
}

const (
	googleKeys = "https://www.googleapis.com/oauth2/v3/certs"
	appleKeys  = "https://appleid.apple.com/auth/keys"
)

// Token checks what a social provider has given: an ID token of Google or Apple,
// an access token of Facebook or Amazon, token;secret of Twitter or Digits. appID is
// the app it must be for, as SupportedLoginProviders has it: several ids of Google are
// separated by commas or semicolons, Twitter's is key;secret. grace is for ID tokens,
// as in OIDC.
func (v *Verifier) Token(ctx context.Context, name, appID, token string, grace time.Duration) (*Claims, error) {
	switch name {
	case Google:
		return v.published(ctx, issuer{
			names: []string{"https://accounts.google.com", "accounts.google.com"}, grace: grace,
			source: oidc.Source{Issuer: Google, KeysURL: v.Social.Place(Google, googleKeys)},
		}, appID, token)
	case Apple:
		return v.published(ctx, issuer{
			names: []string{"https://appleid.apple.com"}, grace: grace,
			source: oidc.Source{Issuer: Apple, KeysURL: v.Social.Place(Apple, appleKeys)},
		}, appID, token)
	case Facebook:
		holder, err := v.Social.Facebook(ctx, token)
		return accessToken(holder, err, appID)
	case Amazon:
		holder, err := v.Social.Amazon(ctx, token)
		return accessToken(holder, err, appID)
	case Twitter, Digits:
		return v.twitter(ctx, name, appID, token)
	}
	return nil, refuse(WrongIssuer, "%q is no social provider", name)
}

// published checks an ID token of a provider with published keys.
func (v *Verifier) published(ctx context.Context, from issuer, appIDs, token string) (*Claims, error) {
	claims, err := v.foreign(ctx, from, token)
	if err != nil {
		return nil, err
	}
	return claims, claims.welcome(listed(appIDs))
}

// listed splits a list of ids.
func listed(ids string) []string {
	list := strings.FieldsFunc(ids, func(r rune) bool { return r == ';' || r == ',' })
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return slices.DeleteFunc(list, func(id string) bool { return id == "" })
}

// accessToken makes claims of what a provider says about an access token, which has
// to be for the app.
func accessToken(holder *oidc.Holder, err error, appID string) (*Claims, error) {
	switch {
	case err != nil:
		return nil, refusal(err)
	case appID == "" || !slices.Contains(holder.Apps, appID):
		return nil, refuse(WrongAudience, "token is for %q", holder.Apps)
	}
	return &Claims{
		Subject: holder.Subject, Issuer: holder.Issuer, Audience: []string{appID}, Party: appID, Expires: holder.Expires,
		Values: map[string]any{"iss": holder.Issuer, "aud": appID, "sub": holder.Subject},
	}, nil
}

// twitter checks a token with its secret.
func (v *Verifier) twitter(ctx context.Context, name, appID, token string) (*Claims, error) {
	consumer, okApp := pair(appID)
	user, okToken := pair(token)
	if !okApp || !okToken {
		return nil, refuse(Malformed, "not an identifier and a secret with a semicolon between them")
	}
	holder, err := v.Social.Twitter(ctx, name, consumer, user)
	return accessToken(holder, err, consumer.ID)
}

func pair(text string) (oidc.KeyPair, bool) {
	id, secret, ok := strings.Cut(text, ";")
	return oidc.KeyPair{ID: id, Secret: secret}, ok && id != "" && secret != "" && !strings.Contains(secret, ";")
}
