package server

import (
	"testing"

	"cognate/internal/web/awsapi"
)

func TestS151StrictTransportOnlyOverTLSAndNeverForThisMachine(t *testing.T) {
	t.Parallel()
	dev := Config{TLSNames: []string{"Cognate", "192.168.7.7"}}
	const value = "max-age=31536000 ; includeSubDomains"
	for host, want := range map[string]string{
		"id.example.com": value, "ID.example.com:8443": value, "shop.auth.example.com.": value, "192.0.2.7:443": value,
		"localhost.example.com": value, "[2001:db8::1]:443": value,
		"localhost": "", "localhost:7665": "", "LOCALHOST.": "", "shop.auth.localhost:7665": "", "127.0.0.1:7665": "", "127.8.8.8": "",
		"[::1]:7665": "", "[::1]": "", "[::ffff:127.0.0.1]": "", "": "",
		"cognate:7665": "", "shop.cognate": "", "192.168.7.7": "", "notcognate": value, "192.168.7.70": value,
	} {
		if got := dev.strictTransport(awsapi.Origin{TLS: true, Host: host}); got != want {
			t.Errorf("https://%s: %q, want %q", host, got, want)
		}
		if got := dev.strictTransport(awsapi.Origin{Host: host}); got != "" {
			t.Errorf("http://%s: %q", host, got)
		}
	}
}
