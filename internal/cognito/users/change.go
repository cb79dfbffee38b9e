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

// change puts checked new values on a user and gives the attributes whose new
// value wants to be verified by a code (spec/users-and-pools.md §9). Flags are
// only there when an administrator sets them.
func change(config *api.UserPoolType, u *store.User, attrs []api.AttributeType) (verify []string) {
	values := attributes.Map(attrs)
	for _, a := range attrs {
		value := values[a.Name]
		flag := attributes.VerifiedFlag(a.Name)
		switch {
		case value == "":
			drop(u, a.Name)
		case flag == "":
			u.Attributes.Set(a.Name, value)
		case value == u.Attributes.Get(a.Name):
			delete(u.Pending, a.Name)
		case values[flag] == "true":
			u.Attributes.Set(a.Name, value)
			delete(u.Pending, a.Name)
		case attributes.VerifiedFirst(config, a.Name):
			if u.Pending == nil {
				u.Pending = map[string]string{}
			}
			u.Pending[a.Name] = value
			verify = append(verify, a.Name)
		default:
			u.Attributes.Set(a.Name, value)
			u.Attributes.Set(flag, "false")
			delete(u.Pending, a.Name)
			if attributes.AutoVerified(config, a.Name) {
				verify = append(verify, a.Name)
			}
		}
	}
	// Flags come last, whatever their place in the list.
	for _, a := range attrs {
		if value := values[a.Name]; value != "" && isFlag(a.Name) {
			u.Attributes.Set(a.Name, value)
		}
	}
	return verify
}

// drop removes an attribute and what hangs on it.
func drop(u *store.User, name string) {
	u.Attributes.Delete(name)
	if flag := attributes.VerifiedFlag(name); flag != "" {
		u.Attributes.Delete(flag)
		delete(u.Pending, name)
	}
}

func isFlag(name string) bool {
	return name == attributes.EmailVerified || name == attributes.PhoneNumberVerified
}

// wanted is the address of an attribute that waits for its code: the pending
// one, or the current one.
func wanted(u *store.User, attribute string) address {
	if pending := u.Pending[attribute]; pending != "" {
		return address{attribute: attribute, value: pending}
	}
	return current(u, attribute)
}

// checkNames refuses changes that would leave a user of a pool where addresses
// are user names without one, and preferred user names that could be taken for
// an address that is an alias.
func checkNames(config *api.UserPoolType, u *store.User) error {
	if len(config.UsernameAttributes) > 0 {
		left := false
		for _, a := range config.UsernameAttributes {
			left = left || u.Attributes.Get(string(a)) != ""
		}
		if !left {
			return api.InvalidParameterException("user.%s: Attribute cannot be deleted.\n", config.UsernameAttributes[0])
		}
	}
	return attributes.CheckPreferredUsername(config, u.Attributes.Get(attributes.PreferredUsername))
}

// update changes attributes of a locked user, saves the user, and sends the
// codes that the changes want.
func (o *Operations) update(ctx context.Context, tx *store.Tx, l letter, attrs []api.AttributeType) ([]api.CodeDeliveryDetailsType, error) {
	u, config := l.user, l.pool.Config()
	verify, err := withoutMapped(ctx, tx, u, change(config, u, attrs))
	if err != nil {
		return nil, err
	}
	if err := attributes.CheckFlags(attrs, u.Attributes.Get); err != nil {
		return nil, err
	}
	if err := checkNames(config, u); err != nil {
		return nil, err
	}
	if err := o.claimAlias(ctx, tx, l.pool, u, false); err != nil {
		return nil, err
	}
	if err := o.save(ctx, tx, u); err != nil || len(verify) == 0 {
		return nil, err
	}
	if err := o.countChange(ctx, tx, l); err != nil {
		return nil, err
	}
	var sent []api.CodeDeliveryDetailsType
	for _, attribute := range verify {
		l.purpose, l.to = messages.UpdateUserAttribute, wanted(u, attribute)
		if err := o.checkFree(ctx, tx, l.pool, u, l.to); err != nil {
			return nil, err
		}
		details, err := o.sendCode(ctx, tx, attributeSlot(u, attribute), l)
		switch {
		case err != nil && l.client == nil:
			return nil, undeliverable(l.to.medium(), err)
		case err != nil:
			return nil, tooMany(err)
		}
		sent = append(sent, *details)
	}
	return sent, nil
}

// countChange counts a change of address that a user makes.
func (o *Operations) countChange(ctx context.Context, tx *store.Tx, l letter) error {
	if l.client == nil {
		return nil
	}
	return tooMany(o.Limits.Count(ctx, tx, l.pool.ID, limits.Subject(l.user, ""), limits.ChangeAddress))
}

// tooMany puts the exception in the place of LimitExceededException that the
// model of UpdateUserAttributes has instead.
func tooMany(err error) error {
	if api.HasCode(err, "LimitExceededException") {
		return api.TooManyRequestsException("Too many requests")
	}
	return err
}

// checkFree refuses an address that is to become a user name and is another
// user's already, before a code is sent to it.
func (o *Operations) checkFree(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, to address) error {
	if !attributes.UsernameAttribute(pool.Config(), to.attribute) {
		return nil
	}
	owner, err := tx.NameOwner(ctx, pool.ID, pool.Fold(to.value))
	if err == nil && owner != "" && owner != u.Sub {
		err = attributes.Taken(api.AliasExistsException, to.attribute)
	}
	return err
}

// attributeSlot is the place of the code that verifies an attribute.
func attributeSlot(u *store.User, attribute string) codes.Slot {
	purpose := codes.Email
	if attribute == attributes.PhoneNumber {
		purpose = codes.PhoneNumber
	}
	return codes.Slot{PoolID: u.PoolID, Subject: limits.Subject(u, ""), Purpose: purpose}
}
