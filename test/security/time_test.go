package security_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// Whatever the year, tokens live as long as they are said to and times are
// numbers that come back.
func TestS177AnyYear(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]time.Time{
		"first second":       time.Unix(1, 0),
		"leap day":           time.Date(2028, 2, 29, 23, 59, 59, 999_999_999, time.UTC),
		"end of 32 bits":     time.Unix(math.MaxInt32, 0),
		"end of 32 unsigned": time.Unix(math.MaxUint32, 0),
		"end of nanoseconds": time.Unix(0, math.MaxInt64),
		"beyond nanoseconds": time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC),
		"end of four digits": time.Date(9999, 12, 30, 23, 59, 59, 0, time.UTC), // tokens end in the last day
		"another time zone":  time.Date(2026, 3, 1, 0, 0, 0, 0, time.FixedZone("", 14*3600)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servertest.Start(t, func(c *server.Config) { c.Mode, c.Now = server.Dev, func() time.Time { return now } })
			p := newSide(t, s, "years")
			made := do(t, s, "CreateUserPoolClient", doc{
				"UserPoolId": p.pool, "ClientName": "long", "RefreshTokenValidity": 3650, "AccessTokenValidity": 1, "IdTokenValidity": 86400,
				"TokenValidityUnits": doc{"RefreshToken": "days", "AccessToken": "days", "IdToken": "seconds"},
				"ExplicitAuthFlows":  []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
			})
			p.client = at(t, made, "UserPoolClient", "ClientId")
			if created := made["UserPoolClient"].(map[string]any)["CreationDate"].(float64); math.Abs(created-float64(now.UnixMilli())/1000) > 1e-3*math.Max(1, math.Abs(created)*1e-12) {
				t.Errorf("creation date %v, want %v", created, float64(now.UnixMilli())/1000)
			}
			result := p.enter(t, s, p.only)
			for _, token := range []string{"AccessToken", "IdToken"} {
				c := claims(t, at(t, result, "AuthenticationResult", token))
				if lives := c["exp"].(float64) - c["iat"].(float64); lives != 86400 || c["iat"].(float64) != float64(now.Unix()) {
					t.Errorf("%s: iat %v, exp %v", token, c["iat"], c["exp"])
				}
			}
			p.keep(t, result)
			p.picture(t, s)
		})
	}
}

// Numbers at and beyond the edges of what they count are refused or kept, and
// never wrap around to something else.
func TestS177NumbersAtTheirEdges(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "edges")
	for _, c := range []struct {
		member, unit string // of a client
		kept         []string
		refused      []string
	}{
		{"RefreshTokenValidity", "days", []string{"1", "3650", "3650.0", "365e1"}, []string{"3651", "-1", "315360001", "2147483648", "-2147483649", "1e30", "9223372036854775808", "1.5"}},
		{"RefreshTokenValidity", "seconds", []string{"3600", "315360000"}, []string{"315360001", "3599", "-3600"}},
		{"AccessTokenValidity", "minutes", []string{"5", "1440"}, []string{"4", "1441", "-5", "4294967301", "1e400"}},
		{"AccessTokenValidity", "seconds", []string{"300", "86400"}, []string{"299", "86401"}},
		{"IdTokenValidity", "hours", []string{"1", "24"}, []string{"25", "0", "-1", "4294967297"}},
		{"AuthSessionValidity", "", []string{"3", "15"}, []string{"2", "16", "-3", "4294967299"}},
	} {
		for _, number := range slices.Concat(c.kept, c.refused) {
			units := ""
			if c.unit != "" {
				units = fmt.Sprintf(`,"TokenValidityUnits":{%q:%q}`, c.member[:len(c.member)-len("Validity")], c.unit)
			}
			answer := s.Call(t, "CreateUserPoolClient", fmt.Sprintf(`{"UserPoolId":%q,"ClientName":"x",%q:%s%s}`, p.pool, c.member, number, units))
			if want := slices.Contains(c.kept, number); (answer.Status == 200) != want || !want && answer.Status != 400 {
				t.Errorf("%s of %s %s: %d %.200s", c.member, number, c.unit, answer.Status, answer.Body)
			}
		}
	}
	for member, numbers := range map[string]map[string]bool{
		"MinimumLength":                 {"6": true, "99": true, "5": false, "100": false, "-1": false, "4294967302": false},
		"TemporaryPasswordValidityDays": {"1": true, "365": true, "366": false, "-1": false, "4294967297": false},
		"PasswordHistorySize":           {"0": true, "24": true, "25": false, "-1": false},
	} {
		for number, want := range numbers {
			answer := s.Call(t, "CreateUserPool", fmt.Sprintf(`{"PoolName":"x","Policies":{"PasswordPolicy":{%q:%s}}}`, member, number))
			if (answer.Status == 200) != want || !want && answer.Status != 400 {
				t.Errorf("%s %s: %d %.200s", member, number, answer.Status, answer.Body)
			}
		}
	}
	for number, want := range map[string]bool{"0": true, "2147483647": true, "2147483648": false, "-1": false, "1.5": false, "1e400": false} {
		answer := s.Call(t, "UpdateGroup", fmt.Sprintf(`{"UserPoolId":%q,"GroupName":"twins","Precedence":%s}`, p.pool, number))
		if (answer.Status == 200) != want {
			t.Errorf("precedence %s: %d %.200s", number, answer.Status, answer.Body)
		}
	}
}
