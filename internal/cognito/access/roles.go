package access

import (
	"context"
	"time"

	"cognate/internal/cognito/audit"
	"cognate/internal/protocol/iam"
	"cognate/internal/store"
)

// RoleSpec is what is written of a role. A policy is a document, or the ARN of one
// that is built in.
type RoleSpec struct {
	Name        string            `json:"name"`
	Path        string            `json:"path,omitzero"` // default /
	Description string            `json:"description,omitzero"`
	Trust       string            `json:"trust"`
	Policies    []string          `json:"policies,omitzero"`
	Boundary    string            `json:"boundary,omitzero"`
	MaxSession  int               `json:"maxSessionSeconds,omitzero"` // 3600, which is the default, to 43200
	Tags        map[string]string `json:"tags,omitzero"`
}

// RoleInfo is a role as operators see it.
type RoleInfo struct {
	ARN string `json:"arn"`
	ID  string `json:"id"`
	RoleSpec
	Written
}

// complete fills in the defaults and refuses what cannot be stored.
func (a *Access) complete(spec RoleSpec) (RoleSpec, error) {
	if spec.Path == "" {
		spec.Path = "/"
	}
	if spec.MaxSession == 0 {
		spec.MaxSession = int(usualSession / time.Second)
	}
	longest := time.Duration(spec.MaxSession) * time.Second
	trust, err := iam.Parse([]byte(spec.Trust), iam.Trust)
	if err == nil {
		err = trust.CheckAudience()
	}
	switch {
	case !nameForm.MatchString(spec.Name), !roleForm.MatchString("role" + spec.Path + spec.Name):
		return spec, invalid("A role's name has 1 to 64 letters, digits and characters of +=,.@_-, and its path begins and ends with a slash.")
	case len(spec.Description) > maxDescription:
		return spec, invalid("A description has %d characters at most.", maxDescription)
	case longest < usualSession, longest > longestSession:
		return spec, invalid("The longest session of a role is between 3600 and 43200 seconds.")
	case iam.Size([]byte(spec.Trust)) > iam.MaxTrustRaised:
		return spec, invalid("A trust policy has %d characters at most.", iam.MaxTrustRaised)
	case err != nil:
		return spec, invalid("Trust policy: %s", err)
	}
	return spec, a.checkRights(spec.Policies, spec.Boundary, spec.Tags)
}

// PutRole adds a role, or replaces everything about the one of the name but its id.
func (a *Access) PutRole(ctx context.Context, caller *Principal, spec RoleSpec) (*RoleInfo, error) {
	spec, err := a.complete(spec)
	if err != nil {
		return nil, err
	}
	if err := a.consent(ctx, caller, PutRole, a.iamARN("role"+spec.Path+spec.Name)); err != nil {
		return nil, err
	}
	bounds, err := boundsOf(caller)
	if err != nil {
		return nil, err
	}
	settings := store.RoleSettings{
		Path: spec.Path, Description: spec.Description, Trust: spec.Trust, Policies: spec.Policies, Boundary: spec.Boundary,
		MaxSession: spec.MaxSession, Tags: spec.Tags, Bounds: bounds,
	}
	row, err := store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*store.Role, error) {
		now := a.Now()
		row, found, err := tx.Role(ctx, spec.Name)
		if err != nil {
			return nil, err
		}
		if found {
			// Another path is another ARN: whoever may write this one need not be
			// allowed to take the other away.
			if row.Settings.Path != spec.Path || row.Name != spec.Name {
				return nil, invalid("There is a role %s already, %s.", row.Name, a.iamARN("role"+row.Settings.Path+row.Name))
			}
			row.ModifiedAt, row.Settings = now, settings
			_, err = tx.SaveRole(ctx, row)
			return row, err
		}
		row = &store.Role{Name: spec.Name, ID: newID("AROA"), CreatedAt: now, ModifiedAt: now, Settings: settings}
		added, err := tx.InsertRole(ctx, row)
		if err == nil && !added {
			err = invalid("The role %s was made at the same time.", spec.Name)
		}
		return row, err
	})
	if err != nil {
		return nil, err
	}
	info := a.roleInfo(row)
	a.changed(ctx, audit.RoleSet, info.ARN)
	return &info, nil
}

// Roles lists the roles.
func (a *Access) Roles(ctx context.Context, caller *Principal) ([]RoleInfo, error) {
	if err := a.consent(ctx, caller, ListRoles, "*"); err != nil {
		return nil, err
	}
	rows, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Role, error) { return tx.Roles(ctx) })
	if err != nil {
		return nil, err
	}
	list := make([]RoleInfo, 0, len(rows))
	for _, row := range rows {
		list = append(list, a.roleInfo(row))
	}
	return list, nil
}

// DeleteRole removes a role, and with it its sessions.
func (a *Access) DeleteRole(ctx context.Context, caller *Principal, name string) error {
	role, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*store.Role, error) {
		row, _, err := tx.Role(ctx, name)
		return row, err
	})
	if err != nil {
		return err
	}
	resource := "*"
	if role != nil {
		resource = a.iamARN("role" + role.Settings.Path + role.Name)
	}
	if err := a.consent(ctx, caller, DeleteRole, resource); err != nil {
		return err
	}
	_, err = store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		found, err := tx.DeleteRole(ctx, name)
		if err == nil && !found {
			err = invalid("There is no role %s.", name)
		}
		return struct{}{}, err
	})
	if err == nil {
		a.changed(ctx, audit.RoleRemoved, resource)
	}
	return err
}

func (a *Access) roleInfo(row *store.Role) RoleInfo {
	s := row.Settings
	return RoleInfo{
		ARN: a.iamARN("role" + s.Path + row.Name), ID: row.ID,
		RoleSpec: RoleSpec{
			Name: row.Name, Path: s.Path, Description: s.Description, Trust: s.Trust, Policies: s.Policies, Boundary: s.Boundary,
			MaxSession: s.MaxSession, Tags: s.Tags,
		},
		Written: Written{row.CreatedAt, row.ModifiedAt, len(s.Bounds) > 0},
	}
}
