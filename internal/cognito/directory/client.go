package directory

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// Lifetimes of clients that set none (spec/tokens.md §7).
const (
	DefaultTokenLifetime   = time.Hour
	DefaultRefreshLifetime = 30 * 24 * time.Hour
	DefaultSessionLifetime = 3 * time.Minute
)

// Client is a compiled app client.
type Client struct {
	store.Client
	Pool *Pool

	readable, writable func(name string) bool
}

func compileClient(row *store.Client, pool *Pool) *Client {
	return &Client{
		Client:   *row,
		Pool:     pool,
		readable: attributes.Readable(pool.Schema, &row.Settings),
		writable: attributes.Writable(pool.Schema, &row.Settings),
	}
}

// Config gives the settings of the client, to be read only. It holds no
// secret.
func (c *Client) Config() *api.UserPoolClientType { return &c.Settings }

// Confidential reports whether the client has a secret.
func (c *Client) Confidential() bool { return len(c.Secrets) > 0 }

// OpenlyRegistered reports whether anybody may have made the client. Such a client
// gets nothing without the user's consent (S026).
func (c *Client) OpenlyRegistered() bool { return c.Registration == store.RegisteredOpenly }

// CheckSecretHash checks a SECRET_HASH against every secret in force, over
// the user name as the request carried it and, unless empty, over the
// canonical one (spec/auth-flows.md §3). An empty hash is an absent one. All
// candidates are compared whatever the outcome, in constant time.
func (c *Client) CheckSecretHash(hash, username, orCanonical string) error {
	switch {
	case !c.Confidential() && hash == "":
		return nil
	case !c.Confidential():
		return api.InvalidParameterException("App client %s is not configured for secret but secret hash was received", c.ID)
	case hash == "":
		return api.NotAuthorizedException("Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	}
	if orCanonical == "" {
		orCanonical = username
	}
	match := 0
	for _, secret := range c.Secrets {
		for _, name := range []string{username, orCanonical} {
			match |= subtle.ConstantTimeCompare([]byte(hash), []byte(secretHash(secret.Value, name, c.ID)))
		}
	}
	if match == 0 {
		return api.NotAuthorizedException("Unable to verify secret hash for client %s", c.ID)
	}
	return nil
}

// SecretHash is the SECRET_HASH that a request of the client's own would carry for
// a user name; empty for a client without secret. The pages of a pool's domain
// act for its clients.
func (c *Client) SecretHash(username string) string {
	if !c.Confidential() {
		return ""
	}
	return secretHash(c.Secrets[0].Value, username, c.ID)
}

func secretHash(secret, username, clientID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// CheckSecret reports whether secret is one in force, in constant time. A
// client without secrets takes only the empty one: a secret it does not have
// is refused.
func (c *Client) CheckSecret(secret string) bool {
	if !c.Confidential() {
		return secret == ""
	}
	given := sha256.Sum256([]byte(secret))
	match := 0
	for _, s := range c.Secrets {
		want := sha256.Sum256([]byte(s.Value))
		match |= subtle.ConstantTimeCompare(given[:], want[:])
	}
	return match == 1
}

// HidesExistence reports whether the client's answers must not tell whether a
// user exists (PreventUserExistenceErrors).
func (c *Client) HidesExistence() bool {
	return c.Settings.PreventUserExistenceErrors == api.PreventUserExistenceErrorTypesEnabled
}

// HidesSignUps reports whether SignUp has to answer for a name that is taken as
// for a new one.
func (c *Client) HidesSignUps() bool { return c.HidesExistence() && c.Pool.HiddenName() != "" }

// Readable reports whether the client may see an attribute.
func (c *Client) Readable(name string) bool { return c.readable(name) }

// Writable reports whether the client may set an attribute.
func (c *Client) Writable(name string) bool { return c.writable(name) }

// AccessTokenLifetime is the life of the client's access tokens.
func (c *Client) AccessTokenLifetime() time.Duration {
	return lifetime(c.Settings.AccessTokenValidity, c.units().AccessToken, time.Hour, DefaultTokenLifetime)
}

// IDTokenLifetime is the life of the client's ID tokens.
func (c *Client) IDTokenLifetime() time.Duration {
	return lifetime(c.Settings.IdTokenValidity, c.units().IdToken, time.Hour, DefaultTokenLifetime)
}

// RefreshTokenLifetime is the life of the client's refresh tokens, counted
// from the sign-in.
func (c *Client) RefreshTokenLifetime() time.Duration {
	return lifetime(c.Settings.RefreshTokenValidity, c.units().RefreshToken, 24*time.Hour, DefaultRefreshLifetime)
}

// AuthSessionLifetime is how long a step of a sign-in may take.
func (c *Client) AuthSessionLifetime() time.Duration {
	return lifetime(c.Settings.AuthSessionValidity, "", time.Minute, DefaultSessionLifetime)
}

// TokenRevocation reports whether the client's tokens can be revoked.
func (c *Client) TokenRevocation() bool {
	return c.Settings.EnableTokenRevocation == nil || *c.Settings.EnableTokenRevocation
}

// Rotation reports whether a refresh gives a new refresh token, and how long
// the old one may then be used again.
func (c *Client) Rotation() (on bool, grace time.Duration) {
	r := c.Settings.RefreshTokenRotation
	if r == nil || r.Feature != api.FeatureTypeEnabled {
		return false, 0
	}
	if r.RetryGracePeriodSeconds != nil {
		grace = time.Duration(*r.RetryGracePeriodSeconds) * time.Second
	}
	return true, grace
}

func (c *Client) units() api.TokenValidityUnitsType {
	if c.Settings.TokenValidityUnits == nil {
		return api.TokenValidityUnitsType{}
	}
	return *c.Settings.TokenValidityUnits
}

func lifetime(value *int32, unit api.TimeUnitsType, defaultUnit, absent time.Duration) time.Duration {
	if value == nil || *value == 0 {
		return absent
	}
	return time.Duration(*value) * UnitLength(unit, defaultUnit)
}

// UnitLength is the length of a unit of token validity; none selects the
// default.
func UnitLength(unit api.TimeUnitsType, absent time.Duration) time.Duration {
	switch unit {
	case api.TimeUnitsTypeSeconds:
		return time.Second
	case api.TimeUnitsTypeMinutes:
		return time.Minute
	case api.TimeUnitsTypeHours:
		return time.Hour
	case api.TimeUnitsTypeDays:
		return 24 * time.Hour
	default:
		return absent
	}
}

// ForTest makes a compiled client of a pool that is in no database.
func ForTest(pool *Pool, row *store.Client) *Client { return compileClient(row, pool) }
