// Package browsertest starts headless Chromium for tests.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Program is the path of Chromium. Without it the test is skipped, unless
// COGNATE_REQUIRE_CLIENTS is set, as make test does.
func Program(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	const missing = "Chromium is missing; scripts/setup-tests installs it"
	if os.Getenv("COGNATE_REQUIRE_CLIENTS") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// Options are those that every test needs, with more of its own.
func Options(program, profile string, more ...chromedp.ExecAllocatorOption) []chromedp.ExecAllocatorOption {
	all := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.UserDataDir(profile))
	if os.Geteuid() == 0 { // in containers; Chromium's sandbox refuses root
		all = append(all, chromedp.NoSandbox)
	}
	return append(all, more...)
}

// places bounds the browsers that run at once: on a small machine more of them
// time out while they start.
var places = make(chan struct{}, 2)

// Open starts Chromium, found by Program, with one tab, which ends with the
// test, after limit at the latest.
func Open(t *testing.T, limit time.Duration, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	all := Options(Program(t), t.TempDir(), options...)
	places <- struct{}{}
	t.Cleanup(func() { <-places })
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(ctx, all...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	return tab
}
