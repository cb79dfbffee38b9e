package auth

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAuthorizationRequest(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	w.action = w.newAction(func(s *Settings) { s.ExtraParams = map[string]string{"prompt": "login", "lang": "de at"} })
	o := w.decide(t, nil)
	to, err := url.Parse(o.Location)
	if err != nil {
		t.Fatal(err)
	}
	got := to.Query()
	got.Del("state")
	want := url.Values{
		"tenant": {"1"}, "client_id": {"a client"}, "redirect_uri": {origin + CallbackPath}, "response_type": {"code"}, "scope": {"openid"},
		"prompt": {"login"}, "lang": {"de at"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// Two tabs share a nonce.
	again := w.Decide(t.Context(), w.action, request("/b", o.Cookies))
	if again.Cookies[0].Value != o.Cookies[0].Value {
		t.Error("the nonce of the first tab is lost")
	}
	strange := w.Decide(t.Context(), w.action, request("/b", []*http.Cookie{{Name: nonceCookie, Value: "short"}}))
	if len(strange.Cookies[0].Value) != nonceLength {
		t.Errorf("nonce %q", strange.Cookies[0].Value)
	}
}

// The answers of a token endpoint and of user info that sign nobody in.
func TestS161HostileProvider(t *testing.T) {
	t.Parallel()
	answers := func(status int, body string) func(w *stand) {
		return func(w *stand) { w.token = func(url.Values) *http.Response { return says(status, body) } }
	}
	idToken := func(change func(map[string]any)) func(w *stand) {
		return func(w *stand) {
			w.token = func(url.Values) *http.Response {
				return says(200, `{"access_token":"at","id_token":"`+w.idToken(change)+`"}`)
			}
		}
	}
	me := func(status int, body string) func(w *stand) {
		return func(w *stand) { w.userInfo = func(string) *http.Response { return says(status, body) } }
	}
	for what, c := range map[string]struct {
		play   func(*stand)
		status int
		reason Reason
	}{
		"token: nobody answers": {func(w *stand) { w.token = func(url.Values) *http.Response { return nil } }, 500, TokenRequestTimeout},
		"token: endless":        {answers(200, `{"access_token":"`+strings.Repeat("a", 300<<10)+`"}`), 561, InvalidTokenResponse},
		"token: error":          {answers(500, `oops`), 561, TokenRequestFailed},
		"token: redirect":       {answers(302, ``), 561, TokenRequestFailed},
		"token: code used":      {answers(400, `{"error":"invalid_grant"}`), 561, InvalidGrant},
		"token: wrong client":   {answers(401, `{"error":"invalid_client"}`), 561, TokenRequestFailed},
		"token: no JSON":        {answers(200, `<html>`), 561, InvalidTokenResponse},
		"token: two objects":    {answers(200, `{"access_token":"a"}{}`), 561, InvalidTokenResponse},
		"token: twice":          {answers(200, `{"access_token":"a","access_token":"b"}`), 561, InvalidTokenResponse},
		"token: deep":           {answers(200, `{"access_token":"a","x":`+strings.Repeat("[", 2000)+strings.Repeat("]", 2000)+`}`), 561, InvalidTokenResponse},
		"token: none":           {answers(200, `{"id_token":"x"}`), 561, InvalidTokenResponse},
		"token: header":         {answers(200, `{"access_token":"a\r\nX-Amzn-Oidc-Identity: root","id_token":"x"}`), 561, InvalidTokenResponse},
		"token: type":           {answers(200, `{"access_token":"a","token_type":"DPoP","id_token":"x"}`), 561, InvalidTokenResponse},
		"token: lifetime":       {answers(200, `{"access_token":"a","expires_in":"soon","id_token":"x"}`), 561, InvalidTokenResponse},
		"id: none":              {answers(200, `{"access_token":"a"}`), 401, InvalidIDToken},
		"id: garbage":           {answers(200, `{"access_token":"a","id_token":"a.b.c"}`), 561, InvalidIDToken},
		"id: issuer":            {idToken(func(c map[string]any) { c["iss"] = "https://id.example.com/" }), 561, InvalidIDToken},
		"id: audience":          {idToken(func(c map[string]any) { c["aud"] = "another" }), 561, InvalidIDToken},
		"id: no audience":       {idToken(func(c map[string]any) { delete(c, "aud") }), 561, InvalidIDToken},
		"id: audiences":         {idToken(func(c map[string]any) { c["aud"] = []string{"b", "c"} }), 561, InvalidIDToken},
		"id: expired":           {idToken(func(c map[string]any) { c["exp"] = 1_800_000_000 }), 561, InvalidIDToken},
		"id: without end":       {idToken(func(c map[string]any) { delete(c, "exp") }), 561, InvalidIDToken},
		"me: nobody answers":    {func(w *stand) { w.userInfo = func(string) *http.Response { return nil } }, 500, UserInfoRequestTimeout},
		"me: error":             {me(403, `{}`), 561, UserInfoRequestFailed},
		"me: no JSON":           {me(200, `eyJ.eyJ.c2ln`), 561, InvalidUserInfoResponse},
		"me: no object":         {me(200, `[]`), 561, InvalidUserInfoResponse},
		"me: no sub":            {me(200, `{"email":"a"}`), 561, InvalidUserInfoResponse},
		"me: sub is a number":   {me(200, `{"sub":1}`), 561, InvalidUserInfoResponse},
		"me: sub is a header":   {me(200, `{"sub":"a\r\nX: y"}`), 561, InvalidUserInfoResponse},
		"me: sub is not ASCII":  {me(200, `{"sub":"jürgen"}`), 561, InvalidUserInfoResponse},
		"me: sub in spaces":     {me(200, `{"sub":" root"}`), 561, InvalidUserInfoResponse},
		"me: two subs":          {me(200, `{"sub":"a","sub":"b"}`), 561, InvalidUserInfoResponse},
		"me: endless":           {me(200, `{"sub":"a","x":"`+strings.Repeat("a", 300<<10)+`"}`), 500, UserInfoResponseTooLarge},
		"me: large":             {me(200, `{"sub":"a","x":"`+strings.Repeat("a", 11<<10)+`"}`), 500, UserInfoResponseTooLarge},
		"me: does not compress": {me(200, `{"sub":"a","x":"`+strings.Repeat("\U0001F600\U00010400\U0001D54A", 900)+`"}`), 302, ""},
	} {
		w := newStand(t)
		c.play(w)
		o := w.callback(t)
		if c.status == http.StatusFound {
			if o.Status != c.status || len(o.Cookies) > maxShards {
				t.Errorf("%s: %+v", what, o)
			}
			continue
		}
		wantReason(t, what, o, c.status, c.reason)
		if len(o.Cookies) != 0 {
			t.Errorf("%s: sets %v", what, o.Cookies)
		}
	}
}

func TestTimeAtTheLimits(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	w.action = w.newAction(func(s *Settings) { s.Timeout = time.Hour })
	cookies := w.signIn(t)
	w.advance(time.Hour - time.Second)
	if o := w.decide(t, cookies); o.Identity == nil {
		t.Errorf("a second before the end: %+v", o)
	}
	w.advance(time.Second)
	if o := w.decide(t, cookies); o.Status != http.StatusFound {
		t.Errorf("at the end: %+v", o)
	}
}

// Without a refresh token the session goes on with what it has (§4.5 row 2).
func TestNoRefreshToken(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	w.token = func(url.Values) *http.Response {
		return says(200, `{"access_token":"at","expires_in":60,"id_token":"`+w.idToken(nil)+`"}`)
	}
	cookies := w.signIn(t)
	w.advance(24 * time.Hour)
	if o := w.decide(t, cookies); o.Identity == nil || o.Identity.AccessToken != "at" || len(o.Cookies) != 0 {
		t.Errorf("%+v", o)
	}
}

// Requests with the same cookies share one refresh, also those that come later:
// a provider that rotates refresh tokens takes each once.
func TestRefreshOnce(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	cookies := w.signIn(t)
	w.advance(time.Hour)
	used := map[string]bool{}
	w.token = func(form url.Values) *http.Response {
		if token := form.Get("refresh_token"); used[token] {
			return says(400, `{"error":"invalid_grant"}`)
		}
		used[form.Get("refresh_token")] = true
		return w.usualToken(form)
	}
	var wait sync.WaitGroup
	outcomes := make([]Outcome, 20)
	for i := range outcomes {
		wait.Go(func() { outcomes[i] = w.decide(t, cookies) })
	}
	wait.Wait()
	for i, o := range append(outcomes, w.decide(t, cookies)) {
		if o.Identity == nil || o.Identity.AccessToken != "at-3" || len(o.Cookies) == 0 {
			t.Fatalf("request %d: %+v", i, o)
		}
	}
	if want := []string{"code c-1", "userinfo at-1", "refresh rt-1", "userinfo at-3"}; !slices.Equal(w.calls, want) {
		t.Errorf("the provider was asked %v", w.calls)
	}
	// A client that never takes cookies goes on from the last refresh.
	w.advance(time.Hour)
	if o := w.decide(t, cookies); o.Identity == nil || o.Identity.AccessToken != "at-5" {
		t.Errorf("%+v, asked %v", o, w.calls)
	}
}

func TestRefreshFails(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		token, me *http.Response
		status    int
		reason    Reason
		lasts     bool // the session lives on
	}{
		"refused":           {says(400, `{"error":"invalid_grant"}`), nil, 302, "", false},
		"provider is down":  {nil, nil, 500, TokenRequestTimeout, true},
		"provider is ill":   {says(503, ""), nil, 561, TokenRequestFailed, true},
		"user is gone":      {says(200, `{"access_token":"at-9","expires_in":60}`), says(401, `{}`), 302, "", false},
		"user info is ill":  {says(200, `{"access_token":"at-9","expires_in":60}`), says(500, `{}`), 561, UserInfoRequestFailed, true},
		"another user":      {says(200, `{"access_token":"at-9","expires_in":60}`), says(200, `{"sub":"u-2"}`), 302, "", false},
		"claims have grown": {says(200, `{"access_token":"at-9","expires_in":60}`), says(200, `{"sub":"u-1","x":"`+strings.Repeat("a", 12<<10)+`"}`), 500, UserInfoResponseTooLarge, true},
	} {
		w := newStand(t)
		cookies := w.signIn(t)
		w.advance(time.Hour)
		w.token = func(url.Values) *http.Response { return c.token }
		w.userInfo = func(string) *http.Response { return c.me }
		o := w.decide(t, cookies)
		if o.Status != c.status || o.Reason != c.reason || o.Identity != nil {
			t.Errorf("%s: %+v", what, o)
		}
		w.token, w.userInfo = nil, nil
		calls := len(w.calls)
		if again := w.decide(t, cookies); again.Status != c.status || len(w.calls) != calls {
			t.Errorf("%s: at once %+v, asked %v", what, again, w.calls[calls:])
		}
		w.advance(renewalPause)
		if again := w.decide(t, cookies); again.Passes() != c.lasts {
			t.Errorf("%s: a moment later %+v", what, again)
		}
	}
}

// A refresh token that was used up is not used again when the rest of the renewal
// failed: the one that came for it is.
func TestRefreshTokenThatRotatedIsKept(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	cookies := w.signIn(t)
	w.advance(time.Hour)
	w.userInfo = func(string) *http.Response { return says(500, "") }
	for range 2 {
		wantReason(t, "user info is ill", w.decide(t, cookies), StatusAuthenticationError, UserInfoRequestFailed)
		w.advance(renewalPause)
	}
	w.userInfo = nil
	o := w.decide(t, cookies)
	if o.Identity == nil || o.Identity.AccessToken != "at-7" {
		t.Errorf("%+v", o)
	}
	w.advance(time.Hour)
	w.decide(t, o.Cookies)
	want := []string{
		"code c-1", "userinfo at-1", "refresh rt-1", "userinfo at-3", "refresh rt-3", "userinfo at-5",
		"refresh rt-5", "userinfo at-7", "refresh rt-7", "userinfo at-9",
	}
	if !slices.Equal(w.calls, want) {
		t.Errorf("the provider was asked %v, want %v", w.calls, want)
	}
}

// A gateway that starts while the pool's installation is away serves those who are
// signed in, and pages that need nobody to be.
func TestPoolIsAwayAtTheStart(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	site := &poolSite{now: w.now, ill: true}
	pool := site.pool("shop")
	w.action = NewAction(w.action.Settings, pool)
	open := NewAction(w.action.Settings, pool)
	open.OnUnauthenticated = Allow
	issuer, client := pool.Session()
	_, cookies, err := w.keep(w.opened.Load(), w.action, &session{
		Issuer: issuer, ClientID: client, Started: w.now.Unix(), Timeout: 3600, AccessToken: "at",
		AccessExpires: w.now.Add(time.Minute).Unix(), RefreshToken: "rt", Claims: json.RawMessage(`{"sub":"u-1"}`), subject: "u-1",
	}, false, presented{})
	if err != nil {
		t.Fatal(err)
	}
	if o := w.decide(t, cookies); o.Identity == nil {
		t.Errorf("signed in: %+v", o)
	}
	if o := w.Decide(t.Context(), open, request("/a", nil)); !o.Passes() {
		t.Errorf("a page for everybody: %+v", o)
	}
	if site.asked != 0 {
		t.Errorf("the installation was asked %d times", site.asked)
	}
	wantReason(t, "not signed in", w.decide(t, nil), http.StatusInternalServerError, UnhandledException)
	w.advance(time.Minute)
	wantReason(t, "renewal", w.decide(t, cookies), http.StatusInternalServerError, UnhandledException)
}

// §3, all rows.
func TestOnUnauthenticated(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	valid := w.signIn(t)
	w.action = w.newAction(func(s *Settings) { s.Timeout = time.Minute })
	ended := w.signIn(t)
	w.advance(2 * time.Minute)
	broken := []*http.Cookie{{Name: DefaultCookieName + "-0", Value: "AAAA"}}
	for _, c := range []struct {
		what    string
		cookies []*http.Cookie
		want    map[OnUnauthenticated]int
	}{
		{"none", nil, map[OnUnauthenticated]int{Authenticate: 302, Allow: 0, Deny: 401}},
		{"ended", ended, map[OnUnauthenticated]int{Authenticate: 302, Allow: 0, Deny: 302}},
		{"broken", broken, map[OnUnauthenticated]int{Authenticate: 401, Allow: 0, Deny: 401}},
		{"valid", valid, map[OnUnauthenticated]int{Authenticate: 0, Allow: 0, Deny: 0}},
	} {
		for mode, status := range c.want {
			w.action = w.newAction(func(s *Settings) { s.OnUnauthenticated = mode })
			o := w.decide(t, c.cookies)
			if o.Status != status || (o.Identity != nil) != (c.what == "valid") || (o.Location != "") != (status == 302) {
				t.Errorf("%s with cookie %s: %+v", mode, c.what, o)
			}
		}
	}
}

// §4.2: None for scripts of other origins, and nothing otherwise.
func TestSameSite(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	cookies := w.signIn(t)
	w.advance(time.Hour)
	for _, from := range []string{"", origin} {
		if o := w.Decide(t.Context(), w.action, request("/a", cookies, "Origin", from)); len(o.Cookies) == 0 || o.Cookies[0].SameSite != 0 {
			t.Errorf("from %q: %v", from, o.Cookies)
		}
	}
	if o := w.Decide(t.Context(), w.action, request("/a", cookies, "Origin", "https://other.example.com")); o.Cookies[0].SameSite != http.SameSiteNoneMode {
		t.Errorf("%v", o.Cookies)
	}
}

// A session that got smaller takes the cookies away that are too many.
func TestSurplusShardsEnd(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	w.userInfo = func(string) *http.Response { return says(200, `{"sub":"u-1","x":"`+noise(9000)+`"}`) }
	cookies := w.signIn(t)
	if len(cookies) < 3 {
		t.Fatalf("%d cookies", len(cookies))
	}
	w.advance(time.Hour)
	w.userInfo = nil
	o := w.decide(t, cookies)
	if len(o.Cookies) != len(cookies) {
		t.Fatalf("%v", o.Cookies)
	}
	for i, c := range o.Cookies {
		if c.Name != cookies[i].Name || (c.Value == "") != (i > 0) || i > 0 && c.Expires.After(w.now) {
			t.Errorf("cookie %d: %v", i, c)
		}
	}
}

func noise(n int) string {
	var b strings.Builder
	for i := uint32(1); b.Len() < n; i = i*1664525 + 1013904223 {
		b.WriteString(base64.RawURLEncoding.EncodeToString([]byte{byte(i >> 24), byte(i >> 16), byte(i >> 11)}))
	}
	return b.String()[:n]
}

// The token for the application is made once a minute, and at once for new claims.
func TestDataIsReused(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	cookies := w.signIn(t)
	first := w.decide(t, cookies).Identity.Data
	w.advance(59 * time.Second)
	if w.decide(t, cookies).Identity.Data != first {
		t.Error("made anew before a minute is over")
	}
	w.advance(time.Second)
	second := w.decide(t, cookies).Identity.Data
	if second == first {
		t.Error("the same after a minute")
	}
	raw, err := base64.URLEncoding.DecodeString(strings.Split(second, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Exp int64 }
	if err := json.Unmarshal(raw, &claims); err != nil || claims.Exp != w.now.Unix()+120 {
		t.Errorf("exp %d, err %v", claims.Exp, err)
	}
}

func TestDataPayload(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"sub":"a"}`: `{"sub":"a","exp":9,"iss":"i"}`,
		`{"exp":1,"zeta":"<&>","iss":"x","alpha":{"exp":2},"n":1.50,"iss2":[1]}`: `{"zeta":"<&>","alpha":{"exp":2},"n":1.50,"iss2":[1],"exp":9,"iss":"i"}`,
		`{"sub":"Ünal","e":"true"}`: `{"sub":"Ünal","e":"true","exp":9,"iss":"i"}`,
	} {
		got, err := dataPayload(json.RawMessage(in), "i", 9)
		if err != nil || string(got) != want {
			t.Errorf("%s: %s %v", in, got, err)
		}
	}
}
