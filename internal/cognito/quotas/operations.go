package quotas

import (
	"context"
	"math"

	"cognate/internal/api"
	"cognate/internal/store"
)

// ceilingFactor is how far a rate can be provisioned above its default where the
// operator has said nothing else.
const ceilingFactor = 10

// Operations are the operations on provisioned limits.
type Operations struct {
	DB     *store.DB
	Quotas *Quotas
	// Ceilings are the highest rates that can be provisioned, in requests per
	// second. Categories that it leaves out have ten times their default.
	Ceilings map[Category]int64
}

// categoryOf gives the category that a definition names.
func categoryOf(d *api.LimitDefinitionType) (Category, error) {
	category := Category(d.Attributes["Category"])
	if category == "" || len(d.Attributes) > 1 {
		return "", api.InvalidParameterException("Attributes must contain Category and nothing else.")
	}
	if _, ok := rules[category]; !ok {
		return "", api.InvalidParameterException("Category %s is not valid.", category)
	}
	return category, nil
}

// GetProvisionedLimit shows the rate of a category.
func (o *Operations) GetProvisionedLimit(_ context.Context, in *api.GetProvisionedLimitRequest) (*api.GetProvisionedLimitResponse, error) {
	category, err := categoryOf(in.LimitDefinition)
	if err != nil {
		return nil, err
	}
	return &api.GetProvisionedLimitResponse{Limit: o.describe(category)}, nil
}

// UpdateProvisionedLimit sets the rate of a category, anywhere between its default
// and its ceiling.
func (o *Operations) UpdateProvisionedLimit(ctx context.Context, in *api.UpdateProvisionedLimitRequest) (*api.UpdateProvisionedLimitResponse, error) {
	category, err := categoryOf(in.LimitDefinition)
	if err != nil {
		return nil, err
	}
	wanted, rule := int64(in.RequestedLimitValue), rules[category]
	switch {
	case !rule.adjustable:
		return nil, api.InvalidParameterException("The limit of category %s is not adjustable.", category)
	case wanted < rule.rate:
		return nil, api.InvalidParameterException("The requested limit of category %s is less than its default of %d.", category, rule.rate)
	case wanted > o.ceiling(category):
		return nil, api.ServiceQuotaExceededException("The requested limit of category %s is more than its maximum of %d.", category, o.ceiling(category))
	}
	if wanted == rule.rate {
		wanted = 0 // the default again, whatever it will be
	}
	limits, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (map[string]int64, error) {
		if err := checkManagedLogin(ctx, tx, category); err != nil {
			return nil, err
		}
		if err := tx.SetProvisionedLimit(ctx, string(category), wanted); err != nil {
			return nil, err
		}
		return tx.ProvisionedLimits(ctx)
	})
	if err != nil {
		return nil, err
	}
	o.Quotas.provision(limits)
	return &api.UpdateProvisionedLimitResponse{Limit: o.describe(category)}, nil
}

// checkManagedLogin refuses categories that cannot be set where a pool has the
// pages of managed login.
func checkManagedLogin(ctx context.Context, tx *store.Tx, c Category) error {
	if c != UserAuthentication && c != UserFederation {
		return nil
	}
	has, err := tx.HasDomains(ctx)
	if err != nil || !has {
		return err
	}
	return api.InvalidParameterException("The limit of category %s cannot be adjusted while user pools use managed login.", c)
}

func (o *Operations) ceiling(c Category) int64 {
	if ceiling, ok := o.Ceilings[c]; ok {
		return ceiling
	}
	return rules[c].rate * ceilingFactor
}

func (o *Operations) describe(c Category) *api.LimitType {
	o.Quotas.mu.Lock()
	defer o.Quotas.mu.Unlock()
	return &api.LimitType{
		LimitDefinition: &api.LimitDefinitionType{
			LimitClass: api.LimitClassApiCategory, Attributes: map[string]string{"Category": string(c)},
		},
		ProvisionedLimitValue: int32(min(o.Quotas.rate(c), math.MaxInt32)), FreeLimitValue: int32(rules[c].rate),
	}
}
