package awsapi_test

import (
	"net/http"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/api/identity"
)

// identityRequest is a call of an operation of identity pools.
func identityRequest(t *testing.T, operation, body string) *http.Request {
	t.Helper()
	r := request(t, operation, body)
	r.Header.Set("X-Amz-Target", identity.TargetPrefix+"."+operation)
	return r
}

// spec/identity-pools.md A: one door, two services, each with words of its own.
func TestIdentityPoolsAreServedAtTheSameDoor(t *testing.T) {
	t.Parallel()
	d := open(t, dev)
	const pool = `{"IdentityPoolId":"us-east-1:7c1b0b8e-0a7e-4f8e-9d1c-000000000001"}`
	if w := d.call(identityRequest(t, "DescribeIdentityPool", pool)); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"IdentityPoolName":"shop"`) {
		t.Errorf("DescribeIdentityPool: %d %s", w.Code, w.Body)
	}
	wantException(t, d.call(identityRequest(t, "GetId", pool)), 400, "ResourceNotFoundException", "IdentityPool 'us-east-1:7c1b0b8e-0a7e-4f8e-9d1c-000000000001' not found")
	wantException(t, d.call(identityRequest(t, "GetId", `{}`)), 400, "ValidationException",
		"1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null")
	// spec/recorded.md 2.6, the recorded answer to an empty login.
	wantException(t, d.call(identityRequest(t, "GetId", `{"IdentityPoolId":"us-east-1:7c1b0b8e-0a7e-4f8e-9d1c-000000000001","Logins":{"a.example":""}}`)), 400, "ValidationException",
		"1 validation error detected: Value '{a.example=}' at 'logins' failed to satisfy constraint: Map value must satisfy constraint: "+
			"[Member must have length less than or equal to 50000, Member must have length greater than or equal to 1]")
	wantException(t, d.call(identityRequest(t, "ListUserPools", `{}`)), 400, "UnknownOperationException", "")
	if got := d.seen[0]; got.Service != "cognito-identity" || got.Operation != "DescribeIdentityPool" {
		t.Errorf("observed %+v", got)
	}
}

// The four operations of apps are not signed; the others are, for their own service.
func TestIdentityPoolsSignatures(t *testing.T) {
	t.Parallel()
	d := open(t)
	const pool = `{"IdentityPoolId":"us-east-1:7c1b0b8e-0a7e-4f8e-9d1c-000000000001"}`
	wantException(t, d.call(identityRequest(t, "GetId", pool)), 400, "ResourceNotFoundException", "IdentityPool 'us-east-1:7c1b0b8e-0a7e-4f8e-9d1c-000000000001' not found")
	wantException(t, d.call(identityRequest(t, "DescribeIdentityPool", pool)), 400, "MissingAuthenticationTokenException", "Missing Authentication Token")
	public := map[string]bool{"GetId": true, "GetCredentialsForIdentity": true, "GetOpenIdToken": true, "UnlinkIdentity": true}
	for name, o := range identity.Operations {
		if unsigned := o.Access == api.Public; unsigned != public[name] {
			t.Errorf("%s: unsigned %v", name, unsigned)
		}
	}
}
