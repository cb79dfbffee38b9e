package sms

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func clock() time.Time { return time.Unix(1771234567, 0) }

type received struct {
	method, path, kind, signature, body string
}

// receiver answers every request with status and passes it on.
func receiver(t *testing.T, status int, header http.Header) (*httptest.Server, chan received) {
	t.Helper()
	requests := make(chan received, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		requests <- received{r.Method, r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get("X-Cognate-Signature"), string(body)}
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server, requests
}

func parse(t *testing.T, address string) *Webhook {
	t.Helper()
	w, err := Parse(address, clock)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

var message = Message{ID: "m-1", PoolID: "us-east-1_abc", To: "+15550100", Text: "Your code is 123456. ", SenderID: "Shop"}

func TestSend(t *testing.T) {
	t.Parallel()
	server, requests := receiver(t, http.StatusAccepted, nil)
	if err := parse(t, server.URL+"/send?route=a").Send(t.Context(), message); err != nil {
		t.Fatal(err)
	}
	want := received{
		"POST", "/send?route=a", "application/json", "",
		`{"id":"m-1","poolId":"us-east-1_abc","to":"+15550100","message":"Your code is 123456. ","senderId":"Shop"}`,
	}
	if got := <-requests; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The signature was computed with: printf '%s' '1771234567.{BODY}' | openssl dgst -sha256 -hmac s3cret
func TestSendSigns(t *testing.T) {
	t.Parallel()
	server, requests := receiver(t, http.StatusOK, nil)
	m := Message{ID: "m-1", PoolID: "p", To: "+1", Text: "x"}
	if err := parse(t, server.URL+"/?secret=s3cret").Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := <-requests
	if got.path != "/" {
		t.Errorf("address = %s: the secret must not be sent", got.path)
	}
	if want := `{"id":"m-1","poolId":"p","to":"+1","message":"x"}`; got.body != want {
		t.Errorf("body = %s", got.body)
	}
	if want := "t=1771234567,v1=8fe2dbb669be0fa04c1254ec45ccacbf05a721b9d59c0a93459ba2e8625b4994"; got.signature != want {
		t.Errorf("signature = %s, want %s", got.signature, want)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for status, permanent := range map[int]bool{400: true, 413: true, 422: true, 401: false, 403: false, 404: false, 429: false, 500: false, 503: false, 302: false} {
		server, requests := receiver(t, status, http.Header{"Location": {"/elsewhere"}})
		err := parse(t, server.URL).Send(t.Context(), message)
		var failure *Error
		if !errors.As(err, &failure) || failure.Status != status || failure.Permanent() != permanent {
			t.Errorf("%d: error = %v", status, err)
		}
		if len(requests) != 1 {
			t.Errorf("%d: %d requests, want one: redirects are not followed", status, len(requests))
		}
	}
}

// S161: a hostile answer must not be read without end.
func TestS161EndlessAnswerIsCut(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 32<<10)
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	if err := parse(t, server.URL).Send(t.Context(), message); err != nil {
		t.Error(err)
	}
}

func TestSendEndsWithTheContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var failure *Error
	if err := parse(t, server.URL).Send(ctx, message); !errors.As(err, &failure) || failure.Permanent() {
		t.Errorf("error = %v", err)
	}
}

func TestSendRefusesTransactions(t *testing.T) {
	t.Parallel()
	server, requests := receiver(t, http.StatusOK, nil)
	w := parse(t, server.URL)
	w.InWrite = func(context.Context) bool { return true }
	if err := w.Send(t.Context(), message); !errors.Is(err, ErrInWrite) || len(requests) != 0 {
		t.Errorf("error = %v, %d requests", err, len(requests))
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "sms.example.com", "ftp://sms.example.com", "https://", "http://sms.example.com/?secret=hunter2", "http://10.0.0.1/",
		"https://sms.example.com?secret=", "https://sms.example.com?insecure=yes", "https://u:hunter2%zz@sms.example.com", "https://sms.example.com?a=%zz&secret=hunter2",
	} {
		w, err := Parse(address, clock)
		if err == nil {
			t.Errorf("%q: accepted as %v", address, w)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error shows the secret: %v", address, err)
		}
	}
	for _, address := range []string{"https://sms.example.com", "http://localhost:8080/x", "http://sms.localhost", "http://127.0.0.1", "http://[::1]:9", "http://sms:8080/?insecure=true"} {
		if _, err := Parse(address, clock); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestS183ErrorsHideSecretAndMessage(t *testing.T) {
	t.Parallel()
	server, _ := receiver(t, http.StatusOK, nil)
	w := parse(t, strings.Replace(server.URL, "http://", "http://user:hunter2@", 1)+"/?secret=s3cret&token=t0ken")
	server.Close()
	err := w.Send(t.Context(), message)
	if err == nil {
		t.Fatal("no error from a closed server")
	}
	text := fmt.Sprintf("%v %+v %v %+v %#v", err, err, w, w, w)
	for _, hidden := range []string{"hunter2", "s3cret", "t0ken", "123456"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%s shown in %s", hidden, text)
		}
	}
}
