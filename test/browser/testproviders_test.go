package browser_test

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// A newcomer gives the sample pool the test providers by one click, and signs in by
// each of them: chooses somebody, sees what is sent, and gets tokens.
func TestSignInByTestProviders(t *testing.T) {
	t.Parallel()
	home, _ := startDev(t)
	domain := strings.Replace(home, "localhost", "sample.auth.localhost", 1)
	tab := newWindow(t)
	keepTo(tab, t, home, domain)
	open(tab, t, home)
	if at := click(tab, t, `form[action="/_cognate/start/providers"] button`); at != home+"/" {
		t.Fatalf("the button leads to %s:\n%s", at, text(tab, t))
	}
	picture(tab, t, "idp-01-start-page")
	for _, name := range []string{"Google", "Facebook", "LoginWithAmazon", "SignInWithApple", "TestOIDC", "TestSAML"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tab := newWindow(t)
			keepTo(tab, t, home, domain)
			open(tab, t, home)
			if at := click(tab, t, `a[href="/_cognate/try?identity_provider=`+name+`"]`); !strings.Contains(at, "/choose?visit=") {
				t.Fatalf("the button leads to %s:\n%s", at, text(tab, t))
			}
			picture(tab, t, "idp-02-choose-"+name)
			if err := chromedp.Do(tab, chromedp.Click(chromedp.CSS(`input[name=person][value="1"]`))); err != nil {
				t.Fatal(err)
			}
			click(tab, t, "button[type=submit]")
			if shown := text(tab, t); !strings.Contains(shown, "ben@example.com") || !strings.Contains(shown, "100002") {
				t.Errorf("what is sent:\n%s", shown)
			}
			picture(tab, t, "idp-03-preview-"+name)
			wantTokensOf(tab, t, home, "100002")
		})
	}
}

func wantTokensOf(tab context.Context, t *testing.T, home, subject string) {
	t.Helper()
	click(tab, t, "button[type=submit]")
	awaitPage(tab, t, home+"/_cognate/try/callback?")
	shown := text(tab, t)
	for _, want := range []string{"You are signed in", "ben@example.com", `"userId": "` + subject + `"`} {
		if !strings.Contains(shown, want) {
			t.Errorf("the page of the tokens does not show %s:\n%s", want, shown)
		}
	}
}

// Somebody invented, with claims of one's own; then with a failure, in the dark and
// on a narrow screen.
func TestInventedPersonAtATestProvider(t *testing.T) {
	t.Parallel()
	home, _ := startDev(t)
	domain := strings.Replace(home, "localhost", "sample.auth.localhost", 1)
	tab := newWindow(t)
	keepTo(tab, t, home, domain)
	open(tab, t, home)
	click(tab, t, `form[action="/_cognate/start/providers"] button`)
	click(tab, t, `a[href="/_cognate/try?identity_provider=TestOIDC"]`)
	click(tab, t, `a[href*="edit=0"]`)
	fill(tab, t, "subject", "dana-7", "given_name", "Dana")
	if err := chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS("textarea[name=claims]"), `{"email": "dana@example.net"}`)); err != nil {
		t.Fatal(err)
	}
	picture(tab, t, "idp-04-invented")
	click(tab, t, "button[type=submit]")
	click(tab, t, "button[type=submit]")
	awaitPage(tab, t, home+"/_cognate/try/callback?")
	if shown := text(tab, t); !strings.Contains(shown, "dana@example.net") || !strings.Contains(shown, `"userId": "dana-7"`) {
		t.Errorf("signed in as\n%s", shown)
	}

	dark := newWindow(t)
	if err := chromedp.Do(dark, chromedp.EmulateViewport(320, 640)); err != nil {
		t.Fatal(err)
	}
	_, err := chromedp.Call(dark, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	open(dark, t, home+"/_cognate/try?identity_provider=TestSAML")
	if err := chromedp.Do(dark, chromedp.SetValue(chromedp.CSS("select[name=failure]"), "wrong-audience")); err != nil {
		t.Fatal(err)
	}
	if wide, err := chromedp.Run(dark, chromedp.Evaluate[bool]("document.documentElement.scrollWidth > 320")); err != nil || wide {
		t.Errorf("the page is wider than the screen: %v, %v", wide, err)
	}
	picture(dark, t, "idp-05-narrow")
	click(dark, t, "button[type=submit]")
	picture(dark, t, "idp-06-narrow-preview")
	click(dark, t, "button[type=submit]")
	awaitPage(dark, t, home+"/_cognate/try/callback?")
	if shown := text(dark, t); !strings.Contains(shown, "Audience restriction") {
		t.Errorf("with a wrong audience:\n%s", shown)
	}
	open(dark, t, home+"/_cognate/idp/")
	picture(dark, t, "idp-07-narrow-home")
}
