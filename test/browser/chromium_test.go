package browser_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cognate/internal/browsertest"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

func TestMain(m *testing.M) {
	code := servertest.Run(m, overTLS)
	if chromium.stop != nil {
		chromium.stop()
	}
	os.Exit(code)
}

// overTLS makes https and a name of this machine the server's public address.
func overTLS(c *server.Config) {
	c.PublicURL = strings.Replace(c.PublicURL, "http://127.0.0.1", "https://localhost", 1)
}

// development is a server as developers have it: with an inbox, at an address of
// plain HTTP.
func development(c *server.Config) {
	c.Mode, c.Mail, c.SMS = server.Dev, nil, nil
	c.PublicURL = strings.Replace(c.PublicURL, "127.0.0.1", "localhost", 1)
}

// chromium is the one browser of all tests.
var chromium struct {
	once sync.Once
	main context.Context // chromedp keeps the browser in it
	stop func()
	err  error
}

// newWindow opens a tab in a window that shares nothing with those of other
// tests. It trusts the shared server, and sites that this one serves.
func newWindow(t *testing.T) (tab context.Context) {
	t.Helper()
	program := browsertest.Program(t)
	chromium.once.Do(func() { startChromium(program, servertest.Shared(t).KeyHash()) })
	if chromium.err != nil {
		t.Fatalf("start Chromium: %v", chromium.err)
	}
	tab, cancel := chromedp.NewContext(chromium.main, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	// What is run first binds the tab to its context: that has no time limit.
	if err := chromedp.Do(tab, chromedp.EmulateViewport(1280, 860)); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	tab, cancel = context.WithTimeout(tab, 2*time.Minute)
	t.Cleanup(cancel)
	return tab
}

func startChromium(program, keyHash string) {
	var profile string
	if profile, chromium.err = os.MkdirTemp("", "cognate-chromium"); chromium.err != nil {
		return
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(),
		browsertest.Options(program, profile, chromedp.Flag("ignore-certificate-errors-spki-list", keyHash))...)
	chromium.main, _ = chromedp.NewContext(allocator)
	chromium.stop = func() {
		_ = chromedp.Cancel(chromium.main) // waits for the browser, so that its files can go
		cancel()
		_ = os.RemoveAll(profile)
	}
	chromium.err = chromedp.Do(chromium.main)
}
