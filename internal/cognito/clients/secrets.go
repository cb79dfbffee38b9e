package clients

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

// maxSecrets is how many secrets of a client are in force at a time
// (spec/newest-features.md §7).
const maxSecrets = 2

// Lengths of what is generated (spec/users-and-pools.md §1).
const (
	clientIDLength = 26
	secretLength   = 51
)

// AddUserPoolClientSecret gives a confidential client a second secret, so that
// the first can be replaced without a gap. Only a generated value is answered.
func (o *Operations) AddUserPoolClientSecret(ctx context.Context, in *api.AddUserPoolClientSecretRequest) (*api.AddUserPoolClientSecretResponse, error) {
	value := cmp.Or(in.ClientSecret, generateSecret())
	secret, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (store.ClientSecret, error) {
		_, client, err := lock(ctx, tx, in.UserPoolId, in.ClientId)
		switch {
		case err != nil:
			return store.ClientSecret{}, err
		case notRegistered(client) != nil:
			return store.ClientSecret{}, notRegistered(client)
		case len(client.Secrets) == 0:
			return store.ClientSecret{}, api.InvalidParameterException("User pool client %s is not configured for secret.", client.ID)
		case len(client.Secrets) >= maxSecrets:
			return store.ClientSecret{}, api.LimitExceededException("User pool client %s already has %d client secrets.", client.ID, maxSecrets)
		}
		secret := newSecret(client.ID, value, o.Now(), client.Secrets)
		return secret, tx.InsertClientSecret(ctx, client.PoolID, client.ID, secret)
	})
	if err != nil {
		return nil, secretError(err)
	}
	o.Directory.Forget(in.UserPoolId)
	descriptor := descriptorOf(secret)
	if in.ClientSecret == "" {
		descriptor.ClientSecretValue = secret.Value
	}
	return &api.AddUserPoolClientSecretResponse{ClientSecretDescriptor: &descriptor}, nil
}

// ListUserPoolClientSecrets lists the secrets of a client without their
// values, the oldest first. They fit on one page, so no token is a valid one.
func (o *Operations) ListUserPoolClientSecrets(ctx context.Context, in *api.ListUserPoolClientSecretsRequest) (*api.ListUserPoolClientSecretsResponse, error) {
	client, err := o.load(ctx, in.UserPoolId, in.ClientId)
	if err == nil {
		err = notRegistered(client)
	}
	if err != nil {
		return nil, secretError(err)
	}
	if in.NextToken != "" {
		if _, err := o.Paging.Decode(in.NextToken, "ListUserPoolClientSecrets"); err != nil {
			return nil, secretError(err)
		}
	}
	out := &api.ListUserPoolClientSecretsResponse{ClientSecrets: []api.ClientSecretDescriptorType{}}
	for _, secret := range client.Secrets {
		out.ClientSecrets = append(out.ClientSecrets, descriptorOf(secret))
	}
	return out, nil
}

// DeleteUserPoolClientSecret takes a secret out of force, unless it is the
// client's last.
func (o *Operations) DeleteUserPoolClientSecret(ctx context.Context, in *api.DeleteUserPoolClientSecretRequest) (*api.DeleteUserPoolClientSecretResponse, error) {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		_, client, err := lock(ctx, tx, in.UserPoolId, in.ClientId)
		switch {
		case err != nil:
			return struct{}{}, err
		case notRegistered(client) != nil:
			return struct{}{}, notRegistered(client)
		case !slices.ContainsFunc(client.Secrets, func(s store.ClientSecret) bool { return s.ID == in.ClientSecretId }):
			return struct{}{}, api.ResourceNotFoundException("Client secret %s does not exist.", in.ClientSecretId)
		case len(client.Secrets) == 1:
			return struct{}{}, api.InvalidParameterException("The last client secret of a user pool client can not be deleted.")
		}
		_, err = tx.DeleteClientSecret(ctx, client.PoolID, client.ID, in.ClientSecretId)
		return struct{}{}, err
	})
	if err != nil {
		return nil, secretError(err)
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.DeleteUserPoolClientSecretResponse{}, nil
}

// secretError gives faults the name that this family of operations has for
// them.
func secretError(err error) error {
	if _, known := errors.AsType[*api.Error](err); known {
		return err
	}
	return api.InternalServerException("Something went wrong").Because(err)
}

func descriptorOf(secret store.ClientSecret) api.ClientSecretDescriptorType {
	return api.ClientSecretDescriptorType{
		ClientSecretCreateDate: api.TimeOf(secret.CreatedAt),
		ClientSecretId:         secret.ID,
	}
}

// newSecret names a secret after the millisecond of its making, or the next
// one that no other secret of the client has.
func newSecret(clientID, value string, now time.Time, others []store.ClientSecret) store.ClientSecret {
	for at := now; ; at = at.Add(time.Millisecond) {
		id := fmt.Sprintf("%s--%d", clientID, at.UnixMilli())
		if !slices.ContainsFunc(others, func(s store.ClientSecret) bool { return s.ID == id }) {
			return store.ClientSecret{ID: id, Value: value, CreatedAt: at}
		}
	}
}

func newClientID() string    { return randomText(clientIDLength) }
func generateSecret() string { return randomText(secretLength) }

// randomText draws n lower-case letters and digits, each equally likely.
func randomText(n int) string {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	// Bytes beyond the last whole multiple of the alphabet would make its
	// first characters likelier: they are thrown away.
	const limit = 256 / len(alphabet) * len(alphabet)
	text := make([]byte, 0, n)
	draw := make([]byte, 2*n)
	for len(text) < n {
		rand.Read(draw) // never fails
		for _, b := range draw {
			if int(b) < limit && len(text) < n {
				text = append(text, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(text)
}
