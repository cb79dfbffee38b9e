package transfer

import (
	"context"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const testPool = "us-east-1_AbCdEf123"

var noon = time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC)

// newTransfer gives a transfer into a pool without users.
func newTransfer(t *testing.T) *Transfer {
	t.Helper()
	now := func() time.Time { return noon }
	db := storetest.Open(t, now)
	pool := &store.Pool{ID: testPool, Region: "us-east-1", CreatedAt: noon, ModifiedAt: noon}
	pool.Settings.Pool = api.UserPoolType{SchemaAttributes: attributes.Standard(), AliasAttributes: []api.AliasAttributeType{api.AliasAttributeTypeEmail}}
	if _, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertPool(ctx, pool, nil)
	}); err != nil {
		t.Fatal(err)
	}
	return &Transfer{DB: db, Directory: directory.New(db, now), Now: now}
}

// rowFor is a user who can come in.
func rowFor(name string) Row {
	return Row{User: User{
		Username: name, Sub: "sub-of-" + name, UserStatus: api.UserStatusTypeConfirmed, Enabled: true,
		UserCreateDate: api.TimeOf(noon), UserLastModifiedDate: api.TimeOf(noon),
		Attributes: []api.AttributeType{{Name: "given_name", Value: new(name)}},
	}}
}

// putAll hands rows over and gives what the pool has then, by user name.
func (t *Transfer) putAll(tb testing.TB, update bool, rows ...Row) (*Outcome, map[string]Row) {
	tb.Helper()
	outcome, err := t.Put(tb.Context(), testPool, rows, update)
	if err != nil {
		tb.Fatal(err)
	}
	there, _, err := t.Page(tb.Context(), testPool, "", MaxPage)
	if err != nil {
		tb.Fatal(err)
	}
	users := make(map[string]Row)
	for _, r := range there {
		users[r.User.Username] = r
	}
	return outcome, users
}

func TestS148RowsThatNoUserCouldBe(t *testing.T) {
	t.Parallel()
	m := newTransfer(t)
	attribute := func(name, value string) func(*Row) {
		return func(r *Row) {
			r.User.Attributes = append(r.User.Attributes, api.AttributeType{Name: name, Value: &value})
		}
	}
	for what, change := range map[string]func(*Row){
		"no name":                        func(r *Row) { r.User.Username = "" },
		"a name with a space":            func(r *Row) { r.User.Username = "an a" },
		"a name that is too long":        func(r *Row) { r.User.Username = strings.Repeat("a", 129) },
		"a name that is another's alias": func(r *Row) { r.User.Username = "ana@example.com" },
		"no sub":                         func(r *Row) { r.User.Sub = "" },
		"a sub with a slash":             func(r *Row) { r.User.Sub = "../ana" },
		"a status of nobody's":           func(r *Row) { r.User.UserStatus = "ROOT" },
		"no dates":                       func(r *Row) { r.User.UserCreateDate = api.Time{} },
		"a group that is not there":      func(r *Row) { r.User.Groups = []string{"admins"} },
		"an unknown attribute":           attribute("custom:role", "admin"),
		"U+0000 in an attribute":         attribute("name", "a\x00"),
		"no text in an attribute":        attribute("name", "a\xff"),
		"an attribute twice":             attribute("given_name", "b"),
		"a flag without address":         attribute("email_verified", "maybe"),
		"an identity of nobody":          func(r *Row) { r.User.Identities = []Identity{{ProviderName: "Google"}} },
		"a passkey without key":          func(r *Row) { r.User.Passkeys = []Passkey{{CredentialID: "a"}} },
		"a verifier that is too long": func(r *Row) {
			r.Secrets = &Secrets{Password: &Verifier{Salt: []byte{1}, Verifier: make([]byte, longestSecret+1)}}
		},
		"an authenticator without seed": func(r *Row) { r.Secrets = &Secrets{TOTP: &Authenticator{}} },
		"a device without key": func(r *Row) {
			r.Secrets = &Secrets{Devices: []TrustedDevice{{Secret: Verifier{Salt: []byte{1}, Verifier: []byte{1}}}}}
		},
	} {
		row := rowFor("ana")
		change(&row)
		outcome, users := m.putAll(t, false, row)
		if len(outcome.Failed) != 1 || outcome.Failed[0].Reason == "" || outcome.Added != 0 || len(users) != 0 {
			t.Errorf("%s: %+v, %d users", what, outcome, len(users))
		}
	}
	if outcome, users := m.putAll(t, false, rowFor("ana")); outcome.Added != 1 || len(users) != 1 {
		t.Errorf("a good row: %+v", outcome)
	}
}

// Whose passkey or identity is somebody's already stays out, with the name.
func TestS148AUserComesInWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	m := newTransfer(t)
	at := func(name string) Row {
		row := rowFor(name)
		row.User.Identities = []Identity{{ProviderName: "Google", Value: "42", DateCreated: api.TimeOf(noon)}}
		return row
	}
	outcome, users := m.putAll(t, false, at("ana"), at("bob"), rowFor("eva"))
	if outcome.Added != 2 || len(outcome.Failed) != 1 || outcome.Failed[0].Row != 1 || outcome.Failed[0].Username != "bob" || len(users) != 2 {
		t.Fatalf("%+v, %d users", outcome, len(users))
	}
	if len(users["ana"].User.Identities) != 1 {
		t.Errorf("who came first has %+v", users["ana"].User.Identities)
	}
	if outcome, users = m.putAll(t, false, rowFor("bob")); outcome.Added != 1 || len(users) != 3 {
		t.Errorf("the name of who stayed out is taken: %+v", outcome)
	}
}

func TestAnUpdateLeavesAloneWhoWasChangedHereSince(t *testing.T) {
	t.Parallel()
	m := newTransfer(t)
	m.putAll(t, false, rowFor("ana"))
	changed := func(name string, at time.Time) Row {
		row := rowFor("ana")
		row.User.Attributes[0].Value, row.User.UserLastModifiedDate = &name, api.TimeOf(at)
		return row
	}
	for _, c := range []struct {
		update  bool
		name    string
		at      time.Time
		updated int
		want    string
	}{
		{false, "Anna", noon.Add(time.Hour), 0, "ana"},
		{true, "Anna", noon.Add(-time.Second), 0, "ana"},
		{true, "Anna", noon.Add(time.Hour), 1, "Anna"},
		{true, "Ann", noon.Add(time.Minute), 0, "Anna"},
	} {
		outcome, users := m.putAll(t, c.update, changed(c.name, c.at))
		if outcome.Updated != c.updated || outcome.Left != 1-c.updated || outcome.Added != 0 {
			t.Errorf("%+v: %+v", c, outcome)
		}
		if got := *users["ana"].User.Attributes[0].Value; got != c.want {
			t.Errorf("%+v: the name is %s", c, got)
		}
	}
}
