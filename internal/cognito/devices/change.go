package devices

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/store"
)

// ForgetDevice removes a device of the token's user. Refresh tokens that are
// bound to it end with it.
func (o *Operations) ForgetDevice(ctx context.Context, in *api.ForgetDeviceRequest) error {
	if in.AccessToken == nil {
		return api.InvalidParameterException("Missing required parameter AccessToken")
	}
	who, _, err := o.bearer(ctx, *in.AccessToken)
	if err != nil {
		return err
	}
	return o.forget(ctx, who, in.DeviceKey)
}

// AdminForgetDevice removes a device of a user.
func (o *Operations) AdminForgetDevice(ctx context.Context, in *api.AdminForgetDeviceRequest) error {
	who, err := o.named(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return err
	}
	return o.forget(ctx, who, in.DeviceKey)
}

func (o *Operations) forget(ctx context.Context, who *owner, key string) error {
	return o.change(ctx, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.DeleteDevice(ctx, who.pool.ID, who.user.Sub, key)
	})
}

// UpdateDeviceStatus remembers a device of the token's user, or stops to.
func (o *Operations) UpdateDeviceStatus(ctx context.Context, in *api.UpdateDeviceStatusRequest) (*api.UpdateDeviceStatusResponse, error) {
	who, _, err := o.bearer(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := o.remember(ctx, who, in.DeviceKey, in.DeviceRememberedStatus); err != nil {
		return nil, err
	}
	return &api.UpdateDeviceStatusResponse{}, nil
}

// AdminUpdateDeviceStatus remembers a device of a user, or stops to.
func (o *Operations) AdminUpdateDeviceStatus(ctx context.Context, in *api.AdminUpdateDeviceStatusRequest) (*api.AdminUpdateDeviceStatusResponse, error) {
	who, err := o.named(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	if err := o.remember(ctx, who, in.DeviceKey, in.DeviceRememberedStatus); err != nil {
		return nil, err
	}
	return &api.AdminUpdateDeviceStatusResponse{}, nil
}

// remember changes the status of a device. Without a status nothing changes,
// but the device has to be there.
func (o *Operations) remember(ctx context.Context, who *owner, key string, status api.DeviceRememberedStatusType) error {
	if status == "" {
		_, err := o.get(ctx, who, key)
		return err
	}
	return o.change(ctx, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.RememberDevice(ctx, who.pool.ID, who.user.Sub, key, status == api.DeviceRememberedStatusTypeRemembered, o.Now())
	})
}

// change runs a transaction that tells whether the device was there.
func (o *Operations) change(ctx context.Context, body func(ctx context.Context, tx *store.Tx) (bool, error)) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		found, err := body(ctx, tx)
		if err == nil && !found {
			err = errNoDevice()
		}
		return struct{}{}, err
	})
	return err
}
