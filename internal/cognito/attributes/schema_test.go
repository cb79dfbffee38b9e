package attributes

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

// The expected values are those of spec/users-and-pools.md §3.1.
func TestStandardAttributesAreTheServicesInItsOrder(t *testing.T) {
	t.Parallel()
	order := []string{
		"profile", "address", "birthdate", "gender", "preferred_username", "updated_at", "website", "picture", "identities",
		"sub", "phone_number", "phone_number_verified", "zoneinfo", "locale", "email", "email_verified", "given_name",
		"family_name", "middle_name", "name", "nickname",
	}
	common := `"DeveloperOnlyAttribute":false,"Mutable":true,`
	special := map[string]string{
		"sub":                   `{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":false,"Name":"sub","Required":true,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"1"}}`,
		"birthdate":             `{"AttributeDataType":"String",` + common + `"Name":"birthdate","Required":false,"StringAttributeConstraints":{"MaxLength":"10","MinLength":"10"}}`,
		"updated_at":            `{"AttributeDataType":"Number",` + common + `"Name":"updated_at","NumberAttributeConstraints":{"MinValue":"0"},"Required":false}`,
		"identities":            `{"AttributeDataType":"String",` + common + `"Name":"identities","Required":false,"StringAttributeConstraints":{}}`,
		"email_verified":        `{"AttributeDataType":"Boolean",` + common + `"Name":"email_verified","Required":false}`,
		"phone_number_verified": `{"AttributeDataType":"Boolean",` + common + `"Name":"phone_number_verified","Required":false}`,
	}
	entries := Standard()
	if len(entries) != len(order) {
		t.Fatalf("%d entries", len(entries))
	}
	for i, entry := range entries {
		want, ok := special[order[i]]
		if !ok {
			want = `{"AttributeDataType":"String",` + common + `"Name":"` + order[i] + `","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}}`
		}
		got, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("entry %d:\n%s", i, diff)
		}
	}
}

func TestStandardGivesEveryCallerItsOwn(t *testing.T) {
	t.Parallel()
	first, second := Standard(), Standard()
	*first[0].Required = true
	*first[0].StringAttributeConstraints.MinLength = "9"
	if *second[0].Required || *second[0].StringAttributeConstraints.MinLength != "0" {
		t.Error("a change of one list shows in another")
	}
}

func TestCompiledSchemaFindsAttributes(t *testing.T) {
	t.Parallel()
	entries := append(Standard(), api.SchemaAttributeType{Name: "custom:plan", AttributeDataType: api.AttributeDataTypeString})
	entries[14].Required = new(true) // email
	entries[19].Required = new(true) // name
	schema := Compile(entries)

	if diff := cmp.Diff([]string{"email", "name"}, schema.Required()); diff != "" {
		t.Errorf("required:\n%s", diff)
	}
	if names := schema.Names(); len(names) != 22 || names[21] != "custom:plan" {
		t.Errorf("names: %q", names)
	}
	if entry, ok := schema.Lookup("custom:plan"); !ok || entry.Name != "custom:plan" {
		t.Errorf("custom:plan: %v, %v", entry, ok)
	}
	if _, ok := schema.Lookup("plan"); ok {
		t.Error("plan is found without its prefix")
	}
}
