package security_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/store/pgtest"
)

// startDev starts a server in dev mode, in memory.
func startDev(t testing.TB) *servertest.Server {
	t.Helper()
	return servertest.Start(t, func(c *server.Config) {
		c.Mode, c.Memory, c.DataDir, c.DatabaseURL, c.Schema, c.MasterKey = server.Dev, true, "", "", "", ""
		c.RootAccessKeyID, c.RootSecretAccessKey, c.Mail, c.SMS = "", "", nil, nil
	})
}

// madeUp are credentials that people and tools write without having any.
var madeUp = []signing{
	{id: "cognate", secret: "cognate-dev"},
	{id: "dev", secret: "dev"},
	{id: "test", secret: "test"},
	{id: "local", secret: "local"},
	{id: "fake", secret: "fake"},
	{id: "x", secret: "x"},
	{id: "root", secret: "root"},
	{id: "admin", secret: "admin"},
	{id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
	{id: "AKIA", secret: "AKIA"},
}

func TestS138MadeUpKeysWorkInDevOnly(t *testing.T) {
	t.Parallel()
	dev, serve := startDev(t), servertest.Shared(t)
	for _, g := range madeUp {
		const body = `{"MaxResults":1}`
		if answer := g.send(t, dev, "ListUserPools", body); answer.Status != 200 {
			t.Errorf("dev: %s: %d %s", g.id, answer.Status, answer.Body)
		}
		if answer := g.send(t, serve, "ListUserPools", body); answer.ErrorType() != unknownKey {
			t.Errorf("serve: %s: %d %s", g.id, answer.Status, answer.Body)
		}
	}
}

// serve does not start with a root key like those of dev.
func TestS138ServeTakesNoMadeUpRootKey(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"cognate", "cognate-dev"}, {"dev", "dev"}, {"test", "test"}, {"AKIATEST", ""}, {"", "a secret that nobody has the id of"}} {
		running, err := server.New(t.Context(), server.Config{
			Mode: server.Serve, DataDir: t.TempDir(), RootAccessKeyID: c[0], RootSecretAccessKey: c[1],
		})
		if err == nil {
			t.Errorf("serve starts with %q and %q", c[0], c[1])
			if err := running.Close(); err != nil {
				t.Error(err)
			}
		} else if !strings.Contains(err.Error(), "root") {
			t.Errorf("%q and %q: %v", c[0], c[1], err)
		}
	}
}

// A key that serve makes itself is nobody's default.
func TestS138MadeRootKeysDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		var id, secret string
		running, err := server.New(t.Context(), server.Config{
			Mode: server.Serve, DataDir: t.TempDir(), Keys: noKeys{}, ShowRootKey: func(i, s string) { id, secret = i, s },
		})
		if err != nil {
			t.Fatal(err)
		}
		if id == "" || len(secret) < 40 || seen[id] || seen[secret] {
			t.Errorf("root key %q with a secret of %d characters", id, len(secret))
		}
		seen[id], seen[secret] = true, true
		if err := running.Close(); err != nil {
			t.Error(err)
		}
	}
}

// devPaths are all paths that dev adds, and some that it might.
var devPaths = []string{
	"/_cognate", "/_cognate/", "/_cognate/inbox", "/_cognate/inbox/1", "/_cognate/inbox/1/html", "/_cognate/inbox/1/source",
	"/_cognate/inbox/clear", "/_cognate/assets/inbox.css", "/_cognate/v1/inbox", "/_cognate/v1/inbox/next", "/_cognate/v1/inbox/code",
	"/_cognate/v1/inbox/1", "/_cognate/v1/inbox/1/html", "/_cognate/v1/inbox/1/raw", "/_cognate/v1/clock", "/_cognate/v1/reset",
	"/_cognate/v1/functions/calls", "/_cognate/v1/functions/try", "/_cognate/v1/functions/secrets", "/_cognate/v1/codes", "/_cognate/v1/users",
	"/_cognate/v1/keys/rotate", "/_cognate/v1/idps/google/next", "/_cognate/idp/", "/_cognate/idp/style.css", "/_cognate/idp/saml/metadata",
	"/_cognate/idp/oidc/.well-known/openid-configuration", "/_cognate/idp/oidc/authorize", "/_cognate/idp/google/choose", "/_cognate/start/providers",
	"/_COGNATE/inbox", "/%5fcognate/inbox", "/x/../_cognate/inbox", "//_cognate/inbox",
}

func TestS190NoDevPathExistsInServe(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, path := range devPaths {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE"} {
			r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Cognate-Control", "1")
			if answer := s.Do(t, r); answer.Status != 404 {
				t.Errorf("%s %s: %d %.100s", method, path, answer.Status, answer.Body)
			}
		}
	}
	if answer := get(t, s, "/"); answer.Status != 405 && answer.Status != 404 {
		t.Errorf("GET /: %d %v", answer.Status, answer.Header)
	}
	dev := startDev(t)
	if answer := get(t, dev, "/_cognate/v1/inbox"); answer.Status != 200 {
		t.Errorf("the same in dev: %d", answer.Status)
	}
}

// What dev made is there in serve, and opens nothing: no key of dev counts, no
// message is shown, no pool chooses its id.
func TestS190ADirectoryOfDevOpensInServe(t *testing.T) {
	t.Parallel()
	const chosen = "us-east-1_chosen"
	var database server.Config
	if os.Getenv("COGNATE_TEST_DB") == "postgres" {
		database.DatabaseURL, database.Schema = pgtest.Schema(t)
		database.MasterKey = "c2VydmVydGVzdC1tYXN0ZXIta2V5LTMyLWJ5dGVzISE="
	} else {
		database.DataDir = t.TempDir()
	}
	on := func(mode server.Mode) servertest.Option {
		return func(c *server.Config) {
			c.PublicURL = "http://localhost:7665" // the same issuer both times
			c.Mode, c.DataDir, c.DatabaseURL, c.Schema, c.MasterKey = mode, database.DataDir, database.DatabaseURL, database.Schema, database.MasterKey
		}
	}
	var p *side
	t.Run("dev", func(t *testing.T) {
		s := servertest.Start(t, on(server.Dev))
		if answer := madeUp[0].send(t, s, "CreateUserPool", encode(t, doc{"PoolName": "x", "UserPoolTags": doc{"cognate:id": chosen}})); answer.Status != 200 {
			t.Fatalf("CreateUserPool in dev: %d %s", answer.Status, answer.Body)
		}
		p = newSide(t, s, "dev")
	})
	if t.Failed() {
		return
	}
	t.Run("serve", func(t *testing.T) {
		s := servertest.Start(t, on(server.Serve))
		for _, g := range madeUp {
			if answer := g.send(t, s, "ListUserPools", `{"MaxResults":1}`); answer.ErrorType() != unknownKey {
				t.Errorf("key %s: %d %s", g.id, answer.Status, answer.Body)
			}
		}
		for _, operation := range []string{"ListUsers", "DescribeUserPool", "DeleteUserPool"} {
			answer := s.Do(t, s.NewRequest(t, operation, encode(t, doc{"UserPoolId": p.pool})))
			if answer.ErrorType() != missing {
				t.Errorf("%s unsigned: %d %s", operation, answer.Status, answer.Body)
			}
		}
		for _, path := range devPaths {
			if answer := get(t, s, path); answer.Status != 404 {
				t.Errorf("%s: %d", path, answer.Status)
			}
		}
		do(t, s, "DescribeUserPool", doc{"UserPoolId": chosen})
		p.picture(t, s) // the data itself lives on
		other := do(t, s, "CreateUserPool", doc{"PoolName": "x", "UserPoolTags": doc{"cognate:id": "us-east-1_again"}})
		if at(t, other, "UserPool", "Id") == "us-east-1_again" {
			t.Error("a pool chose its id in serve")
		}
	})
}

// attackers are the marks of requests that another site's page makes.
var attackers = map[string]map[string]string{
	"foreign origin":            {"Origin": "https://evil.example"},
	"foreign origin, marked":    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"},
	"sandboxed frame":           {"Origin": "null"},
	"name like localhost":       {"Origin": "http://localhost.evil.example"},
	"localhost as the user":     {"Origin": "http://localhost@evil.example"},
	"no origin, cross-site":     {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
	"no origin, same site":      {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
	"no origin, unknown word":   {"Sec-Fetch-Site": "elsewhere"},
	"several origins in a line": {"Origin": "http://localhost, https://evil.example"},
	"not an address":            {"Origin": "evil"},
	"empty origin, marked":      {"Origin": "", "Sec-Fetch-Site": "cross-site"},
}

// A developer visits a hostile page while dev runs: it reads no message and
// administers nothing.
func TestS191OtherSitesReachNothingOfDev(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	for name, marks := range attackers {
		mark := func(r *http.Request) {
			for header, value := range marks {
				r.Header[header] = []string{value}
			}
		}
		for _, path := range []string{"/_cognate/v1/inbox", "/_cognate/v1/inbox/code?timeout=0s", "/_cognate/v1/inbox/next?timeout=0s"} {
			if answer := get(t, s, path, mark, header("X-Cognate-Control", "1")); answer.Status != 403 {
				t.Errorf("%s: %s: %d %s", name, path, answer.Status, answer.Body)
			}
		}
		// Without a header of our own the browser asks nobody first: the target
		// stands in the query and the body has no type.
		r := s.NewRequest(t, "", `{"PoolName":"evil"}`)
		mark(r)
		r.Header.Del("X-Amz-Target")
		r.Header.Del("Content-Type")
		r.URL.RawQuery = "X-Amz-Target=" + api.TargetPrefix + ".CreateUserPool"
		if answer := s.Do(t, r); answer.ErrorType() != "AccessDeniedException" {
			t.Errorf("%s: CreateUserPool: %d %s", name, answer.Status, answer.Body)
		}
	}
	if pools := do(t, s, "ListUserPools", doc{"MaxResults": 60})["UserPools"]; len(pools.([]any)) != 0 {
		t.Errorf("pools of an attacker: %v", pools)
	}
	for _, origin := range []string{"http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:80", "http://shop.localhost", s.URL} {
		if answer := (signing{after: header("Origin", origin)}).send(t, s, "ListUserPools", `{"MaxResults":1}`); answer.Status != 200 {
			t.Errorf("a page of this machine, %s: %d %s", origin, answer.Status, answer.Body)
		}
	}
}

// A page whose name was pointed to 127.0.0.1 sends that name as Host.
func TestS191ReboundNamesFindNothing(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	for _, host := range []string{"evil.example", "evil.example:7665", "localhost.evil.example", "127.0.0.1.nip.example", "make-127-0-0-1.rr.example", "0.0.0.0", "192.168.0.1:7665"} {
		for _, path := range []string{"/", "/_cognate/inbox", "/_cognate/v1/inbox", "/_cognate/assets/inbox.css"} {
			if answer := get(t, s, path, func(r *http.Request) { r.Host = host }); answer.Status != 404 {
				t.Errorf("%s at %s: %d", path, host, answer.Status)
			}
		}
		r := s.NewRequest(t, "ListUserPools", `{"MaxResults":1}`)
		r.Host = host
		r.Header.Set("Origin", "http://"+host)
		if answer := s.Do(t, r); answer.Status != 404 {
			t.Errorf("ListUserPools at %s: %d %s", host, answer.Status, answer.Body)
		}
	}
}
