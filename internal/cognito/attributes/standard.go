package attributes

import "cognate/internal/api"

// CustomPrefix and DeveloperPrefix begin the names of attributes that a pool's
// owner added (spec/users-and-pools.md §3.2).
const (
	CustomPrefix    = "custom:"
	DeveloperPrefix = "dev:"
)

// maxStandardLength is the longest value of a standard text attribute.
const maxStandardLength = "2048"

// Standard gives the 21 attributes every pool has, in the order in which the
// service describes them since 2025 (spec/users-and-pools.md §3.1). The caller
// owns the result.
func Standard() []api.SchemaAttributeType {
	sub := text("sub", "1", maxStandardLength)
	sub.Mutable, sub.Required = new(false), new(true)
	updatedAt := standard("updated_at", api.AttributeDataTypeNumber)
	updatedAt.NumberAttributeConstraints = &api.NumberAttributeConstraintsType{MinValue: new("0")}
	identities := standard("identities", api.AttributeDataTypeString)
	identities.StringAttributeConstraints = &api.StringAttributeConstraintsType{}
	return []api.SchemaAttributeType{
		text("profile", "0", maxStandardLength),
		text("address", "0", maxStandardLength),
		text("birthdate", "10", "10"),
		text("gender", "0", maxStandardLength),
		text("preferred_username", "0", maxStandardLength),
		updatedAt,
		text("website", "0", maxStandardLength),
		text("picture", "0", maxStandardLength),
		identities,
		sub,
		text("phone_number", "0", maxStandardLength),
		standard("phone_number_verified", api.AttributeDataTypeBoolean),
		text("zoneinfo", "0", maxStandardLength),
		text("locale", "0", maxStandardLength),
		text("email", "0", maxStandardLength),
		standard("email_verified", api.AttributeDataTypeBoolean),
		text("given_name", "0", maxStandardLength),
		text("family_name", "0", maxStandardLength),
		text("middle_name", "0", maxStandardLength),
		text("name", "0", maxStandardLength),
		text("nickname", "0", maxStandardLength),
	}
}

func standard(name string, kind api.AttributeDataType) api.SchemaAttributeType {
	return api.SchemaAttributeType{
		AttributeDataType:      kind,
		DeveloperOnlyAttribute: new(false),
		Mutable:                new(true),
		Name:                   name,
		Required:               new(false),
	}
}

func text(name, shortest, longest string) api.SchemaAttributeType {
	a := standard(name, api.AttributeDataTypeString)
	a.StringAttributeConstraints = &api.StringAttributeConstraintsType{
		MaxLength: &longest,
		MinLength: &shortest,
	}
	return a
}
