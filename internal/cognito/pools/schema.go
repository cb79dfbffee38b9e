package pools

import (
	"slices"
	"strconv"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
)

// maxCustomAttributes and maxTextLength are quotas (spec/users-and-pools.md
// §25).
const (
	maxCustomAttributes = 50
	maxTextLength       = 2048
)

// schema makes the attributes of a new pool: the standard ones as changed by
// given, then the custom ones in their order (spec/users-and-pools.md §3).
func schema(given []api.SchemaAttributeType) ([]api.SchemaAttributeType, error) {
	entries := attributes.Standard()
	seen := make(map[string]bool, len(given))
	for _, a := range given {
		i := slices.IndexFunc(entries, func(e api.SchemaAttributeType) bool { return e.Name == a.Name })
		if i < 0 || !renewable(a.Name) {
			custom, err := customAttribute(a, attributes.CustomPrefix, attributes.DeveloperPrefix)
			if err != nil {
				return nil, err
			}
			if seen[custom.Name] {
				return nil, duplicate(custom.Name)
			}
			seen[custom.Name] = true
			entries = append(entries, custom)
			continue
		}
		if seen[a.Name] {
			return nil, duplicate(a.Name)
		}
		seen[a.Name] = true
		changed, err := standardAttribute(entries[i], a)
		if err != nil {
			return nil, err
		}
		entries[i] = changed
	}
	return entries, nil
}

func duplicate(name string) error {
	return api.InvalidParameterException("Duplicate custom attribute names %s are not allowed in a user pool schema.", name)
}

// renewable reports whether a schema entry of that name speaks of the standard
// attribute. The two flags are taken for custom names (spec/recorded.md §2.4).
func renewable(name string) bool {
	return name != "email_verified" && name != "phone_number_verified"
}

// addAttributes appends custom attributes to the schema of an existing pool.
func addAttributes(entries, added []api.SchemaAttributeType) ([]api.SchemaAttributeType, error) {
	entries = slices.Clone(entries)
	for _, a := range added {
		custom, err := customAttribute(a, attributes.CustomPrefix, attributes.DeveloperPrefix+attributes.CustomPrefix)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(entries, func(e api.SchemaAttributeType) bool { return e.Name == custom.Name }) {
			return nil, api.InvalidParameterException("%s: Existing attribute already has name %s.", custom.Name, custom.Name)
		}
		entries = append(entries, custom)
	}
	if len(entries)-len(attributes.Standard()) > maxCustomAttributes {
		return nil, api.InvalidParameterException("A user pool can have at most %d custom attributes.", maxCustomAttributes)
	}
	return entries, nil
}

// standardAttribute changes what may change about a standard attribute.
func standardAttribute(entry, given api.SchemaAttributeType) (api.SchemaAttributeType, error) {
	retyped := given.AttributeDataType != "" && given.AttributeDataType != entry.AttributeDataType
	if retyped || given.DeveloperOnlyAttribute != nil && *given.DeveloperOnlyAttribute {
		return entry, api.InvalidParameterException("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", entry.Name)
	}
	if given.Mutable != nil {
		entry.Mutable = given.Mutable
	}
	if given.Required != nil {
		entry.Required = given.Required
	}
	if entry.Name == "sub" && (*entry.Mutable || !*entry.Required) {
		return entry, api.InvalidParameterException("You can not change Mutable or Required for standard schema attribute %s", entry.Name)
	}
	if entry.StringAttributeConstraints != nil && given.StringAttributeConstraints != nil {
		entry.StringAttributeConstraints = given.StringAttributeConstraints
	}
	if entry.NumberAttributeConstraints != nil && given.NumberAttributeConstraints != nil {
		entry.NumberAttributeConstraints = given.NumberAttributeConstraints
	}
	return entry, checkBounds(entry)
}

// customAttribute makes the stored form of an attribute of the pool's owner;
// the prefixes are for ordinary and for developer-only attributes.
func customAttribute(given api.SchemaAttributeType, ordinary, developer string) (api.SchemaAttributeType, error) {
	developerOnly := given.DeveloperOnlyAttribute != nil && *given.DeveloperOnlyAttribute
	entry := api.SchemaAttributeType{
		AttributeDataType:      given.AttributeDataType,
		DeveloperOnlyAttribute: &developerOnly,
		Mutable:                given.Mutable,
		Name:                   ordinary + given.Name,
		Required:               new(false),
	}
	if developerOnly {
		entry.Name = developer + given.Name
	}
	if entry.Mutable == nil {
		entry.Mutable = new(true)
	}
	switch {
	case given.Name == "":
		return entry, api.InvalidParameterException("Name is required for every attribute of the schema.")
	case given.AttributeDataType == "":
		return entry, api.InvalidParameterException("Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	case given.Required != nil && *given.Required:
		return entry, api.InvalidParameterException("Required custom attributes are not supported currently.")
	}
	switch given.AttributeDataType {
	case api.AttributeDataTypeString:
		entry.StringAttributeConstraints = given.StringAttributeConstraints
		if entry.StringAttributeConstraints == nil {
			entry.StringAttributeConstraints = &api.StringAttributeConstraintsType{}
		}
	case api.AttributeDataTypeNumber:
		entry.NumberAttributeConstraints = given.NumberAttributeConstraints
		if entry.NumberAttributeConstraints == nil {
			entry.NumberAttributeConstraints = &api.NumberAttributeConstraintsType{}
		}
	case api.AttributeDataTypeDateTime, api.AttributeDataTypeBoolean: // these have no constraints
	}
	return entry, checkBounds(entry)
}

// checkBounds looks at the limits that an attribute sets for its values.
func checkBounds(a api.SchemaAttributeType) error {
	if c := a.StringAttributeConstraints; c != nil {
		shortest, longest, err := bounds(a.Name, c.MinLength, c.MaxLength)
		switch {
		case err != nil:
			return err
		case longest != nil && *longest > maxTextLength || shortest != nil && *shortest > maxTextLength:
			return api.InvalidParameterException("user.%s: String attributes cannot have a length of more than %d", a.Name, maxTextLength)
		case shortest != nil && *shortest < 0 || longest != nil && *longest < 0:
			return api.InvalidParameterException("Attribute %s cannot have a negative length", a.Name)
		case shortest != nil && longest != nil && *longest < *shortest:
			return api.InvalidParameterException("Attribute %s cannot have a max length shorter than it's min length", a.Name)
		}
	}
	if c := a.NumberAttributeConstraints; c != nil {
		least, most, err := bounds(a.Name, c.MinValue, c.MaxValue)
		switch {
		case err != nil:
			return err
		case least != nil && most != nil && *most < *least:
			return api.InvalidParameterException("Attribute %s cannot have a max value smaller than it's min value", a.Name)
		}
	}
	return nil
}

// bounds reads the two limits, which are numbers written as text.
func bounds(name string, low, high *string) (least, most *int64, err error) {
	for _, limit := range []struct {
		text *string
		to   **int64
	}{{low, &least}, {high, &most}} {
		if limit.text == nil {
			continue
		}
		n, err := strconv.ParseInt(*limit.text, 10, 64)
		if err != nil {
			return nil, nil, api.InvalidParameterException("Attribute %s has a constraint that is not a number: %s", name, *limit.text)
		}
		*limit.to = &n
	}
	return least, most, nil
}
