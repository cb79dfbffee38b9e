package signin

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/big"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// codeKind is a way to prove that one reads the messages to an address
// (auth-flows.md §7).
type codeKind struct {
	challenge api.ChallengeNameType
	param     string // that carries the code
	attribute string // that the code is sent to
	factor    string // proven by the code, in the vocabulary of amr
}

var (
	emailOTP = codeKind{api.ChallengeNameTypeEmailOtp, "EMAIL_OTP_CODE", attributes.Email, tokens.FactorEmail}
	smsOTP   = codeKind{api.ChallengeNameTypeSmsOtp, "SMS_OTP_CODE", attributes.PhoneNumber, tokens.FactorSMS}
	smsMFA   = codeKind{api.ChallengeNameTypeSmsMfa, "SMS_MFA_CODE", attributes.PhoneNumber, tokens.FactorSMS}
)

const (
	codeDigits       = 6
	firstEmailDigits = 8 // of a code by e-mail that is the first factor
	codeTries        = 5 // wrong codes, after which no code wins (S065)
	codeAttempts     = "sign-in-code"
	addressDigest    = 16 // bytes
)

// codeStep sends a code to an address and asks for it, as the first factor or as
// a further one. The code travels in the Session, so the newest and older ones
// of parallel sign-ins do not void one another; each is as good as its Session.
type codeStep struct {
	o    *Operations
	kind codeKind
}

// A right first code confirms the account.
func (codeStep) traits() traits { return traits{confirms: true} }

// first reports whether the code is the first factor of a sign-in.
func (codeStep) first(a *attempt) bool { return len(a.proven) == 0 }

func (k codeKind) medium() api.DeliveryMediumType {
	if k.attribute == attributes.PhoneNumber {
		return api.DeliveryMediumTypeSms
	}
	return api.DeliveryMediumTypeEmail
}

// Begin sends the code, or pretends to where nobody has the name. Unlike other
// steps it writes: the message.
func (s codeStep) Begin(ctx context.Context, a *attempt) (*answer, error) {
	if err := s.again(a); err != nil {
		return nil, err
	}
	to := s.address(a)
	if to == "" {
		return nil, api.InvalidParameterException("User has no %s to send a code to.", s.kind.attribute)
	}
	digits := codeDigits
	if s.first(a) && s.kind.challenge == api.ChallengeNameTypeEmailOtp {
		digits = firstEmailDigits
	}
	code, err := drawCode(digits)
	if err != nil {
		return nil, err
	}
	if err := s.send(ctx, a, to, code); err != nil {
		return nil, err
	}
	session, err := s.o.sealFor(a, s.kind.challenge, codeData(to, code, a.newAddress))
	if err != nil {
		return nil, err
	}
	params := map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": string(s.kind.medium()),
		"CODE_DELIVERY_DESTINATION":     messages.Mask(s.kind.medium(), to),
	}
	if !s.first(a) {
		params[keyUserID] = a.user.Username
	}
	return &answer{challenge: s.kind.challenge, params: params, session: session}, nil
}

// again takes the address to be set up over from the code before, where another
// one is asked for.
func (s codeStep) again(a *attempt) error {
	if a.state == nil || a.state.Step != string(s.kind.challenge) || len(a.state.Data) == 0 {
		return nil
	}
	var err error
	_, _, a.newAddress, err = splitCode(a.state.Data)
	return err
}

// address is where the code goes; made up for those who have to look like users.
func (s codeStep) address(a *attempt) string {
	switch {
	case a.unfit():
		return s.o.decoyAddress(a, s.kind.attribute)
	case a.newAddress != "":
		return a.newAddress
	}
	return a.user.Attributes.Get(s.kind.attribute)
}

// send puts the message into the outbox. Limits and missing senders are told in
// the words that the models of these operations know.
func (s codeStep) send(ctx context.Context, a *attempt, to, code string) error {
	r := messages.Request{
		Pool: a.client.Pool.Config(), ClientID: a.client.ID, Purpose: messages.Authentication,
		Medium: s.kind.medium(), Destination: to, Username: a.presented(), Secret: code,
		EmailMFA: a.client.Pool.Settings.MFA.EmailMfaConfiguration,
	}
	if a.user != nil {
		r.Sub, r.Username = a.user.Sub, a.user.Username
	}
	var post triggers.Post
	_, err := store.Write(ctx, s.o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if err := s.o.Mailer.Available(a.client.Pool, r.Medium); err != nil {
			return struct{}{}, err
		}
		if a.unfit() {
			err := s.o.Limits.CountMessage(ctx, tx, limits.Message{PoolID: a.client.PoolID, Medium: r.Medium, Nobody: a.subject})
			if err != nil {
				return struct{}{}, err
			}
			if s.o.Messages.Available(r.Medium) != nil { // a function would send
				return struct{}{}, nil //nolint:nilerr // nothing is sent to nobody
			}
			return struct{}{}, s.o.Messages.Pretend(ctx, tx, r)
		}
		err := s.o.Limits.CountMessage(ctx, tx, limits.Message{PoolID: a.client.PoolID, Medium: r.Medium, Address: to})
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.o.Mailer.Send(ctx, tx, &post, triggers.Letter{On: a.occasion(), Request: r})
	})
	if err == nil {
		err = s.o.Mailer.Flush(ctx, &post)
	}
	switch {
	case limits.AboutRecipient(err) && s.first(a) && a.client.HidesExistence():
		return nil
	case api.HasCode(err, "LimitExceededException"):
		return api.TooManyRequestsException("Attempt limit exceeded, please try after some time.").Because(err)
	case api.HasCode(err, "CodeDeliveryFailureException") && s.kind.medium() == api.DeliveryMediumTypeSms:
		return api.InvalidSmsRoleAccessPolicyException("Role does not have permission to publish with SNS").Because(err)
	case api.HasCode(err, "CodeDeliveryFailureException"):
		return api.InvalidEmailRoleAccessPolicyException("Cognito is not allowed to use your email identity").Because(err)
	}
	return err
}

// Answer takes the code. A wrong one leaves the Session usable.
func (s codeStep) Answer(ctx context.Context, a *attempt) (*answer, error) {
	if err := a.require(s.kind.param); err != nil {
		return nil, err
	}
	to, code, newAddress, err := splitCode(a.state.Data)
	if err != nil {
		return nil, err
	}
	right := subtle.ConstantTimeCompare(code, []byte(a.params[s.kind.param])) == 1 && !a.unfit() &&
		s.goesTo(a.user, to, newAddress)
	if !right {
		return nil, s.o.wrongCode(ctx, a, errWrongCode())
	}
	return s.o.settle(ctx, a, proof{
		right: true, factor: s.kind.factor, kind: sessions.Session,
		change: func(ctx context.Context, tx *store.Tx, u *store.User) error {
			exhausted, err := triesUsedUp(ctx, tx, a)
			if err != nil {
				return err
			}
			if exhausted || !s.goesTo(u, to, newAddress) {
				return errWrongCode()
			}
			if newAddress != "" {
				u.Attributes.Set(s.kind.attribute, newAddress)
			}
			return s.o.verified(ctx, tx, a, u, s.kind.attribute, s.first(a))
		},
	})
}

// verified records that the user reads the messages to an address. As a first
// factor that confirms an account as well (auth-flows.md §6).
func (o *Operations) verified(ctx context.Context, tx *store.Tx, a *attempt, u *store.User, attribute string, confirms bool) error {
	flag := attributes.VerifiedFlag(attribute)
	changed := !attributes.True(u.Attributes.Get(flag))
	if changed {
		u.Attributes.Set(flag, "true")
	}
	if confirms && (u.Status == api.UserStatusTypeUnconfirmed || imported(u)) {
		u.Status, changed = api.UserStatusTypeConfirmed, true
	}
	if !changed {
		return nil
	}
	u.ModifiedAt = o.Now()
	if err := tx.SaveUser(ctx, u); err != nil {
		return err
	}
	taken, _, err := tx.SetNames(ctx, u.PoolID, u.Sub, attributes.SignInNames(a.client.Pool.Config(), u))
	if err != nil {
		return err
	}
	if taken != nil {
		return attributes.Taken(api.AliasExistsException, taken.Kind)
	}
	return nil
}

// wrongCode counts a wrong code against its Session, and for the lock-out of the
// user's passwords. It gives the answer for the caller.
func (o *Operations) wrongCode(ctx context.Context, a *attempt, answer error) error {
	if err := o.watch(ctx, a, &proof{}); err != nil {
		return err
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if err := o.noteWrongCode(ctx, tx, a); err != nil {
			return struct{}{}, err
		}
		tries, err := tx.LockAttempts(ctx, codeKey(a))
		if err != nil {
			return struct{}{}, err
		}
		now := o.Now()
		if tries.Count == 0 {
			tries.FirstAt = now
		}
		tries.Count++
		tries.LastAt = now
		if err := tx.SaveAttempts(ctx, codeKey(a), tries); err != nil {
			return struct{}{}, err
		}
		if err := o.Lockout.Fail(ctx, tx, a.client.PoolID, a.subject); err != nil && !isAnswer(err) {
			return struct{}{}, err
		}
		return struct{}{}, store.CommitWith(answer)
	})
	return err
}

// triesUsedUp reports whether so many codes for a Session were wrong that none
// wins any more.
func triesUsedUp(ctx context.Context, tx *store.Tx, a *attempt) (bool, error) {
	// Nearly always no code was wrong, and then there is nothing to wait for.
	tries, err := tx.Attempts(ctx, codeKey(a))
	if err == nil && tries.Count > 0 {
		tries, err = tx.LockAttempts(ctx, codeKey(a))
	}
	return tries.Count >= codeTries, err
}

// codeKey counts the tries for one Session.
func codeKey(a *attempt) store.AttemptsKey {
	return store.AttemptsKey{PoolID: a.client.PoolID, Subject: a.state.ID, Kind: codeAttempts}
}

func errWrongCode() error {
	return api.CodeMismatchException("Invalid code or auth state for the user.")
}

// decoyAddress is where codes for a name that nobody has seem to go: the name
// itself where it is an address, else one that is always the same for it.
func (o *Operations) decoyAddress(a *attempt, attribute string) string {
	name := a.presented()
	switch {
	case attribute == attributes.Email && attributes.LooksLikeEmail(name),
		attribute == attributes.PhoneNumber && attributes.LooksLikePhone(name):
		return name
	}
	sum := o.decoy(a, "address "+attribute)
	if attribute == attributes.PhoneNumber {
		return fmt.Sprintf("+1555555%04d", (int(sum[0])<<8|int(sum[1]))%10_000)
	}
	letter := func(b byte) string { return string(rune('a' + b%26)) }
	return letter(sum[0]) + "@" + letter(sum[1])
}

func digestOf(address string) []byte {
	sum := sha256.Sum256([]byte(address))
	return sum[:addressDigest]
}

// codeData is what the Session of a code knows: a digest of the address, the code,
// and behind a zero byte the address where it is not the user's yet.
func codeData(to, code, newAddress string) []byte {
	data := append(digestOf(to), code...)
	if newAddress != "" {
		data = append(append(data, 0), newAddress...)
	}
	return data
}

func splitCode(data []byte) (to, code []byte, newAddress string, err error) {
	if len(data) < addressDigest {
		return nil, nil, "", fmt.Errorf("state of a code has %d bytes", len(data))
	}
	code, address, _ := bytes.Cut(data[addressDigest:], []byte{0})
	return data[:addressDigest], code, string(address), nil
}

// goesTo reports whether a digest is that of the user's address: the present one,
// or the one being set up for a user who still has none.
func (s codeStep) goesTo(u *store.User, digest []byte, newAddress string) bool {
	address := u.Attributes.Get(s.kind.attribute)
	if newAddress != "" {
		if address != "" {
			return false
		}
		address = newAddress
	}
	return bytes.Equal(digest, digestOf(address))
}

// drawCode draws decimal digits from the system's generator.
func drawCode(digits int) (string, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}
