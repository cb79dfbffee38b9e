//go:build !unix

package store

import "errors"

type lockFile struct{}

func takeLock(string) (*lockFile, error) {
	return nil, errors.New("a data directory needs file locks, which this system does not offer; use PostgreSQL")
}

func (*lockFile) release() error { return nil }
