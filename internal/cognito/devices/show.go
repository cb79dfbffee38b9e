package devices

import (
	"context"
	"strings"

	"cognate/internal/api"
	"cognate/internal/store"
)

// defaultPage is the size of a page when the request names none, or 0.
const defaultPage = 60

// GetDevice shows a device of the token's user.
func (o *Operations) GetDevice(ctx context.Context, in *api.GetDeviceRequest) (*api.GetDeviceResponse, error) {
	if in.AccessToken == nil {
		return nil, api.InvalidParameterException("Missing required parameter AccessToken")
	}
	who, _, err := o.bearer(ctx, *in.AccessToken)
	if err != nil {
		return nil, err
	}
	device, err := o.get(ctx, who, in.DeviceKey)
	if err != nil {
		return nil, err
	}
	return &api.GetDeviceResponse{Device: device}, nil
}

// AdminGetDevice shows a device of a user.
func (o *Operations) AdminGetDevice(ctx context.Context, in *api.AdminGetDeviceRequest) (*api.AdminGetDeviceResponse, error) {
	who, err := o.shown(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	device, err := o.get(ctx, who, in.DeviceKey)
	if err != nil {
		return nil, err
	}
	return &api.AdminGetDeviceResponse{Device: device}, nil
}

func (o *Operations) get(ctx context.Context, who *owner, key string) (*api.DeviceType, error) {
	device, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Device, error) {
		device, found, err := tx.Device(ctx, who.pool.ID, who.user.Sub, key)
		if err == nil && !found {
			err = errNoDevice()
		}
		return device, err
	})
	if err != nil {
		return nil, err
	}
	shown := who.describe(device)
	return &shown, nil
}

// ListDevices lists the remembered devices of the token's user.
func (o *Operations) ListDevices(ctx context.Context, in *api.ListDevicesRequest) (*api.ListDevicesResponse, error) {
	who, _, err := o.bearer(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	list, next, err := o.list(ctx, who, in.Limit, in.PaginationToken)
	if err != nil {
		return nil, err
	}
	return &api.ListDevicesResponse{Devices: list, PaginationToken: next}, nil
}

// AdminListDevices lists all devices of a user.
func (o *Operations) AdminListDevices(ctx context.Context, in *api.AdminListDevicesRequest) (*api.AdminListDevicesResponse, error) {
	who, err := o.shown(ctx, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	list, next, err := o.list(ctx, who, in.Limit, in.PaginationToken)
	if err != nil {
		return nil, err
	}
	return &api.AdminListDevicesResponse{Devices: list, PaginationToken: next}, nil
}

func (o *Operations) list(ctx context.Context, who *owner, limit *int32, token string) ([]api.DeviceType, string, error) {
	size := defaultPage
	if limit != nil && *limit > 0 {
		size = int(*limit)
	}
	scope := strings.Join([]string{"ListDevices", who.pool.ID, who.user.Sub}, "\n")
	if who.admin {
		scope = "Admin" + scope
	}
	after, err := o.Paging.After(token, scope)
	if err != nil {
		return nil, "", err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Device, error) {
		// One more than asked for tells whether there is a next page.
		return tx.Devices(ctx, who.pool.ID, who.user.Sub, !who.admin, after, size+1)
	})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(found) > size {
		found = found[:size]
		next = o.Paging.Encode(scope, found[size-1].ID)
	}
	list := make([]api.DeviceType, 0, len(found))
	for _, device := range found {
		list = append(list, who.describe(device))
	}
	return list, next, nil
}

// describe shows a device; what only administrators see begins with "dev:".
func (who *owner) describe(d *store.Device) api.DeviceType {
	shown := api.DeviceType{
		DeviceKey:                   d.ID,
		DeviceCreateDate:            api.TimeOf(d.CreatedAt),
		DeviceLastModifiedDate:      api.TimeOf(d.ModifiedAt),
		DeviceLastAuthenticatedDate: api.TimeOf(d.AuthenticatedAt),
	}
	add := func(name, value string) {
		if value != "" {
			shown.DeviceAttributes = append(shown.DeviceAttributes, api.AttributeType{Name: name, Value: &value})
		}
	}
	add("device_status", "valid")
	add("device_name", d.Name)
	if who.admin {
		holder := who.user.Username + "." + who.pool.ID
		add("dev:device_arn", who.arn()+"owner/"+holder+"/device/"+d.ID)
		add("dev:device_owner", holder)
	}
	add("last_ip_used", d.LastIP)
	if who.admin {
		status := api.DeviceRememberedStatusTypeNotRemembered
		if d.Remembered {
			status = api.DeviceRememberedStatusTypeRemembered
		}
		add("dev:device_remembered_status", string(status))
	}
	return shown
}

// arn is the ARN of the pool up to the kind of thing it names.
func (who *owner) arn() string {
	prefix, _, _ := strings.Cut(who.pool.Config().Arn, "userpool/")
	return prefix
}
