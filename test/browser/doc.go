// Package browser drives a real browser against a server: headless Chromium with
// the virtual authenticator of its DevTools, which signs users in on the pages of
// pools' domains for applications that we did not write: Amplify's, Apache's
// mod_auth_openidc, oauth2-proxy; or at identity providers that we did not write:
// SimpleSAMLphp, Node's oidc-provider. All tests share one Chromium, in windows that
// share nothing, and most of them one server.
//
// Where Chromium or an application is missing its tests are skipped, unless
// COGNATE_REQUIRE_CLIENTS is set, as make test does. With COGNATE_SCREENSHOTS
// pictures of the pages are kept in that directory.
package browser
