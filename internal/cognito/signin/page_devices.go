package signin

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/tracking"
	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

// keptDevice is a browser that is going to be remembered as a device, and what it
// keeps for that: the device's key and password.
type keptDevice struct {
	row    *store.Device
	secret string
}

const deviceSeparator = "."

// toBeRemembered makes a device of the browser if the pool wants that, or leaves
// it to the user and the user wants it. Only a sign-in with two factors is worth
// it: without, there is nothing that the device could stand in for
// (endpoints.md §6.7).
func (o *Operations) toBeRemembered(ctx context.Context, a *attempt, factors []string) *keptDevice {
	config := a.client.Pool.Config().DeviceConfiguration
	if config == nil || a.user == nil || a.device != nil || len(factors) < 2 ||
		config.DeviceOnlyRememberedOnUserPrompt && !a.page.Remember {
		return nil
	}
	key, password, salt := a.client.Pool.NewDeviceKey(), rand.Text(), srp.NewSalt()
	from, now := api.RequestFrom(ctx), o.Now().UTC().Truncate(time.Millisecond)
	made := &keptDevice{secret: key + deviceSeparator + password}
	var verifier []byte
	o.Cores.Do(func() { verifier = srp.Verifier(a.client.Pool.DeviceGroupKey(), key, password, salt) })
	made.row = &store.Device{
		PoolID: a.client.PoolID, Sub: a.user.Sub, ID: key, Name: tracking.Describe(from.UserAgent), Remembered: true,
		Secret: store.Password{Salt: salt, Verifier: verifier}, LastIP: from.SourceIP,
		CreatedAt: now, ModifiedAt: now, AuthenticatedAt: now,
	}
	return made
}

// proveDevice looks at what the browser keeps as a remembered device of the user.
// It is proved at once, for the password comes along; a browser whose device was
// forgotten passes for a new one.
func (o *Operations) proveDevice(ctx context.Context, a *attempt) error {
	a.claimed, a.deviceProved = "", false
	key, password, ok := strings.Cut(a.page.Device, deviceSeparator)
	if !ok || a.user == nil || len(key) > maxDeviceKey {
		return nil
	}
	a.claimed = key
	if err := o.readDevice(ctx, a); err != nil {
		return err
	}
	if a.device != nil {
		secret := a.device.Secret
		o.Cores.Do(func() {
			a.deviceProved = srp.CheckPassword(a.client.Pool.DeviceGroupKey(), key, password, secret.Salt, secret.Verifier)
		})
	}
	if !a.deviceProved {
		a.claimed, a.device = "", nil
	}
	return nil
}
