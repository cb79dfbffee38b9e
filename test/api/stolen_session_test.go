package api_test

import (
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

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
