package auth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/seal"
)

// Callbacks with a state that is good by itself, and with something about it that is
// not: none of them asks the provider or sets a cookie.
func TestS022CallbacksThatSignNobodyIn(t *testing.T) {
	t.Parallel()
	another := []*http.Cookie{{Name: nonceCookie, Value: strings.Repeat("A", nonceLength)}}
	for what, c := range map[string]struct {
		change func(w *stand, r *Request, query url.Values)
		reason Reason
	}{
		"another browser":          {func(_ *stand, r *Request, _ url.Values) { r.Header = request("", another).Header }, InvalidNonce},
		"a browser without nonce":  {func(_ *stand, r *Request, _ url.Values) { r.Header = http.Header{} }, MissingNonce},
		"another host":             {func(_ *stand, r *Request, _ url.Values) { r.Host = "other.example.com" }, InvalidState},
		"no host of the gateway's": {func(_ *stand, r *Request, _ url.Values) { r.Host = "" }, MissingHost},
		"too late":                 {func(w *stand, _ *Request, _ url.Values) { w.advance(signInTime) }, InvalidState},
		"no state":                 {func(_ *stand, _ *Request, query url.Values) { query.Del("state") }, MissingState},
		"no code":                  {func(_ *stand, _ *Request, query url.Values) { query.Del("code") }, MissingCode},
		"a rule that is gone":      {func(w *stand, _ *Request, _ url.Values) { w.action = nil }, InvalidState},
		"the state of another key": {func(w *stand, _ *Request, _ url.Values) {
			ring, err := seal.Parse([]byte(seal.NewKey()))
			if err != nil {
				t.Error(err)
			}
			w.SetRing(ring)
		}, InvalidState},
		"a state that was changed": {func(_ *stand, _ *Request, query url.Values) {
			text := []byte(query.Get("state"))
			if at := len(text) / 2; text[at] == 'A' {
				text[at] = 'B'
			} else {
				text[at] = 'A'
			}
			query.Set("state", string(text))
		}, InvalidState},
	} {
		w := newStand(t)
		began := w.decide(t, nil)
		to, err := url.Parse(began.Location)
		if err != nil {
			t.Fatal(err)
		}
		r, query := request("", began.Cookies), url.Values{"code": {"c-1"}, "state": {to.Query().Get("state")}}
		c.change(w, &r, query)
		r.URI = CallbackPath + "?" + query.Encode()
		o := w.Callback(t.Context(), func(id string) *Action {
			if w.action != nil && id == w.action.ID() {
				return w.action
			}
			return nil
		}, r)
		wantReason(t, what, o, http.StatusUnauthorized, c.reason)
		if len(o.Cookies) != 0 || len(w.calls) != 0 {
			t.Errorf("%s: sets %v, calls %v", what, o.Cookies, w.calls)
		}
	}
}

func TestSignInsMayTakeAlmostFifteenMinutes(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	began := w.decide(t, nil)
	to, err := url.Parse(began.Location)
	if err != nil {
		t.Fatal(err)
	}
	w.advance(signInTime - time.Second)
	query := url.Values{"code": {"c-1"}, "state": {to.Query().Get("state")}}
	o := w.Callback(t.Context(), func(string) *Action { return w.action }, request(CallbackPath+"?"+query.Encode(), began.Cookies))
	if o.Status != http.StatusFound || o.Location != origin+"/a" {
		t.Errorf("%+v", o)
	}
}

// A provider that takes the secret no longer has it read again.
func TestSecretsThatARedemptionShowsToBeOldAreReadAgain(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	source := &noticing{Source: w.action.Source}
	w.action = NewAction(w.action.Settings, source)
	w.token = func(url.Values) *http.Response { return says(http.StatusUnauthorized, `{"error":"invalid_client"}`) }
	w.callback(t)
	if source.refused != 1 {
		t.Errorf("the source was told %d times", source.refused)
	}
	w.token = func(url.Values) *http.Response { return says(http.StatusBadRequest, `{"error":"invalid_grant"}`) }
	w.callback(t)
	if source.refused != 1 {
		t.Error("the source was told of a code that is not taken")
	}
}

// noticing counts what a source is told of refused secrets.
type noticing struct {
	Source
	refused int
}

// Refused implements Source.
func (n *noticing) Refused(*Provider) { n.refused++ }

// Two clients of one provider have sessions of their own, even in cookies of one name.
func TestASessionOfAnotherClientIsNone(t *testing.T) {
	t.Parallel()
	w := newStand(t)
	cookies := w.signIn(t)
	if o := w.decide(t, cookies); o.Identity == nil {
		t.Fatalf("with the client's own session: %+v", o)
	}
	fixed, ok := w.action.Source.(*Fixed)
	if !ok {
		t.Fatal("the action's provider is not of the rules")
	}
	for what, change := range map[string]func(*Provider){
		"another client": func(p *Provider) { p.ClientID = "another client" },
		"another issuer": func(p *Provider) { p.Issuer = "https://other.example.com" },
	} {
		other := fixed.P
		change(&other)
		for mode, status := range map[OnUnauthenticated]int{Authenticate: http.StatusFound, Allow: 0, Deny: http.StatusUnauthorized} {
			settings := w.action.Settings
			settings.OnUnauthenticated = mode
			o := w.Decide(t.Context(), NewAction(settings, &Fixed{other}), request("/a", cookies))
			if o.Status != status || o.Identity != nil {
				t.Errorf("%s, %s: %+v", what, mode, o)
			}
		}
	}
}
