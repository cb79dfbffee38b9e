package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/outbound/mail/mailtest"
)

const password = "p@ss/w0rd:#1"

// senderFor parses an address for server; login puts the credentials in it.
func senderFor(t *testing.T, server *mailtest.Server, scheme, options string, login bool) *Sender {
	t.Helper()
	u := url.URL{Scheme: scheme, Host: server.Addr, RawQuery: options}
	if login {
		u.User = url.UserPassword("cognate", password)
	}
	s, err := Parse(u.String())
	if err != nil {
		t.Fatal(err)
	}
	s.RootCAs = server.Roots
	s.Timeout = 10 * time.Second
	return s
}

func testMessage() Message {
	return Message{
		ID: "0195-message", From: "Shop <hello@example.com>", To: "ana@example.com", ReplyTo: "help@example.com",
		Subject: "Your verification code – Überprüfung",
		HTML:    `<p>Hello <b>Ana</b>, your code is 123456.</p><p><a href="https://example.com/x?a=1&amp;b=2">Verify</a></p>`,
		Date:    time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
	}
}

func TestSendTransports(t *testing.T) {
	t.Parallel()
	login := mailtest.Config{User: "cognate", Password: password}
	with := func(c mailtest.Config, change func(*mailtest.Config)) mailtest.Config { change(&c); return c }
	startTLS := func(c *mailtest.Config) { c.StartTLS = true }
	cases := []struct {
		name            string
		server          mailtest.Config
		scheme, options string
		login           bool
		wantTLS         bool
		wantErr         string
	}{
		{name: "plain, no authentication", scheme: "smtp"},
		{name: "plain to loopback with authentication", server: login, scheme: "smtp", login: true},
		{name: "STARTTLS is used when offered", server: mailtest.Config{StartTLS: true}, scheme: "smtp", wantTLS: true},
		{name: "STARTTLS and authentication", server: with(login, startTLS), scheme: "smtp", login: true, wantTLS: true},
		{name: "STARTTLS required and offered", server: with(login, startTLS), scheme: "smtp", options: "tls=required", login: true, wantTLS: true},
		{name: "STARTTLS required and not offered", server: login, scheme: "smtp", options: "tls=required", login: true, wantErr: "STARTTLS"},
		{name: "TLS from the start", server: with(login, func(c *mailtest.Config) { c.ImplicitTLS = true }), scheme: "smtps", login: true, wantTLS: true},
		{name: "server wants authentication", server: login, scheme: "smtp", wantErr: "502"},
		{name: "server knows no authentication", scheme: "smtp", login: true, wantErr: "offers no authentication"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.Start(t, c.server)
			err := senderFor(t, server, c.scheme, c.options, c.login).Send(t.Context(), testMessage())
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Fatalf("error = %v, want one with %q", err, c.wantErr)
				}
				if server.Count() != 0 {
					t.Error("a mail arrived in spite of the error")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := server.Wait(t)
			if got.TLS != c.wantTLS {
				t.Errorf("over TLS = %v, want %v", got.TLS, c.wantTLS)
			}
			if want := map[bool]string{true: "cognate"}[c.login]; got.User != want {
				t.Errorf("authenticated as %q, want %q", got.User, want)
			}
			if got.From != "hello@example.com" || len(got.To) != 1 || got.To[0] != "ana@example.com" {
				t.Errorf("envelope = %q -> %q", got.From, got.To)
			}
		})
	}
}

// With tls=required and with smtps the certificate must be good, on loopback too.
func TestCertificateIsVerifiedWhenTLSIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme, options string
		config          mailtest.Config
	}{
		{"smtp", "tls=required", mailtest.Config{StartTLS: true}},
		{"smtps", "", mailtest.Config{ImplicitTLS: true}},
	} {
		server := mailtest.Start(t, c.config)
		s := senderFor(t, server, c.scheme, c.options, false)
		s.RootCAs = nil
		err := s.Send(t.Context(), testMessage())
		if err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s %s: error = %v, want one about the certificate", c.scheme, c.options, err)
		}
	}
}

func TestMessageForm(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{})
	if err := senderFor(t, server, "smtp", "", false).Send(t.Context(), testMessage()); err != nil {
		t.Fatal(err)
	}
	msg, err := netmail.ReadMessage(strings.NewReader(server.Wait(t).Data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	header := map[string]string{
		"Subject": subject, "From": msg.Header.Get("From"), "To": msg.Header.Get("To"), "Reply-To": msg.Header.Get("Reply-To"),
		"Message-ID": msg.Header.Get("Message-ID"), "Date": msg.Header.Get("Date"), "Auto-Submitted": msg.Header.Get("Auto-Submitted"),
	}
	want := map[string]string{
		"Subject": "Your verification code – Überprüfung", "From": `"Shop" <hello@example.com>`, "To": "<ana@example.com>", "Reply-To": "<help@example.com>",
		"Message-ID": "<0195-message@example.com>", "Date": "Wed, 04 Mar 2026 05:06:07 +0000", "Auto-Submitted": "auto-generated",
	}
	if diff := cmp.Diff(want, header); diff != "" {
		t.Error(diff)
	}
	parts := readParts(t, msg)
	wantParts := map[string]string{
		"text/plain; charset=UTF-8": "Hello Ana, your code is 123456.\n\nVerify (https://example.com/x?a=1&b=2)",
		"text/html; charset=UTF-8":  testMessage().HTML,
	}
	if diff := cmp.Diff(wantParts, parts); diff != "" {
		t.Error(diff)
	}
}

// readParts returns the decoded parts of a multipart/alternative by type.
func readParts(t *testing.T, msg *netmail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q, %v", kind, err)
	}
	parts := map[string]string{}
	for reader := multipart.NewReader(msg.Body, params["boundary"]); ; {
		part, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		if e := part.Header.Get("Content-Transfer-Encoding"); e != "quoted-printable" {
			t.Errorf("transfer encoding %q", e)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		parts[part.Header.Get("Content-Type")] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}

func TestDefaultSender(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{})
	m := testMessage()
	m.From = ""
	if err := senderFor(t, server, "smtp", "", false).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := server.Wait(t).From; got != "no-reply@verificationemail.com" {
		t.Errorf("sender = %q", got)
	}
}

// A header field or an address from outside must not add fields, recipients or commands.
func TestS143HeaderAndAddressInjectionIsRefused(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{})
	sender := senderFor(t, server, "smtp", "", false)
	for name, change := range map[string]func(*Message){
		"subject, CRLF":             func(m *Message) { m.Subject = "Hi\r\nBcc: eve@example.net" },
		"subject, LF":               func(m *Message) { m.Subject = "Hi\nBcc: eve@example.net" },
		"subject, CR":               func(m *Message) { m.Subject = "Hi\rBcc: eve@example.net" },
		"subject, NUL":              func(m *Message) { m.Subject = "Hi\x00" },
		"subject, malformed UTF-8":  func(m *Message) { m.Subject = "Hi\xff" },
		"sender":                    func(m *Message) { m.From = "a@example.com\r\nBcc: eve@example.net" },
		"reply address":             func(m *Message) { m.ReplyTo = "a@example.com\nBcc: eve@example.net" },
		"reply address, not one":    func(m *Message) { m.ReplyTo = "nobody" },
		"recipient, command":        func(m *Message) { m.To = "ana@example.com>\r\nRCPT TO:<eve@example.net" },
		"recipient, two":            func(m *Message) { m.To = "ana@example.com, eve@example.net" },
		"recipient, name":           func(m *Message) { m.To = "ana@example.com <eve@example.net>" },
		"recipient, angle brackets": func(m *Message) { m.To = "<eve@example.net>" },
		"recipient, comment":        func(m *Message) { m.To = "ana@example.com (eve@example.net)" },
		"recipient, quoted":         func(m *Message) { m.To = `"ana@example.com> BODY=8BITMIME"@example.net` },
		"recipient, none":           func(m *Message) { m.To = "" },
		"id":                        func(m *Message) { m.ID = "x>\r\nBcc: eve@example.net" },
	} {
		m := testMessage()
		change(&m)
		err := sender.Send(t.Context(), m)
		var failure *Error
		if !errors.As(err, &failure) || !failure.Permanent() {
			t.Errorf("%s: error = %v, want a permanent one", name, err)
		}
	}
	if server.Count() != 0 {
		t.Errorf("%d mails arrived", server.Count())
	}
}

// The body may hold anything, lines of SMTP included.
func TestS143BodyCannotEndTheMessage(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{})
	m := testMessage()
	m.HTML = "one\r\n.\r\nMAIL FROM:<eve@example.net>\r\n.\n\r.\r\ntwo"
	if err := senderFor(t, server, "smtp", "", false).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := server.Wait(t); !strings.Contains(got.Data, "two") || got.From != "hello@example.com" {
		t.Errorf("message was cut: %q", got.Data)
	}
	if server.Count() != 0 {
		t.Error("a second mail arrived")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		answer    *smtp.SMTPError
		permanent bool
	}{
		{"no such address", &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}, true},
		{"greylisted", &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "try later"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := mailtest.Start(t, mailtest.Config{Refuse: func(string) error { return c.answer }})
			err := senderFor(t, server, "smtp", "", false).Send(t.Context(), testMessage())
			var failure *Error
			if !errors.As(err, &failure) || failure.Permanent() != c.permanent || failure.Code != c.answer.Code {
				t.Errorf("error = %v (permanent %v, code %d)", err, failure.Permanent(), failure.Code)
			}
		})
	}
}

// A wrong password can be mended by the operator: the mail is kept.
func TestS183FailedAuthenticationIsTemporaryAndHidesThePassword(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{
		User: "cognate", Password: "another",
		RefuseAuth: &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "bad password " + password},
	})
	s := senderFor(t, server, "smtp", "", true)
	err := s.Send(t.Context(), testMessage())
	var failure *Error
	if !errors.As(err, &failure) || failure.Permanent() || failure.Code != 535 {
		t.Fatalf("error = %#v", err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "sender", s, "err", err)
	for _, text := range []string{err.Error(), fmt.Sprintf("%v %+v %#v %s", s, s, s, s), fmt.Sprintf("%+v", err), log.String()} {
		if strings.Contains(text, password) || strings.Contains(text, url.QueryEscape(password)) {
			t.Errorf("password shown: %s", text)
		}
	}
}

// A server elsewhere without TLS must not see the password (S183).
func TestS183PasswordIsNotSentInClear(t *testing.T) {
	t.Parallel()
	a := &auth{user: "cognate", password: password, host: "mail.example.test"}
	for _, offered := range [][]string{{"PLAIN"}, {"LOGIN"}, {"PLAIN", "LOGIN", "CRAM-MD5"}} {
		if _, first, err := a.Start(serverInfo("mail.example.test", false, offered)); !errors.Is(err, errPlainAuth) {
			t.Errorf("%v: answered %q, %v", offered, first, err)
		}
	}
	if mechanism, _, err := a.Start(serverInfo("mail.example.test", false, []string{"PLAIN", "SCRAM-SHA-256"})); err != nil || mechanism != "SCRAM-SHA-256" {
		t.Errorf("with SCRAM: %q, %v", mechanism, err)
	}
	if mechanism, _, err := a.Start(serverInfo("mail.example.test", true, []string{"PLAIN", "SCRAM-SHA-256"})); err != nil || mechanism != "PLAIN" {
		t.Errorf("with TLS: %q, %v", mechanism, err)
	}
}

func TestSendRefusesTransactions(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{})
	s := senderFor(t, server, "smtp", "", false)
	s.InWrite = func(context.Context) bool { return true }
	if err := s.Send(t.Context(), testMessage()); !errors.Is(err, ErrInWrite) {
		t.Errorf("error = %v", err)
	}
	if server.Count() != 0 {
		t.Error("a mail arrived")
	}
}

func TestSendEndsWhenTheServerHangs(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{Hang: true})
	s := senderFor(t, server, "smtp", "", false)
	s.Timeout = 50 * time.Millisecond
	var failure *Error
	if err := s.Send(t.Context(), testMessage()); !errors.As(err, &failure) || failure.Permanent() {
		t.Errorf("after the time limit: %v", err)
	}
	s.Timeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Send(ctx, testMessage()); !errors.As(err, &failure) || failure.Permanent() {
		t.Errorf("after the context ended: %v", err)
	}
}
