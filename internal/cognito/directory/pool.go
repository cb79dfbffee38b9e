package directory

import (
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
)

// Pool is a compiled user pool.
type Pool struct {
	store.Pool
	Schema *attributes.Schema
	// OldPool is where passwords that are not known here are checked; nil: nowhere.
	OldPool *store.OldPool

	relyingParty string
}

func (d *Directory) compilePool(row *store.Pool, domains []*store.Domain) *Pool {
	p := &Pool{Pool: *row, Schema: attributes.Compile(row.Settings.Pool.SchemaAttributes)}
	if c := row.Settings.MFA.WebAuthnConfiguration; c != nil {
		p.relyingParty = c.RelyingPartyId
	}
	if p.relyingParty == "" && len(domains) > 0 {
		p.relyingParty = d.HostOf(domains[0])
	}
	return p
}

// RelyingParty is the relying party id of the pool's passkeys: the one that is
// set, or the host of its domain, the custom one first; empty when there is
// neither.
func (p *Pool) RelyingParty() string { return p.relyingParty }

// HostOf is the host name of a domain, without a port.
func (d *Directory) HostOf(domain *store.Domain) string {
	if domain.Custom() {
		return domain.Name
	}
	return domain.Name + "." + d.DomainSuffix
}

// Config gives the settings of the pool, to be read only.
func (p *Pool) Config() *api.UserPoolType { return &p.Settings.Pool }

// ShortName is the part of the id after the underscore. SRP and device groups
// use it (spec/auth-flows.md).
func (p *Pool) ShortName() string {
	return p.ID[strings.LastIndexByte(p.ID, '_')+1:]
}

// Fold gives the form in which sign-in names of this pool are compared.
func (p *Pool) Fold(name string) string { return attributes.Fold(p.Config(), name) }

// SignUpExistenceTag is a tag of a pool, of Cognate's own, that makes SignUp
// answer alike whether somebody has the name or not: with the value hidden, and
// for clients that hide existence elsewhere. See docs/hardening.md.
const (
	SignUpExistenceTag = "cognate:sign-up-existence"
	SignUpHidden       = "hidden"
)

// HiddenName is the attribute that users of the pool sign up with and whose owner
// is not told apart from nobody; empty where SignUp tells who exists.
func (p *Pool) HiddenName() string {
	config := p.Config()
	if config.UserPoolTags[SignUpExistenceTag] != SignUpHidden || len(config.UsernameAttributes) != 1 {
		return ""
	}
	return string(config.UsernameAttributes[0])
}

// CodeReplayTag is a tag of a pool, of Cognate's own, that makes a code which is
// exchanged a second time end the tokens of the first exchange: with the value
// revoke. See docs/hardening.md.
const (
	CodeReplayTag     = "cognate:code-replay"
	CodeReplayRevokes = "revoke"
)

// EndsReplayedCodes reports whether a replayed code ends the tokens that came of it.
func (p *Pool) EndsReplayedCodes() bool {
	return p.Config().UserPoolTags[CodeReplayTag] == CodeReplayRevokes
}
