package reliability

import (
	"io"
	"net"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server that keeps what it receives.
type mailServer struct {
	url      string
	received chan string
}

func startMailServer(t *testing.T) *mailServer {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	m := &mailServer{url: "smtp://" + l.Addr().String(), received: make(chan string, 16)}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{m}, nil }))
	server.Domain = "localhost"
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return m
}

// code waits for the next message and takes the six digits from it.
func (m *mailServer) code(t *testing.T) string {
	t.Helper()
	select {
	case message := <-m.received:
		code := regexp.MustCompile(`verification code is (\d{6})`).FindStringSubmatch(message)
		if code == nil {
			t.Fatalf("no code in the message:\n%s", message)
		}
		return code[1]
	case <-time.After(time.Minute):
		t.Fatal("no message came")
		return ""
	}
}

type mailSession struct{ server *mailServer }

func (*mailSession) Mail(string, *smtp.MailOptions) error { return nil }
func (*mailSession) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*mailSession) Reset()                               {}
func (*mailSession) Logout() error                        { return nil }

func (s *mailSession) Data(r io.Reader) error {
	message, err := io.ReadAll(r)
	s.server.received <- string(message)
	return err
}

// withSchema adds a search path to a PostgreSQL address.
func withSchema(t *testing.T, address, schema string) string {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}
