package triggers

import (
	"context"

	"cognate/internal/api"
)

// PreAuthentication asks whether a user may sign in. validation is the
// ClientMetadata of the first request. An occasion without a User is that of a
// name nobody has, at a client that hides this.
func (t *Triggers) PreAuthentication(ctx context.Context, on Occasion, validation map[string]string) error {
	if !Has(on.Pool, PreAuthentication) {
		return nil
	}
	type request struct {
		Attributes object            `json:"userAttributes"`
		Validation map[string]string `json:"validationData"`
		NotFound   bool              `json:"userNotFound,omitzero"`
	}
	_, err := t.call(ctx, on, message{
		name: PreAuthentication, source: "PreAuthentication_Authentication",
		request: request{on.userAttributes(), validation, on.User == nil},
	})
	return err
}

// PostAuthentication tells that a user has signed in. newDevice is nil where
// devices are not tracked.
func (t *Triggers) PostAuthentication(ctx context.Context, on Occasion, newDevice *bool) error {
	if !Has(on.Pool, PostAuthentication) {
		return nil
	}
	type request struct {
		Attributes object            `json:"userAttributes"`
		NewDevice  bool              `json:"newDeviceUsed"`
		Metadata   map[string]string `json:"clientMetadata,omitzero"`
	}
	_, err := t.call(ctx, on, message{
		name: PostAuthentication, source: "PostAuthentication_Authentication",
		request: request{on.userAttributes(), newDevice != nil && *newDevice, on.Metadata},
	})
	return err
}

// Round is an answered challenge of a custom sign-in.
type Round struct {
	Challenge string  `json:"challengeName"`
	Right     bool    `json:"challengeResult"`
	Metadata  *string `json:"challengeMetadata"`
}

// Verdict is what DefineAuthChallenge decides: one of the three.
type Verdict struct {
	Fail, Tokens bool
	Challenge    string
}

// DefineAuthChallenge asks what comes next.
func (t *Triggers) DefineAuthChallenge(ctx context.Context, on Occasion, rounds []Round) (Verdict, error) {
	type request struct {
		Attributes object            `json:"userAttributes"`
		Session    []Round           `json:"session"`
		Metadata   map[string]string `json:"clientMetadata,omitzero"`
		NotFound   bool              `json:"userNotFound,omitzero"`
	}
	type response struct {
		Challenge *string `json:"challengeName"`
		Tokens    *bool   `json:"issueTokens"`
		Fail      *bool   `json:"failAuthentication"`
	}
	f, err := t.call(ctx, on, message{
		name: DefineAuthChallenge, source: "DefineAuthChallenge_Authentication",
		request:  request{on.userAttributes(), append([]Round{}, rounds...), on.Metadata, on.User == nil},
		response: response{},
	})
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Fail: f.is("failAuthentication"), Tokens: f.is("issueTokens"), Challenge: f.textOrEmpty("challengeName")}
	switch {
	case f.err != nil:
		return Verdict{}, f.err
	case v.Fail:
		return Verdict{Fail: true}, nil
	case v.Tokens:
		return Verdict{Tokens: true}, nil
	case v.Challenge == "":
		return Verdict{}, unrecognizable()
	}
	return v, nil
}

// Challenge is a custom challenge.
type Challenge struct {
	Public, Private map[string]string
	Metadata        *string
}

// CreateAuthChallenge asks for a challenge.
func (t *Triggers) CreateAuthChallenge(ctx context.Context, on Occasion, rounds []Round) (Challenge, error) {
	type request struct {
		Attributes object            `json:"userAttributes"`
		Challenge  string            `json:"challengeName"`
		Session    []Round           `json:"session"`
		Metadata   map[string]string `json:"clientMetadata,omitzero"`
		NotFound   bool              `json:"userNotFound,omitzero"`
	}
	type response struct {
		Public   map[string]string `json:"publicChallengeParameters"`
		Private  map[string]string `json:"privateChallengeParameters"`
		Metadata *string           `json:"challengeMetadata"`
	}
	f, err := t.call(ctx, on, message{
		name: CreateAuthChallenge, source: "CreateAuthChallenge_Authentication",
		request: request{
			on.userAttributes(), string(api.ChallengeNameTypeCustomChallenge), append([]Round{}, rounds...), on.Metadata, on.User == nil,
		},
		response: response{},
	})
	if err != nil {
		return Challenge{}, err
	}
	c := Challenge{
		Public:   f.texts("publicChallengeParameters"),
		Private:  f.texts("privateChallengeParameters"),
		Metadata: f.text("challengeMetadata"),
	}
	return c, f.err
}

// VerifyAuthChallengeResponse asks whether an answer is right.
func (t *Triggers) VerifyAuthChallengeResponse(ctx context.Context, on Occasion, private map[string]string, answer string) (bool, error) {
	type request struct {
		Attributes object            `json:"userAttributes"`
		Private    map[string]string `json:"privateChallengeParameters"`
		Answer     string            `json:"challengeAnswer"`
		Metadata   map[string]string `json:"clientMetadata,omitzero"`
		NotFound   bool              `json:"userNotFound,omitzero"`
	}
	type response struct {
		Right *bool `json:"answerCorrect"`
	}
	if private == nil {
		private = map[string]string{}
	}
	f, err := t.call(ctx, on, message{
		name: VerifyAuthChallengeResponse, source: "VerifyAuthChallengeResponse_Authentication",
		request:  request{on.userAttributes(), private, answer, on.Metadata, on.User == nil},
		response: response{},
	})
	if err != nil {
		return false, err
	}
	right, given := f.flag("answerCorrect")
	if f.err == nil && !given {
		f.err = unrecognizable()
	}
	return right, f.err
}
