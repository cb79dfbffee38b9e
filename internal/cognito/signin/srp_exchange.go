package signin

import (
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"cognate/internal/api"
	"cognate/internal/protocol/srp"
)

// The parameters of an SRP exchange, by which a password or the secret of a device
// is proven without sending it (auth-flows.md §13).
const (
	paramSRPA        = "SRP_A"
	paramSignature   = "PASSWORD_CLAIM_SIGNATURE"
	paramSecretBlock = "PASSWORD_CLAIM_SECRET_BLOCK"
	paramTimestamp   = "TIMESTAMP"
)

const (
	// claimSkew is how far the TIMESTAMP of a proof may be from the server's clock.
	claimSkew = 5 * time.Minute
	// groupElement is the length of a public value, in bytes.
	groupElement = 384
)

// srpSubject is what a client says to know the secret of.
type srpSubject struct {
	name     string // of the pool or the group of devices
	id       string // of the user or the device
	verifier []byte
}

// publicOf reads the public value that a client begins an exchange with.
func publicOf(a *attempt) ([]byte, error) {
	public, err := srp.ParsePublic(a.params[paramSRPA])
	if err != nil {
		return nil, api.InvalidParameterException("Invalid SRP_A value.")
	}
	return public, nil
}

// beginSRP answers a public value of a client. The state of the exchange goes into
// SECRET_BLOCK: A, B, b.
func (o *Operations) beginSRP(verifier, clientPublic []byte) (exchange *srp.Server, state []byte, err error) {
	secret := srp.NewSecret()
	o.Cores.Do(func() { exchange, err = srp.NewServer(verifier, secret) })
	if err != nil {
		return nil, nil, fmt.Errorf("begin an SRP exchange: %w", err)
	}
	state = make([]byte, 0, 2*groupElement+srp.SecretSize)
	state = append(append(append(state, clientPublic...), exchange.Public()...), secret...)
	return exchange, state, nil
}

// timely refuses proofs that were not made just now.
func (o *Operations) timely(a *attempt) error {
	at, err := srp.ParseTimestamp(a.params[paramTimestamp])
	if err != nil {
		return api.InvalidParameterException("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	if age := o.Now().Sub(at); age.Abs() > claimSkew {
		return errIncorrect()
	}
	return nil
}

// checkSRP reports whether the signature of a client proves the subject's secret.
// state is that of beginSRP. It costs the same for every subject.
func (o *Operations) checkSRP(a *attempt, state []byte, of srpSubject) (bool, error) {
	if len(state) != 2*groupElement+srp.SecretSize {
		return false, fmt.Errorf("state of an SRP exchange has %d bytes", len(state))
	}
	clientPublic, public, secret := state[:groupElement], state[groupElement:2*groupElement], state[2*groupElement:]
	block, err := base64.StdEncoding.DecodeString(a.params[paramSecretBlock])
	if err != nil {
		return false, fmt.Errorf("decode an opened SECRET_BLOCK: %w", err)
	}
	o.Cores.Do(func() {
		var exchange *srp.Server
		if exchange, err = srp.ResumeServer(of.verifier, secret, public); err != nil {
			return
		}
		err = exchange.VerifyClaim(clientPublic, srp.Claim{
			Name: of.name, UserID: of.id, SecretBlock: block, Timestamp: a.params[paramTimestamp],
		}, a.params[paramSignature])
	})
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, srp.ErrSignature), errors.Is(err, srp.ErrDegenerate):
		return false, nil
	}
	return false, fmt.Errorf("check an SRP proof: %w", err)
}
