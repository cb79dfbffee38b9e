// Package control serves what exists in dev mode only, under /_cognate/: the
// inbox page and the control API. The server of production mounts nothing of it
// but RegisterForOperators, for requests that are signed.
//
// It owns who may call (guard.go: no other web site, whatever name it uses for
// this machine), the JSON form of messages and the page. It does not own the
// messages, which are in a messages.Inbox.
//
// # The control API
//
//	GET    /_cognate/v1/inbox                  {"messages": […]}, newest first
//	GET    /_cognate/v1/inbox/next             the next message; waits for it
//	GET    /_cognate/v1/inbox/code             {"code": "123456", "message": {…}}, the latest one
//	GET    /_cognate/v1/inbox/{id}             one message
//	GET    /_cognate/v1/inbox/{id}/html        its HTML body
//	GET    /_cognate/v1/inbox/{id}/raw         an e-mail as MIME, a text message as text
//	DELETE /_cognate/v1/inbox                  forgets messages, {"deleted": 3}
//
// All but those with {id} take the parameters user (user name, sub, e-mail
// address or phone number), destination, pool, medium (EMAIL or SMS) and
// purpose (SignUp, ResendCode, ForgotPassword, AdminCreateUser,
// UpdateUserAttribute, VerifyUserAttribute, Authentication), which narrow the
// choice, and after, the id of a message: only later ones count. Ids are
// numbers in the order of arrival.
//
// next and code take timeout, such as 10s or 500ms and at most 60s: how long to
// wait for a message that matches. next waits 10 s if not told otherwise, code
// not at all. Without after, next gives the newest message that is there
// already. When nothing came the answer is 404. With "Accept: text/plain" code
// answers the bare code.
//
// Programs call it freely. A request from a web browser must carry the header
// X-Cognate-Control with any value, which no other site can make a browser do,
// and come from a page of this server.
package control
