package directory

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/google/uuid"
)

// TracksDevices reports whether the pool gives device keys to sign-ins.
func (p *Pool) TracksDevices() bool { return p.Config().DeviceConfiguration != nil }

// deviceGroupLetters is the length of a device group key behind its hyphen.
const deviceGroupLetters = 8

// DeviceGroupKey names the pool in the proofs of its devices (auth-flows.md
// §13.1). It is no secret, and is the same for the life of the pool: devices
// keep it beside their passwords.
func (p *Pool) DeviceGroupKey() string {
	sum := sha256.Sum256([]byte("device group of " + p.ID))
	return "-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:deviceGroupLetters]
}

// NewDeviceKey makes a key that no device has had.
func (p *Pool) NewDeviceKey() string { return p.Region + "_" + uuid.NewString() }
