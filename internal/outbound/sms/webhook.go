package sms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"cognate/internal/outbound/fetch"
)

// SignatureHeader carries the time and the signature of a request.
const SignatureHeader = "X-Cognate-Signature"

const (
	timeout     = 5 * time.Second
	answerLimit = 64 << 10 // bytes of an answer that are read, and thrown away
)

// Message is one text message to one phone.
type Message struct {
	// ID is the same in each attempt.
	ID string `json:"id"`
	// PoolID is the user pool that sends.
	PoolID string `json:"poolId"`
	// To is the phone number in E.164 form.
	To   string `json:"to"`
	Text string `json:"message"`
	// SenderID is the origination identity of the pool, if it has one.
	SenderID string `json:"senderId,omitempty"`
}

// Webhook sends text messages through one address. It is safe for concurrent use.
type Webhook struct {
	// InWrite reports whether ctx belongs to a running store transaction; Send
	// refuses such a context. Nil means that there are no transactions.
	InWrite func(ctx context.Context) bool
	// Now is the clock of the signatures.
	Now func() time.Time

	target url.URL
	secret []byte
	client *http.Client
}

// Parse reads the address of a webhook (DESIGN.md §3, --sms-url):
//
//	https://sms.example.com/send?secret=…
//
// Plain http is for loopback; to reach another host that way the address must
// say insecure=true. Both parameters are ours and are not sent; others are kept.
// Errors never contain the secret or a password.
func Parse(address string, now func() time.Time) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("sms webhook address is not a URL") // the cause quotes the address
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New("sms webhook address has a malformed query")
	}
	secret, insecure := query.Get("secret"), query.Get("insecure")
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("sms webhook address has scheme %q, want https", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("sms webhook address has no host")
	case insecure != "" && insecure != "true":
		return nil, fmt.Errorf("sms webhook address has insecure=%q, the only value is true", insecure)
	case u.Scheme == "http" && insecure == "" && !fetch.LoopbackName(u.Hostname()):
		return nil, errors.New("sms webhook address is plain http to another machine, which shows every code to the network: use https, or add insecure=true")
	case query.Has("secret") && secret == "":
		return nil, errors.New("sms webhook address has an empty secret")
	}
	query.Del("secret")
	query.Del("insecure")
	u.RawQuery, u.Fragment = query.Encode(), ""
	return &Webhook{
		Now:    now,
		target: *u,
		secret: []byte(secret),
		client: &http.Client{
			Timeout: timeout,
			Transport: &http.Transport{
				// No proxy from the environment: codes go where the operator said.
				DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
				MaxIdleConnsPerHost:    8,
				IdleConnTimeout:        time.Minute,
				ResponseHeaderTimeout:  timeout,
				MaxResponseHeaderBytes: answerLimit,
				ForceAttemptHTTP2:      true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// String is the address without secret, credentials and query.
func (w *Webhook) String() string {
	return (&url.URL{Scheme: w.target.Scheme, Host: w.target.Host, Path: w.target.Path}).String()
}

// GoString keeps the secret out of %#v.
func (w *Webhook) GoString() string { return "sms.Webhook(" + w.String() + ")" }

// LogValue keeps the secret out of logs.
func (w *Webhook) LogValue() slog.Value { return slog.StringValue(w.String()) }

// ErrInWrite is returned when Send is called inside a store transaction.
var ErrInWrite = errors.New("send text message: called inside a store transaction")

// Error is a failed Send. Its text contains neither the secret nor the message.
type Error struct {
	// Status is the HTTP status, 0 when there was no answer.
	Status int
	text   string
}

// Error implements error.
func (e *Error) Error() string { return e.text }

// Permanent reports whether the webhook refused this message for good.
func (e *Error) Permanent() bool {
	return e.Status == http.StatusBadRequest || e.Status == http.StatusRequestEntityTooLarge || e.Status == http.StatusUnprocessableEntity
}

// Send delivers one message. It returns nil once the webhook took it, and an
// *Error otherwise; one attempt takes five seconds at most.
func (w *Webhook) Send(ctx context.Context, m Message) error {
	if w.InWrite != nil && w.InWrite(ctx) {
		return ErrInWrite
	}
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("send text message: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.target.String(), bytes.NewReader(body))
	if err != nil {
		return &Error{text: "send text message through " + w.String() + ": make request"}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "cognate")
	if len(w.secret) > 0 {
		request.Header.Set(SignatureHeader, Sign(w.secret, w.Now(), body))
	}
	response, err := w.client.Do(request)
	if err != nil {
		if failure, ok := errors.AsType[*url.Error](err); ok {
			err = failure.Err
		}
		return &Error{text: "send text message through " + w.String() + ": " + err.Error()}
	}
	defer response.Body.Close()
	_, _ = io.CopyN(io.Discard, response.Body, answerLimit) // so that the connection can be used again
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return &Error{Status: response.StatusCode, text: "send text message through " + w.String() + ": answered " + response.Status}
	}
	return nil
}

// Sign makes the value of SignatureHeader for a body, see the package comment.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
