package api_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

const (
	locked   = "Password attempts exceeded"
	badGuess = "Wrong-Horse1!"
)

// fails makes wrong attempts through alternating flows; none may meet a lock.
func (a *app) fails(t *testing.T, username string, times int) {
	t.Helper()
	for i := range times {
		var err error
		switch i % 3 {
		case 0:
			_, err = a.tryPassword(t, username, badGuess)
		case 1:
			_, err = a.trySRP(t, username, badGuess)
		case 2:
			_, err = a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", username, "PASSWORD", badGuess)
		}
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
}

// During a lock right and wrong answers through every door get one error.
func (a *app) lockedOut(t *testing.T, username string) {
	t.Helper()
	for _, password := range []string{goodPassword, badGuess} {
		_, err := a.tryPassword(t, username, password)
		wantError(t, err, "NotAuthorizedException", locked)
		_, err = a.trySRP(t, username, password)
		wantError(t, err, "NotAuthorizedException", locked)
		_, err = a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", username, "PASSWORD", password)
		wantError(t, err, "NotAuthorizedException", locked)
	}
}

// The lengths of auth-flows.md §10, over all doors together, for a user and
// for a name that nobody has.
func TestS051LockOutDoublesForUsersAndUnknownNamesAlike(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, hiding)
	a.s.StopClock()
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	names := []string{"ana", "nobody"}
	for _, name := range names {
		a.fails(t, name, 5)
	}
	for _, seconds := range []time.Duration{1, 2, 4, 8, 16, 32, 64} {
		for _, name := range names {
			a.lockedOut(t, name)
		}
		a.s.Advance(seconds*time.Second - time.Millisecond)
		for _, name := range names {
			a.lockedOut(t, name)
		}
		a.s.Advance(time.Millisecond)
		for _, name := range names {
			a.fails(t, name, 1)
		}
	}
	a.s.Advance(128 * time.Second)
	a.signIn(t, "ana", goodPassword)
	a.fails(t, "ana", 5) // the success forgot what was before
	a.fails(t, "nobody", 1)
	a.lockedOut(t, "nobody")
}

func TestS051SuccessAndTimeForget(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for range 3 {
		a.fails(t, "ana", 4)
		a.signIn(t, "ana", goodPassword)
		a.fails(t, "ana", 4)
		a.s.Advance(15 * time.Minute)
	}
}

// Guesses made at once do not get past the lock: of many wrong ones five are
// told so, and a right one behind them is not.
func TestS051ParallelGuessesAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	var mu sync.Mutex
	told := make(map[string]int)
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			_, err := a.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
				ClientId: &a.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
				AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": badGuess},
			})
			mu.Lock()
			defer mu.Unlock()
			if refused, ok := errors.AsType[smithy.APIError](err); ok {
				told[refused.ErrorMessage()]++
			} else {
				t.Error(err)
			}
		})
	}
	all.Wait()
	// The lock of the fifth failure is a second long; on a slow machine some
	// guesses come after it.
	if n := told[incorrect]; n < 5 || n > 10 || told[locked] != 60-n {
		t.Errorf("told %v", told)
	}
}

func TestS051OtherUsersAreNotLocked(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, b := newApp(t, s, nil, nil), newApp(t, s, nil, nil)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	s.CreateUser(t, a.pool, "ben", goodPassword)
	s.CreateUser(t, b.pool, "ana", goodPassword)
	a.fails(t, "ana", 5)
	a.signIn(t, "ben", goodPassword)
	b.signIn(t, "ana", goodPassword)
}

// Answers that fail for another reason than a wrong password do not count.
func TestOnlyWrongPasswordsCount(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for range 7 {
		c, challenge := a.beginSRP(t, "ana")
		answer := a.srpAnswer(t, c, challenge, goodPassword, a.s.Now())
		_, err := a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, replaced(answer, "TIMESTAMP", "now")...)
		wantCode(t, err, "InvalidParameterException")
		_, err = a.respond(t, types.ChallengeNameTypePasswordVerifier, nil, replaced(answer, "PASSWORD_CLAIM_SECRET_BLOCK", "AAAA")...)
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
	a.signIn(t, "ana", goodPassword)
}

// The count is the user's, whatever name is used, and goes on after a name or
// a user is gone and made again.
func TestS051AliasesCountTogether(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
		in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}
	}, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	for _, name := range []string{"ana", "ANA", "ana@example.com", "Ana@Example.com", "aNa"} {
		_, err := a.tryPassword(t, name, badGuess)
		wantError(t, err, "NotAuthorizedException", incorrect)
	}
	_, err := a.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", locked)
}
