package mfa

import (
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
)

// enrolmentAge is how old a sign-in may be in pools with strict enrolment
// (security.md S087).
const enrolmentAge = 5 * time.Minute

// CheckEnrolment refuses a new factor to users whose sign-in is too old, where the
// pool wants that: whoever got hold of their tokens later cannot add one.
func CheckEnrolment(pool *directory.Pool, signedIn, now time.Time) error {
	if pool.StrictEnrolment() && now.Sub(signedIn) > enrolmentAge {
		return api.NotAuthorizedException("Sign in again to add a factor.")
	}
	return nil
}
