package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// stopped is a server whose clock stands still, so that what passes within one
// second can be counted; step moves it.
func stopped(t *testing.T, preset string, options ...servertest.Option) (s *servertest.Server, step func(time.Duration)) {
	t.Helper()
	start := time.Now()
	var passed atomic.Int64
	s = servertest.Start(t, append(options, func(c *server.Config) {
		c.Quotas = preset
		c.Now = func() time.Time { return start.Add(time.Duration(passed.Load())) }
	})...)
	return s, func(d time.Duration) { passed.Add(int64(d)) }
}

// limitOf is the definition of a category's limit. No released SDK has these
// operations yet, so that the tests send documents.
func limitOf(category string) string {
	return `"LimitDefinition":{"LimitClass":"API_CATEGORY","Attributes":{"Category":"` + category + `"}}`
}

func limitJSON(category string, free, provisioned int) string {
	return fmt.Sprintf(`{"Limit":{"FreeLimitValue":%d,%s,"ProvisionedLimitValue":%d}}`, free, strings.ReplaceAll(
		`"LimitDefinition":{"Attributes":{"Category":"?"},"LimitClass":"API_CATEGORY"}`, "?", category), provisioned)
}

func updateLimit(t *testing.T, s *servertest.Server, category string, rate int) servertest.Answer {
	t.Helper()
	return s.Call(t, "UpdateProvisionedLimit", fmt.Sprintf(`{%s,"RequestedLimitValue":%d}`, limitOf(category), rate))
}

// throttled reports the service's refusal of a request beyond a quota, which every
// SDK takes as one to repeat later.
func throttled(t *testing.T, err error) bool {
	t.Helper()
	if err == nil {
		return false
	}
	var tooMany *types.TooManyRequestsException
	if !errors.As(err, &tooMany) || tooMany.ErrorMessage() != "Rate exceeded" {
		t.Fatalf("%v, want TooManyRequestsException: Rate exceeded", err)
	}
	if (retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}).IsErrorThrottle(err) != aws.TrueTernary {
		t.Error("the SDK does not take it as throttling")
	}
	return true
}

// spec/users-and-pools.md §25: 30 lists of users a second for an account.
func TestAnAccountHasTheRatesOfTheService(t *testing.T) {
	t.Parallel()
	s, step := stopped(t, "aws")
	pools := []string{s.CreatePool(t, nil), s.CreatePool(t, nil)}
	list := func() (passed int) {
		for i := range 40 {
			if _, err := s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &pools[i%2]}); throttled(t, err) {
				return passed
			}
			passed++
		}
		return passed
	}
	if n := list(); n != 30 {
		t.Errorf("%d requests passed at once, want 30", n)
	}
	step(time.Second)
	if n := list(); n != 30 {
		t.Errorf("%d requests passed a second later, want 30", n)
	}
	step(time.Second / 2)
	if n := list(); n != 15 {
		t.Errorf("%d requests passed half a second later, want 15", n)
	}
}

func TestProvisionedLimitsAreEnforcedAtOnce(t *testing.T) {
	t.Parallel()
	s, step := stopped(t, "aws")
	show := func(category, want string) {
		t.Helper()
		step(time.Second) // both operations count in LimitManagement, one a second
		if got := s.Call(t, "GetProvisionedLimit", "{"+limitOf(category)+"}"); got.Body != want {
			t.Errorf("%s\nwant %s", got.Body, want)
		}
	}
	set := func(category string, rate int, want string) {
		t.Helper()
		step(time.Second)
		if got := updateLimit(t, s, category, rate); got.Body != want {
			t.Errorf("%s\nwant %s", got.Body, want)
		}
	}
	show("UserRead", limitJSON("UserRead", 120, 120))
	set("UserRead", 130, limitJSON("UserRead", 120, 130))
	show("UserRead", limitJSON("UserRead", 120, 130))
	step(time.Second)
	passed := 0
	for i := range 200 { // names differ, so that no user is read ten times
		_, err := s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: aws.String("us-east-1_none"), Username: aws.String(strings.Repeat("u", 1+i%100))})
		if _, tooMany := errors.AsType[*types.TooManyRequestsException](err); tooMany {
			break
		}
		passed++
	}
	if passed != 130 {
		t.Errorf("%d reads passed, want 130", passed)
	}
	set("UserRead", 120, limitJSON("UserRead", 120, 120))
	if got := s.Call(t, "GetProvisionedLimit", "{"+limitOf("UserRead")+"}"); got.ErrorType() != "TooManyRequestsException" || got.Message() != "Rate exceeded" {
		t.Errorf("LimitManagement has more than one request a second: %s", got.Body)
	}
}

// spec/newest-features.md §9: what cannot be provisioned.
func TestProvisionedLimitsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.QuotaCeilings = map[string]int{"UserToken": 500} })
	for _, tt := range []struct {
		category string
		rate     int
		want     string
	}{
		{"UserRead", 119, "InvalidParameterException"},
		{"UserRead", -1, "InvalidParameterException"},
		{"UserRead", 1201, "ServiceQuotaExceededException"},
		{"UserToken", 501, "ServiceQuotaExceededException"},
		{"UserUpdate", 30, "InvalidParameterException"},
		{"ClientAuthentication", 200, "InvalidParameterException"},
		{"LimitManagement", 2, "InvalidParameterException"},
		{"UserEverything", 200, "InvalidParameterException"},
		{"GetId", 30, "InvalidParameterException"}, // of identity pools
	} {
		if got := updateLimit(t, s, tt.category, tt.rate); got.Status != 400 || got.ErrorType() != tt.want {
			t.Errorf("%s=%d: %d %s, want %s", tt.category, tt.rate, got.Status, got.Body, tt.want)
		}
	}
	if got := updateLimit(t, s, "UserToken", 500); got.Body != limitJSON("UserToken", 120, 500) {
		t.Error(got.Body)
	}
	for _, body := range []string{
		`{"LimitDefinition":{"LimitClass":"API_CATEGORY","Attributes":{}}}`,
		`{"LimitDefinition":{"LimitClass":"API_CATEGORY","Attributes":{"Category":"UserRead","Pool":"x"}}}`,
		`{"LimitDefinition":{"LimitClass":"RESOURCE","Attributes":{"Category":"UserRead"}}}`,
	} {
		if got := s.Call(t, "GetProvisionedLimit", body); got.ErrorType() != "InvalidParameterException" {
			t.Errorf("%s: %d %s", body, got.Status, got.Body)
		}
	}
	if got := updateLimit(t, s, "UserAuthentication", 240); got.Status != 200 {
		t.Error(got.Body)
	}
	pool := s.CreatePool(t, nil)
	_, err := s.SDK.CreateUserPoolDomain(t.Context(), &cip.CreateUserPoolDomainInput{UserPoolId: &pool, Domain: aws.String("limited")})
	wantOK(t, err)
	for _, category := range []string{"UserAuthentication", "UserFederation"} {
		if got := updateLimit(t, s, category, 240); got.ErrorType() != "InvalidParameterException" {
			t.Errorf("%s beside managed login: %s", category, got.Body)
		}
	}
}

// In serve, where nothing is said, one network cannot take a pool's sign-ins for
// itself, and a pool cannot take those of others.
func TestServeBoundsNetworksAndPoolsGenerously(t *testing.T) {
	t.Parallel()
	s, _ := stopped(t, "", func(c *server.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	pool := s.CreatePool(t, nil)
	client := s.CreateClient(t, pool, nil)
	ask := func(source string) (passed int) {
		for range 1500 {
			r := s.NewRequest(t, "ForgotPassword", `{"ClientId":"`+client+`","Username":"nobody"}`)
			r.Header.Set("X-Forwarded-For", source)
			if s.Do(t, r).ErrorType() == "TooManyRequestsException" {
				return passed
			}
			passed++
		}
		return passed
	}
	if n := ask("192.0.2.1"); n != 300 {
		t.Errorf("%d requests passed from one network, want ten times 30", n)
	}
	if n := ask("192.0.2.2"); n != 300 {
		t.Errorf("%d requests passed from another, want 300", n)
	}
}

// Endpoints of domains answer 429, in the form that their clients read.
func TestEndpointsOfDomainsAreBounded(t *testing.T) {
	t.Parallel()
	s, step := stopped(t, "aws")
	p := newRelying(t, s, nil, nil)
	step(time.Second)
	until := func(want int, ask func() reply) reply {
		t.Helper()
		for passed := range 1000 {
			if answer := ask(); answer.status == http.StatusTooManyRequests {
				if passed != want {
					t.Errorf("%d requests passed, want %d", passed, want)
				}
				return answer
			}
		}
		t.Fatal("nothing was refused")
		return reply{}
	}
	machine := until(150, func() reply {
		r := request(t, http.MethodPost, p.base+"/oauth2/token", "grant_type=client_credentials&client_id=none")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return send(t, s.HTTP, r)
	})
	if machine.header.Get("Retry-After") != "1" || !strings.Contains(machine.body, `"error":`) {
		t.Errorf("%v %s", machine.header, machine.body)
	}
	until(120, func() reply {
		return send(t, s.HTTP, request(t, http.MethodGet, p.base+"/oauth2/authorize?client_id=none&response_type=code", ""))
	})
	until(120, func() reply { return send(t, s.HTTP, request(t, http.MethodGet, p.base+"/oauth2/userInfo", "")) })
}
