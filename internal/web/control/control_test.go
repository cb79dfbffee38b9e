package control

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/messages"
)

// mounted gives an inbox and what serves it.
func mounted(hosts ...string) (*messages.Inbox, *http.ServeMux) {
	inbox, mux := &messages.Inbox{}, http.NewServeMux()
	Register(mux, inbox, hosts...)
	return inbox, mux
}

// put adds a message with defaults for what is not given.
func put(t *testing.T, inbox *messages.Inbox, m messages.Message) {
	t.Helper()
	if m.ID == "" {
		m.ID = "m-" + strconv.Itoa(len(inbox.List(messages.Filter{})))
	}
	if m.Medium == "" {
		m.Medium = api.DeliveryMediumTypeEmail
	}
	if m.Time.IsZero() {
		m.Time = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	}
	if err := inbox.Deliver(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
}

// call makes a request to localhost and returns status and body.
func call(t *testing.T, h http.Handler, method, target string, header map[string]string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	r.Host = "localhost:7665"
	for k, v := range header {
		if k == "Host" {
			r.Host = v
			continue
		}
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	response := w.Result()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// codes gives the codes of a list answer, in its order.
func codes(t *testing.T, body string) []string {
	t.Helper()
	var list struct {
		Messages []struct{ Code string }
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	var found []string
	for _, m := range list.Messages {
		found = append(found, m.Code)
	}
	return found
}

func TestMessageForm(t *testing.T) {
	t.Parallel()
	inbox, mux := mounted()
	put(t, inbox, messages.Message{
		ID: "0195", PoolID: "us-east-1_abc", ClientID: "client", Sub: "sub-1", Username: "ana", Purpose: messages.SignUp,
		Destination: "ana@example.com", From: "no-reply@verificationemail.com", Subject: "Your verification code",
		Body: "Your verification code is <b>123456</b>. ", Code: "123456",
	})
	_, body := call(t, mux, "GET", "/_cognate/v1/inbox/1", nil)
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": "1", "messageId": "0195", "time": "2026-03-04T05:06:07Z", "poolId": "us-east-1_abc", "clientId": "client", "sub": "sub-1", "username": "ana",
		"purpose": "SignUp", "medium": "EMAIL", "destination": "ana@example.com", "from": "no-reply@verificationemail.com",
		"subject": "Your verification code", "body": "Your verification code is <b>123456</b>. ", "code": "123456",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	inbox, mux := mounted()
	put(t, inbox, messages.Message{Code: "1", PoolID: "p1", Sub: "sub-ana", Username: "ana", Destination: "ana@example.com", Purpose: messages.SignUp})
	put(t, inbox, messages.Message{Code: "2", PoolID: "p1", Sub: "sub-ana", Username: "ana", Destination: "+15550100", Medium: api.DeliveryMediumTypeSms, Purpose: messages.ForgotPassword})
	put(t, inbox, messages.Message{Code: "3", PoolID: "p2", Sub: "sub-bob", Username: "bob", Destination: "bob@example.com", Purpose: messages.SignUp})
	for query, want := range map[string][]string{
		"":                              {"3", "2", "1"},
		"?user=ana":                     {"2", "1"},
		"?user=ANA":                     {"2", "1"},
		"?user=sub-bob":                 {"3"},
		"?user=ana@example.com":         {"1"},
		"?user=+15550100":               {"2"},
		"?user=%2B15550100":             {"2"},
		"?destination=Bob@example.com":  {"3"},
		"?pool=p1":                      {"2", "1"},
		"?medium=sms":                   {"2"},
		"?purpose=SignUp":               {"3", "1"},
		"?after=1":                      {"3", "2"},
		"?user=ana&after=1":             {"2"},
		"?user=carol":                   nil,
		"?user=ana&pool=p2":             nil,
		"?pool=p1&medium=EMAIL&after=0": {"1"},
	} {
		response, body := call(t, mux, "GET", "/_cognate/v1/inbox"+query, nil)
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", query, response.Status)
			continue
		}
		if diff := cmp.Diff(want, codes(t, body)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	for _, query := range []string{"?usr=ana", "?medium=fax", "?after=x", "?after=-1", "?timeout=1h", "?timeout=5", "?user=a&user=b", "?user=%zz"} {
		if response, body := call(t, mux, "GET", "/_cognate/v1/inbox"+query, nil); response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s %s", query, response.Status, body)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	inbox, mux := mounted()
	put(t, inbox, messages.Message{Code: "111111", Username: "ana", Purpose: messages.SignUp})
	put(t, inbox, messages.Message{Code: "222222", Username: "ana", Purpose: messages.ResendCode})
	put(t, inbox, messages.Message{Code: "333333", Username: "bob"})
	put(t, inbox, messages.Message{Username: "ana", Purpose: messages.PasswordChanged})
	put(t, inbox, messages.Message{Username: "dora", Purpose: messages.PasswordChanged})
	_, body := call(t, mux, "GET", "/_cognate/v1/inbox/code?user=ana", nil)
	if !strings.HasPrefix(body, `{"code":"222222","message":{"id":"2",`) {
		t.Errorf("code = %s", body)
	}
	if _, body := call(t, mux, "GET", "/_cognate/v1/inbox/code?user=ana&purpose=SignUp", map[string]string{"Accept": "text/plain"}); body != "111111\n" {
		t.Errorf("plain code = %q", body)
	}
	for _, user := range []string{"carol", "dora"} { // nobody, and who has only a notice
		if response, body := call(t, mux, "GET", "/_cognate/v1/inbox/code?user="+user, nil); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %s", user, response.Status, body)
		}
	}
	if response, _ := call(t, mux, "GET", "/_cognate/v1/inbox/99", nil); response.StatusCode != http.StatusNotFound {
		t.Errorf("unknown id: %s", response.Status)
	}
}

// The long poll outlives the time limits of the server and ends as soon as the
// message is there.
func TestNextWaits(t *testing.T) {
	t.Parallel()
	inbox, mux := mounted()
	put(t, inbox, messages.Message{Code: "1", Username: "ana"})
	put(t, inbox, messages.Message{Code: "2", Username: "ana"})
	server := httptest.NewUnstartedServer(mux)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	get := func(query string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/_cognate/v1/inbox/next"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var m struct{ Code string }
		if err := json.NewDecoder(response.Body).Decode(&m); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, m.Code
	}
	if status, code := get("?user=ana"); status != 200 || code != "2" {
		t.Errorf("without after: %d %s, want the newest", status, code)
	}
	if status, code := get("?user=ana&after=1"); status != 200 || code != "2" {
		t.Errorf("after 1: %d %s", status, code)
	}
	if status, _ := get("?user=ana&after=2&timeout=200ms"); status != 404 {
		t.Errorf("nothing came: %d", status)
	}
	time.AfterFunc(200*time.Millisecond, func() {
		_ = inbox.Deliver(t.Context(), &messages.Message{ID: "other", Code: "3", Username: "bob"})
		_ = inbox.Deliver(t.Context(), &messages.Message{ID: "wanted", Code: "4", Username: "ana"})
	})
	if status, code := get("?user=ana&after=2&timeout=30s"); status != 200 || code != "4" {
		t.Errorf("waiting: %d %s", status, code)
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	inbox, mux := mounted()
	put(t, inbox, messages.Message{ID: "a", Username: "ana"})
	put(t, inbox, messages.Message{ID: "b", Username: "bob"})
	if _, body := call(t, mux, "DELETE", "/_cognate/v1/inbox?user=ana", nil); body != "{\"deleted\":1}\n" {
		t.Errorf("deleted = %s", body)
	}
	if left := inbox.List(messages.Filter{}); len(left) != 1 || left[0].Username != "bob" {
		t.Errorf("left = %v", left)
	}
	response, _ := call(t, mux, "POST", "/_cognate/inbox/clear", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:7665"})
	if response.StatusCode != http.StatusSeeOther || len(inbox.List(messages.Filter{})) != 0 {
		t.Errorf("clear by the page: %s", response.Status)
	}
}

func TestRawAndHTML(t *testing.T) {
	t.Parallel()
	inbox, mux := mounted()
	put(t, inbox, messages.Message{ID: "m1", Destination: "ana@example.com", Subject: "Hi", Body: "<b>1</b>"})
	put(t, inbox, messages.Message{ID: "m2", Destination: "+15550100", Medium: api.DeliveryMediumTypeSms, Body: "Your <code>"})
	response, body := call(t, mux, "GET", "/_cognate/v1/inbox/1/raw", nil)
	if response.Header.Get("Content-Type") != "message/rfc822" || !strings.Contains(body, "Message-ID: <m1@verificationemail.com>\r\n") || !strings.Contains(body, "multipart/alternative") {
		t.Errorf("raw mail: %s %s", response.Header.Get("Content-Type"), body)
	}
	if _, body := call(t, mux, "GET", "/_cognate/v1/inbox/1/html", nil); body != "<b>1</b>" {
		t.Errorf("html = %s", body)
	}
	response, body = call(t, mux, "GET", "/_cognate/v1/inbox/2/raw", nil)
	if response.Header.Get("Content-Type") != "text/plain; charset=utf-8" || body != "Your <code>" {
		t.Errorf("raw text message: %s %s", response.Header.Get("Content-Type"), body)
	}
	if response, _ := call(t, mux, "GET", "/_cognate/inbox/2/html", nil); response.StatusCode != http.StatusNotFound {
		t.Errorf("text message as a page: %s", response.Status)
	}
}
