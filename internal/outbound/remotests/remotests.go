package remotests

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cognate/internal/outbound/fetch"
)

const (
	timeout     = 5 * time.Second
	answerLimit = 256 << 10 // bytes
)

// Client asks one service. Make it with Parse; it is safe for many goroutines.
type Client struct {
	// InWrite reports whether ctx belongs to a running store transaction; Exchange
	// refuses such a context. Nil means that there are no transactions.
	InWrite func(ctx context.Context) bool

	sdk *sts.Client
}

// Parse reads the address of a service (setting --sts-url), such as
// https://sts.eu-central-1.amazonaws.com or https://minio.example.com:9000. Plain http
// is for loopback; to reach another host that way the address must say insecure=true.
func Parse(address, region string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the STS is not a URL: %w", err)
	}
	query := u.Query()
	insecure := query.Get("insecure")
	query.Del("insecure")
	switch {
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return nil, errors.New("the address of the STS is not an absolute https address")
	case insecure != "" && insecure != "true":
		return nil, fmt.Errorf("the address of the STS has insecure=%q, the only value is true", insecure)
	case u.Scheme == "http" && insecure == "" && !fetch.LoopbackName(u.Hostname()):
		return nil, errors.New("the address of the STS is plain http to another machine, which shows tokens and credentials to the network: use https, or add insecure=true")
	case len(query) > 0 || u.User != nil || u.Fragment != "":
		return nil, errors.New("the address of the STS has more than a host and a path")
	}
	endpoint := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	return &Client{sdk: sts.New(sts.Options{
		Region: region, BaseEndpoint: &endpoint, Credentials: aws.AnonymousCredentials{}, Retryer: aws.NopRetryer{},
		HTTPClient: httpClient(),
	})}, nil
}

// httpClient asks where the operator said: no redirects, no proxies of the
// environment.
func httpClient() *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: fetch.Whole{RoundTripper: fetch.Limited(answerLimit, &http.Transport{
			DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
			TLSHandshakeTimeout:    timeout,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: answerLimit,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		})},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Request is what a session is asked for with.
type Request struct {
	Token, RoleARN, SessionName string

	Duration   time.Duration
	Policy     string // session policy, empty: none
	PolicyARNs []string
}

// Credentials are a session.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string

	Expires time.Time
}

// RefusedError is an answer that there is no session. Any other error is that the service
// could not be asked.
type RefusedError struct{ Code, Message string }

func (r *RefusedError) Error() string { return "the STS refuses: " + r.Code + ": " + r.Message }

// Exchange asks for a session. It must not be called inside a transaction.
func (c *Client) Exchange(ctx context.Context, r Request) (*Credentials, error) {
	if c.InWrite != nil && c.InWrite(ctx) {
		return nil, errors.New("exchange a token at the STS: called inside a store transaction")
	}
	in := &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &r.RoleARN, RoleSessionName: &r.SessionName, WebIdentityToken: &r.Token,
		DurationSeconds: aws.Int32(int32(r.Duration / time.Second)),
	}
	if r.Policy != "" {
		in.Policy = &r.Policy
	}
	for _, arn := range r.PolicyARNs {
		in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: &arn})
	}
	out, err := c.sdk.AssumeRoleWithWebIdentity(ctx, in)
	if err != nil {
		return nil, refusal(err)
	}
	got := out.Credentials
	if got == nil || aws.ToString(got.AccessKeyId) == "" || aws.ToString(got.SecretAccessKey) == "" || got.Expiration == nil {
		return nil, errors.New("exchange a token at the STS: the answer has no credentials")
	}
	return &Credentials{
		AccessKeyID: *got.AccessKeyId, SecretAccessKey: *got.SecretAccessKey, SessionToken: aws.ToString(got.SessionToken), Expires: *got.Expiration,
	}, nil
}

// refusal tells an answer that blames the request from a service that does not work.
func refusal(err error) error {
	var said smithy.APIError
	var response *smithyhttp.ResponseError
	if errors.As(err, &said) && errors.As(err, &response) {
		status := response.HTTPStatusCode()
		if status >= 400 && status < 500 && status != http.StatusTooManyRequests && said.ErrorCode() != "IDPCommunicationError" {
			return &RefusedError{said.ErrorCode(), said.ErrorMessage()}
		}
	}
	return fmt.Errorf("exchange a token at the STS: %w", err)
}
