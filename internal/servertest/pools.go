package servertest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// CreatePool makes a pool named after the test; change may alter the request.
func (s *Server) CreatePool(t testing.TB, change func(*cip.CreateUserPoolInput)) (poolID string) {
	t.Helper()
	in := &cip.CreateUserPoolInput{PoolName: aws.String("test")}
	if change != nil {
		change(in)
	}
	made, err := s.SDK.CreateUserPool(t.Context(), in)
	if err != nil {
		t.Fatalf("CreateUserPool: %v", err)
	}
	return *made.UserPool.Id
}

// CreateClient makes a public client that allows SRP, plain passwords, the
// administrator's flow and refreshing; change may alter the request.
func (s *Server) CreateClient(t testing.TB, poolID string, change func(*cip.CreateUserPoolClientInput)) (clientID string) {
	t.Helper()
	in := &cip.CreateUserPoolClientInput{
		UserPoolId: &poolID, ClientName: aws.String("test"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	}
	if change != nil {
		change(in)
	}
	made, err := s.SDK.CreateUserPoolClient(t.Context(), in)
	if err != nil {
		t.Fatalf("CreateUserPoolClient: %v", err)
	}
	return *made.UserPoolClient.ClientId
}

// CreateUser makes a confirmed user with a password; attributes are pairs of
// name and value.
func (s *Server) CreateUser(t testing.TB, poolID, username, password string, attributes ...string) {
	t.Helper()
	in := &cip.AdminCreateUserInput{UserPoolId: &poolID, Username: &username, MessageAction: types.MessageActionTypeSuppress}
	for i := 0; i+1 < len(attributes); i += 2 {
		in.UserAttributes = append(in.UserAttributes, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
	}
	if _, err := s.SDK.AdminCreateUser(t.Context(), in); err != nil {
		t.Fatalf("AdminCreateUser: %v", err)
	}
	_, err := s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &poolID, Username: &username, Password: &password, Permanent: true,
	})
	if err != nil {
		t.Fatalf("AdminSetUserPassword: %v", err)
	}
}
