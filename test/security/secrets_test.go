package security_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// madeKeys makes signing keys and remembers them.
type madeKeys struct {
	mu   sync.Mutex
	keys []*rsa.PrivateKey
}

func (m *madeKeys) Next(context.Context) (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys = append(m.keys, key)
	return key, nil
}

// secrets are what nobody but its owner may read, by what it is.
type secrets map[string][]byte

// of collects the secrets of a side.
func (s secrets) of(p *side) secrets {
	for name, value := range map[string]string{
		"password": p.password, "client secret": p.secret, "second client secret": p.newSecret, "refresh token": p.refresh,
		"access token": signatureOf(p.access), "session": p.session, "secret hash": p.secretHash(p.only),
	} {
		s[name+" of "+p.name] = []byte(value)
	}
	return s
}

// signatureOf is the part of a token that nobody can make up.
func signatureOf(token string) string { return token[strings.LastIndexByte(token, '.')+1:] }

func (s secrets) ofKeys(m *madeKeys) secrets {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, key := range m.keys {
		s[fmt.Sprintf("exponent of key %d", i)] = key.D.Bytes()[:64]
		for j, prime := range key.Primes {
			s[fmt.Sprintf("prime %d of key %d", j, i)] = prime.Bytes()[:64]
		}
	}
	return s
}

// in looks for the secrets as they are and in the usual encodings.
func (s secrets) in(t *testing.T, where string, content []byte) {
	t.Helper()
	for name, secret := range s {
		for encoding, form := range map[string][]byte{
			"as it is":       secret,
			"in hexadecimal": []byte(hex.EncodeToString(secret)),
			"in base64":      []byte(base64.RawStdEncoding.EncodeToString(secret)[:len(secret)]),
		} {
			if at := bytes.Index(content, form); at >= 0 {
				t.Errorf("%s holds the %s %s: %q", where, name, encoding, content[max(0, at-80):min(len(content), at+20)])
			}
		}
	}
}

// Whoever has the files or a dump of the database, and not the master key, can
// sign in as nobody.
func TestS180AStolenDatabaseHoldsNoSecret(t *testing.T) {
	t.Parallel()
	keys := &madeKeys{}
	var database server.Config
	s := servertest.Start(t, func(c *server.Config) { c.Keys, database = keys, *c })
	planted := secrets{}
	for _, name := range []string{"first", "second", "third"} {
		p := newSide(t, s, name)
		planted.of(p)
		do(t, s, "ForgotPassword", doc{"ClientId": p.client, "Username": p.only})
		reset := s.Mailbox.Wait(t, p.pool, p.only, 1)
		if !strings.Contains(reset.Body, reset.Code) {
			t.Fatalf("message %q", reset.Body)
		}
		planted["message to "+name] = []byte(reset.Body)
		do(t, s, "ConfirmForgotPassword", doc{"ClientId": p.client, "Username": p.only, "ConfirmationCode": reset.Code, "Password": "Later-" + p.password})
	}
	if planted.ofKeys(keys); len(planted) < 30 {
		t.Fatalf("%d secrets are planted, want 30", len(planted))
	}
	stolen := steal(t, database)
	if !bytes.Contains(stolen, []byte("only-first")) {
		t.Fatal("the search does not find what is there")
	}
	planted.in(t, "the database", stolen)
}

// steal gives everything that is in a database.
func steal(t *testing.T, database server.Config) []byte {
	t.Helper()
	if database.DatabaseURL != "" {
		return dump(t, database)
	}
	var all []byte
	for _, name := range []string{"cognate.db*", "*.db", "*-wal", "*"} {
		files, err := filepath.Glob(filepath.Join(database.DataDir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if filepath.Base(file) == "master.key" {
				continue
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, content...)
		}
	}
	return all
}

// dump prints every row of every table, columns of bytes in hexadecimal.
func dump(t *testing.T, database server.Config) []byte {
	t.Helper()
	db, err := pgx.Connect(t.Context(), database.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	rows, err := db.Query(t.Context(), "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1", database.Schema)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, table := range tables {
		rows, err := db.Query(t.Context(), "SELECT to_jsonb(t)::text FROM "+pgx.Identifier{database.Schema, table}.Sanitize()+" t")
		if err != nil {
			t.Fatal(err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.Join(lines, "\n")...)
	}
	return all
}

// refusals keeps every answer that is not a success: those must not hold what
// only successes give out.
type refusals struct {
	http.RoundTripper
	logs
	count int
}

func (r *refusals) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := r.RoundTripper.RoundTrip(request)
	if err != nil || answer.StatusCode == http.StatusOK {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	answer.Body = io.NopCloser(bytes.NewReader(body))
	fmt.Fprintf(&r.logs, "%v\n%s\n", answer.Header, body)
	r.count++
	return answer, err
}

// All operations run with planted secrets, rightly and wrongly, with everything
// logged. Neither the log nor an error shows one.
func TestS183SecretsStayOutOfLogsAndErrors(t *testing.T) {
	t.Parallel()
	log, keys := &logs{}, &madeKeys{}
	s := servertest.Start(t, func(c *server.Config) { c.Log, c.Keys = log.logger(), keys })
	seen := &refusals{RoundTripper: s.HTTP.Transport}
	s.HTTP.Transport = seen
	a, b := newSide(t, s, "alice"), newSide(t, s, "berta")
	planted := secrets{"root key": []byte(servertest.RootSecretAccessKey)}.of(a).of(b).ofKeys(keys)
	for operation, calls := range crossings(a, b) {
		for _, c := range calls {
			s.Call(t, operation, encode(t, c.in))
		}
	}
	for operation, in := range requests(a) {
		if operation == "GlobalSignOut" || operation == "RevokeToken" {
			continue
		}
		s.Call(t, operation, encode(t, in))
		spoil(t, s, operation, in)
	}
	refuseSecrets(t, s, a)
	if seen.count < 300 {
		t.Errorf("%d errors only", seen.count)
	}
	text := log.String()
	if strings.Count(text, `"msg":"request"`) < 500 {
		t.Error("the log does not have a line for each request")
	}
	planted.in(t, "the log", []byte(text))
	planted.in(t, "an error", []byte(seen.String()))
	// An error repeats a code of the wrong form to whoever sent it, as the
	// service's does: its model does not call codes sensitive. The log must not.
	for _, code := range []string{a.freshCode, b.freshCode} {
		if found := regexp.MustCompile(`["' =]` + code + `["' .]`).FindString(text); found != "" {
			t.Errorf("a code was logged: %s", found)
		}
	}
	for number, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if !strings.HasPrefix(line, `{"time":"`) || !strings.HasSuffix(line, "}") {
			t.Errorf("line %d of the log is no object: %s", number+1, line)
		}
	}
}

// spoil sends a request again with each of its values in a place or a type where
// it does not belong, so that whatever complains has the value at hand.
func spoil(t *testing.T, s *servertest.Server, operation string, in doc) {
	t.Helper()
	for member, value := range in {
		for _, wrong := range []any{[]any{value}, doc{"value": value}, encode(t, value) + "\x00", encode(t, value) + strings.Repeat("x", 3000)} {
			changed := doc{}
			maps.Copy(changed, in)
			changed[member] = wrong
			s.Call(t, operation, encode(t, changed))
		}
	}
	body := encode(t, in)
	s.Call(t, operation, body+body)
	s.Call(t, operation, body[:len(body)-2])
}

// refuseSecrets breaks the constraints of each member that holds a secret.
func refuseSecrets(t *testing.T, s *servertest.Server, p *side) {
	t.Helper()
	long := strings.Repeat(p.password, 20)
	for _, c := range []struct {
		operation string
		in        doc
	}{
		{"SignUp", doc{"ClientId": p.client, "Username": "x", "Password": long}},
		{"SignUp", doc{"ClientId": p.client, "Username": "x", "Password": " " + p.password}},
		{"SignUp", doc{"ClientId": p.confidential, "Username": "x", "Password": p.password, "SecretHash": p.secretHash(p.only) + " "}},
		{"AdminSetUserPassword", doc{"UserPoolId": p.pool, "Username": p.only, "Password": p.password + "\n"}},
		{"AdminCreateUser", doc{"UserPoolId": p.pool, "Username": "x", "TemporaryPassword": long}},
		{"AddUserPoolClientSecret", doc{"UserPoolId": p.pool, "ClientId": p.confidential, "ClientSecret": p.secret + "!"}},
		{"CreateUserPoolClient", doc{"UserPoolId": p.pool, "ClientName": "x", "ClientSecret": p.secret + "!"}},
		{"CreateUserPoolClient", doc{"UserPoolId": p.pool, "ClientName": "x", "ClientSecret": p.secret, "GenerateSecret": true}},
		{"GetUser", doc{"AccessToken": p.access + " "}},
		{"GetUser", doc{"AccessToken": p.access + "x"}},
		{"RevokeToken", doc{"ClientId": p.client, "Token": p.refresh + " "}},
		{"RevokeToken", doc{"ClientId": p.confidential, "Token": p.refresh, "ClientSecret": p.secret + "!"}},
		{"RevokeToken", doc{"ClientId": p.confidential, "Token": p.refresh, "ClientSecret": p.secret + "x"}},
		{"GetTokensFromRefreshToken", doc{"ClientId": p.confidential, "RefreshToken": p.refresh, "ClientSecret": p.secret + "x"}},
		{"ConfirmSignUp", doc{"ClientId": p.client, "Username": p.fresh, "ConfirmationCode": p.freshCode + " "}},
		{"RespondToAuthChallenge", doc{"ClientId": p.client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": p.session + " ", "ChallengeResponses": doc{"NEW_PASSWORD": long}}},
		{"RespondToAuthChallenge", doc{"ClientId": p.client, "ChallengeName": "X", "Session": p.session, "ChallengeResponses": doc{p.password: p.password}}},
		{"InitiateAuth", doc{"ClientId": p.client, "AuthFlow": "X", "AuthParameters": doc{"PASSWORD": p.password, "USERNAME": p.only}}},
		{"InitiateAuth", doc{"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"PASSWORD": p.password + "x", "USERNAME": p.only}}},
		{"InitiateAuth", doc{"ClientId": p.client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": doc{"REFRESH_TOKEN": p.refresh + "x"}}},
		{"ChangePassword", doc{"AccessToken": p.access, "PreviousPassword": p.password, "ProposedPassword": "x"}},
	} {
		if answer := s.Call(t, c.operation, encode(t, c.in)); answer.Status == 200 {
			t.Errorf("%s takes %.200s", c.operation, encode(t, c.in))
		}
	}
}

// The passwords of a mail server and of a webhook that cannot be reached are in
// no complaint about that.
func TestS183SecretsOfTransportsStayOutOfLogs(t *testing.T) {
	t.Parallel()
	log := &logs{}
	closed := freeAddress(t)
	const password, secret = "PlantedMailPassword9", "PlantedWebhookSecret9"
	s := servertest.Start(t, func(c *server.Config) {
		c.Log, c.Mail, c.SMS = log.logger(), nil, nil
		c.SMTPURL = "smtp://sender:" + password + "@" + closed
		c.SMSURL = "http://" + closed + "/send?secret=" + secret
	})
	pool := s.CreatePool(t, nil)
	planted := secrets{"mail password": []byte(password), "webhook secret": []byte(secret)}
	for name, attribute := range map[string][2]string{"mailed": {"email", "mailed@example.com"}, "texted": {"phone_number", "+15555550100"}} {
		do(t, s, "AdminCreateUser", doc{
			"UserPoolId": pool, "Username": name, "UserAttributes": []doc{{"Name": attribute[0], "Value": attribute[1]}},
			"DesiredDeliveryMediums": []string{map[string]string{"email": "EMAIL", "phone_number": "SMS"}[attribute[0]]},
			"TemporaryPassword":      "PlantedTemporary-9!",
		})
	}
	planted["temporary password"] = []byte("PlantedTemporary-9!")
	log.wait(t, `"medium":"EMAIL"`)
	log.wait(t, `"medium":"SMS"`)
	planted.in(t, "the log", []byte(log.String()))
	for _, setting := range []func(*server.Config){
		func(c *server.Config) { c.SMTPURL = "smtp://sender:" + password + "@:x" },
		func(c *server.Config) { c.SMSURL = "ftp://sender:" + password + "@host/?secret=" + secret },
	} {
		cfg := server.Config{Mode: server.Dev, Memory: true, Keys: noKeys{}}
		setting(&cfg)
		if _, err := server.New(t.Context(), cfg); err == nil {
			t.Error("a wrong address is taken")
		} else {
			planted.in(t, "the error", []byte(err.Error()))
		}
	}
}

// Metrics are counted by names of the model only; what callers write is no label.
func TestS183MetricsNameNoUser(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	pool := at(t, w.call(t, "CreateUserPool", doc{"PoolName": "PlantedPool"}), "UserPool", "Id")
	client := at(t, w.call(t, "CreateUserPoolClient", doc{"UserPoolId": pool, "ClientName": "PlantedClient"}), "UserPoolClient", "ClientId")
	for operation, in := range map[string]doc{
		"SignUp":         {"ClientId": client, "Username": "PlantedUser", "Password": "PlantedPassword-1!"},
		"InitiateAuth":   {"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": "PlantedUser", "PASSWORD": "PlantedPassword-1!"}},
		"GetUser":        {"AccessToken": "PlantedToken"},
		"PlantedUnknown": {},
	} {
		w.say(t, call(operation, encode(t, in), lastRequest))
	}
	page := w.scrape(t)
	if !strings.Contains(page, `cognate_requests_total{code="",operation="CreateUserPool",service="cognito-idp"} 1`) {
		t.Fatalf("requests are not counted:\n%s", page)
	}
	for _, planted := range []string{"Planted", pool, client} {
		if strings.Contains(page, planted) {
			t.Errorf("the metrics tell of %s", planted)
		}
	}
}

// Metrics are where they are asked for and nowhere else, and nothing there or
// elsewhere shows memory.
func TestS186MetricsAndMemoryAreNotOnThePublicPort(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	paths := []string{
		"/debug/pprof", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/goroutine", "/debug/pprof/cmdline", "/debug/pprof/profile",
		"/debug/vars", "/debug/requests", "/debug", "/heap", "/pprof", "/vars", "/stats", "/actuator/heapdump",
	}
	for _, listener := range []wire{w, {address: w.metrics}} {
		for _, path := range paths {
			answers, _ := listener.say(t, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n"+lastRequest+"\r\n")
			if len(answers) != 1 || answers[0].StatusCode != 404 {
				t.Errorf("%s: %v", path, answers)
			}
		}
	}
	answers, _ := w.say(t, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"+lastRequest+"\r\n")
	if len(answers) != 1 || answers[0].StatusCode != 404 {
		t.Errorf("metrics on the public port: %v", answers)
	}
	w.scrape(t)
}

// wait waits until something has been logged.
func (l *logs) wait(t *testing.T, text string) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for !strings.Contains(l.String(), text) {
		select {
		case <-again.C:
		case <-deadline.C:
			t.Fatalf("%s was not logged:\n%s", text, l)
		}
	}
}
