package security_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"cognate/internal/servertest"
)

// twoDomains gives a pool a prefix and a custom domain with names of its own.
func twoDomains(t *testing.T, s *servertest.Server, pool string) (prefix, custom string) {
	t.Helper()
	name := servertest.NewPrefix()
	prefix, custom = "pool-"+name, name+".example.com"
	do(t, s, "CreateUserPoolDomain", doc{"UserPoolId": pool, "Domain": prefix})
	do(t, s, "CreateUserPoolDomain", doc{
		"UserPoolId": pool, "Domain": custom,
		"CustomDomainConfig": doc{"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"},
	})
	return prefix, custom
}

// portOf is the port of the server's public address, with its colon.
func portOf(s *servertest.Server) string { return s.URL[strings.LastIndexByte(s.URL, ':'):] }

const discoveryPath = "/.well-known/openid-configuration"

// The links of mail and the endpoints that discovery names come from the
// settings and the pool's domain, whatever a request says about hosts.
func TestS022DomainsArePoisonedByNoHeader(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	made := do(t, s, "CreateUserPool", doc{
		"PoolName": "links", "AutoVerifiedAttributes": []string{"email"},
		"VerificationMessageTemplate": doc{"DefaultEmailOption": "CONFIRM_WITH_LINK"},
	})
	pool := at(t, made, "UserPool", "Id")
	client := at(t, do(t, s, "CreateUserPoolClient", doc{"UserPoolId": pool, "ClientName": "web"}), "UserPoolClient", "ClientId")
	prefix, custom := twoDomains(t, s, pool)
	base := "http://" + custom + portOf(s)

	body := encode(t, doc{"ClientId": client, "Username": "victim", "Password": "Pa55word!", "UserAttributes": []doc{{"Name": "email", "Value": "victim@example.com"}}})
	if answer := s.Do(t, poisoned(s.NewRequest(t, "SignUp", body))); answer.Status != 200 {
		t.Fatalf("SignUp: %d %s", answer.Status, answer.Body)
	}
	sent := s.Mailbox.Wait(t, pool, "victim", 1)
	if !strings.HasPrefix(sent.Link, base+"/confirmUser?client_id="+client+"&") || strings.Contains(encode(t, sent), "evil") {
		t.Errorf("sent %+v", sent)
	}
	document := get(t, s, "/"+pool+discoveryPath, func(r *http.Request) { poisoned(r) })
	if found := at(t, decode(t, document.Body), "token_endpoint"); found != base+"/oauth2/token" {
		t.Errorf("token endpoint %s", found)
	}

	do(t, s, "DeleteUserPoolDomain", doc{"UserPoolId": pool, "Domain": custom})
	document = get(t, s, "/"+pool+discoveryPath, func(r *http.Request) { poisoned(r) })
	if found := at(t, decode(t, document.Body), "token_endpoint"); found != "http://"+prefix+".auth.localhost"+portOf(s)+"/oauth2/token" {
		t.Errorf("token endpoint %s", found)
	}
}

// What a pool's metadata names is its own: issuer, keys, and the endpoints of
// whichever of its domains counts.
func TestS025MetadataAgreesForEachPoolAndDomain(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	seen := map[string]string{}
	for _, name := range []string{"first", "second", "third"} {
		p := newSide(t, s, "mix-up-"+name)
		issuer := s.URL + "/" + p.pool
		prefix, custom := twoDomains(t, s, p.pool)
		for _, c := range []struct{ name, host string }{{custom, custom}, {prefix, prefix + ".auth.localhost"}} {
			document := decode(t, get(t, s, "/"+p.pool+discoveryPath).Body)
			base := "http://" + c.host + portOf(s)
			for member, want := range map[string]string{
				"issuer": issuer, "jwks_uri": issuer + "/.well-known/jwks.json", "authorization_endpoint": base + "/oauth2/authorize",
				"token_endpoint": base + "/oauth2/token", "userinfo_endpoint": base + "/oauth2/userInfo",
				"revocation_endpoint": base + "/oauth2/revoke", "end_session_endpoint": base + "/logout",
			} {
				if got := at(t, document, member); got != want {
					t.Errorf("%s of %s: %s, want %s", member, c.name, got, want)
				}
			}
			do(t, s, "DeleteUserPoolDomain", doc{"UserPoolId": p.pool, "Domain": c.name})
		}
		signIn := do(t, s, "InitiateAuth", doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": p.only, "PASSWORD": p.password}})
		for _, kind := range []string{"IdToken", "AccessToken"} {
			token := at(t, signIn, "AuthenticationResult", kind)
			if iss := claims(t, token)["iss"]; iss != issuer {
				t.Errorf("iss of the %s is %v, want %s", kind, iss, issuer)
			}
			kid := kidOf(t, token)
			if !strings.Contains(get(t, s, "/"+p.pool+"/.well-known/jwks.json").Body, `"kid":"`+kid+`"`) {
				t.Errorf("the key of the %s is not in the pool's key set", kind)
			}
			if other := seen[kid]; other != "" {
				t.Errorf("%s and %s share a key", other, name)
			}
			seen[kid] = name
		}
	}
}

// A domain serves its pool's pages and nothing of the installation's, and the
// other way round, so that neither sees cookies of the other.
func TestS149DomainsServeNothingOfTheInstallation(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	made := do(t, s, "CreateUserPool", doc{"PoolName": "apart"})
	pool := at(t, made, "UserPool", "Id")
	prefix, custom := twoDomains(t, s, pool)
	for _, path := range []string{"/", "/_cognate/inbox", "/_cognate/v1/inbox", "/" + pool + discoveryPath, "/" + pool + "/.well-known/jwks.json"} {
		for _, c := range []struct{ host, below string }{{prefix + ".auth.localhost", ""}, {custom, ""}, {"localhost", "/_domains/" + prefix}} {
			answer := get(t, s, c.below+path, func(r *http.Request) { r.Host = c.host })
			if answer.Status != 404 {
				t.Errorf("%s%s%s: %d %.100s", c.host, c.below, path, answer.Status, answer.Body)
			}
			if cookies := answer.Header.Values("Set-Cookie"); len(cookies) > 0 {
				for _, cookie := range cookies {
					if strings.Contains(strings.ToLower(cookie), "domain=") {
						t.Errorf("%s%s: not host-only: %s", c.host, path, cookie)
					}
				}
			}
		}
		if answer := get(t, s, path, func(r *http.Request) { r.Host = "localhost" }); answer.Status == 404 || len(answer.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("the installation's %s: %d, cookies %v", path, answer.Status, answer.Header.Values("Set-Cookie"))
		}
	}
	if answer := s.Do(t, withHost(s.NewRequest(t, "ListUserPools", `{"MaxResults":1}`), custom)); answer.Status == 200 {
		t.Errorf("the API answers at a custom domain: %s", answer.Body)
	}
}

// A domain with the strictest policy is not reached by less on a connection that
// was made for another name (spec/newest-features.md §17).
func TestS194ACustomDomainKeepsItsTLSPolicy(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	name := servertest.NewPrefix()
	strict, usual := "strict-"+name+".example.com", "usual-"+name+".example.com"
	for host, policy := range map[string]string{strict: "TLS_V1_3_2025", usual: "TLS_V1"} {
		pool := at(t, do(t, s, "CreateUserPool", doc{"PoolName": "policy"}), "UserPool", "Id")
		do(t, s, "CreateUserPoolDomain", doc{"UserPoolId": pool, "Domain": host, "CustomDomainConfig": doc{
			"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d", "SecurityPolicy": policy,
		}})
	}
	for _, c := range []struct {
		host    string
		version uint16
		want    int
	}{
		{strict, tls.VersionTLS12, http.StatusMisdirectedRequest},
		{strict, tls.VersionTLS13, http.StatusNotFound},
		{usual, tls.VersionTLS12, http.StatusNotFound},
	} {
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{RootCAs: s.CertPool(), ServerName: "localhost", MinVersion: tls.VersionTLS12, MaxVersion: c.version},
		}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://127.0.0.1"+portOf(s)+"/nothing", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(withHost(r, c.host))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("%s with version %x: %d, want %d", c.host, c.version, answer.StatusCode, c.want)
		}
	}
}

func withHost(r *http.Request, host string) *http.Request {
	r.Host = host
	return r
}
