// Package poolcopy reads the settings of a user pool through the API, as the
// requests that make the same pool elsewhere (console-and-dx.md §9).
//
// It reads a pool of Amazon Cognito and one of Cognate alike. What no request can
// bring along is a Note. The users come from elsewhere: of Cognate with their
// verifiers (package transfer), of Amazon Cognito without (users.go).
package poolcopy
