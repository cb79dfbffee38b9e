package gateway_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/gateway/auth"
	"cognate/internal/servertest"
)

// The acceptance checklist of load-balancer-auth.md §9: a test for each row.

// shared gives a gateway with a default action and rules, beside a server whose
// clock stands still.
func shared(t *testing.T, defaults func(*stand) string, more ...func(*stand) string) *stand {
	t.Helper()
	return with(t, servertest.Shared(t), nil, defaults, more...)
}

// alone is shared with a server whose clock the test moves.
func alone(t *testing.T, client func(*cip.CreateUserPoolClientInput), defaults func(*stand) string, more ...func(*stand) string) *stand {
	t.Helper()
	return with(t, servertest.Start(t), client, defaults, more...)
}

func with(t *testing.T, s *servertest.Server, client func(*cip.CreateUserPoolClientInput), defaults func(*stand) string, more ...func(*stand) string) *stand {
	t.Helper()
	w := newStand(t, s, client)
	var rules []string
	for _, r := range more {
		rules = append(rules, r(w))
	}
	w.open(t, w.file(defaults(w), rules...))
	return w
}

// pool is an action that signs in with the pool, and then the application.
func pool(more ...string) func(*stand) string {
	return func(w *stand) string { return w.cognito(more...) + ", " + toApp }
}

// provider is the same as authenticate-oidc.
func provider(more func(*stand) []string) func(*stand) string {
	return func(w *stand) string {
		var lines []string
		if more != nil {
			lines = more(w)
		}
		return w.oidc(lines...) + ", " + toApp
	}
}

// wantNoSession checks that an answer leaves the browser without a session.
func wantNoSession(t *testing.T, got reply) {
	t.Helper()
	for _, c := range got.cookies {
		if strings.HasPrefix(c.Name, auth.DefaultCookieName) && c.Value != "" {
			t.Errorf("the answer sets %s", c.Name)
		}
	}
}

// wantRefused checks that an answer refuses and leads nowhere.
func wantRefused(t *testing.T, got reply, status int) {
	t.Helper()
	if got.status != status || got.header.Get("Location") != "" {
		t.Errorf("got %d to %q, want %d: %s", got.status, got.header.Get("Location"), status, got.body)
	}
	wantNoSession(t, got)
}

// wantReason checks the error_reason of the last line of the access log.
func (w *stand) wantReason(t *testing.T, reason auth.Reason) {
	t.Helper()
	all := strings.Split(strings.TrimSpace(w.access.String()), "\n")
	if last := all[len(all)-1]; !strings.Contains(last, `"`+string(reason)+`"`) {
		t.Errorf("the access log has %s, want %s", last, reason)
	}
}

// wantToProvider checks that an answer sends the browser to sign in.
func (w *stand) wantToProvider(t *testing.T, got reply) {
	t.Helper()
	if at, _ := got.location(t); got.status != http.StatusFound || at != w.base+"/oauth2/authorize" {
		t.Errorf("got %d to %q, want a redirect to the provider", got.status, got.header.Get("Location"))
	}
}

func TestRow01WithoutCookie(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	got := w.browser(t).get(t, origin+"/a")
	w.wantToProvider(t, got)
	_, query := got.location(t)
	if !strings.HasSuffix(query.Get("redirect_uri"), "/oauth2/idpresponse") {
		t.Errorf("redirect_uri: %s", query.Get("redirect_uri"))
	}
	if len(got.cookies) != 1 {
		t.Fatalf("cookies: %v", got.cookies)
	}
	c := got.cookies[0]
	if c.Name != "AWSALBAuthNonce" || len(c.Value) != 16 || c.Path != "/" || !c.Secure || !c.HttpOnly || c.SameSite != 0 || c.Domain != "" || c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("nonce: %v", c)
	}
	if got.header.Get("Server") != "awselb/2.0" {
		t.Errorf("Server: %q", got.header.Get("Server"))
	}
}

func TestRow02Deny(t *testing.T) {
	t.Parallel()
	w := shared(t, pool("OnUnauthenticatedRequest: deny"))
	wantRefused(t, w.browser(t).get(t, origin+"/a"), http.StatusUnauthorized)
	if w.app.requests() != 0 {
		t.Error("the application was asked")
	}
}

func TestRow03AllowTakesForgedHeadersAway(t *testing.T) {
	t.Parallel()
	w := shared(t, pool("OnUnauthenticatedRequest: allow"))
	got := w.browser(t).get(t, origin+"/a", auth.DataHeader, "forged", auth.IdentityHeader, "forged", auth.AccessTokenHeader, "forged", "X-Other", "stays")
	if got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	seen := w.app.last(t).Header
	for name := range seen {
		if strings.HasPrefix(strings.ToLower(name), "x-amzn-oidc") {
			t.Errorf("the application got %s", name)
		}
	}
	if seen.Get("X-Other") != "stays" {
		t.Error("the application did not get X-Other")
	}
}

func TestRow04NoNonce(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	callback := b.toCallback(t, b.get(t, origin+"/a"), "ana")
	wantRefused(t, w.browser(t).get(t, callback), http.StatusUnauthorized)
	w.wantReason(t, auth.MissingNonce)
	wantRefused(t, w.browser(t).get(t, callback, "Cookie", "AWSALBAuthNonce=AAAAAAAAAAAAAAAA"), http.StatusUnauthorized)
	w.wantReason(t, auth.InvalidNonce)
	// The browser that began it can still end it.
	if got := b.get(t, callback); got.status != http.StatusFound {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestRow05CodeTwice(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	callback := b.toCallback(t, b.get(t, origin+"/a"), "ana")
	if got := b.get(t, callback); got.status != http.StatusFound {
		t.Fatalf("%d %s", got.status, got.body)
	}
	before := w.counter(t, "cognate_gateway_auth_failure_total")
	wantRefused(t, b.get(t, callback), auth.StatusAuthenticationError)
	w.wantReason(t, auth.InvalidGrant)
	if after := w.counter(t, "cognate_gateway_auth_failure_total"); before != "0" || after != "1" {
		t.Errorf("failures: %s, then %s", before, after)
	}
}

func TestRow06SixteenMinutes(t *testing.T) {
	t.Parallel()
	w := alone(t, nil, pool())
	b := w.browser(t)
	start := b.get(t, origin+"/a")
	w.s.Advance(16 * time.Minute)
	_, query := start.location(t)
	callback := origin + auth.CallbackPath + "?" + url.Values{"code": {"any"}, "state": {query.Get("state")}}.Encode()
	wantRefused(t, b.get(t, callback), http.StatusUnauthorized)
	w.wantReason(t, auth.InvalidState)
}

// noise is a text that cannot be made much shorter.
func noise(n int) string {
	var text strings.Builder
	for text.Len() < n {
		text.WriteString(rand.Text())
	}
	return text.String()[:n]
}

// fat gives a user attributes of so many bytes.
func (w *stand) fat(t *testing.T, bytes int) {
	t.Helper()
	var attributes []types.AttributeType
	for _, name := range []string{"family_name", "given_name", "middle_name", "nickname", "profile", "picture", "website"} {
		n := min(bytes, 2000)
		if bytes -= n; n > 0 {
			attributes = append(attributes, types.AttributeType{Name: &name, Value: new(noise(n))})
		}
	}
	_, err := w.s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{UserPoolId: &w.pool, Username: new("ana"), UserAttributes: attributes})
	wantOK(t, err)
}

func TestRow07TooManyClaims(t *testing.T) {
	t.Parallel()
	w := shared(t, pool(`Scope: "openid profile"`))
	w.fat(t, 12<<10)
	wantRefused(t, w.browser(t).signIn(t, origin+"/a", "ana"), http.StatusInternalServerError)
	w.wantReason(t, auth.UserInfoResponseTooLarge)
	if n := w.counter(t, "cognate_gateway_auth_user_claims_size_exceeded_total"); n != "1" {
		t.Errorf("counted %s times", n)
	}
}

func TestRow08Shards(t *testing.T) {
	t.Parallel()
	w := shared(t, pool(`Scope: "openid profile"`))
	w.fat(t, 8<<10)
	b := w.browser(t)
	got := b.signIn(t, origin+"/a", "ana")
	var shards []*http.Cookie
	for _, c := range got.cookies {
		if strings.HasPrefix(c.Name, auth.DefaultCookieName+"-") {
			shards = append(shards, c)
		}
	}
	if len(shards) < 2 || len(shards) > 4 {
		t.Fatalf("%d shards", len(shards))
	}
	for i, c := range shards {
		want := auth.DefaultCookieName + "-" + string(rune('0'+i))
		if life := c.Expires.Sub(w.s.Now()); c.Name != want || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != 0 ||
			life < 7*24*time.Hour-time.Minute || life > 7*24*time.Hour {
			t.Errorf("shard %d: %s, for %v", i, c, life)
		}
		if len(c.Raw) > 4096 {
			t.Errorf("shard %d has %d characters", i, len(c.Raw))
		}
	}
	if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
		t.Errorf("with the session: %d", got.status)
	}
}

func TestRow09SessionTimeout(t *testing.T) {
	t.Parallel()
	w := alone(t, nil, pool("SessionTimeout: 1"))
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	w.s.Advance(2 * time.Second)
	if len(b.shards(t)) == 0 {
		t.Fatal("the cookie is gone")
	}
	got := b.get(t, origin+"/a")
	w.wantToProvider(t, got)
	// The provider's own session lives on: back without a form.
	back := b.get(t, got.header.Get("Location"))
	if at, _ := back.location(t); at != origin+auth.CallbackPath {
		t.Errorf("the provider answers %d to %q", back.status, back.header.Get("Location"))
	}
}

func TestRow10SignedOutEverywhere(t *testing.T) {
	t.Parallel()
	w := alone(t, nil, pool())
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	_, err := w.s.SDK.AdminUserGlobalSignOut(t.Context(), &cip.AdminUserGlobalSignOutInput{UserPoolId: &w.pool, Username: new("ana")})
	wantOK(t, err)
	if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
		t.Errorf("before the access token has expired: %d", got.status)
	}
	w.s.Advance(61 * time.Minute)
	w.wantToProvider(t, b.get(t, origin+"/a"))
}

func TestRow10DisabledUser(t *testing.T) {
	t.Parallel()
	w := alone(t, nil, pool("OnUnauthenticatedRequest: allow"), func(w *stand) string { return rule(1, "/in", w.cognito(), toApp) })
	b := w.browser(t)
	b.signIn(t, origin+"/in", "ana")
	_, err := w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: new("ana")})
	wantOK(t, err)
	w.s.Advance(61 * time.Minute)
	w.wantToProvider(t, b.get(t, origin+"/in"))
	if got := b.get(t, origin+"/a"); got.status != http.StatusOK || w.app.last(t).Header.Get(auth.IdentityHeader) != "" {
		t.Errorf("where everybody is let in: %d, as %q", got.status, w.app.last(t).Header.Get(auth.IdentityHeader))
	}
}

func TestRow11Refresh(t *testing.T) {
	t.Parallel()
	w := alone(t, nil, pool(`Scope: "openid profile"`))
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	b.get(t, origin+"/a")
	first := w.app.last(t).Header.Get(auth.AccessTokenHeader)
	_, err := w.s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &w.pool, Username: new("ana"), UserAttributes: []types.AttributeType{{Name: new("name"), Value: new("Ana Öz")}},
	})
	wantOK(t, err)
	w.s.Advance(61 * time.Minute)
	got := b.get(t, origin+"/a")
	if got.status != http.StatusOK || len(got.cookies) == 0 || got.cookies[0].Name != auth.DefaultCookieName+"-0" {
		t.Fatalf("%d, cookies %v", got.status, got.cookies)
	}
	seen := w.app.last(t).Header
	if seen.Get(auth.AccessTokenHeader) == first {
		t.Error("the access token is the old one")
	}
	if claims := w.verified(t, seen.Get(auth.DataHeader)); claims["name"] != "Ana Öz" {
		t.Errorf("claims: %v", claims)
	}
	if n := w.counter(t, "cognate_gateway_auth_refresh_token_success_total"); n != "1" {
		t.Errorf("refreshed %s times", n)
	}
	if got := b.get(t, origin+"/a"); got.status != http.StatusOK || len(got.cookies) != 0 {
		t.Errorf("the request after: %d, cookies %v", got.status, got.cookies)
	}
}

// The start of the session does not move with a refresh.
func TestRow11SessionEndsAllTheSame(t *testing.T) {
	t.Parallel()
	w := alone(t, nil, pool("SessionTimeout: 7200"))
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	w.s.Advance(90 * time.Minute)
	if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
		t.Fatalf("after 90 minutes: %d", got.status)
	}
	w.s.Advance(31 * time.Minute)
	w.wantToProvider(t, b.get(t, origin+"/a"))
}

func TestRow12DenyWithAnExpiredSession(t *testing.T) {
	t.Parallel()
	w := alone(t, nil, pool("OnUnauthenticatedRequest: deny", "SessionTimeout: 60"),
		func(w *stand) string { return rule(1, "/in", w.cognito("SessionTimeout: 60"), toApp) })
	b := w.browser(t)
	b.signIn(t, origin+"/in", "ana")
	if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
		t.Fatalf("with a session: %d", got.status)
	}
	w.s.Advance(61 * time.Second)
	w.wantToProvider(t, b.get(t, origin+"/a"))
}

func TestRow13SignedClaims(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	b.get(t, origin+"/a")
	data := w.app.last(t).Header.Get(auth.DataHeader)
	w.verified(t, data)
	for i, part := range strings.Split(data, ".") {
		raw, err := base64.URLEncoding.Strict().DecodeString(part)
		if err != nil || base64.URLEncoding.EncodeToString(raw) != part || len(part)%4 != 0 {
			t.Errorf("part %d is not padded: %s", i, part)
		}
	}
	if !strings.HasPrefix(decoded(t, data, 0), `{"typ":"JWT","kid":"`) || !strings.HasSuffix(decoded(t, data, 1), `,"iss":"`+w.issuer+`"}`) {
		t.Errorf("members are not in the order of the original: %s %s", decoded(t, data, 0), decoded(t, data, 1))
	}
}

func decoded(t *testing.T, token string, part int) string {
	t.Helper()
	raw, err := base64.URLEncoding.DecodeString(strings.Split(token, ".")[part])
	wantOK(t, err)
	return string(raw)
}

func TestRow14WrongSecret(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		w := shared(t, provider(func(*stand) []string { return []string{"ClientSecret: wrong", "TokenEndpointAuthMethod: " + method} }))
		wantRefused(t, w.browser(t).signIn(t, origin+"/a", "ana"), auth.StatusAuthenticationError)
		w.wantReason(t, auth.TokenRequestFailed)
		if n := w.counter(t, "cognate_gateway_auth_error_total"); n != "1" {
			t.Errorf("%s: counted %s times", method, n)
		}
	}
}

func TestRow15TokenEndpointDown(t *testing.T) {
	t.Parallel()
	w := shared(t, provider(func(*stand) []string { return []string{`TokenEndpoint: "https://localhost:1/token"`} }))
	wantRefused(t, w.browser(t).signIn(t, origin+"/a", "ana"), http.StatusInternalServerError)
	w.wantReason(t, auth.TokenRequestTimeout)
}

func TestRow16ScopeWithoutIDToken(t *testing.T) {
	t.Parallel()
	w := shared(t, pool(`Scope: aws.cognito.signin.user.admin`))
	wantRefused(t, w.browser(t).signIn(t, origin+"/a", "ana"), http.StatusUnauthorized)
	w.wantReason(t, auth.InvalidIDToken)
}

func TestRow17PercentEncodedCookie(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	var plain, encoded []string
	for _, c := range b.shards(t) {
		plain = append(plain, c.Name+"="+c.Value)
		encoded = append(encoded, c.Name+"="+url.QueryEscape(c.Value))
	}
	if strings.Join(plain, "") == strings.Join(encoded, "") {
		t.Fatal("the value has nothing to encode")
	}
	if got := w.browser(t).get(t, origin+"/a", "Cookie", strings.Join(plain, "; ")); got.status != http.StatusOK {
		t.Errorf("as it was: %d", got.status)
	}
	got := w.browser(t).get(t, origin+"/a", "Cookie", strings.Join(encoded, "; "))
	wantRefused(t, got, http.StatusUnauthorized)
	w.wantReason(t, auth.InvalidCookie)
}
