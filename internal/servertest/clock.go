package servertest

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// clock is real time plus what a test has advanced it by, or stands still.
type clock struct {
	ahead   atomic.Int64
	stopped atomic.Pointer[time.Time]
}

func (c *clock) Now() time.Time {
	now := c.stopped.Load()
	if now == nil {
		running := time.Now()
		now = &running
	}
	return now.Add(time.Duration(c.ahead.Load()))
}

func (c *clock) Stop() {
	now := time.Now()
	c.stopped.Store(&now)
}

func (c *clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// signer signs with the test's clock, so that requests stay valid after it
// was advanced.
type signer struct {
	*v4.Signer
	now func() time.Time
}

func (s signer) SignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string,
	_ time.Time, optFns ...func(*v4.SignerOptions),
) error {
	return s.Signer.SignHTTP(ctx, credentials, r, payloadHash, service, region, s.now(), optFns...)
}
