package mail

import (
	"strings"
	"testing"

	"github.com/wneessen/go-mail/smtp"
)

func serverInfo(name string, tls bool, mechanisms []string) *smtp.ServerInfo {
	return &smtp.ServerInfo{Name: name, TLS: tls, Auth: mechanisms}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"smtp://user:pass@host:2525":           "smtp://user@host:2525",
		"smtp://host":                          "smtp://host:587",
		"smtps://host":                         "smtps://host:465",
		"smtp://host/?tls=required":            "smtp://host:587?tls=required",
		"smtps://u:p@host?tls=required":        "smtps://u@host:465",
		"smtp://me%40example.com:p%2Fw@[::1]:": "smtp://me%40example.com@[::1]:587",
	} {
		s, err := Parse(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := s.String(); got != want {
			t.Errorf("%s: String() = %s, want %s", address, got, want)
		}
	}
}

func TestS183ParseErrorsHideThePassword(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "host", "http://u:hunter2@host", "smtp://u:hunter2@", "smtp://u:hunter2@host:70000", "smtp://u:hunter2@host:x",
		"smtp://u:hunter2@host/path", "smtp://u:hunter2@host#x", "smtp://u:hunter2@host?tls=on", "smtp://u:hunter2@host?tsl=required",
		"smtp://:hunter2@host", "smtp://u:hunter2%zz@host", "smtp://u:hun/ter2@host", "smtp://u:hunter2@host?tls=required&tls=required",
	} {
		s, err := Parse(address)
		if err == nil {
			t.Errorf("%q: accepted as %v", address, s)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%q: error shows the password: %v", address, err)
		}
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "mail.localhost": true, "127.0.0.1": true, "127.8.8.8": true, "[::1]": true, "[::ffff:127.0.0.1]": true,
		"localhost.example.com": false, "10.0.0.1": false, "mail.example.com": false, "127.0.0.1.example.com": false,
	} {
		s, err := Parse("smtp://" + host)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.loopback(); got != want {
			t.Errorf("%s: loopback = %v, want %v", host, got, want)
		}
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]string{
		"Your verification code is 123456. ":                       "Your verification code is 123456.",
		"<h1>Hi</h1><p>a&amp;b</p>":                                "Hi\n\na&b",
		"a<br/>b<BR>c":                                             "a\nb\nc",
		`<a class="x" href='https://example.com/'>Go</a> now`:      "Go (https://example.com/) now",
		"<style>p{color:red}</style><script>alert(1)</script>Text": "Text",
		"<head><title>T</title></head><body>Text":                  "Text",
		"1 < 2 and 3 > 2":                                          "1 < 2 and 3 > 2",
		"<!-- note -->Text":                                        "Text",
		"&lt;b&gt;":                                                "<b>",
		"<script>never closed":                                     "",
		"<":                                                        "<",
		"<a href=unquoted>x</a>":                                   "x",
		"<ul><li>one</li>\n\n\n<li>two</li></ul>":                  "one\n\ntwo",
		"Your username is a&lt;b and temporary password is P&amp;q1": "Your username is a<b and temporary password is P&q1",
	} {
		if got := PlainText(html); got != want {
			t.Errorf("PlainText(%q) = %q, want %q", html, got, want)
		}
	}
}
