package security_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// get reads a path; change alters the request.
func get(t testing.TB, s *servertest.Server, path string, change ...func(*http.Request)) servertest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(r)
	}
	return s.Do(t, r)
}

// claims reads a token without checking it.
func claims(t testing.TB, token string) doc {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not a token: %s", token)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, string(payload))
}

// hostile are origins that sloppy comparisons take for others.
var hostile = []string{
	"https://evil.example", "https://console.example.com.evil", "http://localhost.evil.example", "http://localhost:7665.evil.example",
	"null", "http://127.0.0.1", "http://127.0.0.1:7665@evil.example", "file://", "https://EVIL.example", "http://a b", "*",
}

// Everybody may read what is public, and nobody with the credentials of a
// browser: there is no cookie or session here that could be borrowed.
func TestS024PublicAnswersAreOpenAndNeverWithCredentials(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "cors")
	for _, origin := range hostile {
		from := header("Origin", origin)
		for _, document := range []string{"/.well-known/openid-configuration", "/.well-known/jwks.json"} {
			checkCORS(t, origin+" "+document, get(t, s, "/"+p.pool+document, from))
		}
		body := encode(t, doc{"AccessToken": p.access})
		r := s.NewRequest(t, "GetUser", body)
		from(r)
		checkCORS(t, origin+" GetUser", s.Do(t, r))
		r = s.NewRequest(t, "", "")
		r.Method = http.MethodOptions
		from(r)
		r.Header.Set("Access-Control-Request-Headers", "x-evil")
		answer := s.Do(t, r)
		checkCORS(t, origin+" preflight", answer)
		if strings.Contains(answer.Header.Get("Access-Control-Allow-Headers"), "evil") {
			t.Errorf("the preflight repeats what it is asked: %v", answer.Header)
		}
	}
	for _, path := range []string{"/health/live", "/health/ready", "/nothing", "/_cognate/v1/inbox"} {
		if answer := get(t, s, path, header("Origin", "https://evil.example")); answer.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may be read by other sites: %v", path, answer.Header)
		}
	}
}

func checkCORS(t *testing.T, name string, answer servertest.Answer) {
	t.Helper()
	if answer.Status != 200 || answer.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s: %d %v", name, answer.Status, answer.Header)
	}
	if _, ok := answer.Header["Access-Control-Allow-Credentials"]; ok {
		t.Errorf("%s: credentials are allowed", name)
	}
}

// Issuer, pool id and tokens agree, for several pools and for an issuer on
// another host.
func TestS025IssuersAgree(t *testing.T) {
	t.Parallel()
	elsewhere := servertest.Start(t, func(c *server.Config) {
		c.IssuerURL = "https://cognito-idp.{region}.amazonaws.com/{userPoolId}"
	})
	here := servertest.Shared(t)
	seen := map[string]bool{}
	for _, c := range []struct {
		*servertest.Server
		base string
	}{{here, here.URL}, {here, here.URL}, {here, here.URL}, {elsewhere, "https://cognito-idp.us-east-1.amazonaws.com"}} {
		p := newSide(t, c.Server, "issuer")
		want := c.base + "/" + p.pool
		discovery := decode(t, get(t, c.Server, "/"+p.pool+"/.well-known/openid-configuration").Body)
		if discovery["issuer"] != want || discovery["jwks_uri"] != c.URL+"/"+p.pool+"/.well-known/jwks.json" {
			t.Errorf("pool %s: discovery %v", p.pool, discovery)
		}
		result := p.enter(t, c.Server, p.only)
		keys := kids(t, c.Server, p)
		for _, name := range []string{"AccessToken", "IdToken"} {
			token := at(t, result, "AuthenticationResult", name)
			if got := claims(t, token)["iss"]; got != want {
				t.Errorf("%s of pool %s: iss %v", name, p.pool, got)
			}
			if kid := kidOf(t, token); !keys[kid] {
				t.Errorf("%s of pool %s is signed with %s, not one of its keys", name, p.pool, kid)
			}
		}
		for kid := range keys {
			if seen[kid] {
				t.Errorf("key %s belongs to two pools", kid)
			}
			seen[kid] = true
		}
	}
}

func kids(t *testing.T, s *servertest.Server, p *side) map[string]bool {
	t.Helper()
	var set struct {
		Keys []struct{ Kid string }
	}
	if err := json.Unmarshal([]byte(get(t, s, "/"+p.pool+"/.well-known/jwks.json").Body), &set); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	for _, k := range set.Keys {
		found[k.Kid] = true
	}
	return found
}

func kidOf(t *testing.T, token string) string {
	t.Helper()
	head, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	return at(t, decode(t, string(head)), "kid")
}

// Nothing that holds a token or a person's data may be kept on the way.
func TestS023AnswersAreNotCached(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "cache")
	signIn := doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": p.only, "PASSWORD": p.password}}
	for operation, in := range map[string]doc{
		"InitiateAuth":           signIn,
		"GetUser":                {"AccessToken": p.access},
		"DescribeUserPoolClient": {"UserPoolId": p.pool, "ClientId": p.confidential},
		"AdminGetUser":           {"UserPoolId": p.pool, "Username": "nobody"},
		"ForgotPassword":         {"ClientId": "nobody"},
	} {
		if answer := s.Call(t, operation, encode(t, in)); answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", operation, answer.Status, answer.Header.Get("Cache-Control"))
		}
	}
	if answer := get(t, s, "/us-east-1_nothing00/.well-known/jwks.json"); answer.Status != 404 || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("an unknown pool: %d, Cache-Control %q", answer.Status, answer.Header.Get("Cache-Control"))
	}
}

func TestS151EveryAnswerForbidsGuessingItsType(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*servertest.Server{"serve": servertest.Shared(t), "dev": startDev(t)} {
		pool := s.CreatePool(t, nil)
		for _, c := range []struct{ method, path, target string }{
			{"POST", "/", "ListUserPools"},
			{"POST", "/", "Nothing"},
			{"OPTIONS", "/", ""},
			{"GET", "/", ""},
			{"PUT", "/", ""},
			{"GET", "/health/live", ""},
			{"GET", "/health/ready", ""},
			{"POST", "/health/live", ""},
			{"GET", "/nothing", ""},
			{"GET", "/" + pool + "/.well-known/jwks.json", ""},
			{"GET", "/" + pool + "/.well-known/openid-configuration", ""},
			{"GET", "/nothing/.well-known/jwks.json", ""},
			{"GET", "/_cognate/inbox", ""},
			{"GET", "/_cognate/v1/inbox", ""},
			{"GET", "/_cognate/v1/inbox/1", ""},
			{"GET", "/_cognate/assets/inbox.css", ""},
			{"GET", "//", ""},
			{"GET", "/../x", ""},
		} {
			r := s.NewRequest(t, c.target, "{}")
			r.Method, r.URL.Path = c.method, c.path
			if answer := s.Do(t, r); answer.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s: %s %s: %d %v", name, c.method, c.path, answer.Status, answer.Header)
			}
		}
	}
}
