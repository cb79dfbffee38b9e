// Package federation signs users in by identity providers that the tests play: over
// TLS, against a whole server, as browsers and providers do it. The providers say
// whatever a test wants, hostile things among them.
//
// Providers that others wrote are in test/browser, the checks of single messages in
// internal/protocol/saml and internal/outbound/oidc.
package federation
