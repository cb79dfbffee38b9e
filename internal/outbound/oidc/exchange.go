package oidc

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"cognate/internal/api"
)

// Redemption is a code that came back from a provider.
type Redemption struct {
	Code, RedirectURI, Nonce string
	// User is the form field of that name, which Apple sends at the first sign-in.
	User string
}

// Answer is what a provider says of a user, checked.
type Answer struct {
	Subject  string
	Token    map[string]any // members of the token answer
	IDToken  map[string]any // claims, or nil
	UserInfo map[string]any // attributes, or nil
	// Said are the attributes by the provider's names: those of the ID token win
	// over those of userInfo; access_token and id_token are the tokens themselves.
	Said map[string]any
	ACR  string   // of the ID token
	AMR  []string // of the ID token
}

// Exchange redeems a code and finds out who the user is. Errors of type *Error have
// words for the user's app.
func (c *Client) Exchange(ctx context.Context, s Settings, r Redemption) (*Answer, error) {
	algorithms, err := c.complete(ctx, &s)
	if err != nil {
		return nil, err
	}
	a := &Answer{Said: map[string]any{}}
	if a.Token, err = c.redeem(ctx, &s, r); err != nil {
		return nil, err
	}
	access, _ := a.Token["access_token"].(string)
	if s.givesIDToken() {
		text, _ := a.Token["id_token"].(string)
		if a.IDToken, err = c.checkIDToken(ctx, &s, text, access, r.Nonce, algorithms); err != nil {
			return nil, err
		}
	}
	if s.AttributesURL != "" && (s.Type != api.IdentityProviderTypeTypeGoogle || s.fields() != nil) {
		if a.UserInfo, err = c.attributes(ctx, &s, access); err != nil {
			return nil, err
		}
	}
	return a, a.merge(&s, r)
}

// complete fills in the addresses that the discovery document gives, and tells
// which algorithms ID tokens may be signed with.
func (c *Client) complete(ctx context.Context, s *Settings) ([]string, error) {
	if !s.Discover {
		return asymmetric, nil
	}
	d, err := c.Discover(ctx, s.Issuer)
	if err != nil {
		return nil, unreached(err, "")
	}
	s.TokenURL, s.AttributesURL, s.KeysURL = d.Token, d.UserInfo, d.Keys
	return listed(d.Algorithms), nil
}

// redeem asks the token endpoint.
func (c *Client) redeem(ctx context.Context, s *Settings, r Redemption) (map[string]any, error) {
	secret := s.ClientSecret
	if s.Type == api.IdentityProviderTypeTypeSignInWithApple {
		var err error
		if secret, err = s.appleSecret(c.now()); err != nil {
			return nil, err
		}
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {r.Code}, "redirect_uri": {r.RedirectURI},
		"client_id": {s.ClientID}, "client_secret": {secret},
	}
	var got *answer
	var err error
	if s.Type == api.IdentityProviderTypeTypeFacebook {
		form.Del("grant_type")
		got, err = c.send(ctx, http.MethodGet, s.TokenURL+"?"+form.Encode(), "", http.Header{})
	} else {
		got, err = c.send(ctx, http.MethodPost, s.TokenURL, form.Encode(), http.Header{})
	}
	if err != nil {
		return nil, unreached(err, "Timeout occurred in calling IdP token endpoint")
	}
	said, err := object(got.body)
	switch {
	case got.status != http.StatusOK:
		return nil, s.refused(got.status, s.words(said, got.body))
	case err != nil:
		return nil, failure(err, "The token endpoint's answer is not JSON")
	}
	if access, _ := said["access_token"].(string); access == "" {
		return nil, failure(nil, "The token endpoint gave no access token")
	}
	return said, nil
}

// words are what an error answer says.
func (s *Settings) words(said map[string]any, body []byte) string {
	code, _ := said["error"].(string)
	description, _ := said["error_description"].(string)
	switch {
	case code == "":
		return string(body)
	case s.Type == api.IdentityProviderTypeTypeGoogle || description == "":
		return code
	}
	return code + " " + description
}

// attributes asks for the user's attributes with the access token.
func (c *Client) attributes(ctx context.Context, s *Settings, access string) (map[string]any, error) {
	address := s.AttributesURL
	if s.AddNames {
		address += url.QueryEscape(strings.Join(s.fields(), ","))
	}
	header := http.Header{"Authorization": {"Bearer " + access}}
	var got *answer
	var err error
	if s.AttributesMethod == http.MethodPost {
		got, err = c.send(ctx, http.MethodPost, address, "", header)
	} else {
		got, err = c.get(ctx, address, header)
	}
	if err != nil {
		return nil, unreached(err, "")
	}
	said, err := object(got.body)
	switch {
	case got.status != http.StatusOK:
		return nil, s.refused(got.status, s.words(said, got.body))
	case err != nil: // the words that are seen in the field
		return nil, failure(err, "username attribute mapping required")
	}
	if s.Type == api.IdentityProviderTypeTypeGoogle {
		said = people(said)
	}
	return said, nil
}

// fields are the attributes to name in the address. Google's People API has none of
// those that its ID token has; where nothing else is mapped it is not called, as it
// has to be switched on in the project of the client.
func (s *Settings) fields() []string {
	if s.Type != api.IdentityProviderTypeTypeGoogle {
		return s.Attributes
	}
	var list []string
	for _, name := range s.Attributes {
		if peopleFields[name] {
			list = append(list, name)
		}
	}
	return list
}

// peopleFields are the personFields that Google's People API knows.
var peopleFields = map[string]bool{
	"addresses": true, "birthdays": true, "emailAddresses": true, "genders": true, "locales": true, "names": true, "nicknames": true,
	"organizations": true, "phoneNumbers": true, "photos": true, "urls": true,
}

// people takes the primary value of each field of a person of Google's People API.
func people(said map[string]any) map[string]any {
	flat := map[string]any{}
	for name, v := range said {
		list, ok := v.([]any)
		if !ok || len(list) == 0 || !peopleFields[name] {
			continue
		}
		first, ok := list[0].(map[string]any)
		if !ok {
			continue
		}
		for _, key := range []string{"value", "displayName", "formattedValue", "url", "text", "name"} {
			if text, ok := first[key].(string); ok {
				flat[name] = text
				break
			}
		}
		if date, ok := first["date"].(map[string]any); ok {
			flat[name] = fmt.Sprintf("%04d-%02d-%02d", whole(date["year"]), whole(date["month"]), whole(date["day"]))
		}
	}
	return flat
}

// whole is a part of a date, which may be missing: people keep their year to
// themselves.
func whole(v any) int64 {
	number, _ := v.(json.Number)
	n, err := number.Int64()
	if err != nil {
		return 0
	}
	return n
}

// merge puts together what was said in several places, and finds the subject.
func (a *Answer) merge(s *Settings, r Redemption) error {
	maps.Copy(a.Said, a.UserInfo)
	maps.Copy(a.Said, a.IDToken)
	if s.Type == api.IdentityProviderTypeTypeSignInWithApple {
		maps.Copy(a.Said, appleNames(r.User))
	}
	for _, name := range []string{"access_token", "id_token"} {
		if text, ok := a.Token[name].(string); ok {
			a.Said[name] = text
		}
	}
	name := SubjectOf(s.Type)
	a.Subject = text(a.Said[name])
	if a.Subject == "" {
		return failure(nil, "username attribute mapping required")
	}
	if in, ok := a.UserInfo["sub"]; ok && s.givesIDToken() && text(in) != a.Subject { // OIDC Core §5.3.2
		return failure(nil, "The subject of userInfo is another one than that of the ID token")
	}
	a.ACR = text(a.IDToken["acr"])
	if list, ok := a.IDToken["amr"].([]any); ok {
		for _, one := range list {
			if method, ok := one.(string); ok {
				a.AMR = append(a.AMR, method)
			}
		}
	}
	return nil
}

// text is a subject as text: some providers write numbers.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// object reads a JSON object. Numbers keep their spelling.
func object(body []byte) (map[string]any, error) {
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var o map[string]any
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	if o == nil || d.More() {
		return nil, fmt.Errorf("read an answer: not one object")
	}
	return o, nil
}
