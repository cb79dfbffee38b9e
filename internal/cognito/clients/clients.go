package clients

import (
	"cmp"
	"context"
	"regexp"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// defaultPage is the size of a page when the request names none.
const defaultPage = 60

// CreateUserPoolClient makes a client, with a secret if the request asks for
// one or brings one.
func (o *Operations) CreateUserPoolClient(ctx context.Context, in *api.CreateUserPoolClientRequest) (*api.CreateUserPoolClientResponse, error) {
	if in.GenerateSecret && in.ClientSecret != "" {
		return nil, api.InvalidParameterException("GenerateSecret and ClientSecret can not be given together.")
	}
	id, err := idOf(ctx)
	if err != nil {
		return nil, err
	}
	now := o.Now()
	var secrets []store.ClientSecret
	if in.GenerateSecret || in.ClientSecret != "" {
		secrets = append(secrets, newSecret(id, cmp.Or(in.ClientSecret, generateSecret()), now, nil))
	}
	client, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Client, error) {
		client := &store.Client{PoolID: in.UserPoolId, ID: id, Name: in.ClientName, CreatedAt: now, ModifiedAt: now, Secrets: secrets}
		client.Settings = configure(settingsOfCreate(in))
		return client, o.insert(ctx, tx, client)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateUserPoolClientResponse{UserPoolClient: describe(client)}, nil
}

// insert stores a new client, if it is in order and the pool has room.
func (o *Operations) insert(ctx context.Context, tx *store.Tx, client *store.Client) error {
	pool, err := tx.LockPool(ctx, client.PoolID)
	if err != nil {
		return err
	}
	if err := directory.CheckRegion(ctx, pool); err != nil {
		return err
	}
	n, err := tx.CountClients(ctx, pool.ID)
	if err != nil {
		return err
	}
	if n >= cmp.Or(o.Quota, DefaultQuota) {
		return api.LimitExceededException("User pool %s has exceeded the maximum number of app clients.", pool.ID)
	}
	if err := checkStored(ctx, tx, pool, client, "creating"); err != nil {
		return err
	}
	if _, chosen := api.ChosenID(ctx); chosen {
		switch _, err := tx.ClientByID(ctx, client.ID); {
		case err == nil:
			return api.InvalidParameterException("User pool client %s already exists.", client.ID)
		case !api.HasCode(err, "ResourceNotFoundException"):
			return err
		}
	}
	return tx.InsertClient(ctx, client)
}

// idOf is the id of a new client: one that comes from elsewhere has it already.
func idOf(ctx context.Context) (string, error) {
	id, chosen := api.ChosenID(ctx)
	if !chosen {
		return newClientID(), nil
	}
	if !validClientID.MatchString(id) {
		return "", api.InvalidParameterException("The id of a client must be 1 to 128 letters, digits, underscores or plus signs.")
	}
	return id, nil
}

// validClientID is what the service model lets ids of clients be.
var validClientID = regexp.MustCompile(`^[\w+]{1,128}$`)

// checkStored looks at a client that is about to be stored. Verb is how messages
// call what is done to it.
func checkStored(ctx context.Context, tx *store.Tx, pool *store.Pool, client *store.Client, verb string) error {
	servers, err := tx.ResourceServersOfPool(ctx, pool.ID)
	if err != nil {
		return err
	}
	providers, err := tx.IdentityProviders(ctx, pool.ID)
	if err != nil {
		return err
	}
	return check(&subject{
		pool: &pool.Settings.Pool, client: &client.Settings, servers: servers, providers: providers, confidential: len(client.Secrets) > 0,
		registered: client.Registration != "", verb: verb,
	})
}

// DescribeUserPoolClient shows a client, with its secret.
func (o *Operations) DescribeUserPoolClient(ctx context.Context, in *api.DescribeUserPoolClientRequest) (*api.DescribeUserPoolClientResponse, error) {
	client, err := o.load(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	return &api.DescribeUserPoolClientResponse{UserPoolClient: describe(client)}, nil
}

// UpdateUserPoolClient replaces the settings of a client: what is left out
// goes back to its default, except the name. Secrets stay.
func (o *Operations) UpdateUserPoolClient(ctx context.Context, in *api.UpdateUserPoolClientRequest) (*api.UpdateUserPoolClientResponse, error) {
	client, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Client, error) {
		pool, client, err := lock(ctx, tx, in.UserPoolId, in.ClientId)
		if err != nil {
			return nil, err
		}
		client.Name = cmp.Or(in.ClientName, client.Name)
		client.ModifiedAt = o.Now()
		client.Settings = configure(settingsOfUpdate(in))
		if err := checkStored(ctx, tx, pool, client, "updating"); err != nil {
			return nil, err
		}
		return client, tx.SaveClient(ctx, client)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.UpdateUserPoolClientResponse{UserPoolClient: describe(client)}, nil
}

// DeleteUserPoolClient removes a client and its secrets.
func (o *Operations) DeleteUserPoolClient(ctx context.Context, in *api.DeleteUserPoolClientRequest) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		_, client, err := lock(ctx, tx, in.UserPoolId, in.ClientId)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.DeleteClient(ctx, client.PoolID, client.ID)
	})
	if err != nil {
		return err
	}
	o.Directory.Forget(in.UserPoolId)
	return nil
}

// ListUserPoolClients lists the clients of a pool, of one type if the request says
// so. Then a page may have fewer clients than asked for, even none, and others
// behind it.
func (o *Operations) ListUserPoolClients(ctx context.Context, in *api.ListUserPoolClientsRequest) (*api.ListUserPoolClientsResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	scope := strings.Join([]string{"ListUserPoolClients", pool.ID, string(in.ClientType)}, "\n")
	limit := defaultPage
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	after, err := o.Paging.After(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	out := &api.ListUserPoolClientsResponse{UserPoolClients: []api.UserPoolClientDescription{}}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Client, error) {
		return tx.ListClients(ctx, pool.ID, after, limit+1)
	})
	if err != nil {
		return nil, err
	}
	if len(found) > limit {
		found = found[:limit]
		out.NextToken = o.Paging.Encode(scope, found[limit-1].ID)
	}
	for _, client := range found {
		if in.ClientType != "" && in.ClientType != clientType(client) {
			continue
		}
		out.UserPoolClients = append(out.UserPoolClients, api.UserPoolClientDescription{
			ClientId:   client.ID,
			ClientName: client.Name,
			UserPoolId: client.PoolID,
		})
	}
	return out, nil
}
