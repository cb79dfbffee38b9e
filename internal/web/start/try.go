package start

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	callbackPath = "/_cognate/try/callback"
	tryCookie    = "cognate-try" // state and code verifier of the trial under way
	tryLife      = 10 * time.Minute
)

// CallbackURL is the redirect URI of the trial, which the sample client has to
// list.
func CallbackURL(publicURL string) string { return BrowserURL(publicURL) + callbackPath }

// BrowserURL is the public URL, or its port on localhost where clients may not list
// it: plain HTTP is for this machine only. A server in a container that others call by
// its name is found there by the browser of whoever runs it.
func BrowserURL(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err == nil && u.Scheme == "http" && !slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname()) {
		u.Host = net.JoinHostPort("localhost", cmp.Or(u.Port(), "80"))
		publicURL = u.String()
	}
	return strings.TrimRight(publicURL, "/")
}

// begin sends the browser to the sign-in pages, as an app would: with state and
// PKCE (RFC 7636).
func (s *Start) begin(w http.ResponseWriter, r *http.Request) {
	f := s.Facts()
	if f.ClientID == "" {
		http.Error(w, "There is no sample to sign in to: this server was started without one.", http.StatusNotFound)
		return
	}
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // dev speaks plain HTTP, where Secure cookies are dropped
		Name: tryCookie, Value: state + "." + verifier, Path: "/_cognate/try", MaxAge: int(tryLife.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
	query := url.Values{
		"response_type": {"code"}, "client_id": {f.ClientID}, "redirect_uri": {CallbackURL(f.Endpoint)},
		"scope": {"openid email profile"}, "state": {state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	if provider := r.URL.Query().Get("identity_provider"); provider != "" {
		query.Set("identity_provider", provider)
	}
	http.Redirect(w, r, f.Domain+"/oauth2/authorize?"+query.Encode(), http.StatusSeeOther)
}

// Token is a token taken apart for people to read.
type Token struct {
	Name            string
	Header, Payload string // indented JSON; empty for tokens that are opaque
	Raw             string
}

// finish redeems the code and shows the tokens.
func (s *Start) finish(w http.ResponseWriter, r *http.Request) {
	f, query := s.Facts(), r.URL.Query()
	cookie, err := r.Cookie(tryCookie)
	state, verifier := "", ""
	if err == nil {
		state, verifier, _ = strings.Cut(cookie.Value, ".")
	}
	http.SetCookie(w, &http.Cookie{Name: tryCookie, Path: "/_cognate/try", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode}) //nolint:gosec // as it was set
	switch {
	case state == "" || subtle.ConstantTimeCompare([]byte(state), []byte(query.Get("state"))) == 0:
		fail(w, "This trial was begun in another browser, or too long ago.")
		return
	case query.Get("error") != "":
		fail(w, "The answer was "+query.Get("error")+" "+query.Get("error_description"))
		return
	}
	status, body := s.Post(r, f.Domain+"/oauth2/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {f.ClientID}, "code": {query.Get("code")},
		"redirect_uri": {CallbackURL(f.Endpoint)}, "code_verifier": {verifier},
	}.Encode())
	var answer struct {
		Access    string `json:"access_token"`
		ID        string `json:"id_token"`
		Refresh   string `json:"refresh_token"`
		ExpiresIn int    `json:"expires_in"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		fail(w, "The token endpoint answered "+http.StatusText(status)+" "+string(body))
		return
	}
	render(w, http.StatusOK, "tokens.html", struct {
		Facts
		Tokens    []Token
		ExpiresIn int
		SignOut   string
	}{
		f,
		[]Token{decode("ID token", answer.ID), decode("Access token", answer.Access), decode("Refresh token", answer.Refresh)},
		answer.ExpiresIn,
		f.Domain + "/logout?" + url.Values{"client_id": {f.ClientID}, "logout_uri": {strings.TrimRight(f.Endpoint, "/") + "/"}}.Encode(),
	})
}

func fail(w http.ResponseWriter, why string) {
	render(w, http.StatusBadRequest, "failed.html", struct{ Why string }{why})
}

// decode takes a JWT apart without checking it: it has just come from the server.
func decode(name, raw string) Token {
	t := Token{Name: name, Raw: raw}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return t
	}
	t.Header, t.Payload = indented(parts[0]), indented(parts[1])
	return t
}

func indented(part string) string {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return ""
	}
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return ""
	}
	return b.String()
}
