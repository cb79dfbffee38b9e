package hook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cognate/internal/outbound/fetch"
)

// lambdaTarget calls the Lambda Invoke API.
type lambdaTarget struct {
	url    *url.URL
	client *lambda.Client
}

func (c *Config) lambda(text string) (target, error) {
	u, err := address(text)
	if err != nil {
		return nil, err
	}
	endpoint := u.String()
	caller := fetch.Client(c.policy(u))
	caller.Transport = fetch.Whole{RoundTripper: caller.Transport}
	return &lambdaTarget{url: u, client: lambda.New(lambda.Options{
		BaseEndpoint: &endpoint,
		Region:       "us-east-1", // each call names its own
		Credentials:  c.awsCredentials(),
		HTTPClient:   caller,
		Retryer:      aws.NopRetryer{}, // Functions decides what is tried again
	})}, nil
}

// awsCredentials are those of the environment. An endpoint that checks none
// takes made-up ones as well.
func (c *Config) awsCredentials() aws.CredentialsProvider {
	environ := c.environ()
	id, secret := environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"]
	if id == "" || secret == "" {
		return credentials.NewStaticCredentialsProvider("cognate", "cognate", "")
	}
	return credentials.NewStaticCredentialsProvider(id, secret, environ["AWS_SESSION_TOKEN"])
}

func (c *Config) environ() map[string]string {
	values := map[string]string{}
	if c.Environ == nil {
		return values
	}
	for _, pair := range c.Environ() {
		if name, value, ok := strings.Cut(pair, "="); ok {
			values[name] = value
		}
	}
	return values
}

func (t *lambdaTarget) String() string { return "lambda:" + masked(t.url) }
func (t *lambdaTarget) Close() error   { return nil }

func (t *lambdaTarget) invoke(ctx context.Context, c Call) ([]byte, error) {
	kind := types.InvocationTypeRequestResponse
	if c.Async {
		kind = types.InvocationTypeEvent
	}
	answer, err := t.client.Invoke(ctx, &lambda.InvokeInput{
		FunctionName: &c.ARN, InvocationType: kind, Payload: c.Event,
	}, func(o *lambda.Options) {
		if c.Region != "" {
			o.Region = c.Region
		}
	})
	if err != nil {
		return nil, apiError(err)
	}
	if answer.FunctionError != nil {
		return nil, functionError(answer.Payload)
	}
	return answer.Payload, nil
}

// apiError sorts the errors of the SDK.
func apiError(err error) error {
	if errors.Is(err, fetch.ErrTooLarge) || errors.Is(err, fetch.ErrForbidden) {
		return transportError(err)
	}
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		failure := &CallError{Code: codeService, cause: err, again: answer.HTTPStatusCode() >= http.StatusInternalServerError}
		if named, ok := errors.AsType[smithy.APIError](err); ok && named.ErrorCode() != "" && named.ErrorCode() != "UnknownError" {
			failure.Code = named.ErrorCode()
		}
		return failure
	}
	if sent, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return transportError(sent.Err)
	}
	return transportError(fmt.Errorf("call Lambda: %w", err))
}
