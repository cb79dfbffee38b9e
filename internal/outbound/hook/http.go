package hook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cognate/internal/outbound/fetch"
)

// httpTarget posts events to an address (triggers.md §6.2).
type httpTarget struct {
	url     *url.URL
	client  *http.Client
	secrets func(context.Context) ([][]byte, error)
	now     func() time.Time
}

func (c *Config) http(text string) (target, error) {
	u, err := address(text)
	if err != nil {
		return nil, err
	}
	if c.Secrets == nil || c.Now == nil {
		return nil, errors.New("no signing secret")
	}
	return &httpTarget{url: u, client: fetch.Client(c.policy(u)), secrets: c.Secrets, now: c.Now}, nil
}

func (t *httpTarget) String() string { return masked(t.url) }

func (t *httpTarget) Close() error {
	t.client.CloseIdleConnections()
	return nil
}

func (t *httpTarget) invoke(ctx context.Context, c Call) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url.String(), bytes.NewReader(c.Event))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", t, err)
	}
	secrets, err := t.secrets(ctx)
	if err != nil {
		return nil, fmt.Errorf("call %s: find the signing secret: %w", t, err)
	}
	h := request.Header
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", "cognate")
	h.Set("X-Cognate-Function", c.ARN)
	h.Set("X-Cognate-Request-Id", c.RequestID)
	h.Set("X-Cognate-Signature", Sign(secrets, t.now(), c.Event))
	answer, err := t.client.Do(request)
	if err != nil {
		return nil, transportError(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, transportError(err)
	}
	return judge(answer, body, c.Async)
}

// judge makes an outcome of an HTTP answer.
func judge(answer *http.Response, body []byte, async bool) ([]byte, error) {
	switch status := answer.StatusCode; {
	case status >= 500:
		return nil, &CallError{Code: codeService, cause: errors.New(answer.Status), again: true}
	case status >= 400:
		return nil, functionError(body)
	case answer.Header.Get("X-Amz-Function-Error") != "":
		return nil, functionError(body)
	case status == http.StatusOK:
		return body, nil
	case async && (status == http.StatusAccepted || status == http.StatusNoContent):
		return nil, nil
	default:
		return nil, fmt.Errorf("answered %s: %w", answer.Status, ErrUnusable)
	}
}

// transportError sorts the errors of an HTTP client.
func transportError(err error) error {
	switch {
	case errors.Is(err, fetch.ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrUnusable, err)
	case errors.Is(err, fetch.ErrForbidden):
		return &CallError{Code: codeDenied, cause: err}
	}
	if failure, ok := errors.AsType[*url.Error](err); ok {
		if failure.Timeout() {
			return &CallError{Code: codeTimeout, cause: failure.Err, again: true}
		}
		err = failure.Err // without the address
	}
	return &CallError{Code: codeService, cause: err, again: true}
}

// Sign makes the value of X-Cognate-Signature for a body, with one v1 for each
// secret in force.
func Sign(secrets [][]byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	var value strings.Builder
	value.WriteString("t=" + t)
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(t + "."))
		mac.Write(body)
		value.WriteString(",v1=" + hex.EncodeToString(mac.Sum(nil)))
	}
	return value.String()
}
