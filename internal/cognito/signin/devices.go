package signin

import (
	"bytes"
	"context"

	"cognate/internal/api"
	"cognate/internal/store"
)

const paramDeviceKey = "DEVICE_KEY"

// maxDeviceKey is the longest device key of the model.
const maxDeviceKey = 55

func errInvalidDevice() error { return api.InvalidParameterException("Invalid device key given.") }
func errNoDevice() error      { return api.ResourceNotFoundException("Device does not exist.") }

// claimFirst notes the device that a first request names. Where the proof comes
// along, a key that is not the user's is refused before the proof is looked at,
// the same for users and for names that nobody has; clients then forget the key
// and try again. Elsewhere the answer to come decides.
func (o *Operations) claimFirst(ctx context.Context, a *attempt) error {
	if a.page != nil {
		return o.proveDevice(ctx, a)
	}
	key := a.params[paramDeviceKey]
	if key == "" || len(key) > maxDeviceKey && !a.plaintext || !a.client.Pool.TracksDevices() {
		return nil
	}
	a.claimed = key
	if !a.plaintext {
		return nil
	}
	if err := o.readDevice(ctx, a); err != nil {
		return err
	}
	if a.device == nil {
		return errNoDevice()
	}
	return nil
}

// claimLater notes the device that an answer names, or else the one named
// before. A key that is not the user's, or another one than before, is refused
// without using up anything. After SRP, where clients first say which device
// they mean, the words are those at which they forget the key.
func (o *Operations) claimLater(ctx context.Context, a *attempt) error {
	if !a.client.Pool.TracksDevices() {
		return nil
	}
	if a.page != nil {
		return o.proveDevice(ctx, a)
	}
	a.claimed, a.deviceProved = a.state.Device, a.state.Proved
	key := a.params[paramDeviceKey]
	if key == "" {
		return nil
	}
	first := a.challenge == api.ChallengeNameTypePasswordVerifier
	if !first && a.claimed != "" && key != a.claimed {
		return errInvalidDevice()
	}
	a.claimed = key
	if err := o.readDevice(ctx, a); err != nil {
		return err
	}
	switch {
	case a.device != nil:
		return nil
	case first:
		return errNoDevice()
	}
	return errInvalidDevice()
}

func (o *Operations) readDevice(ctx context.Context, a *attempt) error {
	_, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, a.findDevice(ctx, tx)
	})
	return err
}

// findDevice looks the claimed device up, among those of the user only.
func (a *attempt) findDevice(ctx context.Context, tx *store.Tx) error {
	a.device = nil
	if a.claimed == "" || a.user == nil || !a.client.Pool.TracksDevices() {
		return nil
	}
	var err error
	a.device, _, err = tx.Device(ctx, a.user.PoolID, a.user.Sub, a.claimed)
	return err
}

// confirmDevice looks the device up again where the proof is recorded, and tells
// whether what was proved of it still holds.
func (a *attempt) confirmDevice(ctx context.Context, tx *store.Tx, proved *store.Device) (bool, error) {
	if err := a.findDevice(ctx, tx); err != nil || proved == nil {
		return true, err
	}
	a.deviceProved = a.device != nil && a.device.ID == proved.ID && bytes.Equal(a.device.Secret.Verifier, proved.Secret.Verifier)
	return a.deviceProved, nil
}

// remembered reports whether the caller claims a device that the user has had
// remembered.
func (a *attempt) remembered() bool { return a.device != nil && a.device.Remembered }

// deviceInsteadOfMFA reports whether the proof of a remembered device, which the
// gate asks for, stands in for a second factor (auth-flows.md §5).
func (a *attempt) deviceInsteadOfMFA() bool {
	return a.remembered() && a.client.Pool.Config().DeviceConfiguration.ChallengeRequiredOnNewDevice
}

// newDevice reports whether the pool tracks devices and this sign-in brings none
// that it knows.
func (a *attempt) newDevice() bool { return a.client.Pool.TracksDevices() && a.device == nil }

// deviceProved asks a remembered device for the proof of its own secret.
func deviceProved(o *Operations, a *attempt, _ *store.User) (step, error) {
	if !a.remembered() || a.deviceProved {
		return nil, nil
	}
	return deviceStep{o}, nil
}

// bindDevice ties the tokens of a completed sign-in to the device they are given
// to: the known one, or one that fresh is the key of. It gives what a client
// needs to confirm a new one, nil otherwise.
func (o *Operations) bindDevice(ctx context.Context, tx *store.Tx, a *attempt, f *store.Family, fresh string) (*api.NewDeviceMetadataType, error) {
	switch {
	case a.newDevice():
		f.DeviceKey = fresh
		group := a.client.Pool.DeviceGroupKey()
		return &api.NewDeviceMetadataType{DeviceKey: fresh, DeviceGroupKey: &group}, nil
	case a.device == nil:
		return nil, nil
	}
	f.DeviceKey = a.device.ID
	if !a.deviceProved {
		return nil, nil
	}
	used, err := tx.UseDevice(ctx, f.PoolID, f.Sub, a.device.ID, api.RequestFrom(ctx).SourceIP, f.AuthAt)
	if err == nil && !used { // forgotten since it was looked up
		err = errNoDevice()
	}
	return nil, err
}
