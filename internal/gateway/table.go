package gateway

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/bearer"
	"cognate/internal/gateway/keyset"
	"cognate/internal/gateway/rules"
)

// table is a rules file made ready. Parts that did not change are those of the
// table before, with what they know of pools, key sets and targets.
type table struct {
	file       *rules.File
	listeners  map[string]*listener // by address
	groups     map[string]*group    // by name
	sources    map[string]auth.Source
	validators map[string]*keyset.Set // by address
}

// rulesFile is the file of a table, or nil.
func (t *table) rulesFile() *rules.File {
	if t == nil {
		return nil
	}
	return t.file
}

// listener is what one port serves.
type listener struct {
	rules.Listener
	file         *rules.File
	certificates Certificates
	rules        []*rule
	actions      map[string]*auth.Action // by id
	idle         time.Duration
}

// knows reports whether a host, without its port, is one of the listener's
// (security.md S022).
func (l *listener) knows(host string) bool {
	return l.NamesHost(host) || l.certificates != nil && l.certificates.Covers(host)
}

// ruleFor gives the rule for a request, or nil.
func (l *listener) ruleFor(q *rules.Request) *rule {
	for _, candidate := range l.rules {
		if candidate.Matches(q) {
			return candidate
		}
	}
	return nil
}

// rule is a rule made ready: its actions in their order.
type rule struct {
	rules.Rule
	steps []step
}

// answers reports whether the last action of the rule answers the request.
func (r *rule) answers() bool {
	n := len(r.steps)
	return n > 0 && r.steps[n-1].signIn == nil && r.steps[n-1].validate == nil
}

// step is an action made ready; one of its members is set.
type step struct {
	signIn   *auth.Action
	validate *bearer.Validator
	forward  *split
	redirect *rules.Redirect
	fixed    *rules.FixedResponse
}

// build makes a rules file ready.
func (g *Gateway) build(file *rules.File, before *table) (*table, error) {
	t := &table{
		file: file, listeners: map[string]*listener{}, groups: map[string]*group{},
		sources: map[string]auth.Source{}, validators: map[string]*keyset.Set{},
	}
	if before == nil {
		before = &table{file: &rules.File{}}
	}
	var problems []error
	for _, described := range file.TargetGroups {
		described.Line = 0 // it may move in the file
		same := before.groups[described.Name]
		if same == nil || !reflect.DeepEqual(same.TargetGroup, described) || before.file.IdleTimeout != file.IdleTimeout {
			var err error
			if same, err = g.newGroup(described, file.IdleTimeout, before.groups[described.Name]); err != nil {
				problems = append(problems, fmt.Errorf("target group %s: %w", described.Name, err))
			}
		}
		t.groups[described.Name] = same
	}
	for _, described := range file.Listeners {
		l := &listener{Listener: described, file: file, actions: map[string]*auth.Action{}, idle: file.IdleTimeout}
		if described.Protocol == rules.HTTPS {
			var err error
			if l.certificates, err = g.cfg.Certificates(described.Certificates); err != nil {
				problems = append(problems, fmt.Errorf("line %d: %w", described.Line, err))
			}
		}
		for _, r := range described.Rules {
			made := &rule{Rule: r}
			for _, a := range r.Actions {
				made.steps = append(made.steps, g.step(t, before, l, a))
			}
			l.rules = append(l.rules, made)
		}
		t.listeners[addressOf(described)] = l
	}
	return t, errors.Join(problems...)
}

func (g *Gateway) step(t, before *table, l *listener, a rules.Action) step {
	switch {
	case a.SignIn():
		settings := a.Settings()
		settings.Signer = t.file.LoadBalancerARN
		action := auth.NewAction(settings, g.source(t, before, a))
		l.actions[action.ID()] = action
		return step{signIn: action}
	case a.JWT != nil:
		return step{validate: &bearer.Validator{Rules: *a.JWT, Keys: g.keySet(t, before, a.JWT.KeysURL), Now: g.cfg.Now}}
	case a.Forward != nil:
		return step{forward: newSplit(a.Forward, t.groups)}
	case a.Redirect != nil:
		return step{redirect: a.Redirect}
	}
	return step{fixed: a.Fixed}
}

// source gives the provider of an action: for a pool, the one that knows it
// already.
func (g *Gateway) source(t, before *table, a rules.Action) auth.Source {
	if a.OIDC != nil {
		return &auth.Fixed{P: a.OIDC.Provider}
	}
	pool := auth.NewPool(g.cfg.Installation, a.Cognito.Region, a.Cognito.PoolID, a.Cognito.ClientID, a.Cognito.Domain)
	name := pool.Name()
	for _, known := range []map[string]auth.Source{t.sources, before.sources} {
		if source, ok := known[name]; ok {
			t.sources[name] = source
			return source
		}
	}
	t.sources[name] = pool
	return pool
}

func (g *Gateway) keySet(t, before *table, url string) *keyset.Set {
	for _, known := range []map[string]*keyset.Set{t.validators, before.validators} {
		if set, ok := known[url]; ok {
			t.validators[url] = set
			return set
		}
	}
	set := &keyset.Set{URL: url, HTTP: g.http, Now: g.cfg.Now}
	t.validators[url] = set
	return set
}
