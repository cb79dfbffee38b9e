//go:build !unix

package pgtest

import (
	"context"
	"errors"
	"time"
)

func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 30*time.Second)
}

func start() (*instance, error) {
	return nil, errors.New("set TEST_POSTGRES_URL; starting a server needs a Unix system")
}
