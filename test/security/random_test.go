package security_test

import (
	"context"
	"crypto/rsa"
	"errors"
)

// noKeys gives no signing keys, where no pool is made.
type noKeys struct{}

func (noKeys) Next(context.Context) (*rsa.PrivateKey, error) { return nil, errors.New("no keys here") }
