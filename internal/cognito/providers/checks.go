package providers

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/outbound/oidc"
)

// local is how the pool itself is named among providers, by operations that link
// users; clients write it in capitals.
const local = "Cognito"

// checkName refuses names that belong to another kind of provider: the social ones
// have fixed names, and the pool itself has one.
func checkName(name string, kind api.IdentityProviderTypeType) error {
	social := kind != api.IdentityProviderTypeTypeOidc && kind != api.IdentityProviderTypeTypeSaml
	_, taken := forms[api.IdentityProviderTypeType(name)]
	taken = taken && name != string(api.IdentityProviderTypeTypeOidc) && name != string(api.IdentityProviderTypeTypeSaml)
	if social && name != string(kind) || !social && taken || strings.EqualFold(name, local) {
		return api.InvalidParameterException("Provider %s cannot be of type %s.", name, kind)
	}
	return nil
}

// usernameKey is the attribute in a mapping that stands for the name of the user,
// which is always made from the subject.
const usernameKey = "username"

// longestToken is the length that an attribute has to hold for a provider's token,
// in characters (federation.md §4.5).
const longestToken = 2048

// mapping checks an AttributeMapping and adds what every provider has but those of
// SAML (federation.md §6.1).
func mapping(pool *directory.Pool, kind api.IdentityProviderTypeType, given map[string]string) (map[string]string, error) {
	subject := oidc.SubjectOf(kind)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		source := given[name]
		rule, known := pool.Schema.Lookup(name)
		switch {
		case name == usernameKey && subject != "":
			if source != subject {
				return nil, api.InvalidParameterException("username can only be mapped to %s.", subject)
			}
		case !known, name == attributes.Sub, name == attributes.Identities:
			return nil, api.InvalidParameterException("Invalid user attributes: %s: Attribute does not exist in the schema.", name)
		case source == "":
			return nil, api.InvalidParameterException("Attribute %s is mapped to nothing.", name)
		case subject != "" && (source == "access_token" || source == "id_token"):
			if err := checkToken(kind, rule, name, source); err != nil {
				return nil, err
			}
		}
	}
	kept := make(map[string]string, len(given)+1)
	maps.Copy(kept, given)
	if subject != "" {
		kept[usernameKey] = subject
	}
	return kept, nil
}

// checkToken refuses to write a provider's token where it does not fit.
func checkToken(kind api.IdentityProviderTypeType, rule api.SchemaAttributeType, name, source string) error {
	if source == "id_token" && kind != api.IdentityProviderTypeTypeOidc {
		return api.InvalidParameterException("id_token can only be mapped for OIDC identity providers.")
	}
	fits := strings.HasPrefix(name, "custom:") && rule.AttributeDataType == api.AttributeDataTypeString
	if c := rule.StringAttributeConstraints; fits && c != nil && c.MaxLength != nil {
		length, err := strconv.Atoi(*c.MaxLength)
		fits = err == nil && length >= longestToken
	}
	if !fits {
		return api.InvalidParameterException("%s can only be mapped to a custom attribute of %d characters.", source, longestToken)
	}
	return nil
}

// levels checks an AcrMapping (newest-features.md §10.4).
func levels(kind api.IdentityProviderTypeType, given map[string]string) (map[string]string, error) {
	if len(given) > 0 && kind != api.IdentityProviderTypeTypeOidc {
		return nil, api.InvalidParameterException("AcrMapping is only for OIDC identity providers.")
	}
	return given, nil
}
