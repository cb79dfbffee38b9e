package directory

import (
	"strings"
)

// Tags of pools, of Cognate's own. See docs/hardening.md.
const (
	// StrictEnrolmentTag, with the value on, asks for a sign-in of the last minutes
	// of whoever adds a factor.
	StrictEnrolmentTag = "cognate:strict-enrolment"
	StrictEnrolmentOn  = "on"
	// PasskeyOriginsTag lists origins of native apps, separated by spaces, that make
	// and use the pool's passkeys. Further lists have a colon and a name behind it.
	PasskeyOriginsTag = "cognate:passkey-origins"
)

// StrictEnrolment reports whether only users who signed in a moment ago may add
// factors.
func (p *Pool) StrictEnrolment() bool {
	return p.Config().UserPoolTags[StrictEnrolmentTag] == StrictEnrolmentOn
}

// PasskeyOrigins lists the origins of native apps.
func (p *Pool) PasskeyOrigins() []string {
	var origins []string
	for tag, value := range p.Config().UserPoolTags {
		if ListsPasskeyOrigins(tag) {
			origins = append(origins, strings.Fields(value)...)
		}
	}
	return origins
}

// ListsPasskeyOrigins reports whether a tag is one of those with origins.
func ListsPasskeyOrigins(tag string) bool {
	return tag == PasskeyOriginsTag || strings.HasPrefix(tag, PasskeyOriginsTag+":")
}
