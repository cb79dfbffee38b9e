package store

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LoadOrCreateMasterKey reads the master key in a file, or makes a new one
// when there is no file. The file holds 32 bytes in base64 and must be a
// regular file that only its owner can read.
func LoadOrCreateMasterKey(path string) ([]byte, error) {
	key, err := LoadMasterKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = newKey()
	if err := createKeyFile(path, key); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was quicker
			return LoadMasterKey(path)
		}
		return nil, fmt.Errorf("make master key: %w", err)
	}
	return key, nil
}

// LoadMasterKey reads the master key in a file made by LoadOrCreateMasterKey
// or WriteMasterKey.
func LoadMasterKey(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read master key: %s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("read master key: %s can be read by others (mode %04o); run chmod 600 on it", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	return ParseMasterKey(string(text))
}

// ParseMasterKey reads a master key written in base64.
func ParseMasterKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != MasterKeySize {
		// Nothing of the text may get into logs.
		return nil, fmt.Errorf("master key is not %d bytes in base64", MasterKeySize)
	}
	return key, nil
}

// WriteMasterKey replaces the master key in a file at once: after a crash
// there is the old file or the new one.
func WriteMasterKey(path string, key []byte) error {
	next := path + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write master key: %w", err)
	}
	if err := createKeyFile(next, key); err != nil {
		return fmt.Errorf("write master key: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("write master key: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func createKeyFile(path string, key []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("flush directory: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
