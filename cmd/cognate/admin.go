package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/outbound/userpools"
)

// administration is how commands reach a server that runs.
type administration struct {
	PublicURL string `env:"COGNATE_PUBLIC_URL" default:"http://localhost:7665" help:"Base URL of the server."`
	Region    string `env:"COGNATE_REGION" default:"us-east-1" help:"Region to sign requests for."`

	// foreignKeys says that the AWS_ variables are for another service.
	foreignKeys bool
}

// credentialsHelp ends the help of commands that sign their requests.
const credentialsHelp = `
Requests are signed with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: for cognate
serve the first administrator's key, or one whose policies allow it (access-key).
cognate dev accepts any, and none.`

// answerLimit is the longest answer that is read, in bytes.
const answerLimit = 64 << 20

// errNotFound says that the server has nothing at an address, or that the caller is
// not to know.
var errNotFound = errors.New("the server answered 404 Not Found")

// call calls an operation of the API.
func (a *administration) call(ctx context.Context, operation string, in, out any) error {
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSCognitoIdentityProviderService." + operation}}
	return a.send(ctx, http.MethodPost, "/", header, in, out)
}

// send sends a request, signed if there are credentials, and reads the answer.
func (a *administration) send(ctx context.Context, method, path string, header http.Header, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("ask the server: %w", err)
		}
	}
	text, _, err := a.exchange(ctx, method, path, header, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// exchange sends a request, signed, and gives the body and the headers of the
// answer, which is an error unless its status is 200.
func (a *administration) exchange(ctx context.Context, method, path string, header http.Header, body []byte) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(a.PublicURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, &exitError{exitUsage, err}
	}
	maps.Copy(request.Header, header)
	if err := a.sign(ctx, request, body); err != nil {
		return nil, nil, err
	}
	answer, err := userpools.Client().Do(request) // to nowhere else than was said
	if err != nil {
		return nil, nil, noServer(a.PublicURL, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	switch {
	case err != nil:
		return nil, nil, noServer(a.PublicURL, err)
	case answer.StatusCode == http.StatusNotFound:
		return nil, nil, errNotFound
	case answer.StatusCode != http.StatusOK:
		return nil, nil, &refusedError{status: answer.Status, body: bytes.TrimSpace(text), madeUp: a.key().AccessKeyID == madeUpKeyID}
	}
	return text, answer.Header, nil
}

// noServer is the error of a request that no server answered.
func noServer(publicURL string, err error) error {
	if cause, ok := errors.AsType[*url.Error](err); ok {
		err = cause.Err // without the address, which is said anyway
	}
	return &exitError{exitUnreachable, fmt.Errorf("no server answers at %s; does it run, is --public-url right? (%w)", publicURL, err)}
}

// refusedError is an answer that is no success.
type refusedError struct {
	status string
	body   []byte
	madeUp bool // the request was signed with the key that only cognate dev takes
}

// The API says what was wrong in one form, the addresses for operators in another.
func (e *refusedError) Error() string {
	var answer struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	switch err := json.Unmarshal(e.body, &answer); {
	case err == nil && answer.Type == "UnrecognizedClientException" && e.madeUp:
		return "the server wants a key that it knows: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	case err == nil && answer.Type != "":
		return answer.Type + ": " + answer.Message
	case err == nil && answer.Error != "":
		return answer.Error
	default:
		return fmt.Sprintf("the server answered %s: %s", e.status, e.body)
	}
}

// madeUpKeyID is what requests are signed with that have no key: development
// servers take any.
const madeUpKeyID = "cognate"

// key is a key of the server's own: COGNATE_ACCESS_KEY_ID where the AWS_ variables
// are those of another place.
func (a *administration) key() aws.Credentials {
	if id := os.Getenv("COGNATE_ACCESS_KEY_ID"); id != "" {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: os.Getenv("COGNATE_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("COGNATE_SESSION_TOKEN")}
	}
	if id := os.Getenv("AWS_ACCESS_KEY_ID"); id != "" && !a.foreignKeys {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), SessionToken: os.Getenv("AWS_SESSION_TOKEN")}
	}
	return aws.Credentials{AccessKeyID: madeUpKeyID, SecretAccessKey: "cognate-dev"}
}

// sign signs a request.
func (a *administration) sign(ctx context.Context, r *http.Request, body []byte) error {
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, a.key(), r, hex.EncodeToString(sum[:]), "cognito-idp", a.Region, time.Now()); err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}

// printEntry prints the ARN of what was written, or all of it as JSON.
func printEntry(w io.Writer, arn string, entry any, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(entry)
	}
	_, err := fmt.Fprintln(w, arn)
	return err
}

// printList prints what the server answered as JSON, or a line for each entry of
// its list.
func printList[T any](w io.Writer, answer any, list []T, asJSON bool, line func(T) string) error {
	if asJSON {
		return json.NewEncoder(w).Encode(answer)
	}
	for _, entry := range list {
		if _, err := fmt.Fprintln(w, line(entry)); err != nil {
			return err
		}
	}
	return nil
}
