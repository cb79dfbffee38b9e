package access

import (
	"net/http"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/servertest"
)

// The pools of the matrix do not exist: an operation that is allowed says so, and
// changes nothing.
const (
	userPoolA, userPoolB         = "us-east-1_AAAAAAAAA", "us-east-1_BBBBBBBBB"
	identityPoolA, identityPoolB = "us-east-1:00000000-0000-0000-0000-00000000000a", "us-east-1:00000000-0000-0000-0000-00000000000b"
	userPoolARN                  = "arn:aws:cognito-idp:us-east-1:" + account + ":userpool/"
	identityPoolARN              = "arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/"
	aUUID                        = "00000000-0000-4000-8000-000000000001"
	passed                       = "arn:aws:iam::" + account + ":role/service/passed-on"
)

// cell is an operation of the matrix.
type cell struct {
	service, target string
	spec            *api.Operation
	inPool          bool // the input names a pool, by id or ARN
}

func cells() []cell {
	var list []cell
	add := func(service, target string, all map[string]*api.Operation) {
		for _, o := range all {
			if o.Access != api.Signed {
				continue
			}
			c := cell{service: service, target: target, spec: o}
			if o.Input != nil {
				for _, m := range o.Input.Members {
					c.inPool = c.inPool || namesPool(m.Name)
				}
			}
			list = append(list, c)
		}
	}
	add("cognito-idp", api.TargetPrefix, api.Operations)
	add("cognito-identity", identity.TargetPrefix, identity.Operations)
	return list
}

// call makes the smallest valid request for a pool and tells whether it was allowed.
func (c cell) call(t *testing.T, s *servertest.Server, by key, userPool, identityPool string) (allowed bool, answer servertest.Answer) {
	t.Helper()
	known := map[string]any{
		"UserPoolId": userPool, "IdentityPoolId": identityPool, "ClientId": "1234567890abcdefghijklmnop", "Domain": "shop", "Username": "ana",
		"ResourceArn": userPoolARN + userPool, "RoleArn": passed, "CloudWatchLogsRoleArn": passed, "Roles": map[string]string{"authenticated": passed},
		"DeviceKey": "us-east-1_00000000-0000-0000-0000-000000000001", "JobId": "import-abcdefghij", "SessionId": "tkn" + strings.Repeat("a", 25),
		"ManagedLoginBrandingId": aUUID, "TermsId": aUUID, "TermsName": "terms-of-use", "Password": "Correct-Horse1!", "ProviderName": "corp",
		"IdentityId": identityPoolA, "IdentityIdsToDelete": []string{identityPoolA},
	}
	if c.service == "cognito-identity" {
		known["ResourceArn"] = identityPoolARN + identityPool
	}
	answer = by.send(t, s, c.service, http.MethodPost, "/", c.target+"."+c.spec.Name, smallest(c.spec.Input, known))
	if strings.Contains(answer.Message(), "validation error") {
		t.Fatalf("%s: the smallest request is not valid: %s", c.spec.Name, answer.Body)
	}
	return answer.ErrorType() != "AccessDeniedException", answer
}

func namesPool(member string) bool {
	return member == "UserPoolId" || member == "IdentityPoolId" || member == "ResourceArn"
}

// smallest makes a structure with the members that are required, and the pool.
func smallest(shape *api.Shape, known map[string]any) map[string]any {
	m := make(map[string]any)
	if shape == nil {
		return m
	}
	for _, member := range shape.Members {
		if value, ok := known[member.Name]; ok && (member.Required || namesPool(member.Name)) {
			m[member.Name] = value
		} else if member.Required {
			m[member.Name] = small(member.Shape, known)
		}
	}
	return m
}

func small(shape *api.Shape, known map[string]any) any {
	switch shape.Kind {
	case api.KindString:
		if len(shape.Enum) > 0 {
			return shape.Enum[0]
		}
		return strings.Repeat("a", max(1, int(shape.Min)))
	case api.KindBoolean:
		return false
	case api.KindInteger, api.KindLong, api.KindDouble, api.KindTimestamp:
		return max(1, shape.Min)
	case api.KindList:
		return []any{small(shape.Elem, known)}
	case api.KindMap:
		return map[string]any{small(shape.Key, known).(string): small(shape.Elem, known)}
	case api.KindStructure:
		return smallest(shape, known)
	case api.KindBlob, api.KindDocument:
	}
	return ""
}

// reads reports whether AmazonCognitoReadOnly has an operation.
func (c cell) reads() bool {
	prefixes := []string{"Describe", "Get", "List"}
	if c.service == "cognito-idp" {
		prefixes = append(prefixes, "AdminGet", "AdminList")
	}
	for _, p := range prefixes {
		if strings.HasPrefix(c.spec.Name, p) {
			return true
		}
	}
	return false
}

// belongs reports whether a policy can give an operation for one pool
// (spec/identity-pools.md E2).
func (c cell) belongs() bool {
	return c.inPool && c.spec.Name != "SetPrincipalTagAttributeMap" && c.spec.Name != "GetPrincipalTagAttributeMap"
}

// resource is what a refusal names.
func (c cell) resource(userPool, identityPool string) string {
	switch {
	case !c.belongs():
		return "*"
	case c.service == "cognito-identity":
		return identityPoolARN + identityPool
	}
	return userPoolARN + userPool
}

// S136: every operation by four callers. S137: the administrator of one pool at
// another.
func TestS136S137EveryOperationByEveryCaller(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t) // root makes pools
	nobody := user(t, s, root, "nobody", statement("Allow", "s3:* cognito-idp-other:* iam:*", "*", ""))
	reader := user(t, s, root, "reader", "arn:aws:iam::aws:policy/AmazonCognitoReadOnly")
	admin := user(t, s, root, "admin",
		statement("Allow", "cognito-idp:* cognito-identity:*", userPoolARN+userPoolA+" "+identityPoolARN+identityPoolA, ""),
		statement("Allow", "iam:PassRole", passed, ""))
	everything := 0
	for _, c := range cells() {
		t.Run(c.spec.Name, func(t *testing.T) {
			for _, by := range []struct {
				name        string
				key         key
				user, ident string
				allowed     bool
			}{
				{"root", root, userPoolB, identityPoolB, true},
				{"nobody", nobody, userPoolA, identityPoolA, false},
				{"reader", reader, userPoolA, identityPoolA, c.reads()},
				{"admin", admin, userPoolA, identityPoolA, c.belongs()},
				{"admin", admin, userPoolB, identityPoolB, false},
			} {
				allowed, answer := c.call(t, s, by.key, by.user, by.ident)
				if allowed != by.allowed {
					t.Errorf("%s at %s: %d %s", by.name, by.user, answer.Status, answer.Body)
				}
				want := "User: " + userARN(by.name) + " is not authorized to perform: " + c.service + ":" + c.spec.Name +
					" on resource: " + c.resource(by.user, by.ident) + " because no identity-based policy allows the " + c.service + ":" + c.spec.Name + " action"
				if !allowed && answer.Message() != want {
					t.Errorf("%s is told %q, want %q", by.name, answer.Message(), want)
				}
			}
		})
		everything++
	}
	if everything != 105+19 {
		t.Errorf("%d operations, want 124", everything)
	}
}
