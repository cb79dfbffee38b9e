package api_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/servertest"
)

// http2Only fails the test when an answer came by another protocol.
type http2Only struct {
	t    *testing.T
	next http.RoundTripper
}

func (h http2Only) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := h.next.RoundTrip(r)
	if err == nil && (answer.ProtoMajor != 2 || answer.TLS == nil) {
		h.t.Errorf("%s: answered by %s", r.URL, answer.Proto)
	}
	return answer, err
}

// The SDK signs and is answered over TLS and HTTP/2, under every name that the
// port has.
func TestSDKOverHTTPS(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, host := range []string{"localhost", "127.0.0.1", "cognito-idp.us-east-1.localhost"} {
		endpoint := s.HTTPSAt(host)
		sdk := s.Client(servertest.RootAccessKeyID, servertest.RootSecretAccessKey, func(o *cip.Options) {
			o.BaseEndpoint = &endpoint
			o.HTTPClient = &http.Client{Transport: http2Only{t, s.HTTP.Transport}}
		})
		made, err := sdk.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("over TLS")})
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		if _, err := sdk.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: made.UserPool.Id}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		wrong := s.Client(servertest.RootAccessKeyID, "not-the-secret-of-this-key", func(o *cip.Options) {
			o.BaseEndpoint, o.HTTPClient = &endpoint, s.HTTP
		})
		if _, err := wrong.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: made.UserPool.Id}); err == nil {
			t.Errorf("%s: a wrong signature is taken", host)
		}
	}
}
