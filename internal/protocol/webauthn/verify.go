package webauthn

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	lib "github.com/go-webauthn/webauthn/webauthn"
)

// maxCredential bounds what is read of an answer, in bytes (S086).
const maxCredential = 64 << 10

// What may be wrong with an answer. Callers choose the words that clients see.
var (
	ErrMalformed    = errors.New("webauthn: answer is not well formed")
	ErrOrigin       = errors.New("webauthn: origin is not one of the relying party's")
	ErrRelyingParty = errors.New("webauthn: answer is for another relying party")
	ErrUnsupported  = errors.New("webauthn: credential is not of a supported kind")
	ErrRefused      = errors.New("webauthn: answer does not prove what it has to")
)

// Ceremony is what an answer has to fit.
type Ceremony struct {
	RelyingPartyID string
	Challenge      string // base64url
	UserHandle     []byte
	// Apps are origins of native apps that may take part beside the pages of the
	// relying party, see NativeOrigin.
	Apps []string
	// Verified says that the authenticator must have verified the user.
	Verified bool
}

// Credential is what a relying party keeps of a credential.
type Credential struct {
	ID                []byte
	PublicKey         []byte // COSE form
	SignCount         uint32
	Transports        []string
	Attachment        string // platform, cross-platform or empty
	AAGUID            []byte
	AttestationFormat string
	BackupEligible    bool
	BackupState       bool
}

// Registration is an answer to creation options, parsed but not verified.
type Registration struct {
	parsed *protocol.ParsedCredentialCreationData
}

// ParseRegistration reads a RegistrationResponseJSON. The error is ErrMalformed.
func ParseRegistration(answer []byte) (*Registration, error) {
	if len(answer) > maxCredential {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(answer))
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMalformed, describe(err))
	}
	return &Registration{parsed}, nil
}

// Challenge is the challenge that the answer claims to be for.
func (r *Registration) Challenge() string { return r.parsed.Response.CollectedClientData.Challenge }

// Verify checks an answer and gives the credential it registers. The error wraps
// one of this package's.
func (r *Registration) Verify(c Ceremony) (*Credential, error) {
	data := r.parsed.Response.AttestationObject.AuthData
	if err := c.precheck(&r.parsed.Response.CollectedClientData, &data); err != nil {
		return nil, err
	}
	if err := supported(data.AttData.CredentialPublicKey); err != nil {
		return nil, err
	}
	relying, err := c.relyingParty(r.parsed.Response.CollectedClientData.Origin)
	if err != nil {
		return nil, err
	}
	session := c.session()
	session.CredParams = []protocol.CredentialParameter{
		{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
		{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
	}
	made, err := relying.CreateCredential(owner{handle: c.UserHandle}, session, r.parsed)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrRefused, describe(err))
	}
	return &Credential{
		ID: made.ID, PublicKey: made.PublicKey, SignCount: made.Authenticator.SignCount,
		Transports: transports(made.Transport), Attachment: string(made.Authenticator.Attachment),
		AAGUID: made.Authenticator.AAGUID, AttestationFormat: made.AttestationFormat,
		BackupEligible: made.Flags.BackupEligible, BackupState: made.Flags.BackupState,
	}, nil
}

// Assertion is an answer to request options, parsed but not verified.
type Assertion struct {
	parsed *protocol.ParsedCredentialAssertionData
}

// ParseAssertion reads an AuthenticationResponseJSON. The error is ErrMalformed.
func ParseAssertion(answer []byte) (*Assertion, error) {
	if len(answer) > maxCredential {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(answer))
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMalformed, describe(err))
	}
	return &Assertion{parsed}, nil
}

// CredentialID is the id of the credential that signed, base64url.
func (a *Assertion) CredentialID() string { return encode(a.parsed.RawID) }

// Use is what an assertion proves beside the possession of the key.
type Use struct {
	SignCount    uint32
	BackupState  bool
	UserVerified bool // by the authenticator, in this ceremony
}

// Verify checks an assertion of a credential. That the counter has risen is left
// to the caller, who knows what happened at the same time. The error wraps one
// of this package's.
func (a *Assertion) Verify(c Ceremony, k Credential) (Use, error) {
	data := a.parsed.Response.AuthenticatorData
	if err := c.precheck(&a.parsed.Response.CollectedClientData, &data); err != nil {
		return Use{}, err
	}
	if err := supported(k.PublicKey); err != nil {
		return Use{}, err
	}
	relying, err := c.relyingParty(a.parsed.Response.CollectedClientData.Origin)
	if err != nil {
		return Use{}, err
	}
	flags := protocol.AuthenticatorFlags(0)
	if k.BackupEligible {
		flags |= protocol.FlagBackupEligible
	}
	holder := owner{handle: c.UserHandle, credentials: []lib.Credential{{
		ID: k.ID, PublicKey: k.PublicKey, AttestationFormat: k.AttestationFormat,
		Flags:         lib.NewCredentialFlags(flags),
		Authenticator: lib.Authenticator{AAGUID: k.AAGUID, SignCount: k.SignCount},
	}}}
	session := c.session()
	session.AllowedCredentialIDs = [][]byte{k.ID}
	if _, err := relying.ValidateLogin(holder, session, a.parsed); err != nil {
		return Use{}, fmt.Errorf("%w: %s", ErrRefused, describe(err))
	}
	return Use{SignCount: data.Counter, BackupState: data.Flags.HasBackupState(), UserVerified: data.Flags.HasUserVerified()}, nil
}

// precheck finds what callers have a word of its own for.
func (c Ceremony) precheck(client *protocol.CollectedClientData, data *protocol.AuthenticatorData) error {
	native := NativeOrigin(client.Origin) && slices.Contains(c.Apps, client.Origin)
	if !native && !OriginAllowed(client.Origin, c.RelyingPartyID) {
		return fmt.Errorf("%w: %q", ErrOrigin, client.Origin)
	}
	if client.CrossOrigin || client.TopOrigin != "" {
		return fmt.Errorf("%w: embedded in a page of another site", ErrOrigin)
	}
	if sum := sha256.Sum256([]byte(c.RelyingPartyID)); !bytes.Equal(data.RPIDHash, sum[:]) {
		return ErrRelyingParty
	}
	return nil
}

// relyingParty is the library's view of a ceremony at an origin that was found
// to be allowed.
func (c Ceremony) relyingParty(origin string) (*lib.WebAuthn, error) {
	relying, err := lib.New(&lib.Config{
		RPID: c.RelyingPartyID, RPDisplayName: c.RelyingPartyID, RPOrigins: []string{origin},
		// Browsers add results of extensions that nobody asked for.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare relying party %q: %w", c.RelyingPartyID, err)
	}
	return relying, nil
}

func (c Ceremony) session() lib.SessionData {
	s := lib.SessionData{
		Challenge: c.Challenge, RelyingPartyID: c.RelyingPartyID, UserID: c.UserHandle,
		UserVerification: protocol.VerificationPreferred,
	}
	if c.Verified {
		s.UserVerification = protocol.VerificationRequired
	}
	return s
}

// supported refuses keys of other algorithms than those offered.
func supported(key []byte) error {
	parsed, err := webauthncose.ParsePublicKey(key)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrUnsupported, describe(err))
	}
	switch k := parsed.(type) {
	case webauthncose.EC2PublicKeyData:
		if webauthncose.COSEAlgorithmIdentifier(k.Algorithm) == webauthncose.AlgES256 {
			return nil
		}
	case webauthncose.RSAPublicKeyData:
		if webauthncose.COSEAlgorithmIdentifier(k.Algorithm) == webauthncose.AlgRS256 {
			return nil
		}
	}
	return fmt.Errorf("%w: algorithm was not offered", ErrUnsupported)
}

// owner is the user of a ceremony, as the library wants to see one.
type owner struct {
	handle      []byte
	credentials []lib.Credential
}

func (o owner) WebAuthnID() []byte                    { return o.handle }
func (o owner) WebAuthnName() string                  { return "" }
func (o owner) WebAuthnDisplayName() string           { return "" }
func (o owner) WebAuthnCredentials() []lib.Credential { return o.credentials }

func transports(list []protocol.AuthenticatorTransport) []string {
	var out []string
	for _, t := range list {
		out = append(out, string(t))
	}
	return out
}

// describe gives what the library knows of an error, for logs.
func describe(err error) string {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return e.Details + ": " + e.DevInfo
	}
	return err.Error()
}
