package passwordranges

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The digest of "password" is 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8.
const known = "1E4C9B93F3F0682250B6CF8331B7EE68FD8"

func client(t *testing.T, h http.HandlerFunc, change ...func(*Config)) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	config := Config{Base: s.URL + "/range/", InWrite: func(context.Context) bool { return false }, Now: time.Now}
	for _, f := range change {
		f(&config)
	}
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

func TestS064ARangeIsAskedAndNoMore(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		known + ":3\r\n": true,
		"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n" + known + ":9659365": true,
		strings.ToLower(known) + ":1\n":                                  true,
		"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n":                      false,
		known + ":0\r\n": false, // padding
		"":               false,
	} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/range/5BAA6" || r.URL.RawQuery != "" || r.Header.Get("Add-Padding") != "true" {
				t.Errorf("%s %s, padding %q", r.Method, r.URL, r.Header.Get("Add-Padding"))
			}
			_, _ = io.WriteString(w, body)
		})
		if got, err := c.Contains(t.Context(), "password"); err != nil || got != want {
			t.Errorf("%q: %v, %v", body, got, err)
		}
	}
}

func TestAServiceThatFailsIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	now := time.Unix(1_800_000_000, 0)
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, known+":3\n")
	}, func(c *Config) { c.Now = func() time.Time { return now } })
	if _, err := c.Contains(t.Context(), "password"); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("first: %v", err)
	}
	if _, err := c.Contains(t.Context(), "password"); !errors.Is(err, ErrResting) || calls.Load() != 1 {
		t.Errorf("second: %v after %d calls", err, calls.Load())
	}
	now = now.Add(rest)
	if found, err := c.Contains(t.Context(), "password"); err != nil || !found {
		t.Errorf("after the rest: %v, %v", found, err)
	}
}

func TestAnswersThatAreNoneAreErrors(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"too large": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x\n", answerLimit))
		},
		"one line": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 100<<10)) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "short")
		},
	} {
		if found, err := client(t, answer).Contains(t.Context(), "password"); err == nil || found {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	c := client(t, nil, func(c *Config) { c.InWrite = func(context.Context) bool { return true } })
	if _, err := c.Contains(t.Context(), "password"); !errors.Is(err, ErrInWrite) {
		t.Errorf("inside a transaction: %v", err)
	}
}

func TestAddressesThatCannotBeAskedAreRefused(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "ranges", "http://ranges.example.com/range", "https://user@ranges.example.com/", "https://ranges.example.com/?x=1", "ftp://localhost/"} {
		if _, err := New(Config{Base: base}); err == nil {
			t.Errorf("%q is taken", base)
		}
	}
	for _, base := range []string{"https://ranges.example.com/range", "http://localhost:8080"} {
		if _, err := New(Config{Base: base}); err != nil {
			t.Errorf("%q: %v", base, err)
		}
	}
}
