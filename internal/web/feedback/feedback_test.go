package feedback

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/api"
)

// door is the page on operations that the test plays.
type door struct {
	mux   *http.ServeMux
	given []api.UpdateAuthEventFeedbackRequest
	err   error
}

func newDoor() *door {
	d := &door{mux: http.NewServeMux()}
	h := Handler{
		Check: func(context.Context, *api.UpdateAuthEventFeedbackRequest) error { return d.err },
		Give: func(_ context.Context, in *api.UpdateAuthEventFeedbackRequest) error {
			if d.err == nil {
				d.given = append(d.given, *in)
			}
			return d.err
		},
		Log: slog.New(slog.DiscardHandler),
	}
	h.Register(d.mux)
	return d
}

func (d *door) get(query url.Values) *httptest.ResponseRecorder {
	return d.serve(httptest.NewRequest(http.MethodGet, "/feedback?"+query.Encode(), nil))
}

func (d *door) post(form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/feedback", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return d.serve(r)
}

func (d *door) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.mux.ServeHTTP(w, r)
	return w
}

func link(change ...string) url.Values {
	v := url.Values{
		"userPoolId": {"us-east-1_AbCdEf123"}, "username": {`a"<b>`}, "eventId": {"e"}, "feedbackToken": {"t.t"}, "feedbackValue": {"Invalid"},
	}
	for i := 0; i < len(change); i += 2 {
		v.Set(change[i], change[i+1])
	}
	return v
}

func TestS076OpeningALinkChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDoor()
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r := httptest.NewRequest(method, "/feedback?"+link().Encode(), nil)
		if w := d.serve(r); w.Code != http.StatusOK || len(d.given) > 0 {
			t.Errorf("%s: %d, given %v", method, w.Code, d.given)
		}
	}
	if w := d.post(link()); w.Code != http.StatusOK || len(d.given) != 1 {
		t.Fatalf("%d, given %v", w.Code, d.given)
	}
	want := api.UpdateAuthEventFeedbackRequest{
		UserPoolId: "us-east-1_AbCdEf123", Username: `a"<b>`, EventId: "e", FeedbackToken: "t.t", FeedbackValue: api.FeedbackValueTypeInvalid,
	}
	if d.given[0] != want {
		t.Errorf("given %+v", d.given[0])
	}
}

func TestPagesAreClosedToEverythingElse(t *testing.T) {
	t.Parallel()
	d := newDoor()
	for _, w := range []*httptest.ResponseRecorder{d.get(link()), d.get(nil), d.post(link()), d.post(nil)} {
		h := w.Header()
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") {
			t.Errorf("policy %s", policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", h)
		}
		if body := w.Body.String(); strings.Contains(body, "<b>") || strings.Contains(body, "<script") {
			t.Error(body)
		}
	}
	if body := d.get(link()).Body.String(); !strings.Contains(body, `value="a&#34;&lt;b&gt;"`) || !strings.Contains(body, "<style>"+style+"</style>") {
		t.Error(body)
	}
}

func TestUselessLinks(t *testing.T) {
	t.Parallel()
	d := newDoor()
	twice := link()
	twice.Add("eventId", "other")
	for name, q := range map[string]url.Values{
		"nothing":   nil,
		"no token":  link("feedbackToken", ""),
		"no event":  link("eventId", ""),
		"value":     link("feedbackValue", "Perhaps"),
		"NUL":       link("username", "a\x00"),
		"not UTF-8": link("username", "a\xff"),
		"long":      link("username", strings.Repeat("a", longestValue+1)),
		"twice":     twice,
		"too much":  link("more", strings.Repeat("a", longestForm)),
	} {
		if w := d.get(q); name != "too much" && w.Code != http.StatusBadRequest {
			t.Errorf("%s: GET %d", name, w.Code)
		}
		if w := d.post(q); w.Code != http.StatusBadRequest || len(d.given) > 0 {
			t.Errorf("%s: POST %d", name, w.Code)
		}
	}
	for err, status := range map[error]int{
		api.NotAuthorizedException("Invalid feedback token."): http.StatusBadRequest,
		errors.New("the database is gone"):                    http.StatusInternalServerError,
	} {
		d.err = err
		for _, w := range []*httptest.ResponseRecorder{d.get(link()), d.post(link())} {
			if w.Code != status || strings.Contains(w.Body.String(), err.Error()) {
				t.Errorf("%v: %d %s", err, w.Code, w.Body)
			}
		}
	}
}
