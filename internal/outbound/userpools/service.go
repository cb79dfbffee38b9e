package userpools

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/api"
)

// answerLimit is the longest answer that is read, in bytes.
const answerLimit = 64 << 20

// defaultAttempts is how often a call is made that the other side is too busy for.
const defaultAttempts = 8

// Service is the API of one installation in one Region. Endpoint, Region, Now and
// Wait are set. It is safe for concurrent use.
type Service struct {
	Endpoint string // https://cognito-idp.{region}.amazonaws.com for Amazon's own
	Region   string
	// Credentials sign requests; nil signs none, for public operations.
	Credentials aws.CredentialsProvider
	HTTP        *http.Client // nil: Client()
	Now         func() time.Time
	// Wait waits, or ends early with the context's error.
	Wait func(ctx context.Context, d time.Duration) error
	// Interval is the least time between the beginnings of two calls.
	Interval time.Duration
	// Attempts is how often a call is made that the other side is too busy for; 0:
	// eight times, in 25 seconds.
	Attempts int

	mu   sync.Mutex
	next time.Time // when the next call may begin
}

// attemptTime bounds one attempt: a move takes hours, and one connection that hangs
// must not end it.
const attemptTime = time.Minute

// Client gives an HTTP client that follows no redirect: what is sent are passwords.
func Client() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// EndpointOf is where Amazon serves a Region.
func EndpointOf(region string) string { return "https://cognito-idp." + region + ".amazonaws.com" }

// ErrUnreachable says that the other side did not answer, or not in its language.
var ErrUnreachable = errors.New("the user pools API could not be reached")

// Call calls an operation and fills out with the answer. What the other side
// refuses is an *api.Error with its code and words. Calls that it is too busy for
// are made again, each time after twice as long.
func (s *Service) Call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: write the request: %w", operation, err)
	}
	attempts := cmp.Or(s.Attempts, defaultAttempts)
	pause := 200 * time.Millisecond
	for attempt := 1; ; attempt++ {
		if err := s.pace(ctx); err != nil {
			return err
		}
		err := s.once(ctx, operation, body, out)
		if err == nil || attempt == attempts || ctx.Err() != nil || !busy(err) {
			return err
		}
		if err := s.Wait(ctx, pause); err != nil {
			return err
		}
		pause *= 2
	}
}

// pace waits until the next call may begin.
func (s *Service) pace(ctx context.Context) error {
	if s.Interval <= 0 {
		return nil
	}
	now := s.Now()
	s.mu.Lock()
	wait := max(0, s.next.Sub(now))
	s.next = now.Add(wait + s.Interval)
	s.mu.Unlock()
	if wait == 0 {
		return nil
	}
	return s.Wait(ctx, wait)
}

// busy reports whether a call may succeed later.
func busy(err error) bool {
	if errors.Is(err, ErrUnreachable) {
		return true
	}
	refusal, ok := errors.AsType[*api.Error](err)
	return ok && (refusal.Status >= http.StatusInternalServerError || refusal.Code == "TooManyRequestsException" || refusal.Code == "ThrottlingException")
}

func (s *Service) once(ctx context.Context, operation string, body []byte, out any) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(s.Endpoint, "/")+"/", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", api.TargetPrefix+"."+operation)
	if err := s.sign(ctx, request, body); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	client := s.HTTP
	if client == nil {
		client = Client()
	}
	answer, err := client.Do(request)
	if err != nil {
		if failure, ok := errors.AsType[*url.Error](err); ok {
			err = failure.Err
		}
		return fmt.Errorf("%s: %w: %w", operation, ErrUnreachable, err)
	}
	defer func() { _ = answer.Body.Close() }() // read to its end, or given up
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("%s: %w: %w", operation, ErrUnreachable, err)
	}
	if answer.StatusCode != http.StatusOK {
		return refusal(operation, answer.StatusCode, text)
	}
	if out == nil || len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s: %w: read the answer: %w", operation, ErrUnreachable, err)
	}
	return nil
}

func (s *Service) sign(ctx context.Context, r *http.Request, body []byte) error {
	if s.Credentials == nil {
		return nil
	}
	who, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("find credentials: %w", err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "cognito-idp", s.Region, s.Now()); err != nil {
		return fmt.Errorf("sign the request: %w", err)
	}
	return nil
}

// refusal reads an exception; __type may have a namespace before the code.
func refusal(operation string, status int, text []byte) error {
	var exception struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
		Other   string `json:"Message"`
	}
	if err := json.Unmarshal(text, &exception); err != nil || exception.Type == "" {
		return fmt.Errorf("%s: %w: status %d", operation, ErrUnreachable, status)
	}
	code := exception.Type[strings.LastIndexByte(exception.Type, '#')+1:]
	if exception.Message == "" {
		exception.Message = exception.Other
	}
	return &api.Error{Code: code, Message: exception.Message, Status: status}
}
