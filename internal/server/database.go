package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"cognate/internal/store"
)

// openStore opens the database of the settings with its master key.
func openStore(ctx context.Context, cfg Config) (*store.DB, error) {
	sc := store.Config{Now: cfg.Now}
	switch {
	case cfg.Memory:
		sc.Memory = true
	case cfg.DatabaseURL != "":
		sc.URL, sc.Schema = cfg.DatabaseURL, cfg.Schema
	default:
		sc.Path = cfg.DataDir
	}
	if !cfg.Memory {
		key, err := masterKey(cfg)
		if err != nil {
			return nil, err
		}
		sc.MasterKey = key
	}
	return store.Open(ctx, sc)
}

// masterKey gives the key from the settings, or the one in its file. Only the
// default file in the data directory is made when it is missing: a file that
// was named is expected to exist.
func masterKey(cfg Config) ([]byte, error) {
	switch {
	case cfg.MasterKey != "":
		return store.ParseMasterKey(cfg.MasterKey)
	case cfg.MasterKeyFile != "":
		return store.LoadMasterKey(cfg.MasterKeyFile)
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	file := filepath.Join(cfg.DataDir, "master.key")
	if _, err := os.Stat(filepath.Join(cfg.DataDir, store.DatabaseFile)); err == nil {
		key, err := store.LoadMasterKey(file) // a new key would open nothing
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is missing, and the database beside it opens with that key only: restore it from its backup", file)
		}
		return key, err
	}
	return store.LoadOrCreateMasterKey(file)
}
