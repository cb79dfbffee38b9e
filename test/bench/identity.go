package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// identityPool is an identity pool for the users of the world, with a role that one
// of fifty statements lets read users. It is made when it is first measured.
type identityPool struct {
	once sync.Once
	err  error
	id   string
	open *cognitoidentity.Client // signs nothing
}

// federated is a user with an identity, for one worker.
type federated struct {
	id     string
	logins map[string]string
	api    *cip.Client // signs with the credentials of the role
}

func (p *identityPool) newUser(w *world) func(ctx context.Context, worker int) (any, error) {
	return func(ctx context.Context, worker int) (any, error) {
		p.once.Do(func() { p.err = p.make(ctx, w) })
		if p.err != nil {
			return nil, p.err
		}
		tokens, err := w.initiate(ctx, username(worker))
		if err != nil {
			return nil, err
		}
		f := &federated{logins: map[string]string{"cognito-idp.us-east-1.amazonaws.com/" + w.poolID: *tokens.IdToken}}
		got, err := p.open.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &p.id, Logins: f.logins})
		if err != nil {
			return nil, err
		}
		f.id = *got.IdentityId
		c, err := p.open.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &f.id, Logins: f.logins})
		if err != nil {
			return nil, err
		}
		options := w.api.Options()
		options.Credentials = credentials.NewStaticCredentialsProvider(*c.Credentials.AccessKeyId, *c.Credentials.SecretKey, *c.Credentials.SessionToken)
		f.api = cip.New(options)
		return f, nil
	}
}

func (p *identityPool) make(ctx context.Context, w *world) error {
	options := w.api.Options()
	client := func(c aws.CredentialsProvider) *cognitoidentity.Client {
		return cognitoidentity.New(cognitoidentity.Options{Region: options.Region, BaseEndpoint: &w.endpoint, HTTPClient: options.HTTPClient, Credentials: c})
	}
	p.open = client(aws.AnonymousCredentials{})
	admin := client(options.Credentials)
	made, err := admin.CreateIdentityPool(ctx, &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("bench"), AllowClassicFlow: aws.Bool(true),
		CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{{
			ProviderName: aws.String("cognito-idp.us-east-1.amazonaws.com/" + w.poolID), ClientId: &w.clientID,
		}},
	})
	if err != nil {
		return fmt.Errorf("create the identity pool: %w", err)
	}
	p.id = *made.IdentityPoolId
	if err := w.putRole(ctx, p.id); err != nil {
		return err
	}
	_, err = admin.SetIdentityPoolRoles(ctx, &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: &p.id, Roles: map[string]string{"authenticated": "arn:aws:iam::123456789012:role/bench"},
	})
	if err != nil {
		return fmt.Errorf("set the roles: %w", err)
	}
	return nil
}

// putRole makes the role bench for an identity pool, by the command of operators.
// It has five policies of ten statements; the last of them is the one that permits.
func (w *world) putRole(ctx context.Context, identityPool string) error {
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},` +
		`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + identityPool + `"}}}]}`
	args := []string{"role", "put", "bench", "--public-url", w.endpoint}
	add := func(flag, name, text string) error {
		file := filepath.Join(w.dir, name)
		args = append(args, flag, file)
		return os.WriteFile(file, []byte(text), 0o600)
	}
	if err := add("--trust", "trust.json", trust); err != nil {
		return fmt.Errorf("write the trust policy: %w", err)
	}
	for i := range 5 {
		if err := add("--policy", fmt.Sprintf("policy-%d.json", i), tenStatements(i, i == 4)); err != nil {
			return fmt.Errorf("write a policy: %w", err)
		}
	}
	put := exec.CommandContext(ctx, w.binary, args...)
	put.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+rootID, "AWS_SECRET_ACCESS_KEY="+rootSecret)
	if out, err := put.CombinedOutput(); err != nil {
		return fmt.Errorf("put the role: %w: %s", err, out)
	}
	return nil
}

// tenStatements is a policy about other pools and tags; the last statement may permit
// what is measured.
func tenStatements(n int, permits bool) string {
	var statements []string
	for i := range 10 {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":["cognito-idp:Admin*Device","cognito-idp:AdminGet*"],`+
			`"Resource":"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_%d*",`+
			`"Condition":{"StringLike":{"aws:PrincipalTag/team":"team-%d-*"}}}`, n, i))
	}
	if permits {
		statements[9] = `{"Effect":"Allow","Action":"cognito-idp:AdminGetUser","Resource":"*"}`
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// knownID is GetId for somebody who has an identity.
func (p *identityPool) knownID(ctx context.Context, state any, _ int64) error {
	f := state.(*federated)
	_, err := p.open.GetId(ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &p.id, Logins: f.logins})
	return err
}

// credentials is GetCredentialsForIdentity, the enhanced flow.
func (p *identityPool) credentials(ctx context.Context, state any, _ int64) error {
	f := state.(*federated)
	_, err := p.open.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &f.id, Logins: f.logins})
	return err
}

// openID is GetOpenIdToken, the beginning of the classic flow.
func (p *identityPool) openID(ctx context.Context, state any, _ int64) error {
	f := state.(*federated)
	_, err := p.open.GetOpenIdToken(ctx, &cognitoidentity.GetOpenIdTokenInput{IdentityId: &f.id, Logins: f.logins})
	return err
}

// bySession is AdminGetUser with temporary credentials, whose role has fifty
// statements.
func (w *world) bySession(ctx context.Context, state any, n int64) error {
	_, err := state.(*federated).api.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &w.poolID, Username: aws.String(username(int(n) % w.users))})
	return err
}
