package server

import (
	"cognate/internal/outbound/fetch"
	"cognate/internal/web/awsapi"
)

// strictTransport is the value of Strict-Transport-Security for an answer, or
// empty where it must not be sent (endpoints.md §1, security.md S151): over
// plain HTTP, and for names of this machine, because a browser would then
// refuse plain HTTP to every other program on it.
func strictTransport(o awsapi.Origin) string {
	host := hostName(o.Host)
	if !o.TLS || host == "" || fetch.LoopbackName(host) {
		return ""
	}
	return "max-age=31536000 ; includeSubDomains"
}
