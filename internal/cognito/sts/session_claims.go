package sts

import (
	"cognate/internal/api/sts"
)

// Members of ID tokens that say what a session is to be given along with it.
const (
	claimTags   = "https://aws.amazon.com/tags"
	claimSource = "https://aws.amazon.com/source_identity"
)

// sessionClaims is what a token gives to the session.
type sessionClaims struct {
	tags       map[string]string
	transitive []string
	source     string
}

// sessionClaimsOf reads them of the claims of an ID token. What is there in another
// form refuses the token: a session without its tags could be allowed more.
func sessionClaimsOf(values map[string]any) (sessionClaims, error) {
	var s sessionClaims
	if source, given := values[claimSource]; given {
		text, ok := source.(string)
		if !ok || !sessionNameForm.MatchString(text) {
			return s, errClaim(claimSource)
		}
		s.source = text
	}
	given, ok := values[claimTags]
	if !ok {
		return s, nil
	}
	members, ok := given.(map[string]any)
	if !ok {
		return s, errClaim(claimTags)
	}
	if principal, ok := members["principal_tags"]; ok {
		pairs, ok := principal.(map[string]any)
		if !ok {
			return s, errClaim(claimTags)
		}
		s.tags = make(map[string]string, len(pairs))
		for key, value := range pairs {
			one, ok := onlyTexts(value)
			if !ok || len(one) != 1 {
				return s, errClaim(claimTags)
			}
			s.tags[key] = one[0]
		}
	}
	if keys, ok := members["transitive_tag_keys"]; ok {
		if s.transitive, ok = onlyTexts(keys); !ok {
			return s, errClaim(claimTags)
		}
	}
	return s, nil
}

// onlyTexts is texts for a claim that has to be nothing else.
func onlyTexts(v any) ([]string, bool) {
	all := texts(v)
	if list, ok := v.([]any); ok {
		return all, len(all) == len(list)
	}
	return all, len(all) == 1
}

func errClaim(name string) error {
	return sts.InvalidIdentityTokenException("The claim %s has another form than it should", name)
}
