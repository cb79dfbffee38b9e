// Package sts_test calls the Security Token Service of a whole server over HTTP with
// the AWS SDK for Go v2, as applications do. COGNATE_TEST_DB chooses the engine.
package sts_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

const account = "123456789012"

func dev(c *server.Config) {
	c.Mode, c.RootAccessKeyID, c.RootSecretAccessKey = server.Dev, "", ""
}

// as makes a client with a session's credentials.
func as(s *servertest.Server, c *types.Credentials) *sts.Client {
	return s.STSClient(static(c))
}

func static(c *types.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
}

func wantOK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError wants an error of the service; an empty message is not compared.
func wantError(t testing.TB, err error, status int, code, message string) {
	t.Helper()
	var e smithy.APIError
	var r *smithyhttp.ResponseError
	if !errors.As(err, &e) || !errors.As(err, &r) || r.HTTPStatusCode() != status || e.ErrorCode() != code ||
		message != "" && e.ErrorMessage() != message {
		t.Errorf("got  %v\nwant %d %s: %s", err, status, code, message)
	}
}

func whoIs(t testing.TB, c *sts.Client) (arn string, err error) {
	t.Helper()
	out, err := c.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	if *out.Account != account {
		t.Errorf("account %s", *out.Account)
	}
	return *out.Arn, nil
}

// otherService signs for elasticloadbalancing, whatever the request is for.
type otherService struct{ sts.HTTPSignerV4 }

func (o otherService) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, _, region string, at time.Time, f ...func(*v4.SignerOptions)) error {
	return o.HTTPSignerV4.SignHTTP(ctx, c, r, hash, "elasticloadbalancing", region, at, f...)
}
