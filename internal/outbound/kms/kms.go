// Package kms asks AWS KMS, or what speaks its protocol, for data keys
// (triggers.md §6.4). Where it is is said by the variables of AWS's own SDKs,
// AWS_ENDPOINT_URL_KMS and AWS_ENDPOINT_URL, and who asks by their usual sources of
// credentials.
package kms

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/outbound/fetch"
)

const (
	timeout     = 5 * time.Second
	answerLimit = 64 << 10 // bytes
)

// Client asks for data keys. All fields are set.
type Client struct {
	Getenv      func(name string) string
	Credentials aws.CredentialsProvider
	Allow       []netip.Prefix // networks that are not public and may be called
	InWrite     func(context.Context) bool
	Now         func() time.Time
}

// DataKey is a key for one message, in clear and sealed by the service.
type DataKey struct {
	ARN               string // of the service's key
	Plaintext, Sealed []byte
}

// ErrInWrite is the answer to a call inside a store transaction.
var ErrInWrite = errors.New("ask for a data key: called inside a store transaction")

// Generate asks for a data key of 256 bits under the key of an ARN.
func (c *Client) Generate(ctx context.Context, arn string, encryption map[string]string) (DataKey, error) {
	var none DataKey
	if c.InWrite(ctx) {
		return none, ErrInWrite
	}
	body, err := json.Marshal(map[string]any{"KeyId": arn, "KeySpec": "AES_256", "EncryptionContext": encryption})
	if err != nil {
		return none, fmt.Errorf("ask for a data key: %w", err)
	}
	answer, err := c.call(ctx, arn, body)
	if err != nil {
		return none, fmt.Errorf("ask for a data key: %w", err)
	}
	var key struct {
		CiphertextBlob, Plaintext []byte
		KeyID                     string `json:"KeyId"`
	}
	if err := json.Unmarshal(answer, &key); err != nil || key.KeyID == "" || len(key.CiphertextBlob) == 0 {
		return none, errors.New("ask for a data key: the answer is not usable")
	}
	return DataKey{ARN: key.KeyID, Plaintext: key.Plaintext, Sealed: key.CiphertextBlob}, nil
}

func (c *Client) call(ctx context.Context, arn string, body []byte) ([]byte, error) {
	region := "us-east-1"
	if parts := strings.Split(arn, ":"); len(parts) > 3 && parts[3] != "" {
		region = parts[3]
	}
	address, err := c.endpoint(region)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "TrentService.GenerateDataKey")
	if err := c.sign(ctx, request, body, region); err != nil {
		return nil, err
	}
	policy := fetch.Policy{Allow: c.Allow, Limit: answerLimit, Timeout: timeout}
	if fetch.LoopbackName(address.Hostname()) {
		policy.Allow = append(slices.Clip(policy.Allow), fetch.Loopback...)
	}
	client := fetch.Client(policy)
	defer client.CloseIdleConnections()
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		var refusal struct {
			Type string `json:"__type"`
		}
		_ = json.Unmarshal(text, &refusal) // without a type the status says enough
		return nil, fmt.Errorf("answered %s %s", answer.Status, refusal.Type)
	}
	return text, nil
}

// endpoint is where the key service of a Region is.
func (c *Client) endpoint(region string) (*url.URL, error) {
	text := c.Getenv("AWS_ENDPOINT_URL_KMS")
	if text == "" {
		text = c.Getenv("AWS_ENDPOINT_URL")
	}
	if text == "" {
		text = "https://kms." + region + ".amazonaws.com/"
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !fetch.LoopbackName(u.Hostname())) {
		return nil, errors.New("address of the key service is neither https nor http on this machine")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

func (c *Client) sign(ctx context.Context, r *http.Request, body []byte, region string) error {
	who, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, who, r, hex.EncodeToString(sum[:]), "kms", region, c.Now()); err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	return nil
}
