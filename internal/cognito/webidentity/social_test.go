package webidentity

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIDTokensOfGoogleAndApple(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	for name, x := range map[string]struct {
		provider, apps, issuer string
		aud, azp               any
		want                   Kind
	}{
		"Google":                   {Google, "web", "https://accounts.google.com", "web", nil, 0},
		"Google without scheme":    {Google, "web", "accounts.google.com", "web", nil, 0},
		"one of several apps":      {Google, "ios; web,android", "https://accounts.google.com", "web", nil, 0},
		"azp of an app":            {Google, "ios;android", "https://accounts.google.com", "web", "ios", 0},
		"azp of another app":       {Google, "web", "https://accounts.google.com", "web", "ios", WrongAudience},
		"another app":              {Google, "ios", "https://accounts.google.com", "web", nil, WrongAudience},
		"no app":                   {Google, "", "https://accounts.google.com", "web", nil, WrongAudience},
		"separators only":          {Google, ";,", "https://accounts.google.com", "", nil, MissingClaim},
		"Google's look-alike":      {Google, "web", "https://accounts.google.com.evil.example", "web", nil, WrongIssuer},
		"Apple":                    {Apple, "com.example.app", "https://appleid.apple.com", "com.example.app", nil, 0},
		"Apple's token for Google": {Google, "web", "https://appleid.apple.com", "web", nil, WrongIssuer},
		"Google's token for Apple": {Apple, "web", "https://accounts.google.com", "web", nil, WrongIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, err := v.Token(t.Context(), x.provider, x.apps, p.token(t, map[string]any{"iss": x.issuer, "aud": x.aud, "azp": x.azp}), LoginGrace)
			if got := kindOf(t, err); got != x.want || err == nil && claims.Subject != "42" {
				t.Errorf("%+v, %v", claims, err)
			}
		})
	}
}

func TestAccessTokensOfFacebook(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	p.answers["/app"], p.answers["/me"] = `{"id":"app7"}`, `{"id":"1007"}`
	claims, err := v.Token(t.Context(), Facebook, "app7", "secret token", 0)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"iss": "graph.facebook.com", "aud": "app7", "sub": "1007"} // identity-pools.md B2
	if claims.Subject != "1007" || len(claims.Values) != 3 || claims.Values["sub"] != want["sub"] || claims.Values["aud"] != want["aud"] || claims.Values["iss"] != want["iss"] {
		t.Errorf("%+v", claims)
	}
	if asked := p.asked.Load(); asked.Header.Get("Authorization") != "Bearer secret token" || strings.Contains(asked.URL.String(), "secret") {
		t.Errorf("asked %s with %q", asked.URL, asked.Header.Get("Authorization"))
	}
	for app, want := range map[string]Kind{"app8": WrongAudience, "": WrongAudience} {
		if _, err := v.Token(t.Context(), Facebook, app, "x", 0); kindOf(t, err) != want {
			t.Errorf("app %q: %v", app, err)
		}
	}
	p.answers["/me"] = `{"name":"nobody"}`
	if _, err := v.Token(t.Context(), Facebook, "app7", "x", 0); kindOf(t, err) != Rejected {
		t.Error(err)
	}
	delete(p.answers, "/app")
	if _, err := v.Token(t.Context(), Facebook, "app7", "x", 0); kindOf(t, err) != Rejected {
		t.Error(err)
	}
	p.down.Store(true)
	if _, err := v.Token(t.Context(), Facebook, "app7", "x", 0); kindOf(t, err) != Unreachable {
		t.Error(err)
	}
}

func TestAccessTokensOfAmazon(t *testing.T) {
	t.Parallel()
	good := `{"iss":"https://www.amazon.com","user_id":"amzn1.account.A","aud":"amzn1.client.B","app_id":"amzn1.application.C","exp":3597,"iat":1}`
	for name, x := range map[string]struct {
		answer, app string
		want        Kind
	}{
		"by the app":       {good, "amzn1.application.C", 0},
		"by the client":    {good, "amzn1.client.B", 0},
		"another app":      {good, "amzn1.application.D", WrongAudience},
		"another issuer":   {strings.Replace(good, "www.amazon.com", "www.amazon.org", 1), "amzn1.application.C", Rejected},
		"no time left":     {strings.Replace(good, "3597", "0", 1), "amzn1.application.C", Rejected},
		"no user":          {strings.Replace(good, "user_id", "user", 1), "amzn1.application.C", Rejected},
		"no time":          {strings.Replace(good, `"exp":3597,`, "", 1), "amzn1.application.C", Rejected},
		"not JSON":         {"<html>", "amzn1.application.C", Unreachable},
		"refused outright": {"", "amzn1.application.C", Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, c := newProvider(t), &clock{}
			v := newVerifier(p, c)
			p.answers["/auth/o2/tokeninfo"] = x.answer
			claims, err := v.Token(t.Context(), Amazon, x.app, "Atza|secret&more", 0)
			if got := kindOf(t, err); got != x.want {
				t.Fatal(err)
			}
			if err == nil && (claims.Subject != "amzn1.account.A" || claims.Party != x.app || !claims.Expires.Equal(at.Add(3597*time.Second))) {
				t.Errorf("%+v", claims)
			}
			if got := p.asked.Load().URL.Query().Get("access_token"); got != "Atza|secret&more" {
				t.Errorf("asked about %q", got)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error has the token: %v", err)
			}
		})
	}
}

var oauthParameter = regexp.MustCompile(`(oauth_\w+)="([^"]*)"`)

// The signature is computed once more as RFC 5849 §3.4.1 and §3.4.2 say.
func TestTokensOfTwitterAreAskedAboutWithASignature(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	p.answers["/1.1/account/verify_credentials.json"] = `{"id":38895958,"id_str":"38895958"}`
	claims, err := v.Token(t.Context(), Twitter, "consumer;consumer secret", "tok&en;token secret", 0)
	if err != nil || claims.Subject != "38895958" || claims.Party != "consumer" {
		t.Fatalf("%+v, %v", claims, err)
	}
	parameters := map[string]string{}
	for _, found := range oauthParameter.FindAllStringSubmatch(p.asked.Load().Header.Get("Authorization"), -1) {
		value, err := url.PathUnescape(found[2])
		if err != nil {
			t.Fatal(err)
		}
		parameters[found[1]] = value
	}
	signature := parameters["oauth_signature"]
	delete(parameters, "oauth_signature")
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	var pairs []string
	for name, value := range parameters {
		pairs = append(pairs, escape(name)+"="+escape(value))
	}
	slices.Sort(pairs)
	mac := hmac.New(sha1.New, []byte("consumer%20secret&token%20secret"))
	mac.Write([]byte("GET&" + escape("https://api.twitter.com/1.1/account/verify_credentials.json") + "&" + escape(strings.Join(pairs, "&"))))
	if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); signature != want {
		t.Errorf("signature %s, want %s of %v", signature, want, parameters)
	}
	if parameters["oauth_token"] != "tok&en" || parameters["oauth_timestamp"] != "1772366400" || parameters["oauth_nonce"] == "" {
		t.Errorf("%v", parameters)
	}
	for token, want := range map[string]Kind{"token": Malformed, ";secret": Malformed, "token;": Malformed, "a;b;c": Malformed} {
		if _, err := v.Token(t.Context(), Twitter, "consumer;secret", token, 0); kindOf(t, err) != want {
			t.Errorf("%q: %v", token, err)
		}
	}
	if _, err := v.Token(t.Context(), Twitter, "consumer", "token;secret", 0); kindOf(t, err) != Malformed {
		t.Error(err)
	}
	if _, err := v.Token(t.Context(), Digits, "consumer;secret", "token;secret", 0); kindOf(t, err) != Rejected {
		t.Error(err) // the provider has no such answer
	}
}

func TestNamesOfSocialProviders(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"accounts.google.com": true, "appleid.apple.com": true, "graph.facebook.com": true, "www.amazon.com": true,
		"api.twitter.com": true, "www.digits.com": true, "login.example.com": false, "": false,
	} {
		if IsSocial(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	p, c := newProvider(t), &clock{}
	if _, err := newVerifier(p, c).Token(t.Context(), "login.example.com", "a", "b", 0); kindOf(t, err) != WrongIssuer {
		t.Error(err)
	}
}
