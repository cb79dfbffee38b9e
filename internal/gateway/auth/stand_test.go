package auth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cognate/internal/gateway/seal"
)

// stand is an Authenticator with a provider that the test plays.
type stand struct {
	*Authenticator
	action *Action

	mu    sync.Mutex
	now   time.Time
	calls []string // form of a token request, or "userinfo" with the token
	// token and userInfo answer; nil is the usual.
	token    func(form url.Values) *http.Response
	userInfo func(access string) *http.Response
}

const origin = "https://app.example.com"

func newStand(t testing.TB) *stand {
	t.Helper()
	w := &stand{now: time.Unix(1_800_000_000, 0)}
	ring, err := seal.Parse([]byte(seal.NewKey()))
	if err != nil {
		t.Fatal(err)
	}
	w.Authenticator = New(ring, &http.Client{Transport: w}, w.time, NewMetrics(prometheus.NewRegistry()))
	w.action = w.newAction(nil)
	return w
}

func (w *stand) newAction(change func(*Settings)) *Action {
	s := Settings{CookieName: DefaultCookieName, Scope: "openid", Timeout: MaxTimeout, OnUnauthenticated: Authenticate, Signer: "arn:lb"}
	if change != nil {
		change(&s)
	}
	return NewAction(s, &Fixed{Provider{
		Issuer: "https://id.example.com", AuthorizationEndpoint: "https://id.example.com/authorize?tenant=1",
		TokenEndpoint: "https://id.example.com/token", UserInfoEndpoint: "https://id.example.com/me", ClientID: "a client", ClientSecret: "s+cret",
	}})
}

func (w *stand) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *stand) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// RoundTrip is the provider.
func (w *stand) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var answer *http.Response
	switch r.URL.Path {
	case "/token":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		if user, secret, ok := r.BasicAuth(); !ok || user != "a+client" || secret != "s%2Bcret" {
			return says(401, `{"error":"invalid_client"}`), nil
		}
		w.calls = append(w.calls, callOf(form))
		answer = w.usualToken(form)
		if w.token != nil {
			answer = w.token(form)
		}
	case "/me":
		access := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		w.calls = append(w.calls, "userinfo "+access)
		answer = says(200, `{"sub":"u-1","email":"ana@example.com"}`)
		if w.userInfo != nil {
			answer = w.userInfo(access)
		}
	}
	if answer == nil {
		return nil, fmt.Errorf("nobody answers %s", r.URL)
	}
	return answer, nil
}

func callOf(form url.Values) string {
	if form.Get("grant_type") == "refresh_token" {
		return "refresh " + form.Get("refresh_token")
	}
	return "code " + form.Get("code")
}

// usualToken gives tokens that count up: the second access token is at-2.
func (w *stand) usualToken(url.Values) *http.Response {
	n := len(w.calls)
	return says(200, fmt.Sprintf(`{"access_token":"at-%d","refresh_token":"rt-%d","id_token":%q,"token_type":"Bearer","expires_in":3600}`, n, n, w.idToken(nil)))
}

func (w *stand) idToken(change func(map[string]any)) string {
	claims := map[string]any{"iss": "https://id.example.com", "aud": "a client", "exp": w.now.Add(time.Hour).Unix(), "nonce": "unasked", "sub": "u-1"}
	if change != nil {
		change(claims)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(text) + ".c2ln"
}

func says(status int, body string) *http.Response {
	answer := httptest.NewRecorder()
	answer.Header().Set("Content-Type", "application/json")
	answer.WriteHeader(status)
	_, _ = answer.WriteString(body)
	return answer.Result()
}

// request is a browser's, with cookies.
func request(uri string, cookies []*http.Cookie, headers ...string) Request {
	r := Request{Host: "app.example.com", URI: uri, Header: http.Header{}}
	var parts []string
	for _, c := range cookies {
		if c.Value != "" {
			parts = append(parts, c.Name+"="+c.Value)
		}
	}
	if len(parts) > 0 {
		r.Header.Set("Cookie", strings.Join(parts, "; "))
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func (w *stand) decide(t *testing.T, cookies []*http.Cookie) Outcome {
	t.Helper()
	return w.Decide(t.Context(), w.action, request("/a", cookies))
}

// callback begins a sign-in and comes back with a code.
func (w *stand) callback(t testing.TB) Outcome {
	t.Helper()
	began := w.Decide(t.Context(), w.action, request("/a?b=c", nil))
	if began.Status != http.StatusFound {
		t.Fatalf("%+v", began)
	}
	to, err := url.Parse(began.Location)
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"code": {"c-1"}, "state": {to.Query().Get("state")}}
	find := func(id string) *Action {
		if id == w.action.ID() {
			return w.action
		}
		return nil
	}
	return w.Callback(t.Context(), find, request(CallbackPath+"?"+query.Encode(), began.Cookies))
}

// signIn gives the cookies of a session.
func (w *stand) signIn(t testing.TB) []*http.Cookie {
	t.Helper()
	done := w.callback(t)
	if done.Status != http.StatusFound || done.Location != origin+"/a?b=c" {
		t.Fatalf("%+v", done)
	}
	return done.Cookies
}

func wantReason(t *testing.T, what string, o Outcome, status int, reason Reason) {
	t.Helper()
	if o.Status != status || o.Reason != reason || o.Identity != nil || o.Location != "" {
		t.Errorf("%s: %d %s %v, want %d %s", what, o.Status, o.Reason, o.Err, status, reason)
	}
}
