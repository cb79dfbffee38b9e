package security_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

const tooOften = "Attempt limit exceeded, please try after some time."

// limited starts a server behind a proxy, with limits of its own.
func limited(rates map[string]int) servertest.Option {
	return func(c *server.Config) {
		behind(c)
		c.Limits = rates
	}
}

// from sends a public request from an address on the Internet.
func from(t testing.TB, s *servertest.Server, ip, operation string, in doc) servertest.Answer {
	t.Helper()
	r := s.NewRequest(t, operation, encode(t, in))
	r.Header.Set("X-Forwarded-For", ip)
	return s.Do(t, r)
}

// noon moves the clock to where no day ends during a test.
func noon(s *servertest.Server) {
	now := s.Now().UTC()
	s.Advance(now.Truncate(24 * time.Hour).Add(36 * time.Hour).Sub(now))
}

// post is a pool that sends codes, by e-mail or as text.
type post struct {
	*servertest.Server
	pool, client string
	attribute    string // where codes go
}

func newPost(t testing.TB, s *servertest.Server, attribute string) post {
	t.Helper()
	p := post{Server: s, attribute: attribute}
	in := doc{"PoolName": "post", "AutoVerifiedAttributes": []string{attribute}}
	if attribute == "phone_number" {
		in["SmsConfiguration"] = doc{"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}
	}
	p.pool = at(t, do(t, s, "CreateUserPool", in), "UserPool", "Id")
	made := do(t, s, "CreateUserPoolClient", doc{
		"UserPoolId": p.pool, "ClientName": "post", "PreventUserExistenceErrors": "ENABLED",
		"ExplicitAuthFlows": []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"},
	})
	p.client = at(t, made, "UserPoolClient", "ClientId")
	return p
}

// join signs up from an address, with an address of the new user's.
func (p post) join(t testing.TB, ip, user, address string) servertest.Answer {
	t.Helper()
	return from(t, p.Server, ip, "SignUp", doc{
		"ClientId": p.client, "Username": user, "Password": "Correct-Horse1!", "UserAttributes": []doc{{"Name": p.attribute, "Value": address}},
	})
}

func (p post) resend(t testing.TB, ip, user string) servertest.Answer {
	t.Helper()
	return from(t, p.Server, ip, "ResendConfirmationCode", doc{"ClientId": p.client, "Username": user})
}

func wantAnswer(t testing.TB, what string, got servertest.Answer, code, message string) {
	t.Helper()
	if code == "" && got.Status != 200 || code != "" && (got.Status != 400 || got.ErrorType() != code || got.Message() != message) {
		t.Errorf("%s: %d %s, want %q %q", what, got.Status, got.Body, code, message)
	}
}

func TestS066MessagesFromOneNetworkAreLimitedByDay(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, limited(map[string]int{"source": 4}))
	noon(s)
	p := newPost(t, s, "email")
	other := newPost(t, s, "email")
	for i := range 4 {
		wantAnswer(t, "within", p.join(t, "2001:db8:1:2::"+strconv.Itoa(i), fmt.Sprint("u", i), fmt.Sprintf("u%d@example.com", i)), "", "")
	}
	// Addresses of one /64 belong together.
	wantAnswer(t, "beyond", p.join(t, "2001:db8:1:2:ffff::1", "u4", "u4@example.com"), "LimitExceededException", tooOften)
	for _, name := range []string{"u0", "nobody"} {
		wantAnswer(t, "resend to "+name, p.resend(t, "2001:db8:1:2::9", name), "LimitExceededException", tooOften)
		wantAnswer(t, "resend from elsewhere to "+name, p.resend(t, "2001:db8:1:3::9", name), "", "")
	}
	wantAnswer(t, "another pool", other.join(t, "2001:db8:1:2::1", "u0", "u0@example.com"), "", "")
	s.Advance(24 * time.Hour)
	wantAnswer(t, "the next day", p.resend(t, "2001:db8:1:2::9", "u4"), "", "")
}

// Names that nobody has count like others and meet the limit at the same call.
func TestS066UnknownNamesCountForTheNetwork(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, limited(map[string]int{"source": 3}))
	noon(s)
	p := newPost(t, s, "email")
	s.CreateUser(t, p.pool, "ana", "Correct-Horse1!", "email", "ana@example.com", "email_verified", "true")
	for ip, names := range map[string][]string{
		"192.0.2.1": {"ana", "ana", "ana", "nobody"},
		"192.0.2.2": {"nobody", "nobody", "nobody", "ana"},
	} {
		for i, name := range names {
			code, message := "", ""
			if i == 3 {
				code, message = "LimitExceededException", tooOften
			}
			if name == "ana" && i == 3 { // the fourth of this hour for her, still within her own five
				s.Advance(time.Hour)
			}
			wantAnswer(t, fmt.Sprint(ip, " ", i), from(t, s, ip, "ForgotPassword", doc{"ClientId": p.client, "Username": name}), code, message)
		}
	}
}

func TestS066MessagesOfAPoolAreLimitedByDay(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, limited(map[string]int{"pool": 40}))
	noon(s)
	p := newPost(t, s, "email")
	refusals := 0
	for i := range 50 {
		answer := p.join(t, fmt.Sprint("192.0.2.", i), fmt.Sprint("u", i), fmt.Sprintf("u%d@example.com", i))
		if answer.ErrorType() == "LimitExceededException" {
			refusals++
		}
	}
	if refusals != 10 {
		t.Errorf("%d of 50 messages were refused, want 10", refusals)
	}
	for _, name := range []string{"u0", "nobody"} {
		wantAnswer(t, name, p.resend(t, "198.51.100.1", name), "LimitExceededException", tooOften)
	}
	// Administrators send what they like.
	do(t, s, "AdminCreateUser", doc{"UserPoolId": p.pool, "Username": "new", "UserAttributes": []doc{{"Name": "email", "Value": "new@example.com"}}})
	s.Mailbox.Wait(t, p.pool, "new@example.com", 1)
	s.Advance(24 * time.Hour)
	wantAnswer(t, "the next day", p.resend(t, "198.51.100.1", "u0"), "", "")
}

func TestS066TextsToOneCountryAreLimitedByDay(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, limited(map[string]int{"country": 3}))
	noon(s)
	p := newPost(t, s, "phone_number")
	for i := range 3 {
		wantAnswer(t, "within", p.join(t, fmt.Sprint("192.0.2.", i), fmt.Sprint("u", i), fmt.Sprint("+491520000000", i)), "", "")
	}
	wantAnswer(t, "beyond", p.join(t, "192.0.2.9", "u3", "+4915200000003"), "LimitExceededException", tooOften)
	wantAnswer(t, "another country", p.join(t, "192.0.2.9", "u4", "+12065550100"), "", "")
	// Whether a user with such a number exists stays hidden: the answer is that
	// of every day, and nothing comes.
	for _, name := range []string{"u0", "nobody"} {
		wantAnswer(t, "resend to "+name, p.resend(t, "192.0.2.9", name), "", "")
	}
	s.Mailbox.Wait(t, p.pool, "+12065550100", 1)
	if n := s.Mailbox.Count(p.pool, "u0"); n != 1 {
		t.Errorf("%d messages came beyond the limit of the country", n-1)
	}
}

func TestS066TextsGoToAllowedCountriesOnly(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, behind, func(c *server.Config) { c.SMSCountries = []string{"+49", "+1206"} })
	p := newPost(t, s, "phone_number")
	const refusal = "Unable to deliver message to user"
	for i, c := range []struct {
		number string
		ok     bool
	}{{"+4915200000000", true}, {"+12065550100", true}, {"+18765550100", false}, {"+4415200000000", false}} {
		user := fmt.Sprint("u", i)
		answer := p.join(t, "192.0.2.1", user, c.number)
		if c.ok {
			wantAnswer(t, c.number, answer, "", "")
			s.Mailbox.Wait(t, p.pool, c.number, 1)
			continue
		}
		wantAnswer(t, c.number, answer, "CodeDeliveryFailureException", refusal)
		wantAnswer(t, "resend to "+c.number, p.resend(t, "192.0.2.1", user), "", "") // existence is hidden
		invited := s.Call(t, "AdminCreateUser", encode(t, doc{
			"UserPoolId": p.pool, "Username": "invited" + user, "DesiredDeliveryMediums": []string{"SMS"},
			"UserAttributes": []doc{{"Name": "phone_number", "Value": c.number}},
		}))
		wantAnswer(t, "invitation to "+c.number, invited, "CodeDeliveryFailureException", refusal)
		if n := s.Mailbox.Count(p.pool, c.number); n != 0 {
			t.Errorf("%d messages came to %s", n, c.number)
		}
	}
}

// restart runs one part of a test on a server and another on the next one that
// uses the same database.
func restart(t *testing.T, option servertest.Option, before, after func(t *testing.T, s *servertest.Server)) {
	t.Helper()
	if os.Getenv("COGNATE_TEST_DB") == "postgres" {
		schema := ""
		before(t, servertest.Start(t, option, func(c *server.Config) { schema = c.Schema }))
		after(t, servertest.Start(t, option, func(c *server.Config) { c.Schema = schema }))
		return
	}
	dir := t.TempDir()
	again := func(c *server.Config) { c.DataDir = dir }
	t.Run("before", func(t *testing.T) { before(t, servertest.Start(t, option, again)) })
	t.Run("after", func(t *testing.T) { after(t, servertest.Start(t, option, again)) })
}

func TestS066DailyCountersOutliveARestart(t *testing.T) {
	t.Parallel()
	var p post
	restart(t, limited(map[string]int{"source": 2, "pool": 3}), func(t *testing.T, s *servertest.Server) {
		noon(s)
		p = newPost(t, s, "email")
		for i := range 2 {
			wantAnswer(t, "before", p.join(t, "192.0.2.1", fmt.Sprint("u", i), fmt.Sprintf("u%d@example.com", i)), "", "")
		}
	}, func(t *testing.T, s *servertest.Server) {
		noon(s)
		p.Server = s
		wantAnswer(t, "the network", p.resend(t, "192.0.2.1", "u0"), "LimitExceededException", tooOften)
		wantAnswer(t, "another network", p.resend(t, "192.0.2.2", "u0"), "", "")
		wantAnswer(t, "the pool", p.resend(t, "192.0.2.3", "u0"), "LimitExceededException", tooOften)
	})
}

// guess gives a wrong password from an address.
func (p post) guess(t testing.TB, ip, user string) servertest.Answer {
	t.Helper()
	return p.password(t, ip, user, "Wrong-Horse1!")
}

func (p post) password(t testing.TB, ip, user, password string) servertest.Answer {
	t.Helper()
	return from(t, p.Server, ip, "InitiateAuth", doc{
		"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": user, "PASSWORD": password},
	})
}

const (
	wrongPassword = "Incorrect username or password."
	lockedOut     = "Password attempts exceeded"
)

// A thousand guesses at one user, one a second and each from another network:
// the lock-out lets few of them be compared.
func TestS051AThousandGuessesAtOneUser(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, behind)
	p := newPost(t, s, "email")
	s.CreateUser(t, p.pool, "ana", "Correct-Horse1!")
	compared := 0
	for i := range 1000 {
		answer := p.guess(t, fmt.Sprintf("192.0.%d.%d", i/250, i%250), "ana")
		switch answer.Message() {
		case wrongPassword:
			compared++
		case lockedOut:
		default:
			t.Fatalf("guess %d: %d %s", i, answer.Status, answer.Body)
		}
		s.Advance(time.Second)
	}
	// 5 at once, then after 1, 2, 4, … 512 s: 15 in the first 1,023 s. The clock
	// runs by itself too.
	if compared < 13 || compared > 16 {
		t.Errorf("%d of 1,000 guesses were compared", compared)
	}
	wantAnswer(t, "the right password", p.password(t, "198.51.100.1", "ana", "Correct-Horse1!"), "NotAuthorizedException", lockedOut)
}

// One guess at each of many users: no lock-out sees that, the network's limit
// does, for users and unknown names and right and wrong passwords alike.
func TestS051OneNetworkGuessesAtManyUsers(t *testing.T) {
	t.Parallel()
	const allowed, guesses = 1000, 10_000 // by default
	s := servertest.Start(t, behind)
	p := newPost(t, s, "email")
	s.CreateUser(t, p.pool, "ana", "Correct-Horse1!")
	told := make(map[string]int)
	for i := range guesses {
		told[p.guess(t, "192.0.2.1", fmt.Sprint("user", i)).Message()]++
	}
	// One more every 3.6 s.
	if n := told[wrongPassword]; n < allowed || n > allowed+50 || told["Too many requests"] != guesses-n {
		t.Errorf("told %v", told)
	}
	// The clock runs: one attempt may just have become free.
	wantTooMany := func(what string, call func() servertest.Answer) {
		t.Helper()
		answer := call()
		for range 3 {
			if answer.ErrorType() == "TooManyRequestsException" {
				break
			}
			p.guess(t, "192.0.2.1", "more")
			answer = call()
		}
		wantAnswer(t, what, answer, "TooManyRequestsException", "Too many requests")
	}
	for _, user := range []string{"ana", "nobody"} {
		wantTooMany(user, func() servertest.Answer { return p.password(t, "192.0.2.1", user, "Correct-Horse1!") })
		wantTooMany(user+" with SRP", func() servertest.Answer {
			return from(t, s, "192.0.2.1", "InitiateAuth", doc{
				"ClientId": p.client, "AuthFlow": "USER_SRP_AUTH",
				"AuthParameters": doc{"USERNAME": user, "SRP_A": strings.Repeat("a1", 384)},
			})
		})
	}
	wantAnswer(t, "another network", p.password(t, "192.0.2.2", "ana", "Correct-Horse1!"), "", "")
	do(t, s, "AdminInitiateAuth", doc{
		"UserPoolId": p.pool, "ClientId": p.client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": doc{"USERNAME": "ana", "PASSWORD": "Correct-Horse1!"},
	})
	s.Advance(time.Hour)
	wantAnswer(t, "an hour later", p.password(t, "192.0.2.1", "ana", "Correct-Horse1!"), "", "")
}

// A pool that is attacked from many places has less patience with each.
func TestS051APoolUnderAttackHasLittlePatience(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, limited(map[string]int{"pool-failures": 20}))
	p, other := newPost(t, s, "email"), newPost(t, s, "email")
	s.CreateUser(t, p.pool, "ana", "Correct-Horse1!")
	for i := range 20 {
		wantAnswer(t, "before", p.guess(t, fmt.Sprint("192.0.2.", i/5), fmt.Sprint("user", i)), "NotAuthorizedException", wrongPassword)
	}
	wantAnswer(t, "one of them", p.guess(t, "192.0.2.1", "more"), "TooManyRequestsException", "Too many requests")
	wantAnswer(t, "another pool", other.guess(t, "192.0.2.1", "more"), "NotAuthorizedException", wrongPassword)
	for i := range 4 {
		code, message := "NotAuthorizedException", wrongPassword
		if i == 3 {
			code, message = "TooManyRequestsException", "Too many requests"
		}
		wantAnswer(t, fmt.Sprint("a new one, guess ", i), p.guess(t, "192.0.2.99", fmt.Sprint("new", i)), code, message)
	}
	wantAnswer(t, "a user at home", p.password(t, "198.51.100.1", "ana", "Correct-Horse1!"), "", "")
}
