package browser_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"cognate/internal/servertest"
)

// hostile are texts that do something when they are taken for markup or code:
// they make an element with data-hit, or set the variable hit. User names have
// no spaces.
var hostile = []string{
	`"><b/data-hit><img/src=x/onerror=hit=1>`,
	`'><svg/data-hit/onload=hit=1>`,
	"`><script/data-hit>hit=1</script>",
	`</title></style></script><script/data-hit>hit=1</script>`,
	`--><b/data-hit>`,
	`javascript:hit=1//"onfocus=hit=1//`,
	`\u003cb/data-hit\u003e\x3cb/data-hit\x3e`,
	`&lt;b/data-hit&gt;&#60;b/data-hit&#62;%3Cb/data-hit%3E`,
	`{{constructor.constructor("hit=1")()}}${hit=1}<%hit=1%>`,
}

// Names, attributes and parameters are shown as the texts that they are, on the
// pages of a domain and in the inbox of development; the browser sees nothing in
// them to run or to refuse.
func TestS140HostileTextsInChromium(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := servertest.Start(t, servertest.Shared(t).Trusted, development)
	a := openShopAt(t, s, "", nil, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth}
	})
	keepTo(tab, t, a.domain, a.home, s.PublicURL)
	query := a.authorize()[strings.IndexByte(a.authorize(), '?'):]
	for i, name := range hostile {
		_, err := s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
			ClientId: &a.client, Username: &name, Password: new(password),
			UserAttributes: []types.AttributeType{{Name: new("email"), Value: new(fmt.Sprintf("user%d@example.com", i))}, {Name: new("given_name"), Value: &name}},
		})
		if err != nil {
			t.Fatal(err)
		}
		begin := a.authorize("login_hint", name, "state", name, "lang", name)
		if i < 3 { // the page of an account that has to be confirmed
			open(tab, t, begin)
			fill(tab, t, "password", password)
			press(tab, t, "submit")
			wantUnhurt(tab, t, name)
			open(tab, t, a.logout())
		}
		if _, err := s.SDK.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: &a.pool, Username: &name}); err != nil {
			t.Fatal(err)
		}
		open(tab, t, begin)
		wantUnhurt(tab, t, name)
		fill(tab, t, "password", password)
		back, err := url.Parse(press(tab, t, "submit"))
		if err != nil || back.Query().Get("state") != name {
			t.Errorf("%s: came back as %s, %v", name, back, err)
		}
		for _, address := range []string{
			a.domain + "/login" + query, a.domain + "/error?error=" + url.QueryEscape(name) + "&client_id=" + url.QueryEscape(name),
			a.domain + "/confirmUser?client_id=" + a.client + "&confirmation_code=1&user_name=" + url.QueryEscape(name), s.PublicURL + "/_cognate/inbox",
		} {
			open(tab, t, address)
			wantUnhurt(tab, t, name)
			if strings.HasSuffix(address, query) && !strings.Contains(text(tab, t), name) {
				t.Errorf("%s: the page of the account says\n%s", name, text(tab, t))
			}
		}
		open(tab, t, a.logout())
	}
}

// reportHits fails the test when a page opens a dialog, or the browser refuses
// something by a policy of the page.
func reportHits(tab context.Context, t *testing.T) {
	t.Helper()
	if _, err := chromedp.Call(tab, log.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	err := chromedp.Listen(tab, func(event any) {
		switch event := event.(type) {
		case *page.EventJavascriptDialogOpening:
			t.Errorf("a dialog at %s: %s", event.URL, event.Message)
		case *log.EventEntryAdded:
			if event.Entry.Source == log.EntrySourceSecurity || strings.Contains(event.Entry.Text, "Content Security Policy") {
				t.Errorf("at %s: %s", event.Entry.URL, event.Entry.Text)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantUnhurt fails the test when a hostile text has done something.
func wantUnhurt(tab context.Context, t *testing.T, name string) {
	t.Helper()
	hit, err := chromedp.Run(tab, chromedp.Evaluate[bool](`"hit" in window || document.querySelector("[data-hit]") !== null`))
	if err != nil || hit {
		t.Errorf("%s: hit at %s: %v", name, location(tab, t), err)
	}
}
