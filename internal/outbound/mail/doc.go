// Package mail hands single messages to an SMTP server.
//
// It owns the connection (TLS mode, authentication, time limits), the shape of
// the MIME message and the checks that keep header fields and addresses from
// being used for injection. It does not own templates, retries or the queue:
// those are in internal/cognito/messages, which calls Send once per attempt.
//
// One Send is one connection: dial, STARTTLS when it is offered or insisted on,
// authentication, one message, QUIT.
package mail
