package poolcopy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/identities"
	"cognate/internal/cognito/transfer"
	"cognate/internal/store"
)

// Passwords is what becomes of passwords, which cannot be read.
type Passwords string

// The ways of Passwords.
const (
	// Drained passwords are checked at the old pool at the first sign-in, and kept.
	Drained Passwords = "drain"
	// Reset passwords have to be chosen anew, with a code that is sent.
	Reset Passwords = "reset"
)

// Users reads the users of a pool through the API. From, PoolID, Passwords are set.
type Users struct {
	From      API
	PoolID    string
	Passwords Passwords
	// Factors asks for each user's choice of second factors: one more request for
	// each.
	Factors bool

	groups map[string][]string // by user name
}

// mfaTOTP is the second factor that does not come along.
const mfaTOTP = "SOFTWARE_TOKEN_MFA"

// Memberships reads who is in which of the groups. It is called before Page.
func (u *Users) Memberships(ctx context.Context, groups []string) error {
	u.groups = make(map[string][]string)
	for _, group := range groups {
		in := &api.ListUsersInGroupRequest{UserPoolId: u.PoolID, GroupName: group, Limit: new(int32(page60))}
		for {
			var got api.ListUsersInGroupResponse
			if err := u.From.Call(ctx, "ListUsersInGroup", in, &got); err != nil {
				return fmt.Errorf("read the members of group %s: %w", group, err)
			}
			for _, member := range got.Users {
				u.groups[member.Username] = append(u.groups[member.Username], group)
			}
			if in.NextToken = got.NextToken; got.NextToken == "" {
				break
			}
		}
	}
	return nil
}

// Page reads users and the token of the next page, empty at the end. It begins at
// the token given.
func (u *Users) Page(ctx context.Context, token string) (rows []transfer.Row, next string, err error) {
	in := &api.ListUsersRequest{UserPoolId: u.PoolID, Limit: new(int32(page60)), PaginationToken: token}
	var got api.ListUsersResponse
	if err := u.From.Call(ctx, "ListUsers", in, &got); err != nil {
		return nil, "", fmt.Errorf("read the users of pool %s: %w", u.PoolID, err)
	}
	for i := range got.Users {
		row, err := u.row(ctx, &got.Users[i])
		if err != nil {
			return nil, "", err
		}
		rows = append(rows, row)
	}
	return rows, got.PaginationToken, nil
}

func (u *Users) row(ctx context.Context, from *api.UserType) (transfer.Row, error) {
	user := transfer.User{
		Username: from.Username, UserStatus: from.UserStatus, Enabled: from.Enabled,
		UserCreateDate: from.UserCreateDate, UserLastModifiedDate: from.UserLastModifiedDate, Groups: u.groups[from.Username],
	}
	for _, a := range from.Attributes {
		switch {
		case a.Value == nil:
		case a.Name == attributes.Sub:
			user.Sub = *a.Value
		case a.Name == attributes.Identities:
			list, err := identitiesOf(*a.Value, from)
			if err != nil {
				return transfer.Row{}, fmt.Errorf("read the identities of user %s: %w", from.Username, err)
			}
			user.Identities = list
			user.Attributes = append(user.Attributes, a)
		default:
			user.Attributes = append(user.Attributes, a)
		}
	}
	u.passwordOf(&user)
	if u.Factors && user.UserStatus != api.UserStatusTypeExternalProvider {
		if err := u.factorsOf(ctx, &user); err != nil {
			return transfer.Row{}, err
		}
	}
	return transfer.Row{User: user}, nil
}

// passwordOf says how the user gets a password here.
func (u *Users) passwordOf(user *transfer.User) {
	switch user.UserStatus {
	case api.UserStatusTypeExternalProvider, api.UserStatusTypeResetRequired:
	case api.UserStatusTypeUnconfirmed:
		// Whether the address was confirmed decides, not the password.
		user.PasswordElsewhere = u.Passwords == Drained
	default:
		if u.Passwords == Drained {
			user.PasswordElsewhere = true
			return
		}
		user.UserStatus = api.UserStatusTypeResetRequired
	}
}

func (u *Users) factorsOf(ctx context.Context, user *transfer.User) error {
	var got api.AdminGetUserResponse
	err := u.From.Call(ctx, "AdminGetUser", &api.AdminGetUserRequest{UserPoolId: u.PoolID, Username: user.Username}, &got)
	if api.HasCode(err, "UserNotFoundException") {
		return nil // deleted meanwhile
	}
	if err != nil {
		return fmt.Errorf("read user %s: %w", user.Username, err)
	}
	user.MFA = Factors(got.UserMFASettingList, got.PreferredMfaSetting)
	return nil
}

// Factors gives the second factors that come along: those by a message.
func Factors(enabled []string, preferred *string) store.UserMFA {
	mfa := store.UserMFA{EnabledFactors: slices.DeleteFunc(slices.Clone(enabled), func(f string) bool { return f == mfaTOTP })}
	if preferred != nil && *preferred != mfaTOTP {
		mfa.Preferred = *preferred
	}
	if len(mfa.EnabledFactors) == 0 {
		mfa.EnabledFactors = nil
	}
	return mfa
}

// identitiesOf reads the attribute of identities (federation.md §7.2).
func identitiesOf(text string, from *api.UserType) ([]transfer.Identity, error) {
	shown := &store.User{Attributes: store.Attributes{{Name: attributes.Identities, Value: text}}}
	listed, err := identities.Of(shown)
	if err != nil {
		return nil, err
	}
	var list []transfer.Identity
	for _, i := range listed {
		list = append(list, transfer.Identity{
			ProviderName: i.ProviderName, Value: i.UserID, DateCreated: api.TimeOf(time.UnixMilli(i.DateCreated)),
			Own: i.Primary && from.UserStatus == api.UserStatusTypeExternalProvider,
		})
	}
	return list, nil
}
