// Package browser drives a real browser against a server: headless Chromium with
// the virtual authenticator of its DevTools. Without Chromium the tests are
// skipped, unless COGNATE_REQUIRE_CLIENTS is set, as make test does.
package browser
