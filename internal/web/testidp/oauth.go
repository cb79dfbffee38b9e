package testidp

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// registerOAuth mounts what the kinds have that are no SAML, each with the paths and
// the words of the real one.
func (p *Providers) registerOAuth(mux *http.ServeMux, page, program func(http.HandlerFunc) http.Handler) {
	type endpoint func(w http.ResponseWriter, r *http.Request, kind Kind)
	at := func(admit func(http.HandlerFunc) http.Handler, serve endpoint, pattern string, kind Kind) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.Handle(method+" /_cognate/idp/"+string(kind)+path, admit(func(w http.ResponseWriter, r *http.Request) { serve(w, r, kind) }))
	}
	at(program, p.discovery, "GET /.well-known/openid-configuration", OIDC)
	at(page, p.authorize, "GET /authorize", OIDC)
	at(program, p.token, "POST /token", OIDC)
	at(program, p.userInfo, "GET /userinfo", OIDC)
	at(program, p.userInfo, "POST /userinfo", OIDC)
	at(program, p.jwks, "GET /jwks", OIDC)

	at(page, p.authorize, "GET /o/oauth2/v2/auth", Google)
	at(program, p.token, "POST /oauth2/v4/token", Google)
	at(program, p.userInfo, "GET /v1/people/me", Google)
	at(program, p.jwks, "GET /oauth2/v3/certs", Google)

	at(page, p.authorize, "GET /{version}/dialog/oauth", Facebook)
	at(program, p.token, "GET /{version}/oauth/access_token", Facebook)
	at(program, p.userInfo, "GET /{version}/me", Facebook)

	at(page, p.authorize, "GET /ap/oa", Amazon)
	at(program, p.token, "POST /auth/o2/token", Amazon)
	at(program, p.userInfo, "GET /user/profile", Amazon)

	at(page, p.authorize, "GET /auth/authorize", Apple)
	at(program, p.token, "POST /auth/token", Apple)
	at(program, p.jwks, "GET /auth/keys", Apple)
}

// issuer is the iss of a kind's ID tokens.
func (p *Providers) issuer(kind Kind) string {
	switch kind {
	case Google:
		return "https://accounts.google.com"
	case Apple:
		return "https://appleid.apple.com"
	default:
		return p.URL(kind)
	}
}

func (p *Providers) discovery(w http.ResponseWriter, _ *http.Request, kind Kind) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer": p.issuer(kind), "authorization_endpoint": p.URL(kind) + "/authorize", "token_endpoint": p.URL(kind) + "/token",
		"userinfo_endpoint": p.URL(kind) + "/userinfo", "jwks_uri": p.URL(kind) + "/jwks",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{string(jose.RS256)},
		"scopes_supported":                      []string{"openid", "email", "profile"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
	})
}

// authorize takes a browser in.
func (p *Providers) authorize(w http.ResponseWriter, r *http.Request, kind Kind) {
	q := r.URL.Query()
	if !webAddress(q.Get("redirect_uri")) || q.Get("response_type") != "code" {
		fail(w, http.StatusBadRequest, "redirect_uri is no address, or response_type is not code.")
		return
	}
	v := visit{
		kind: kind, at: p.now(), clientID: q.Get("client_id"), redirectURI: q.Get("redirect_uri"), state: q.Get("state"),
		nonce: q.Get("nonce"), scope: q.Get("scope"), formPost: q.Get("response_mode") == "form_post",
	}
	if i := slices.IndexFunc(people, func(one Person) bool { return one.Email == q.Get("login_hint") }); i >= 0 && kind == OIDC {
		v.choice.Person = people[i]
		p.arrived(w, r, &v, true)
		return
	}
	p.arrived(w, r, &v, false)
}

// webAddress reports whether a browser can be sent to an address.
func webAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// arrived goes on with a visit: at once when somebody has decided who it is, else
// the page asks.
func (p *Providers) arrived(w http.ResponseWriter, r *http.Request, v *visit, known bool) {
	if choice, ok := p.decided(v.kind); ok {
		v.choice, known = choice, true
	}
	if !known {
		//nolint:gosec // to this server's own page
		http.Redirect(w, r, p.URL(v.kind)+"/choose?visit="+p.keep(p.pending, v), http.StatusSeeOther)
		return
	}
	if err := p.prepare(r.Context(), v); err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	p.goBack(w, r, v)
}

// prepare makes what a visit is answered with.
func (p *Providers) prepare(ctx context.Context, v *visit) (err error) {
	switch {
	case v.kind == SAML:
		v.response, err = p.respond(ctx, v)
	case v.kind.givesIDToken() && v.choice.Failure != Denied:
		v.idToken, err = p.sign(v)
	}
	return err
}

// goBack sends a browser back with what was prepared, or with the refusal of its
// owner.
func (p *Providers) goBack(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.kind == SAML {
		p.post(w, v.saml.acs, p.answered(v))
		return
	}
	answer, err := p.answer(v)
	if err != nil {
		fail(w, http.StatusInternalServerError, err.Error())
		return
	}
	if v.formPost {
		p.post(w, v.redirectURI, answer)
		return
	}
	separator := "?"
	if strings.Contains(v.redirectURI, "?") {
		separator = "&"
	}
	//nolint:gosec // providers are there to send browsers back, and this one knows no clients
	http.Redirect(w, r, v.redirectURI+separator+answer.Encode(), http.StatusSeeOther)
}

// answer are the parameters that a browser brings back.
func (p *Providers) answer(v *visit) (url.Values, error) {
	answer := url.Values{"state": {v.state}}
	switch {
	case v.choice.Failure != Denied:
	case v.kind == Apple:
		answer.Set("error", "user_cancelled_authorize")
		return answer, nil
	default:
		answer.Set("error", "access_denied")
		answer.Set("error_description", "The user denied the request")
		return answer, nil
	}
	granted := *v
	granted.at = p.now()
	answer.Set("code", p.keep(p.grants, &granted))
	one := v.choice.person()
	if v.kind == Apple && strings.Contains(v.scope, "name") && p.firstTime(v.clientID, one.Subject) {
		text, err := json.Marshal(map[string]any{
			"name": map[string]string{"firstName": one.GivenName, "lastName": one.FamilyName}, "email": one.Email,
		})
		if err != nil {
			return nil, fmt.Errorf("write a name: %w", err)
		}
		answer.Set("user", string(text))
	}
	return answer, nil
}

// misbehave does what a failure of calls says; true when nothing is left to answer.
func misbehave(w http.ResponseWriter, r *http.Request, f Failure) bool {
	wait := func(d time.Duration) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	switch f {
	case Slow:
		wait(6 * time.Second)
	case Hang:
		wait(time.Minute)
		return true
	case ServerError:
		http.Error(w, "The test provider was told to fail.", http.StatusInternalServerError)
		return true
	case NotJSON:
		fmt.Fprint(w, "<!doctype html><title>Not JSON</title>")
		return true
	case Huge:
		block := make([]byte, 1<<20)
		for range 1 << 10 {
			if _, err := w.Write(block); err != nil {
				return true
			}
		}
		return true
	default: // wrong in what is said, not in how
	}
	return false
}

// token redeems a code (RFC 6749 §4.1.3). Facebook does so by GET.
func (p *Providers) token(w http.ResponseWriter, r *http.Request, kind Kind) {
	if err := r.ParseForm(); err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	v := p.take(p.grants, r.Form.Get("code"))
	switch {
	case v == nil || v.kind != kind || v.clientID != r.Form.Get("client_id") || v.redirectURI != r.Form.Get("redirect_uri"):
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	case r.Form.Get("client_secret") == "":
		writeJSON(w, http.StatusBadRequest, map[string]string{
			"error": "invalid_request", "error_description": "The request is missing a required parameter : client_secret",
		})
		return
	case misbehave(w, r, v.choice.Failure):
		return
	}
	answer := map[string]any{"access_token": p.keep(p.access, v), "token_type": "Bearer", "expires_in": int(tokenLife.Seconds())}
	if kind.givesIDToken() {
		answer["id_token"] = v.idToken
	}
	if v.choice.Failure == RotatedKey {
		if err := p.rotateTokens(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	writeJSON(w, http.StatusOK, answer)
}

// claims are those of a visit's ID token, with what was told to be wrong in them.
func (p *Providers) claims(v *visit) map[string]any {
	now := p.now()
	claims := v.choice.attributes(v.kind)
	for name, value := range map[string]any{
		"iss": p.issuer(v.kind), "aud": v.clientID, "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	} {
		if _, chosen := v.choice.Claims[name]; !chosen {
			claims[name] = value
		}
	}
	if v.nonce != "" {
		claims["nonce"] = v.nonce
	}
	switch v.choice.Failure {
	case Expired:
		claims["iat"], claims["exp"] = now.Add(-2*tokenLife).Unix(), now.Add(-tokenLife).Unix()
	case NotYetValid:
		claims["nbf"] = now.Add(tokenLife).Unix()
	case WrongAudience:
		claims["aud"] = "somebody-else"
	case WrongIssuer:
		claims["iss"] = "https://issuer.example"
	case WrongNonce:
		claims["nonce"] = rand.Text()
	default: // no claim of the token itself is wrong
	}
	return claims
}

// sign makes the ID token of a visit.
func (p *Providers) sign(v *visit) (string, error) {
	key, err := p.signer()
	if err != nil {
		return "", err
	}
	switch v.choice.Failure {
	case UnknownKey:
		key = &signingKey{id: rand.Text(), rsa: key.rsa}
	case BadSignature:
		if key, err = forged(key); err != nil {
			return "", err
		}
	default: // the key is right
	}
	token, err := sign(key, p.claims(v))
	if err == nil && v.choice.Failure == NoSignature {
		token = token[:strings.LastIndexByte(token, '.')+1]
	}
	return token, err
}

// forged is another key under the same id.
func forged(key *signingKey) (*signingKey, error) {
	other, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	other.id = key.id
	return other, nil
}

func sign(key *signingKey, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write an ID token: %w", err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.rsa}, (&jose.SignerOptions{}).WithHeader("kid", key.id))
	if err != nil {
		return "", fmt.Errorf("sign an ID token: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign an ID token: %w", err)
	}
	return signed.CompactSerialize()
}

// userInfo says who somebody is, to the holder of an access token.
func (p *Providers) userInfo(w http.ResponseWriter, r *http.Request, kind Kind) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	v := p.peek(p.access, bearer, tokenLife)
	if v == nil || v.kind != kind {
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	fields := r.URL.Query().Get("personFields")
	if kind == Facebook {
		fields = r.URL.Query().Get("fields")
	}
	writeJSON(w, http.StatusOK, v.profile(strings.Split(fields, ",")))
}

// profile is what userInfo tells, of these fields where the provider lets choose.
func (v *visit) profile(fields []string) map[string]any {
	if v.kind == Google {
		return personOf(v.choice.person(), fields)
	}
	said := v.choice.attributes(v.kind)
	if v.kind == Facebook {
		maps.DeleteFunc(said, func(name string, _ any) bool { return name != "id" && !slices.Contains(fields, name) })
	}
	return said
}

// personOf is an answer of Google's People API.
func personOf(one Person, fields []string) map[string]any {
	said := map[string]any{"resourceName": "people/" + one.Subject}
	for _, field := range fields {
		switch field {
		case "names":
			said[field] = []any{map[string]any{"displayName": one.name(), "givenName": one.GivenName, "familyName": one.FamilyName}}
		case "emailAddresses":
			said[field] = []any{map[string]any{"value": one.Email}}
		case "phoneNumbers":
			said[field] = []any{map[string]any{"value": "+12065550100"}}
		case "birthdays":
			said[field] = []any{map[string]any{"date": map[string]int{"year": 1990, "month": 1, "day": 31}}}
		case "genders":
			said[field] = []any{map[string]any{"value": "unspecified"}}
		}
	}
	return said
}

func (p *Providers) jwks(w http.ResponseWriter, _ *http.Request, _ Kind) {
	key, err := p.signer()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, key.set())
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
