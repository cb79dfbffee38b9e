// Package devices holds the operations on the devices of users: ConfirmDevice,
// GetDevice, ListDevices, ForgetDevice, UpdateDeviceStatus and the four admin
// forms (users-and-pools.md §12, auth-flows.md §13.1).
//
// A pool with a device configuration gives every sign-in that brings no device
// it knows a fresh device key. The client makes up a password for it and sends
// the verifier with ConfirmDevice; from then on the device is one of the user's,
// and with the user's consent, or without where the pool asks for none, it is
// remembered. What a remembered device is good for is decided in package signin,
// and how refresh tokens are bound to it in package tokens.
//
// Operations with an access token see and change the devices of its user only.
package devices
