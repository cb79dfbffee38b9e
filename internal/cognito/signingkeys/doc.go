// Package signingkeys makes the keys that pools sign tokens with, and replaces them
// (security.md S035). Package tokens signs and checks with them.
package signingkeys
