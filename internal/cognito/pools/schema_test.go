package pools

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
)

func entries(t *testing.T, text string) []api.SchemaAttributeType {
	t.Helper()
	var list []api.SchemaAttributeType
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wantInvalid(t *testing.T, err error, message string) {
	t.Helper()
	wantError(t, err, "InvalidParameterException", message)
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var got *api.Error
	if !errors.As(err, &got) || got.Code != code || got.Message != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func TestSchemaEntriesBecomeAttributes(t *testing.T) {
	t.Parallel()
	made, err := schema(entries(t, `[
		{"Name":"plan","AttributeDataType":"String"},
		{"Name":"email","Required":true},
		{"Name":"seats","AttributeDataType":"Number","Mutable":false,"NumberAttributeConstraints":{"MinValue":"1","MaxValue":"9"}},
		{"Name":"birthdate","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"4","MaxLength":"10"}},
		{"Name":"since","AttributeDataType":"DateTime"},
		{"Name":"notes","AttributeDataType":"String","DeveloperOnlyAttribute":true,"StringAttributeConstraints":{"MaxLength":"2048"}},
		{"Name":"email_verified","AttributeDataType":"Boolean"}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	if len(made) != 21+5 {
		t.Fatalf("%d attributes", len(made))
	}
	want := []string{
		`{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"custom:plan","Required":false,"StringAttributeConstraints":{}}`,
		`{"AttributeDataType":"Number","DeveloperOnlyAttribute":false,"Mutable":false,"Name":"custom:seats","NumberAttributeConstraints":{"MaxValue":"9","MinValue":"1"},"Required":false}`,
		`{"AttributeDataType":"DateTime","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"custom:since","Required":false}`,
		`{"AttributeDataType":"String","DeveloperOnlyAttribute":true,"Mutable":true,"Name":"dev:notes","Required":false,"StringAttributeConstraints":{"MaxLength":"2048"}}`,
		`{"AttributeDataType":"Boolean","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"custom:email_verified","Required":false}`,
	}
	for i, entry := range made[21:] {
		if diff := cmp.Diff(want[i], asJSON(t, entry)); diff != "" {
			t.Error(diff)
		}
	}
	compiled := attributes.Compile(made)
	if diff := cmp.Diff([]string{"email"}, compiled.Required()); diff != "" {
		t.Errorf("required:\n%s", diff)
	}
	birthdate, _ := compiled.Lookup("birthdate")
	if got := asJSON(t, birthdate.StringAttributeConstraints); got != `{"MaxLength":"10","MinLength":"4"}` {
		t.Errorf("birthdate is limited by %s", got)
	}
}

func TestBadSchemaEntriesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, given, message string }{
		{"custom and required", `{"Name":"plan","AttributeDataType":"String","Required":true}`, "Required custom attributes are not supported currently."},
		{"no type", `{"Name":"plan"}`, "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."},
		{"standard retyped", `{"Name":"email","AttributeDataType":"Number"}`, "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"},
		{"standard for developers", `{"Name":"email","DeveloperOnlyAttribute":true}`, "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"},
		{"twice", `{"Name":"plan","AttributeDataType":"String"},{"Name":"plan","AttributeDataType":"Number"}`, "Duplicate custom attribute names custom:plan are not allowed in a user pool schema."},
		{"text bounds crossed", `{"Name":"plan","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"6","MaxLength":"5"}}`, "Attribute custom:plan cannot have a max length shorter than it's min length"},
		{"number bounds crossed", `{"Name":"plan","AttributeDataType":"Number","NumberAttributeConstraints":{"MinValue":"6","MaxValue":"5"}}`, "Attribute custom:plan cannot have a max value smaller than it's min value"},
		{"text too long", `{"Name":"plan","AttributeDataType":"String","StringAttributeConstraints":{"MaxLength":"2049"}}`, "user.custom:plan: String attributes cannot have a length of more than 2048"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := schema(entries(t, "["+c.given+"]"))
			wantInvalid(t, err, c.message)
		})
	}
}

func TestEqualBoundsAreAccepted(t *testing.T) {
	t.Parallel()
	_, err := schema(entries(t, `[
		{"Name":"a","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"5","MaxLength":"5"}},
		{"Name":"b","AttributeDataType":"Number","NumberAttributeConstraints":{"MinValue":"-5","MaxValue":"-5"}},
		{"Name":"c","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":"0","MaxLength":"2048"}}
	]`))
	if err != nil {
		t.Error(err)
	}
}

func TestS177BoundsThatAreNoNumbersAreRefused(t *testing.T) {
	t.Parallel()
	for _, bound := range []string{"", " 1", "1.5", "1e3", "0x10", "9223372036854775808", "-9223372036854775809", "NaN", "١"} {
		_, err := schema(entries(t, fmt.Sprintf(`[{"Name":"a","AttributeDataType":"Number","NumberAttributeConstraints":{"MaxValue":%q}}]`, bound)))
		if !api.HasCode(err, "InvalidParameterException") {
			t.Errorf("bound %q: %v", bound, err)
		}
		_, err = schema(entries(t, fmt.Sprintf(`[{"Name":"a","AttributeDataType":"String","StringAttributeConstraints":{"MinLength":%q}}]`, bound)))
		if !api.HasCode(err, "InvalidParameterException") {
			t.Errorf("length %q: %v", bound, err)
		}
	}
	_, err := schema(entries(t, `[{"Name":"a","AttributeDataType":"Number","NumberAttributeConstraints":{"MinValue":"-9223372036854775808","MaxValue":"9223372036854775807"}}]`))
	if err != nil {
		t.Errorf("the widest bounds: %v", err)
	}
}

func TestSubKeepsItsNature(t *testing.T) {
	t.Parallel()
	for _, given := range []string{`{"Name":"sub","Mutable":true}`, `{"Name":"sub","Required":false}`} {
		if _, err := schema(entries(t, "["+given+"]")); !api.HasCode(err, "InvalidParameterException") {
			t.Errorf("%s: %v", given, err)
		}
	}
	if _, err := schema(entries(t, `[{"Name":"sub","AttributeDataType":"String","Mutable":false,"Required":true}]`)); err != nil {
		t.Errorf("given as it is described: %v", err)
	}
}

func TestAddedAttributesFollowTheOthers(t *testing.T) {
	t.Parallel()
	made, err := addAttributes(attributes.Standard(), entries(t, `[
		{"Name":"plan","AttributeDataType":"String"},
		{"Name":"notes","AttributeDataType":"String","DeveloperOnlyAttribute":true},
		{"Name":"email","AttributeDataType":"String"}
	]`))
	if err != nil {
		t.Fatal(err)
	}
	names := attributes.Compile(made).Names()[21:]
	if diff := cmp.Diff([]string{"custom:plan", "dev:custom:notes", "custom:email"}, names); diff != "" {
		t.Error(diff)
	}
	_, err = addAttributes(made, entries(t, `[{"Name":"plan","AttributeDataType":"Number"}]`))
	wantInvalid(t, err, "custom:plan: Existing attribute already has name custom:plan.")
	_, err = addAttributes(made, entries(t, `[{"Name":"x","AttributeDataType":"Number"},{"Name":"x","AttributeDataType":"Number"}]`))
	wantInvalid(t, err, "custom:x: Existing attribute already has name custom:x.")
}

func TestS173APoolHasFiftyCustomAttributes(t *testing.T) {
	t.Parallel()
	schema := attributes.Standard()
	var err error
	for i := range 50 {
		schema, err = addAttributes(schema, []api.SchemaAttributeType{{Name: fmt.Sprint("a", i), AttributeDataType: api.AttributeDataTypeString}})
		if err != nil {
			t.Fatalf("attribute %d: %v", i+1, err)
		}
	}
	if _, err = addAttributes(schema, []api.SchemaAttributeType{{Name: "one-more", AttributeDataType: api.AttributeDataTypeString}}); !api.HasCode(err, "InvalidParameterException") {
		t.Errorf("attribute 51: %v", err)
	}
}
