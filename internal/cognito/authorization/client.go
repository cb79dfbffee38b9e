package authorization

import (
	"context"
	"errors"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
)

// Credentials are those that a request to the token or revocation endpoint brings:
// in an Authorization header of the Basic scheme, in the body, or in both
// (endpoints.md §4.1).
type Credentials struct {
	Basic                  bool   // there is such a header
	BasicID, BasicSecret   string // of it
	ClientID, Secret       string // of the body
	HasClientID, HasSecret bool   // the body has client_id, client_secret
}

// AuthenticateClient finds the client of a pool that a request comes from. What is
// given twice must agree; a client with secrets needs one that is in force, one
// without must bring none (S009). Its refusals are a *Refusal.
func (o *Operations) AuthenticateClient(ctx context.Context, poolID string, c Credentials) (*directory.Client, error) {
	refused := &Refusal{Code: InvalidClient}
	id, secret := c.ClientID, c.Secret
	if c.Basic {
		if c.HasClientID && c.ClientID != c.BasicID || c.HasSecret && c.Secret != c.BasicSecret {
			return nil, refused
		}
		id, secret = c.BasicID, c.BasicSecret
	}
	if !clientIDForm.MatchString(id) {
		return nil, refused
	}
	client, err := o.Directory.PoolClient(ctx, poolID, id)
	switch {
	case api.HasCode(err, "ResourceNotFoundException"):
		return nil, refused
	case err != nil:
		return nil, err
	case !client.Confidential() && (c.Basic || c.HasSecret): // a secret it does not have
		return nil, refused
	case !client.CheckSecret(secret):
		return nil, refused
	}
	return client, nil
}

// allowed reports whether users of a client may sign in for a code or for tokens. A
// client whose flow is that for machines has no users (newest-features.md §6).
func allowed(c *directory.Client, flow api.OAuthFlowType) bool {
	config := c.Config()
	return slices.Contains(config.AllowedOAuthFlows, flow) &&
		!slices.Contains(config.ExplicitAuthFlows, api.ExplicitAuthFlowsTypeAllowClientTokenAuth)
}

// inOAuthTerms puts a refusal of the API into the words of OAuth; false for faults
// of the service.
func inOAuthTerms(err error) (code, description string, ok bool) {
	if refused, ok := errors.AsType[*Refusal](err); ok {
		return refused.Code, refused.Description, true
	}
	refused, ok := errors.AsType[*api.Error](err)
	switch {
	case !ok:
		return "", "", false
	case api.HasCode(err, "UserLambdaValidationException"), api.HasCode(err, "UnexpectedLambdaException"), api.HasCode(err, "InvalidLambdaResponseException"):
		return InvalidGrant, refused.Message, true
	case refused.Status >= 500:
		return "", "", false
	}
	return InvalidGrant, "", true
}

// inTokenTerms is inOAuthTerms for answers of the token endpoint.
func inTokenTerms(err error) error {
	if code, description, ok := inOAuthTerms(err); ok {
		return &Refusal{Code: code, Description: description}
	}
	return err
}
