package api_test

import (
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/cognito/messages"
	"cognate/internal/servertest"
)

// An access token alone does not change the password: the old one is needed,
// and guesses at it end at the limit of ChangePassword, right or wrong
// (users-and-pools.md §25).
func TestS070AStolenSessionCannotGuessTheOldPassword(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s)
	w.withVerified(t, "ana")
	token := w.accessToken(t, "ana", goodPassword)
	change := func(previous string) error {
		_, err := s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{
			AccessToken: &token, PreviousPassword: &previous, ProposedPassword: new(betterPassword),
		})
		return err
	}
	for range 5 {
		wantError(t, change("Wrong-Horse1!"), "NotAuthorizedException", "Incorrect username or password.")
	}
	wantError(t, change("Wrong-Horse1!"), "LimitExceededException", tooOften)
	wantError(t, change(goodPassword), "LimitExceededException", tooOften)
	w.signIn(t, "ana", goodPassword) // it is still the password

	s.Advance(time.Hour)
	token = w.accessToken(t, "ana", goodPassword)
	wantOK(t, change(goodPassword))
	w.signIn(t, "ana", betterPassword)
}

// The owner hears of what somebody with a session changes: at the address of
// before, which reads no code.
func TestS070TheOwnerIsToldOfChanges(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, change := range map[string]func(*cip.CreateUserPoolInput){
		"at once":       nil,
		"when verified": waiting,
	} {
		w := newWorld(t, s, func(in *cip.CreateUserPoolInput) {
			if change != nil {
				change(in)
			}
		})
		w.confirmed(t, "ana", "ana@example.com") // message 1 is the code
		token := w.accessToken(t, "ana", goodPassword)
		told := func(n int, purpose messages.Purpose) {
			t.Helper()
			m := s.Mailbox.Wait(t, w.pool, "ana@example.com", n)
			if m.Purpose != purpose || m.Code != "" || m.Link != "" {
				t.Errorf("%s: message %d is %s: %s", name, n, m.Purpose, m.Body)
			}
		}
		_, err := s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{
			AccessToken: &token, PreviousPassword: new(goodPassword), ProposedPassword: new(betterPassword),
		})
		wantOK(t, err)
		told(2, messages.PasswordChanged)
		_, err = w.update(t, token, "nickname", "Ani", "email", "ana@example.com") // no other address
		wantOK(t, err)
		_, err = w.update(t, token, "email", "thief@example.com")
		wantOK(t, err)
		told(3, messages.AddressChanged)
		if n := s.Mailbox.Count(w.pool, "ana@example.com"); n != 3 {
			t.Errorf("%s: %d messages", name, n)
		}
	}
	// Deleting it is a change too.
	w := newWorld(t, s)
	w.confirmed(t, "ana", "ana@example.com")
	wantOK(t, w.deleteAttributes(t, w.accessToken(t, "ana", goodPassword), "email"))
	if m := s.Mailbox.Wait(t, w.pool, "ana@example.com", 2); m.Purpose != messages.AddressChanged {
		t.Errorf("message is %s: %s", m.Purpose, m.Body)
	}
	// Nobody proved to own an address that is not verified.
	s.CreateUser(t, w.pool, "bo", goodPassword, "email", "bo@example.com")
	_, err := s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{
		AccessToken: w.signIn(t, "bo", goodPassword).AccessToken, PreviousPassword: new(goodPassword), ProposedPassword: new(betterPassword),
	})
	wantOK(t, err)
	if n := s.Mailbox.Count(w.pool, "bo"); n != 0 {
		t.Errorf("%d messages", n)
	}
}
