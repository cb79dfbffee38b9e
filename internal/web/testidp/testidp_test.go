package testidp

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/outbound/oidc"
)

func TestEveryKindTellsWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	b := start(t)
	for kind, want := range map[Kind]map[string]any{
		Google: {
			"sub": "100002", "email": "ben@example.com", "email_verified": true, "name": "Ben Okafor", "given_name": "Ben", "family_name": "Okafor",
		},
		Facebook: {"id": "100002", "email": "ben@example.com", "name": "Ben Okafor", "first_name": "Ben", "last_name": "Okafor"},
		Amazon:   {"user_id": "100002", "email": "ben@example.com", "name": "Ben Okafor", "postal_code": "98101"},
		Apple:    {"sub": "100002", "email": "ben@example.com", "email_verified": true, "firstName": "Ben", "lastName": "Okafor", "name": "Ben Okafor"},
		OIDC: {
			"sub": "100002", "email": "ben@example.com", "email_verified": true, "name": "Ben Okafor", "given_name": "Ben", "family_name": "Okafor",
			"groups": []any{"staff"},
		},
	} {
		b.next(t, kind, map[string]any{"person": "ben@example.com"})
		got, err := b.signIn(t, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		said := map[string]any{}
		for name, value := range got.Said {
			switch name {
			case "iss", "aud", "iat", "exp", "nonce", "access_token", "id_token", "names": // the same of all, or nothing new
			default:
				said[name] = value
			}
		}
		if diff := cmp.Diff(want, said); diff != "" || got.Subject != "100002" {
			t.Errorf("%s: subject %s %s", kind, got.Subject, diff)
		}
	}
}

// Apple tells a name at the first sign-in only (federation.md §5).
func TestAppleTellsNamesOnce(t *testing.T) {
	t.Parallel()
	b := start(t)
	for i, want := range []any{"Ana", nil} {
		b.next(t, Apple, map[string]any{"person": 0})
		got, err := b.signIn(t, Apple)
		if err != nil {
			t.Fatal(err)
		}
		if got.Said["firstName"] != want || got.Said["email"] != "ana@example.com" {
			t.Errorf("sign-in %d says %v", i, got.Said)
		}
	}
}

func TestClaimsOfOnesOwn(t *testing.T) {
	t.Parallel()
	b := start(t)
	b.next(t, OIDC, map[string]any{
		"person": map[string]any{"subject": "x|1", "email": "eve@example.net", "emailVerified": true},
		"claims": map[string]any{"locale": "de", "email": "other@example.net", "acr": "high"},
	})
	got, err := b.signIn(t, OIDC)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "x|1" || got.Said["locale"] != "de" || got.Said["email"] != "other@example.net" || got.ACR != "high" || got.Said["name"] != nil {
		t.Errorf("said %v", got.Said)
	}
}

// Each failure looks to a client like that of a real provider.
func TestFailuresOfTokens(t *testing.T) {
	t.Parallel()
	b := start(t)
	for failure, want := range map[Failure]string{
		Expired: "has expired", NotYetValid: "not valid yet", WrongAudience: "another audience", WrongIssuer: "Bad id_token issuer https://issuer.example",
		WrongNonce: "another request", BadSignature: "signature is not valid", NoSignature: "ID token", UnknownKey: "not among those",
		RotatedKey: "not among those", ServerError: "Error - 500", NotJSON: "not JSON", Huge: "could not be reached",
	} {
		b.next(t, OIDC, map[string]any{"failure": failure})
		_, err := b.signIn(t, OIDC)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", failure, err, want)
		}
	}
	if _, err := b.decidedSignIn(t, OIDC, ""); err != nil {
		t.Errorf("after all of them: %v", err)
	}
}

func (b *bench) decidedSignIn(t *testing.T, kind Kind, failure Failure) (*oidc.Answer, error) {
	t.Helper()
	b.next(t, kind, map[string]any{"failure": failure})
	return b.signIn(t, kind)
}

func TestFailuresOfPeople(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, kind := range []Kind{Google, Facebook, Amazon, Apple, OIDC} {
		got, err := b.decidedSignIn(t, kind, NoEmail)
		if err != nil || got.Said["email"] != nil || got.Said["email_verified"] != nil {
			t.Errorf("%s without e-mail: %v, %v", kind, got, err)
		}
		got, err = b.decidedSignIn(t, kind, OtherSubject)
		if err != nil || got.Subject != "100001-other" || got.Said["email"] != "ana@example.com" {
			t.Errorf("%s with another subject: %v, %v", kind, got, err)
		}
		b.next(t, kind, map[string]any{"failure": Denied})
		s := b.settings(t, kind)
		answer, page := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce}))
		if back := carried(t, answer, page, callback); back.Get("code") != "" || back.Get("state") != "s1" || back.Get("error") == "" {
			t.Errorf("%s: the refusal is %v", kind, back)
		}
	}
	got, err := b.decidedSignIn(t, Google, UnverifiedEmail)
	if err != nil || got.Said["email_verified"] != false {
		t.Errorf("unverified: %v, %v", got, err)
	}
}

func TestCodesAreGoodOnceAndForTheirClient(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.settings(t, OIDC)
	code := func() string {
		b.next(t, OIDC, map[string]any{})
		answer, page := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce}))
		return carried(t, answer, page, callback).Get("code")
	}
	good := url.Values{"client_id": {ClientID}, "client_secret": {"any"}, "redirect_uri": {callback}, "grant_type": {"authorization_code"}}
	redeem := func(code string, change func(url.Values)) int {
		form := url.Values{"code": {code}}
		maps.Copy(form, good)
		change(form)
		answer, _ := b.submit(t, b.URL(OIDC)+"/token", form)
		return answer.StatusCode
	}
	for name, change := range map[string]func(url.Values){
		"client": func(f url.Values) { f.Set("client_id", "other") }, "redirect": func(f url.Values) { f.Set("redirect_uri", callback+"x") },
		"secret": func(f url.Values) { f.Del("client_secret") }, "code": func(f url.Values) { f.Set("code", "other") },
	} {
		if status := redeem(code(), change); status != http.StatusBadRequest {
			t.Errorf("wrong %s: %d", name, status)
		}
	}
	one := code()
	if status := redeem(one, func(url.Values) {}); status != http.StatusOK {
		t.Errorf("a code: %d", status)
	}
	if status := redeem(one, func(url.Values) {}); status != http.StatusBadRequest {
		t.Errorf("a code again: %d", status)
	}
}

func TestDecisionsAreChecked(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, c := range []struct {
		kind, body string
		want       int
	}{
		{"oidc", `{"person": 2, "failure": "expired"}`, 200},
		{"saml", `{"person": "chen@example.org", "sign": "both", "encrypt": true, "failure": "wrong-recipient"}`, 200},
		{"facebook", `{"person": {"subject": "7"}, "failure": "slow"}`, 200},
		{"github", `{}`, 404},
		{"oidc", `{"person": 3}`, 400},
		{"oidc", `{"person": -1}`, 400},
		{"oidc", `{"person": "nobody@example.com"}`, 400},
		{"oidc", `{"person": {"email": "no@subject.example"}}`, 400},
		{"oidc", `{"person": {"subject": "1", "colour": "red"}}`, 400},
		{"oidc", `{"failure": "nonsense"}`, 400},
		{"oidc", `{"failure": "replayed-assertion"}`, 400},
		{"facebook", `{"failure": "wrong-nonce"}`, 400},
		{"saml", `{"failure": "slow"}`, 400},
		{"saml", `{"sign": "everything"}`, 400},
		{"oidc", `{"encrypt": true}`, 400},
		{"oidc", `{"failures": "expired"}`, 400},
		{"oidc", `[]`, 400},
		{"oidc", ``, 400},
	} {
		if answer, body := b.do(t, http.MethodPut, b.url+"/_cognate/v1/idps/"+c.kind+"/next", "application/json", c.body); answer.StatusCode != c.want {
			t.Errorf("%s %s: %s %s", c.kind, c.body, answer.Status, body)
		}
	}
}

// A page asks whom nobody has decided about, and login_hint picks at oidc.
func TestChoosingOnThePage(t *testing.T) {
	t.Parallel()
	b := start(t)
	s := b.settings(t, OIDC)
	answer, _ := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce}))
	choose := answer.Header.Get("Location")
	if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(choose, b.URL(OIDC)+"/choose?visit=") {
		t.Fatalf("%s to %s", answer.Status, choose)
	}
	answer, page := b.get(t, choose)
	if answer.StatusCode != http.StatusOK || !strings.Contains(page, "chen@example.org (unverified)") || strings.Contains(page, "<script") {
		t.Fatalf("%s\n%s", answer.Status, page)
	}
	visit := strings.TrimPrefix(choose, b.URL(OIDC)+"/choose?visit=")
	answer, page = b.submit(t, b.URL(OIDC)+"/choose", url.Values{
		"visit": {visit}, "person": {"invented"}, "subject": {"<s>"}, "email": {"dana@example.com"}, "groups": {"a, b c,"}, "claims": {`{"locale": "fr"}`},
	})
	if answer.StatusCode != http.StatusOK || !strings.Contains(page, "&#34;sub&#34;: &#34;\\u003cs\\u003e&#34;") || !strings.Contains(page, "&#34;locale&#34;: &#34;fr&#34;") {
		t.Fatalf("the preview: %s\n%s", answer.Status, page)
	}
	chosen := regexp.MustCompile(`name="visit" value="([^"]+)"`).FindStringSubmatch(page)[1]
	answer, page = b.submit(t, b.URL(OIDC)+"/send", url.Values{"visit": {chosen}})
	back := carried(t, answer, page, callback)
	got, err := b.oidc.Exchange(t.Context(), s, oidc.Redemption{Code: back.Get("code"), RedirectURI: callback, Nonce: nonce})
	if err != nil || got.Subject != "<s>" || cmp.Diff([]any{"a", "b c"}, got.Said["groups"]) != "" {
		t.Errorf("%v, %v", got, err)
	}
	if answer, _ = b.submit(t, b.URL(OIDC)+"/send", url.Values{"visit": {chosen}}); answer.StatusCode != http.StatusNotFound {
		t.Errorf("sent twice: %s", answer.Status)
	}
	for _, form := range []url.Values{
		{"visit": {visit}, "person": {"invented"}}, {"visit": {visit}, "person": {"0"}, "claims": {"{"}}, {"visit": {visit}, "person": {"0"}, "failure": {"x"}},
	} {
		if answer, _ := b.submit(t, b.URL(OIDC)+"/choose", form); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%v: %s", form, answer.Status)
		}
	}
	answer, page = b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: "s1", Nonce: nonce, LoginHint: "ben@example.com"}))
	if back := carried(t, answer, page, callback); back.Get("code") == "" {
		t.Errorf("with a hint: %v", back)
	}
}

// The pages hold no inline code but the one that sends a form, which is named by
// the policy, and every answer forbids the rest (security.md S140).
func TestS140PagesOfTestProvidersForbidScripts(t *testing.T) {
	t.Parallel()
	b := start(t)
	answer, _ := b.get(t, b.url+"/_cognate/idp/")
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") {
		t.Errorf("policy %s", policy)
	}
	b.next(t, Apple, map[string]any{"person": 0})
	s := b.settings(t, Apple)
	answer, page := b.get(t, s.URL(oidc.Authorization{RedirectURI: callback, State: `"><script>alert(1)</script>`, Nonce: nonce}))
	policy := answer.Header.Get("Content-Security-Policy")
	allowed := regexp.MustCompile(`script-src 'nonce-([A-Z2-7]+)'`).FindStringSubmatch(policy)
	if allowed == nil || strings.Count(page, "<script") != 1 || !strings.Contains(page, `<script nonce="`+allowed[1]+`">`) {
		t.Errorf("policy %s\n%s", policy, page)
	}
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=`)
	files, err := assets.ReadDir("assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := assets.ReadFile("assets/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name(), ".html") && (inline.Match(content) || bytes.Contains(content, []byte("<script")) != (f.Name() == "post.html")) {
			t.Errorf("%s has code of its own", f.Name())
		}
	}
}

// Pages of other sites may send browsers here and nothing else (S191).
func TestS191StrangersPagesDecideNothing(t *testing.T) {
	t.Parallel()
	b := start(t)
	for _, c := range []struct{ method, path string }{
		{"POST", "/_cognate/idp/oidc/choose"},
		{"POST", "/_cognate/idp/oidc/send"},
		{"POST", "/_cognate/idp/saml/sign-out"},
		{"POST", "/_cognate/idp/saml/begin"},
		{"PUT", "/_cognate/v1/idps/oidc/next"},
		{"POST", "/_cognate/v1/keys/rotate"},
		{"GET", "/_cognate/idp/oidc/userinfo"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, b.url+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "https://stranger.example")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		answer, err := b.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %s", c.method, c.path, answer.Status)
		}
	}
}
