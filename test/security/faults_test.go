package security_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

const panicText = "planted panic 5f3a"

// panicking panics in an operation, before or after its work.
type panicking struct {
	api.Service
	before, after atomic.Bool
}

func (p *panicking) CreateGroup(ctx context.Context, in *api.CreateGroupRequest) (*api.CreateGroupResponse, error) {
	if p.before.Load() {
		panic(panicText)
	}
	out, err := p.Service.CreateGroup(ctx, in)
	if p.after.Load() {
		var nothing *api.CreateGroupResponse
		nothing.Group.GroupName = panicText // a fault as they come
	}
	return out, err
}

func TestS197PanicsAreAnsweredAndCounted(t *testing.T) {
	t.Parallel()
	faulty := &panicking{}
	log := &logs{}
	w := startWire(t, func(c *server.Config) {
		c.Log = log.logger()
		c.Wrap = func(s api.Service) api.Service { faulty.Service = s; return faulty }
	})
	pool := at(t, w.call(t, "CreateUserPool", doc{"PoolName": "x"}), "UserPool", "Id")
	for _, fault := range []*atomic.Bool{&faulty.before, &faulty.after} {
		fault.Store(true)
		answers, _ := w.say(t, call("CreateGroup", encode(t, doc{"UserPoolId": pool, "GroupName": "x"}), lastRequest))
		if len(answers) != 1 || answers[0].StatusCode != 500 || bodyOf(t, answers[0]) != `{"__type":"InternalErrorException","message":"Something went wrong"}` {
			t.Errorf("a panic is answered with %v", answers)
		}
		fault.Store(false)
	}
	if page := w.scrape(t); !strings.Contains(page, "\ncognate_panics_total 2\n") {
		t.Errorf("two panics are not counted: %s", page)
	}
	if text := log.String(); strings.Count(text, `"level":"ERROR"`) != 2 || !strings.Contains(text, panicText) || !strings.Contains(text, "faults_test.go") {
		t.Errorf("the log does not tell of two panics and their places:\n%s", text)
	}
	w.call(t, "CreateGroup", doc{"UserPoolId": pool, "GroupName": "y"})
}

// trap is a clock that panics when operations look at it for the nth time.
// They do in the middle of what they write.
type trap struct {
	now  func() time.Time
	left atomic.Int64 // 0: harmless
	hits atomic.Int64
}

func (c *trap) Now() time.Time {
	if c.left.Load() > 0 && inOperation() && c.left.Add(-1) == 0 {
		c.hits.Add(1)
		panic(panicText)
	}
	return c.now()
}

// inOperation reports whether an operation is looking at the clock, and not the
// door or the background work.
func inOperation() bool {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	operation := false
	for {
		frame, more := frames.Next()
		for _, other := range []string{"messages.(*lane)", "imports.(*Runner)", "internal/server.guarded", "testing.tRunner"} {
			if strings.Contains(frame.Function, other) {
				return false
			}
		}
		operation = operation || strings.Contains(frame.Function, "cognate/internal/cognito/")
		if !more {
			return operation
		}
	}
}

// Wherever an operation is struck, it has happened wholly or not at all, and the
// next attempt succeeds.
func TestS197NothingIsHalfWritten(t *testing.T) {
	t.Parallel()
	clock := &trap{}
	s := servertest.Start(t, func(c *server.Config) { clock.now, c.Now = c.Now, clock.Now })
	p := newSide(t, s, "half")
	for name, c := range map[string]struct {
		operation string
		in        func(user string) doc
		done      func(user string) bool
	}{
		"sign-up": {
			"SignUp",
			func(user string) doc {
				return doc{"ClientId": p.client, "Username": user, "Password": p.password, "UserAttributes": []doc{{"Name": "email", "Value": user + "@example.com"}}}
			},
			func(user string) bool { return p.whole(t, s, user) },
		},
		"creation": {
			"AdminCreateUser",
			func(user string) doc {
				return doc{"UserPoolId": p.pool, "Username": user, "TemporaryPassword": p.password, "UserAttributes": []doc{{"Name": "email", "Value": user + "@example.com"}}}
			},
			func(user string) bool { return p.whole(t, s, user) },
		},
	} {
		strikes := 0
		for n := int64(1); n < 100; n++ {
			user := strings.ReplaceAll(name, "-", "") + time.Duration(n).String()
			clock.left.Store(n)
			before := clock.hits.Load()
			answer := s.Call(t, c.operation, encode(t, c.in(user)))
			clock.left.Store(0)
			if struck := clock.hits.Load() > before; !struck {
				if answer.Status != 200 {
					t.Fatalf("%s: %d %s", name, answer.Status, answer.Body)
				}
				break
			}
			strikes++
			if answer.Status != 500 || answer.ErrorType() != "InternalErrorException" || strings.Contains(answer.Body, panicText) {
				t.Errorf("%s struck at %d: %d %s", name, n, answer.Status, answer.Body)
			}
			if !c.done(user) {
				do(t, s, c.operation, c.in(user))
			}
			if !c.done(user) {
				t.Errorf("%s struck at %d cannot be done again", name, n)
			}
		}
		if strikes < 3 {
			t.Errorf("%s was struck %d times only", name, strikes)
		}
	}
}

// whole reports whether a user exists, and fails the test when there is a part
// of one: a user whom lists do not show, or a name that is taken by nobody.
func (p *side) whole(t *testing.T, s *servertest.Server, user string) bool {
	t.Helper()
	answer := s.Call(t, "AdminGetUser", encode(t, doc{"UserPoolId": p.pool, "Username": user}))
	listed := do(t, s, "ListUsers", doc{"UserPoolId": p.pool, "Filter": `username = "` + user + `"`})["Users"].([]any)
	byMail := do(t, s, "ListUsers", doc{"UserPoolId": p.pool, "Filter": `email = "` + user + `@example.com"`})["Users"].([]any)
	exists := answer.Status == 200
	if want := map[bool]int{true: 1}[exists]; len(listed) != want || len(byMail) != want || !exists && answer.ErrorType() != noUser {
		t.Errorf("%s: %d %s, listed %s", user, answer.Status, answer.Body, cmp.Diff(listed, byMail))
	}
	if exists {
		// The password was stored with the user: another one is told apart from it.
		signIn := s.Call(t, "InitiateAuth", encode(t, doc{
			"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": doc{"USERNAME": user, "PASSWORD": p.password},
		}))
		if signIn.Status != 200 && signIn.ErrorType() != "UserNotConfirmedException" {
			t.Errorf("%s cannot use the password: %s", user, signIn.Body)
		}
	}
	return exists
}
