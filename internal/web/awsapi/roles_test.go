package awsapi

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"cognate/internal/api"
	"cognate/internal/api/identity"
)

// Every member of an input that names a role is asked about; a new model with
// another one fails here.
func TestEveryRoleOfAnInputIsPassedOn(t *testing.T) {
	t.Parallel()
	roleMember := regexp.MustCompile(`(Role|Caller)A(rn|RN)$`)
	services := []Service{UserPools(struct{ api.Unimplemented }{}), IdentityPools(struct{ identity.Unimplemented }{})}
	found := 0
	for _, s := range services {
		for _, o := range s.operations {
			if o.spec.Access == api.Public {
				continue
			}
			in := reflect.New(o.input)
			want := map[string]bool{}
			fill(in.Elem(), roleMember, want)
			if o.spec.Name == "SetIdentityPoolRoles" {
				roles := in.Interface().(*identity.SetIdentityPoolRolesInput)
				roles.Roles = map[string]string{"authenticated": "arn:default", "unauthenticated": "arn:guest"}
				want["arn:default"], want["arn:guest"] = true, true
			}
			got := passedRoles(in.Interface())
			if !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
				t.Errorf("%s: roles %q, want %v", o.spec.Name, got, slices.Sorted(maps.Keys(want)))
			}
			found += len(want)
		}
	}
	if found != 14 {
		t.Errorf("%d members name roles, want 14", found)
	}
}

// fill makes everything below v, and gives the members that name roles an ARN of
// their own.
func fill(v reflect.Value, roleMember *regexp.Regexp, made map[string]bool) {
	switch v.Kind() { //nolint:exhaustive // nothing else holds members
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), roleMember, made)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Struct {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), roleMember, made)
		}
	case reflect.Map:
		if v.Type().Elem().Kind() == reflect.Struct {
			value := reflect.New(v.Type().Elem()).Elem()
			fill(value, roleMember, made)
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf("key").Convert(v.Type().Key()), value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field, name := v.Field(i), v.Type().Field(i).Name
			if !field.CanSet() {
				continue
			}
			if field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.String {
				field.Set(reflect.New(field.Type().Elem()))
				field = field.Elem()
			}
			if field.Kind() == reflect.String && roleMember.MatchString(name) {
				arn := "arn:" + string(rune('a'+len(made))) + ":" + name
				field.SetString(arn)
				made[arn] = true
				continue
			}
			if field.Kind() != reflect.String {
				fill(field, roleMember, made)
			}
		}
	}
}
