package limits

import (
	"context"
	"time"

	"cognate/internal/store"
)

// Kind is something that users do for themselves and that is limited.
type Kind string

// The self-service actions that are counted.
const (
	ForgotPassword        Kind = "forgot-password"
	ConfirmForgotPassword Kind = "confirm-forgot-password"
	ResendCode            Kind = "resend-code"
	ConfirmSignUp         Kind = "confirm-sign-up"
	ChangePassword        Kind = "change-password"
	AttributeCode         Kind = "attribute-code"
	VerifyAttribute       Kind = "verify-attribute"
	ChangeAddress         Kind = "change-address"
	destination           Kind = "destination"
)

// window is the time over which actions are counted; it begins with the
// first one.
const window = time.Hour

// perHour is how often an action is allowed within one window
// (spec/users-and-pools.md §25). For changes of an address the service gives
// no number.
func perHour(kind Kind) int {
	switch kind {
	case ConfirmForgotPassword, ChangeAddress:
		return 20
	case ConfirmSignUp, VerifyAttribute:
		return 15
	default:
		return 5
	}
}

// SelfService counts what users do for themselves, and what strangers make the
// server send.
type SelfService struct {
	Now   func() time.Time
	Rates Rates
	// Countries are the beginnings of the telephone numbers that text messages
	// go to, such as +49; none allows all.
	Countries []string
}

// Count counts one action, also when it fails later: the caller then ends
// its transaction with store.CommitWith. Beyond the limit it answers
// LimitExceededException and counts nothing.
func (s SelfService) Count(ctx context.Context, tx *store.Tx, poolID, subject string, kind Kind) error {
	return s.count(ctx, tx, poolID, subject, kind, perHour(kind))
}

func (s SelfService) count(ctx context.Context, tx *store.Tx, poolID, subject string, kind Kind, limit int) error {
	key := store.AttemptsKey{PoolID: poolID, Subject: subject, Kind: "self:" + string(kind)}
	attempts, err := tx.LockAttempts(ctx, key)
	if err != nil {
		return err
	}
	now := s.Now()
	if attempts.Count == 0 || now.Sub(attempts.FirstAt) >= window {
		attempts = store.Attempts{FirstAt: now}
	}
	if attempts.Count >= limit {
		return tooMany()
	}
	attempts.Count++
	attempts.LastAt = now
	return tx.SaveAttempts(ctx, key, attempts)
}
