package access

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const account = "123456789012"

// world is an Access over a database of its own, with a clock in hand.
type world struct {
	*Access
	db   *store.DB
	now  time.Time
	root *Principal
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC)}
	db := storetest.Open(t, func() time.Time { return w.now })
	w.db = db
	w.Access = w.over(t, change...)
	w.root = w.principal(t, "AKIAROOTROOTROOTROOT", "")
	return w
}

// over makes another Access of the same database, such as that of another node.
func (w *world) over(t *testing.T, change ...func(*Config)) *Access {
	t.Helper()
	c := Config{
		DB: w.db, Now: func() time.Time { return w.now }, AccountID: account,
		Root: RootKey{"AKIAROOTROOTROOTROOT", "the secret of the root key"},
	}
	for _, f := range change {
		f(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// principal gives whose a key is, which there must be.
func (w *world) principal(t *testing.T, id, token string) *Principal {
	t.Helper()
	_, p, known, err := w.Key(t.Context(), id, token)
	if err != nil || !known {
		t.Fatalf("key %s: known %v, %v", id, known, err)
	}
	return p
}

// user makes a user with a key.
func (w *world) user(t *testing.T, by *Principal, name string, policies ...string) *Principal {
	t.Helper()
	made, err := w.CreateKey(t.Context(), by, UserSpec{Name: name, Policies: policies})
	if err != nil {
		t.Fatal(err)
	}
	return w.principal(t, made.ID, "")
}

func (w *world) role(t *testing.T, by *Principal, name, trust string, policies ...string) *RoleInfo {
	t.Helper()
	role, err := w.PutRole(t.Context(), by, RoleSpec{Name: name, Trust: trust, Policies: policies})
	if err != nil {
		t.Fatal(err)
	}
	return role
}

// assume gives the principal of a session.
func (w *world) assume(t *testing.T, in Assumption) *Principal {
	t.Helper()
	s, err := w.Assume(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return w.principal(t, s.AccessKeyID, s.SessionToken)
}

// may reports whether a principal may do something.
func (w *world) may(t *testing.T, p *Principal, action, resource string) bool {
	t.Helper()
	err := w.Authorize(t.Context(), p, Request{Action: action, Resource: resource, Origin: here})
	if err != nil && !api.HasCode(err, "AccessDeniedException") {
		t.Fatal(err)
	}
	return err == nil
}

var here = Origin{IP: netip.MustParseAddr("203.0.113.9"), TLS: true, UserAgent: "test/1", Region: "us-east-1"}

func wantRefusal(t *testing.T, err error, want Reason) {
	t.Helper()
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Reason != want {
		t.Errorf("answer is %v, want a refusal of reason %d", err, want)
	}
}

func wantInvalid(t *testing.T, err error, part string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "InvalidParameterException" || e.Status != http.StatusBadRequest || !strings.Contains(e.Message, part) {
		t.Errorf("answer is %v, want an InvalidParameterException with %q", err, part)
	}
}

func wantDenied(t *testing.T, err error, message string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "AccessDeniedException" || e.Message != message {
		t.Errorf("answer is %v, want AccessDeniedException: %s", err, message)
	}
}

// policy is a document with one statement for everything.
func policy(effect, actions string) string { return policyOn(effect, actions, "*") }

func policyOn(effect, actions, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":["` + strings.Join(strings.Fields(actions), `","`) + `"],"Resource":"` + resource + `"}]}`
}

// trusting is a trust policy of one statement; principal and condition are JSON.
func trusting(principal, actions, condition string) string {
	if condition == "" {
		condition = "{}"
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":["` +
		strings.Join(strings.Fields(actions), `","`) + `"],"Condition":` + condition + `}]}`
}
