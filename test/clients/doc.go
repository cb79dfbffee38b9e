// Package clients runs the JavaScript libraries that applications use with user
// pools, and the AWS command line where it is installed, against a server that
// the test starts. Each library has a script, NAME.test.mjs, for node's own test
// runner; a script makes the pools that it needs and reads codes from the inbox.
// pages.mjs stands for the user at the pages of a pool's domain; how they work in a
// real browser is the business of test/browser.
//
// scripts/setup-tests installs Node.js and the libraries. Without them the test
// skips, unless COGNATE_REQUIRE_CLIENTS is set.
package clients
