package pools

import (
	"cmp"
	"context"
	"crypto/rand"
	"regexp"

	"cognate/internal/api"
	"cognate/internal/cognito/signingkeys"
	"cognate/internal/store"
)

// chosenIDTag is the tag by which a new pool asks for its id in dev.
const chosenIDTag = "cognate:id"

// CreateUserPool makes a pool and its signing keys.
func (o *Operations) CreateUserPool(ctx context.Context, in *api.CreateUserPoolRequest) (*api.CreateUserPoolResponse, error) {
	now, region := o.Now(), o.region(ctx)
	id, err := o.newID(ctx, region, in.UserPoolTags)
	if err != nil {
		return nil, err
	}
	settings := api.UserPoolType{
		Id:                    id,
		Arn:                   o.arn(region, id),
		AliasAttributes:       orAbsent(in.AliasAttributes),
		UsernameAttributes:    orAbsent(in.UsernameAttributes),
		UsernameConfiguration: in.UsernameConfiguration,
	}
	if settings.SchemaAttributes, err = schema(in.Schema); err != nil {
		return nil, err
	}
	if err := checkValidityDays(in.Policies, in.AdminCreateUserConfig); err != nil {
		return nil, err
	}
	wanted := *in
	wanted.UserPoolTier = cmp.Or(in.UserPoolTier, startingTier(in.UserPoolAddOns))
	pool := &store.Pool{ID: id, Region: region, Name: in.PoolName, CreatedAt: now, ModifiedAt: now}
	pool.Settings.Pool = settings
	if err := configure(&pool.Settings, &wanted); err != nil {
		return nil, err
	}
	keys, err := signingkeys.Make(ctx, o.Keys, now)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.insert(ctx, tx, pool, keys)
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateUserPoolResponse{UserPool: describe(pool, 0)}, nil
}

func (o *Operations) insert(ctx context.Context, tx *store.Tx, pool *store.Pool, keys []store.SigningKey) error {
	n, err := tx.CountPools(ctx, pool.Region)
	if err != nil {
		return err
	}
	if n >= cmp.Or(o.Quota, DefaultQuota) {
		return api.LimitExceededException("Account has exceeded the maximum number of user pools.")
	}
	switch _, err := tx.PoolByID(ctx, pool.ID); {
	case err == nil:
		return api.InvalidParameterException("User pool %s already exists.", pool.ID)
	case !api.HasCode(err, "ResourceNotFoundException"):
		return err
	}
	return tx.InsertPool(ctx, pool, keys)
}

// startingTier is the plan of a pool that names none.
func startingTier(addOns *api.UserPoolAddOnsType) api.UserPoolTierType {
	if threatProtection(addOns) {
		return api.UserPoolTierTypePlus
	}
	return api.UserPoolTierTypeEssentials
}

const (
	idCharacters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	idLength     = 9
	maxIDLength  = 55
)

// shortID is what may follow the Region in a pool id.
var shortID = regexp.MustCompile(`^[0-9A-Za-z]+$`)

// newID makes the id of a pool, or takes the one that the context or the tags ask
// for.
func (o *Operations) newID(ctx context.Context, region string, tags map[string]string) (string, error) {
	if chosen, asked := api.ChosenID(ctx); asked {
		return chosen, checkID("The id", region, chosen)
	}
	chosen, asked := tags[chosenIDTag]
	if !asked || !o.AllowChosenIDs {
		return region + "_" + randomText(idCharacters, idLength), nil
	}
	return chosen, checkID("The tag "+chosenIDTag, region, chosen)
}

// checkID refuses ids that no pool of the Region has; what names the place of the
// id in the message.
func checkID(what, region, id string) error {
	prefix := region + "_"
	if len(id) <= len(prefix) || len(id) > maxIDLength || id[:len(prefix)] != prefix || !shortID.MatchString(id[len(prefix):]) {
		return api.InvalidParameterException("%s must be %s followed by letters and digits, at most %d characters in all.", what, prefix, maxIDLength)
	}
	return nil
}

// randomText draws n characters, each of the alphabet equally likely.
func randomText(alphabet string, n int) string {
	// Bytes beyond the last whole multiple of the alphabet would make its
	// first characters likelier: they are thrown away.
	limit := 256 / len(alphabet) * len(alphabet)
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
