package quotas

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newQuotas(preset string) (*Quotas, *clock) {
	c := &clock{time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)}
	return &Quotas{Preset: presets[preset], Now: c.now}, c
}

// passing counts how many requests pass at once, up to most.
func passing(t *testing.T, q *Quotas, r Request, most int) int {
	t.Helper()
	for n := range most {
		switch err := q.Take(r); {
		case err == nil:
		case api.HasCode(err, "TooManyRequestsException") && err.Error() == "TooManyRequestsException: Rate exceeded":
			return n
		default:
			t.Fatal(err)
		}
	}
	return most
}

// The default quotas of an account, spec/users-and-pools.md §25 and
// spec/newest-features.md §9.
func TestDefaultRatesAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	for category, want := range map[Category]int{
		"UserAuthentication": 120, "UserCreation": 50, "UserFederation": 25, "UserAccountRecovery": 30, "UserRead": 120,
		"UserUpdate": 25, "UserToken": 120, "UserResourceRead": 50, "UserResourceUpdate": 25, "UserList": 30,
		"UserPoolRead": 15, "UserPoolUpdate": 15, "UserPoolResourceRead": 20, "UserPoolResourceUpdate": 15,
		"UserPoolClientRead": 15, "UserPoolClientUpdate": 15, "ClientAuthentication": 150, "LimitManagement": 1,
	} {
		q, c := newQuotas(AWS)
		r := Request{Category: category}
		if n := passing(t, q, r, 1000); n != want {
			t.Errorf("%s: %d requests passed at once, want %d", category, n, want)
		}
		c.at = c.at.Add(500 * time.Millisecond)
		if n := passing(t, q, r, 1000); n != want/2 {
			t.Errorf("%s: %d requests passed half a second later, want %d", category, n, want/2)
		}
		c.at = c.at.Add(time.Hour)
		if n := passing(t, q, r, 1000); n != want {
			t.Errorf("%s: %d requests passed after an hour, want %d", category, n, want)
		}
	}
}

func TestEveryOperationHasACategory(t *testing.T) {
	t.Parallel()
	for name := range api.Operations {
		if _, ok := rules[Of(name)]; !ok {
			t.Errorf("%s has the category %q", name, Of(name))
		}
	}
}

// Those where the service's documentation differs from what a name suggests.
func TestOperationsStandWhereTheServiceSortsThem(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Category{
		"AdminSetUserPassword": UserAccountRecovery, "ChangePassword": UserAccountRecovery, "AdminConfirmSignUp": UserCreation,
		"AdminGetUserAuthFactors": UserRead, "GetTokensFromRefreshToken": UserAuthentication, "RevokeToken": UserToken,
		"ResendConfirmationCode": UserResourceRead, "GetUserAttributeVerificationCode": UserResourceRead, "VerifyUserAttribute": UserUpdate,
		"AdminDeleteSoftwareToken": UserResourceUpdate, "ListUsersInGroup": UserList, "GetClientToken": ClientAuthentication,
		"DescribeManagedLoginBranding": UserPoolResourceRead, "UntagResource": UserPoolResourceUpdate,
	} {
		if got := Of(name); got != want {
			t.Errorf("%s is counted as %s, want %s", name, got, want)
		}
	}
}

func TestIdentityPoolsHaveTheRatesOfTheService(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(AWS)
	for operation, want := range map[string]int{
		"GetId": 25, "GetOpenIdToken": 200, "GetCredentialsForIdentity": 200, "GetOpenIdTokenForDeveloperIdentity": 50, "ListIdentities": 5,
		"DeleteIdentities": 10, "TagResource": 5, "UntagResource": 5, "ListTagsForResource": 10, "CreateIdentityPool": 25,
	} {
		if n := passing(t, q, Request{Category: OfIdentityPools(operation), Operation: operation}, 1000); n != want {
			t.Errorf("%s: %d requests passed at once, want %d", operation, n, want)
		}
	}
	// Those of user pools with the same names are counted for themselves.
	if n := passing(t, q, Request{Category: Of("TagResource"), Operation: "TagResource"}, 1000); n != 5 {
		t.Errorf("TagResource of user pools: %d requests passed, want 5", n)
	}
}

func TestCodesHaveTheRateOfSignInsOnceMore(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(AWS)
	for _, operation := range []string{CodeGrant, "InitiateAuth"} {
		if n := passing(t, q, Request{Category: UserAuthentication, Operation: operation}, 1000); n != 120 {
			t.Errorf("%s: %d passed, want 120", operation, n)
		}
	}
}

func TestAnswersToChallengesHaveThreeTimesTheRate(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(AWS)
	if n := passing(t, q, Request{Category: UserAuthentication, Operation: "RespondToAuthChallenge"}, 1000); n != 360 {
		t.Errorf("%d answers passed, want 360", n)
	}
	if n := passing(t, q, Request{Category: UserAuthentication, Operation: "InitiateAuth"}, 1000); n != 120 {
		t.Errorf("%d sign-ins passed beside them, want 120", n)
	}
}

func TestAnAccountsQuotaIsThatOfAllItsPools(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(AWS)
	first := passing(t, q, Request{Category: UserCreation, PoolID: "eu-west-1_a"}, 30)
	if rest := passing(t, q, Request{Category: UserCreation, PoolID: "eu-west-1_b"}, 1000); first+rest != 50 {
		t.Errorf("%d and %d passed, want 50 together", first, rest)
	}
}

func TestAdministrationIsFiveASecondForEachOperationAndPool(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(AWS)
	describe := Request{Category: UserPoolRead, Operation: "DescribeUserPool", PoolID: "eu-west-1_a"}
	if n := passing(t, q, describe, 1000); n != 5 {
		t.Errorf("%d passed for one pool, want 5", n)
	}
	describe.PoolID = "eu-west-1_b"
	if n := passing(t, q, describe, 1000); n != 5 {
		t.Errorf("%d passed for another pool, want 5", n)
	}
	if n := passing(t, q, Request{Category: UserPoolResourceUpdate, Operation: "TagResource"}, 1000); n != 5 {
		t.Errorf("%d tags passed, want 5", n)
	}
}

func TestOneUserReadsAndWritesTenTimesASecond(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(AWS)
	for category, want := range map[Category]int{UserRead: 10, UserUpdate: 10} {
		if n := passing(t, q, Request{Category: category, PoolID: "eu-west-1_a", User: "ana"}, 1000); n != want {
			t.Errorf("%s: %d passed for one user, want %d", category, n, want)
		}
		if err := q.Take(Request{Category: category, PoolID: "eu-west-1_a", User: "ben"}); err != nil {
			t.Errorf("%s of another user: %v", category, err)
		}
	}
}

func TestGenerousBoundsPoolsAndNetworksApart(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(Generous)
	one := Request{Category: UserAuthentication, PoolID: "eu-west-1_a", Source: "192.0.2.1"}
	if n := passing(t, q, one, 20_000); n != 1200 {
		t.Errorf("%d passed from one network, want 1200", n)
	}
	other := one
	other.Source = "192.0.2.2"
	if n := passing(t, q, other, 20_000); n != 1200 {
		t.Errorf("%d passed from another network, want 1200", n)
	}
	signed := one
	signed.Source = ""
	if n := passing(t, q, signed, 20_000); n != 12_000-2400 {
		t.Errorf("%d passed to the pool besides, want 9600", n)
	}
	signed.PoolID = "eu-west-1_b"
	if err := q.Take(signed); err != nil {
		t.Errorf("another pool: %v", err)
	}
}

func TestOffBoundsNothing(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(Off)
	if n := passing(t, q, Request{Category: LimitManagement, PoolID: "a", Source: "192.0.2.1", User: "ana"}, 10_000); n != 10_000 {
		t.Errorf("%d passed", n)
	}
	if _, err := PresetNamed("strict"); err == nil {
		t.Error("an unknown preset is accepted")
	}
}

// A refused request counts nowhere: who is refused takes nothing from others.
func TestRefusedRequestsCountNowhere(t *testing.T) {
	t.Parallel()
	q, _ := newQuotas(Generous)
	loud := Request{Category: UserAuthentication, PoolID: "eu-west-1_a", Source: "192.0.2.1"}
	for range 100_000 {
		_ = q.Take(loud) // most are refused
	}
	quiet := loud
	quiet.Source = "192.0.2.2"
	if err := q.Take(quiet); err != nil {
		t.Errorf("another network: %v", err)
	}
}

// However many networks ask, for however many pools, the memory for them is bounded.
func TestS174BucketsHaveBoundedMemory(t *testing.T) {
	t.Parallel()
	for _, alone := range []bool{false, true} {
		for name, ask := range map[string]func(i int) Request{
			"networks": func(i int) Request { return Request{Category: UserRead, Source: fmt.Sprint(i)} },
			"pools":    func(i int) Request { return Request{Category: OfIdentityPools("GetId"), PoolID: fmt.Sprint(i)} },
		} {
			q, c := newQuotas(Generous)
			for i := range maxBuckets + 1000 {
				if err := q.Take(ask(i)); err != nil {
					t.Fatal(err)
				}
				if len(q.buckets) > maxBuckets {
					t.Fatalf("%d buckets after %d %s", len(q.buckets), i+1, name)
				}
			}
			if !alone {
				q.busy() // as the exchange does, which a single node does not make
			}
			c.at = c.at.Add(time.Minute)
			if err := q.Take(ask(-1)); err != nil {
				t.Fatal(err)
			}
			if len(q.buckets) > 2 {
				t.Errorf("%d buckets of %s are left after a minute, alone: %v", len(q.buckets), name, alone)
			}
		}
	}
}

// Nodes take what others let through from their own buckets, each count once.
func TestNodesCountTogether(t *testing.T) {
	t.Parallel()
	q, c := newQuotas(AWS)
	r := Request{Category: UserAuthentication, Operation: "InitiateAuth"}
	counts := []store.RequestCount{{At: c.at, Node: "b", Bucket: key{account, "UserAuthentication", ""}.name(), Taken: 100}}
	q.takeOff(counts)
	q.takeOff(counts)
	if n := passing(t, q, r, 1000); n != 20 {
		t.Errorf("%d passed beside the 100 of another node, want 20", n)
	}
	if got := q.busy()["a|UserAuthentication|"]; got != 20 {
		t.Errorf("%d are told to others, want 20", got)
	}
	// However much others say, what is owed is paid in a second.
	for i := range 3 {
		q.takeOff([]store.RequestCount{{At: c.at, Node: fmt.Sprint("d", i), Bucket: counts[0].Bucket, Taken: 100_000}})
	}
	c.at = c.at.Add(2 * time.Second)
	if n := passing(t, q, r, 1000); n != 120 {
		t.Errorf("%d pass after two seconds, want 120", n)
	}
	q.busy()
	if got := q.busy(); len(got) > 0 {
		t.Errorf("told twice: %v", got)
	}
	for _, name := range []string{"", "a", "a|x", "xx|UserRead|", "z|UserRead|", "a|UserNothing|", "p|UserRead|eu-west-1_a"} {
		q.takeOff([]store.RequestCount{{At: c.at.Add(time.Second), Node: "c", Bucket: name, Taken: 1}})
	}
}

func TestOthersAreHeardOnEveryKindOfBucket(t *testing.T) {
	t.Parallel()
	for _, preset := range []string{AWS, Generous} {
		q, _ := newQuotas(preset)
		requests := []Request{{Category: UserAuthentication, Operation: CodeGrant}}
		for name := range api.Operations {
			requests = append(requests, Request{Category: Of(name), Operation: name})
		}
		for name := range identityPools {
			requests = append(requests, Request{Category: name, Operation: strings.TrimPrefix(string(name), "identity:")})
		}
		for _, r := range requests {
			r.PoolID, r.Source = "eu-west-1_a", "192.0.2.1"
			for _, d := range q.demands(r) {
				k, ok := keyNamed(d.name())
				if !ok || k != d.key || q.rateOf(k) != d.rate {
					t.Errorf("%s %s: %v is read as %v with the rate %v, want %v", preset, r.Operation, d.key, k, q.rateOf(k), d.rate)
				}
			}
		}
	}
}

func BenchmarkTake(b *testing.B) {
	now := time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)
	q := &Quotas{Preset: presets[Generous], Now: func() time.Time { now = now.Add(time.Millisecond); return now }}
	r := Request{Category: UserAuthentication, Operation: "InitiateAuth", PoolID: "eu-west-1_a", Source: "192.0.2.1"}
	for b.Loop() {
		_ = q.Take(r)
	}
}
