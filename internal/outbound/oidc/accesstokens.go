package oidc

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // of OAuth 1.0a, as a MAC
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ErrRejected is wrapped by errors that say that a provider does not know a token.
var ErrRejected = errors.New("oidc: the identity provider does not accept the token")

// Holder is whom an access token was given to, as the provider says.
type Holder struct {
	Subject string
	// Apps are the ids of the app that the token is for, first the one that trust
	// policies go by.
	Apps    []string
	Issuer  string
	Expires time.Time // zero: not said
}

// AccessTokens asks social providers about access tokens, which say nothing by
// themselves (federation.md §5).
type AccessTokens struct {
	Client *Client
	// Elsewhere gives addresses that stand in the place of a provider's scheme and
	// host, by the name that identity pools have for it. It may be nil.
	Elsewhere map[string]string
}

// Names that identity pools have for the providers (identity-pools.md A4).
const (
	FacebookName = "graph.facebook.com"
	AmazonName   = "www.amazon.com"
	TwitterName  = "api.twitter.com"
	DigitsName   = "www.digits.com"
)

// Place is the address of a path of a provider, elsewhere if that is set.
func (a *AccessTokens) Place(name, address string) string {
	base := a.Elsewhere[name]
	u, err := url.Parse(address)
	if base == "" || err != nil {
		return address
	}
	return strings.TrimRight(base, "/") + strings.TrimPrefix(address, u.Scheme+"://"+u.Host)
}

// Facebook tells who has an access token of Facebook, and for which app: the Graph
// API answers both to the token itself.
func (a *AccessTokens) Facebook(ctx context.Context, token string) (*Holder, error) {
	var app, user struct {
		ID string `json:"id"`
	}
	header := http.Header{"Authorization": {"Bearer " + token}}
	if err := a.ask(ctx, a.Place(FacebookName, "https://graph.facebook.com/app?fields=id"), header, &app); err != nil {
		return nil, err
	}
	if err := a.ask(ctx, a.Place(FacebookName, "https://graph.facebook.com/me?fields=id"), header, &user); err != nil {
		return nil, err
	}
	if user.ID == "" || app.ID == "" {
		return nil, fmt.Errorf("%w: no user or app was named", ErrRejected)
	}
	return &Holder{Subject: user.ID, Apps: []string{app.ID}, Issuer: FacebookName}, nil
}

// Amazon tells who has an access token of Login with Amazon, and for which app.
func (a *AccessTokens) Amazon(ctx context.Context, token string) (*Holder, error) {
	var said struct {
		Issuer  string      `json:"iss"`
		UserID  string      `json:"user_id"`
		Client  string      `json:"aud"`
		App     string      `json:"app_id"`
		Seconds json.Number `json:"exp"` // from now
	}
	address := a.Place(AmazonName, "https://api.amazon.com/auth/o2/tokeninfo?access_token="+url.QueryEscape(token))
	if err := a.ask(ctx, address, http.Header{}, &said); err != nil {
		return nil, err
	}
	seconds, err := said.Seconds.Int64()
	switch {
	case said.UserID == "" || said.Client == "":
		return nil, fmt.Errorf("%w: no user or app was named", ErrRejected)
	case said.Issuer != "https://www.amazon.com":
		return nil, fmt.Errorf("%w: the issuer is %q", ErrRejected, said.Issuer)
	case err != nil || seconds <= 0 || seconds > 1<<31:
		return nil, fmt.Errorf("%w: it ends in %q seconds", ErrRejected, said.Seconds)
	}
	holder := &Holder{Subject: said.UserID, Apps: []string{said.Client}, Issuer: said.Issuer}
	if said.App != "" {
		holder.Apps = []string{said.App, said.Client}
	}
	holder.Expires = a.Client.now().Add(time.Duration(seconds) * time.Second)
	return holder, nil
}

// Twitter tells who has a token of Twitter or Digits (name), for the app whose
// consumer key it is: a token of another app does not verify. The request is signed
// by OAuth 1.0a (RFC 5849 §3.4).
func (a *AccessTokens) Twitter(ctx context.Context, name string, consumer, token KeyPair) (*Holder, error) {
	address := "https://api.twitter.com/1.1/account/verify_credentials.json"
	if name == DigitsName {
		address = "https://api.digits.com/1.1/sdk/account.json"
	}
	header := http.Header{"Authorization": {oauth1(address, consumer, token, rand.Text(), a.Client.now())}}
	var said struct {
		ID string `json:"id_str"`
	}
	if err := a.ask(ctx, a.Place(name, address), header, &said); err != nil {
		return nil, err
	}
	if said.ID == "" {
		return nil, fmt.Errorf("%w: no user was named", ErrRejected)
	}
	return &Holder{Subject: said.ID, Apps: []string{consumer.ID}, Issuer: name}, nil
}

// KeyPair is an identifier with its secret.
type KeyPair struct{ ID, Secret string }

// oauth1 makes the Authorization header of a GET without parameters.
func oauth1(address string, consumer, token KeyPair, nonce string, now time.Time) string {
	parameters := [...][2]string{ // in the order that RFC 5849 §3.4.1.3.2 asks for
		{"oauth_consumer_key", consumer.ID},
		{"oauth_nonce", nonce},
		{"oauth_signature_method", "HMAC-SHA1"},
		{"oauth_timestamp", strconv.FormatInt(now.Unix(), 10)},
		{"oauth_token", token.ID},
		{"oauth_version", "1.0"},
	}
	var pairs, header []string
	for _, p := range parameters {
		pairs = append(pairs, p[0]+"="+percent(p[1]))
		header = append(header, p[0]+`="`+percent(p[1])+`"`)
	}
	base := "GET&" + percent(address) + "&" + percent(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte(percent(consumer.Secret)+"&"+percent(token.Secret)))
	mac.Write([]byte(base))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	return "OAuth " + strings.Join(append(header, `oauth_signature="`+percent(signature)+`"`), ", ")
}

// percent is the encoding of RFC 5849 §3.6: everything but the unreserved
// characters.
func percent(s string) string {
	return strings.NewReplacer("+", "%20").Replace(url.QueryEscape(s))
}

// ask gets a document about a token. Answers that blame the request are
// ErrRejected, all other failures ErrUnreachable. Addresses stay out of the errors:
// one of them has the token in it.
func (a *AccessTokens) ask(ctx context.Context, address string, header http.Header, into any) error {
	without, _, _ := strings.Cut(address, "?")
	if err := a.Client.Permits(without); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	got, err := a.Client.send(ctx, http.MethodGet, address, "", header)
	if inAddress, ok := errors.AsType[*url.Error](err); ok {
		err = inAddress.Err
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	case got.status == http.StatusTooManyRequests, got.status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: status %d", ErrUnreachable, got.status)
	case got.status != http.StatusOK:
		return fmt.Errorf("%w: status %d", ErrRejected, got.status)
	}
	if err := json.Unmarshal(got.body, into); err != nil {
		return fmt.Errorf("%w: read the answer: %w", ErrUnreachable, err)
	}
	return nil
}
