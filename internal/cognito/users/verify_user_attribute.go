package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/store"
)

// GetUserAttributeVerificationCode sends a code for the token user's address:
// the new one that waits for its verification, or else the current one, also
// when that is verified already.
func (o *Operations) GetUserAttributeVerificationCode(ctx context.Context, in *api.GetUserAttributeVerificationCodeRequest) (*api.GetUserAttributeVerificationCodeResponse, error) {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := checkVerifiable(in.AttributeName); err != nil {
		return nil, err
	}
	details, err := mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (*api.CodeDeliveryDetailsType, error) {
		u, err := lockBearer(ctx, tx, bearer)
		if err != nil {
			return nil, err
		}
		if err := o.Limits.Count(ctx, tx, bearer.Pool.ID, limits.Subject(u, ""), limits.AttributeCode); err != nil {
			return nil, err
		}
		if err := checkUnmapped(ctx, tx, u, in.AttributeName); err != nil {
			return nil, counted(err)
		}
		to := wanted(u, in.AttributeName)
		if to.value == "" {
			return nil, counted(noAddress(in.AttributeName))
		}
		details, err := o.sendCode(ctx, tx, attributeSlot(u, in.AttributeName), letter{
			out: out, purpose: messages.VerifyUserAttribute, pool: bearer.Pool, client: bearer.Client, user: u, to: to,
		})
		return details, counted(err)
	})
	if err != nil {
		return nil, err
	}
	return &api.GetUserAttributeVerificationCodeResponse{CodeDeliveryDetails: details}, nil
}

// VerifyUserAttribute takes the code for an address of the token's user. A new
// address that waited for it becomes the current one.
func (o *Operations) VerifyUserAttribute(ctx context.Context, in *api.VerifyUserAttributeRequest) (*api.VerifyUserAttributeResponse, error) {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := checkVerifiable(in.AttributeName); err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, err := lockBearer(ctx, tx, bearer)
		if err != nil {
			return nothing{}, err
		}
		if err := o.Limits.Count(ctx, tx, bearer.Pool.ID, limits.Subject(u, ""), limits.VerifyAttribute); err != nil {
			return nothing{}, err
		}
		if err := checkUnmapped(ctx, tx, u, in.AttributeName); err != nil {
			return nothing{}, counted(err)
		}
		detail, err := o.Codes.Redeem(ctx, tx, attributeSlot(u, in.AttributeName), in.Code)
		if err != nil {
			return nothing{}, counted(err)
		}
		return nothing{}, o.prove(ctx, tx, bearer.Pool, u, addressOf(detail))
	})
	if err != nil {
		return nil, err
	}
	return &api.VerifyUserAttributeResponse{}, nil
}

// prove makes an address the verified one of the user. The code stays good
// when somebody else owns the address.
func (o *Operations) prove(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, proved address) error {
	if wanted(u, proved.attribute) != proved {
		return counted(codes.Expired()) // the address has changed since
	}
	u.Attributes.Set(proved.attribute, proved.value)
	u.Attributes.Set(attributes.VerifiedFlag(proved.attribute), "true")
	delete(u.Pending, proved.attribute)
	if err := o.claimAlias(ctx, tx, pool, u, false); err != nil {
		return err
	}
	return o.save(ctx, tx, u)
}

func checkVerifiable(attribute string) error {
	if attributes.VerifiedFlag(attribute) == "" {
		return api.InvalidParameterException("Invalid attribute name. Only phone_number and email can be verified.")
	}
	return nil
}

func noAddress(attribute string) error {
	if attribute == attributes.PhoneNumber {
		return api.InvalidParameterException("User does not have a valid registered phone number")
	}
	return api.InvalidParameterException("User does not have a valid registered email address")
}
