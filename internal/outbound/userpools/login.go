package userpools

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/protocol/srp/srpclient"
)

// Login shows passwords to a pool of the other side. All fields but ClientSecret
// are set.
type Login struct {
	Service      *Service
	PoolID       string
	ClientID     string // of an app client that allows Flow
	ClientSecret string
	Flow         api.AuthFlowType // USER_PASSWORD_AUTH or USER_SRP_AUTH
}

// Outcome is what the other side made of a password.
type Outcome struct {
	// Right says that the password is the user's.
	Right bool
	// MustChange says that it is a temporary one, or that the user has to choose
	// another.
	MustChange bool
	// Known is who the user is there; nil when that takes another factor.
	Known *Person
}

// Person is a user as the other side tells of a signed-in one.
type Person struct {
	Username   string
	Attributes []api.AttributeType // sub among them
	Factors    []string            // enabled second factors
	Preferred  string
}

// Check signs in with a password. Wrong passwords and unknown users are no errors.
// The tokens that come of it are revoked, as far as the client can.
func (l *Login) Check(ctx context.Context, username, password string) (*Outcome, error) {
	answer, err := l.begin(ctx, username, password)
	switch {
	case saysNothing(err):
		return nil, fmt.Errorf("check a password at pool %s: %w", l.PoolID, err)
	case api.HasCode(err, "NotAuthorizedException"), api.HasCode(err, "UserNotFoundException"):
		return &Outcome{}, nil
	case api.HasCode(err, "PasswordResetRequiredException"), api.HasCode(err, "UserNotConfirmedException"):
		return &Outcome{}, nil // nothing is proven before the password is looked at
	case err != nil:
		return nil, fmt.Errorf("check a password at pool %s: %w", l.PoolID, err)
	}
	if answer.AuthenticationResult == nil || answer.AuthenticationResult.AccessToken == nil {
		return outcomeOf(answer.ChallengeName)
	}
	var user api.GetUserResponse
	err = l.Service.Call(ctx, "GetUser", &api.GetUserRequest{AccessToken: *answer.AuthenticationResult.AccessToken}, &user)
	if err != nil {
		return nil, fmt.Errorf("read a user of pool %s: %w", l.PoolID, err)
	}
	if refresh := answer.AuthenticationResult.RefreshToken; refresh != nil {
		// A client that does not revoke tokens refuses; the session there ends by
		// itself.
		_ = l.Service.Call(ctx, "RevokeToken", &api.RevokeTokenRequest{ClientId: l.ClientID, ClientSecret: l.ClientSecret, Token: *refresh}, nil)
	}
	return &Outcome{Right: true, Known: &Person{
		Username: user.Username, Attributes: user.UserAttributes, Factors: user.UserMFASettingList, Preferred: textOf(user.PreferredMfaSetting),
	}}, nil
}

// unsaid are beginnings of refusals that have the code of a wrong password and are
// about something else: the secret of the client, a lock-out after wrong guesses, or
// the network that all checks come from (spec/recorded.md §2.2, errors.md §5).
var unsaid = []string{
	"Unable to verify secret hash", "Client ", attemptsExceeded, "Unable to login because of security reasons",
}

const attemptsExceeded = "Password attempts exceeded"

// LockedOut reports whether an error of Check says that there were too many wrong
// passwords there.
func LockedOut(err error) bool {
	refused, ok := errors.AsType[*api.Error](err)
	return ok && refused.Code == "NotAuthorizedException" && refused.Message == attemptsExceeded
}

// saysNothing reports whether a refusal leaves open if the password is right.
func saysNothing(err error) bool {
	refused, ok := errors.AsType[*api.Error](err)
	return ok && refused.Code == "NotAuthorizedException" &&
		slices.ContainsFunc(unsaid, func(text string) bool { return strings.HasPrefix(refused.Message, text) })
}

// afterPassword are the challenges that only a right password leads to.
var afterPassword = []api.ChallengeNameType{
	api.ChallengeNameTypeSmsMfa, api.ChallengeNameTypeSoftwareTokenMfa, api.ChallengeNameTypeEmailOtp,
	api.ChallengeNameTypeMfaSetup, api.ChallengeNameTypeSelectMfaType,
}

// outcomeOf says what a challenge tells about the password before it.
func outcomeOf(challenge api.ChallengeNameType) (*Outcome, error) {
	if challenge == api.ChallengeNameTypeNewPasswordRequired {
		return &Outcome{Right: true, MustChange: true}, nil
	}
	if slices.Contains(afterPassword, challenge) {
		return &Outcome{Right: true}, nil
	}
	return nil, fmt.Errorf("the old pool asks for %q after a password", challenge)
}

func (l *Login) begin(ctx context.Context, username, password string) (*api.InitiateAuthResponse, error) {
	in := &api.InitiateAuthRequest{AuthFlow: l.Flow, ClientId: l.ClientID, AuthParameters: map[string]string{"USERNAME": username}}
	l.hash(in.AuthParameters, username)
	answer := &api.InitiateAuthResponse{}
	if l.Flow != api.AuthFlowTypeUserSrpAuth {
		in.AuthParameters["PASSWORD"] = password
		return answer, l.Service.Call(ctx, "InitiateAuth", in, answer)
	}
	proof := srpclient.New()
	in.AuthParameters["SRP_A"] = proof.A()
	if err := l.Service.Call(ctx, "InitiateAuth", in, answer); err != nil {
		return nil, err
	}
	if answer.ChallengeName != api.ChallengeNameTypePasswordVerifier {
		return nil, fmt.Errorf("the old pool asks for %q instead of a password", answer.ChallengeName)
	}
	return l.prove(ctx, proof, password, answer)
}

// prove answers PASSWORD_VERIFIER.
func (l *Login) prove(ctx context.Context, proof *srpclient.Client, password string, asked *api.InitiateAuthResponse) (*api.InitiateAuthResponse, error) {
	given := asked.ChallengeParameters
	user := given["USER_ID_FOR_SRP"]
	_, short, found := strings.Cut(l.PoolID, "_")
	if !found || user == "" {
		return nil, errors.New("the old pool's challenge names no user")
	}
	stamp := srpclient.Timestamp(l.Service.Now())
	signature, err := proof.Sign(srpclient.Challenge{
		Name: short, UserID: user, Password: password, Salt: given["SALT"], B: given["SRP_B"], SecretBlock: given["SECRET_BLOCK"],
	}, stamp)
	if err != nil {
		return nil, fmt.Errorf("answer the old pool's challenge: %w", err)
	}
	in := &api.RespondToAuthChallengeRequest{
		ChallengeName: asked.ChallengeName, ClientId: l.ClientID, Session: asked.Session,
		ChallengeResponses: map[string]string{
			"USERNAME": user, "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"], "PASSWORD_CLAIM_SIGNATURE": signature, "TIMESTAMP": stamp,
		},
	}
	l.hash(in.ChallengeResponses, user)
	answer := &api.InitiateAuthResponse{}
	return answer, l.Service.Call(ctx, "RespondToAuthChallenge", in, answer)
}

// hash adds the SECRET_HASH of a confidential client.
func (l *Login) hash(parameters map[string]string, username string) {
	if l.ClientSecret == "" {
		return
	}
	mac := hmac.New(sha256.New, []byte(l.ClientSecret))
	mac.Write([]byte(username + l.ClientID))
	parameters["SECRET_HASH"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
