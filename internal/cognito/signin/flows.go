package signin

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/sessions"
)

// flow is a row of the table of AuthFlow values (auth-flows.md §2).
type flow struct {
	doors   []sessions.Door
	allow   api.ExplicitAuthFlowsType // what lists the flow in ExplicitAuthFlows
	legacy  api.ExplicitAuthFlowsType // what lists it in the old vocabulary; empty: nothing need
	byNone  bool                      // open to clients that list nothing
	free    []sessions.Door           // at which the client need not list it
	refusal string                    // to clients that do not list it
	needs   []string                  // parameters
	begin   func(o *Operations, ctx context.Context, r *request) (*answer, error)
}

var (
	bothDoors  = []sessions.Door{sessions.Public, sessions.Admin}
	publicDoor = []sessions.Door{sessions.Public}
	adminDoor  = []sessions.Door{sessions.Admin}
	pagesDoor  = []sessions.Door{sessions.Pages}
)

const notEnabledForClient = "Auth flow not enabled for this client"

// flows is the table, in the order of the model.
var flows = map[api.AuthFlowType]flow{
	api.AuthFlowTypeUserSrpAuth: {
		doors: bothDoors, allow: api.ExplicitAuthFlowsTypeAllowUserSrpAuth, byNone: true,
		refusal: "USER_SRP_AUTH is not enabled for the client.",
		needs:   []string{paramUsername, paramSRPA},
		begin:   beginWith(func(o *Operations) step { return srpStep{o} }),
	},
	api.AuthFlowTypeRefreshTokenAuth: refreshFlow,
	api.AuthFlowTypeRefreshToken:     refreshFlow,
	api.AuthFlowTypeCustomAuth: {
		doors: bothDoors, allow: api.ExplicitAuthFlowsTypeAllowCustomAuth, byNone: true,
		refusal: "CUSTOM_AUTH is not enabled for the client.",
		needs:   []string{paramUsername},
		begin:   (*Operations).beginCustom,
	},
	api.AuthFlowTypeAdminNoSrpAuth: adminPasswordFlow,
	api.AuthFlowTypeUserPasswordAuth: {
		doors: slices.Concat(publicDoor, pagesDoor), allow: api.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
		legacy:  api.ExplicitAuthFlowsTypeUserPasswordAuth,
		free:    pagesDoor,
		refusal: "USER_PASSWORD_AUTH flow not enabled for this client",
		needs:   []string{paramUsername, paramPassword},
		begin:   (*Operations).beginPassword,
	},
	api.AuthFlowTypeAdminUserPasswordAuth: adminPasswordFlow,
	api.AuthFlowTypeUserAuth: {
		doors: slices.Concat(bothDoors, pagesDoor), allow: api.ExplicitAuthFlowsTypeAllowUserAuth, legacy: api.ExplicitAuthFlowsTypeAllowUserAuth,
		refusal: "USER_AUTH is not enabled for the client.",
		needs:   []string{paramUsername},
		begin:   (*Operations).choose,
	},
}

// The flows that have two names.
var (
	adminPasswordFlow = flow{
		doors: adminDoor, allow: api.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
		legacy:  api.ExplicitAuthFlowsTypeAdminNoSrpAuth,
		refusal: notEnabledForClient,
		needs:   []string{paramUsername, paramPassword},
		begin:   beginWith(func(o *Operations) step { return passwordStep{o} }),
	}
	refreshFlow = flow{
		doors: bothDoors, allow: api.ExplicitAuthFlowsTypeAllowRefreshTokenAuth, byNone: true,
		refusal: notEnabledForClient,
		needs:   []string{paramRefreshToken},
		begin:   (*Operations).refresh,
	}
)

// initiate serves a first request.
func (o *Operations) initiate(ctx context.Context, r request) (*answer, error) {
	f, ok := flows[r.flow]
	if !ok || !slices.Contains(f.doors, r.door) {
		return nil, api.InvalidParameterException("Initiate Auth method not supported.")
	}
	if !slices.Contains(f.free, r.door) {
		if err := f.permit(r.client.Config().ExplicitAuthFlows); err != nil {
			return nil, err
		}
	}
	if err := r.require(f.needs...); err != nil {
		return nil, err
	}
	return o.watched(ctx, &r, func() (*answer, error) { return f.begin(o, ctx, &r) })
}

// permit checks a flow against the client's ExplicitAuthFlows.
func (f *flow) permit(listed []api.ExplicitAuthFlowsType) error {
	customOnly := slices.Contains(listed, api.ExplicitAuthFlowsTypeCustomAuthFlowOnly)
	var permitted bool
	switch {
	case len(listed) == 0:
		permitted = f.byNone
	case !slices.ContainsFunc(listed, legacyFlow):
		permitted = slices.Contains(listed, f.allow)
	case customOnly && f.allow != api.ExplicitAuthFlowsTypeAllowCustomAuth && f.allow != api.ExplicitAuthFlowsTypeAllowRefreshTokenAuth:
		return api.InvalidParameterException("Only custom auth (lambda driven) is enabled for this client.")
	default: // an old value opens its own flow and leaves the usual ones open
		permitted = f.byNone || slices.Contains(listed, f.legacy)
	}
	if !permitted {
		return api.InvalidParameterException("%s", f.refusal)
	}
	return nil
}

// legacyFlow reports whether a value is of the vocabulary before ALLOW_….
func legacyFlow(v api.ExplicitAuthFlowsType) bool {
	return v == api.ExplicitAuthFlowsTypeAdminNoSrpAuth || v == api.ExplicitAuthFlowsTypeCustomAuthFlowOnly ||
		v == api.ExplicitAuthFlowsTypeUserPasswordAuth
}

// beginWith makes a flow that begins with a step about a user.
func beginWith(first func(o *Operations) step) func(*Operations, context.Context, *request) (*answer, error) {
	return func(o *Operations, ctx context.Context, r *request) (*answer, error) {
		s := first(o)
		a, err := o.meet(ctx, r, s)
		if err != nil {
			return nil, err
		}
		return s.Begin(ctx, a)
	}
}
