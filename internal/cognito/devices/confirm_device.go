package devices

import (
	"context"
	"errors"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/tokens"
	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

// ConfirmDevice makes the device that a sign-in was given a key for one of the
// user's, remembered unless the pool leaves that to the user. Only the sign-in
// that was given the key can confirm it.
func (o *Operations) ConfirmDevice(ctx context.Context, in *api.ConfirmDeviceRequest) (*api.ConfirmDeviceResponse, error) {
	who, b, err := o.bearer(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if b.DeviceKey != in.DeviceKey {
		return nil, api.InvalidParameterException("Invalid device key given.")
	}
	secret, err := verifier(in.DeviceSecretVerifierConfig)
	if err != nil {
		return nil, err
	}
	asks := who.pool.Config().DeviceConfiguration.DeviceOnlyRememberedOnUserPrompt
	now := o.Now().UTC().Truncate(time.Millisecond)
	device := &store.Device{
		PoolID: who.pool.ID, Sub: who.user.Sub, ID: in.DeviceKey, Name: in.DeviceName,
		Remembered: !asks, Secret: *secret, LastIP: api.RequestFrom(ctx).SourceIP,
		CreatedAt: now, ModifiedAt: now, AuthenticatedAt: b.AuthTime,
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.add(ctx, tx, b, device)
	})
	if err != nil {
		return nil, err
	}
	return &api.ConfirmDeviceResponse{UserConfirmationNecessary: asks}, nil
}

// add stores a device, unless its sign-in has ended meanwhile.
func (o *Operations) add(ctx context.Context, tx *store.Tx, b *tokens.Bearer, device *store.Device) error {
	family, _, err := tx.Family(ctx, device.PoolID, b.FamilyID)
	if err != nil {
		return err
	}
	if family == nil || !family.RevokedAt.IsZero() {
		return api.NotAuthorizedException("Access Token has been revoked")
	}
	added, err := tx.InsertDevice(ctx, device)
	if err == nil && !added {
		err = api.DeviceKeyExistsException("Device key already exists.")
	}
	return err
}

// verifier reads what the client sends in the place of the device's password.
func verifier(config *api.DeviceSecretVerifierConfigType) (*store.Password, error) {
	if config == nil || config.Salt == nil || config.PasswordVerifier == nil {
		return nil, api.InvalidParameterException("Missing required parameter DeviceSecretVerifierConfig")
	}
	salt, value, err := srp.ParseDeviceVerifier(*config.Salt, *config.PasswordVerifier)
	switch {
	case errors.Is(err, srp.ErrNegative):
		return nil, api.InvalidParameterException("Invalid device secret verifier given: a value is negative.")
	case err != nil:
		return nil, api.InvalidParameterException("Invalid device secret verifier given.")
	}
	return &store.Password{Salt: salt, Verifier: value}, nil
}
