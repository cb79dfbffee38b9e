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

// Open starts Chromium with one tab, which ends with the test, after limit at
// the latest. Without Chromium the test is skipped, unless
// COGNATE_REQUIRE_CLIENTS is set, as make test does.
func Open(t *testing.T, limit time.Duration, options ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	switch {
	case program != "":
	case os.Getenv("COGNATE_REQUIRE_CLIENTS") != "":
		t.Fatal("Chromium is missing; scripts/setup-tests installs it")
	default:
		t.Skip("Chromium is missing; scripts/setup-tests installs it")
	}
	all := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()))
	if os.Geteuid() == 0 { // in containers; Chromium's sandbox refuses root
		all = append(all, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	allocator, cancel := chromedp.NewExecAllocator(ctx, append(all, options...)...)
	t.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	return tab
}
