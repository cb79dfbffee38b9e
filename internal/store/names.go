package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The kinds of sign-in names.
const (
	NameUsername          = "username"
	NameEmail             = "email"
	NamePhoneNumber       = "phone_number"
	NamePreferredUsername = "preferred_username"
)

// Name is one string that a user can sign in with, folded by the caller as
// the pool asks.
type Name struct {
	Name string
	Kind string
}

const (
	selectNames = `SELECT name, kind FROM user_names WHERE pool_id = $1 AND sub = $2 ORDER BY name`
	selectOwner = `SELECT sub FROM user_names WHERE pool_id = $1 AND name = $2`
	insertName  = `INSERT INTO user_names (pool_id, name, kind, sub) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	updateName  = `UPDATE user_names SET kind = $1 WHERE pool_id = $2 AND name = $3 AND sub = $4`
	deleteName  = `DELETE FROM user_names WHERE pool_id = $1 AND name = $2 AND sub = $3`
	releaseName = `DELETE FROM user_names WHERE pool_id = $1 AND name = $2 RETURNING sub`
)

// maxKey bounds what is put into an index: PostgreSQL refuses entries above
// 2,704 bytes, and an attribute may have 2,048 characters.
const maxKey = 1000

// nameKey is the name as the table holds it: itself, or a digest when it is
// too long for an index. No name begins with U+0001: none may hold controls.
func nameKey(name string) string {
	if len(name) <= maxKey {
		return name
	}
	digest := sha256.Sum256([]byte(name))
	return "\x01" + hex.EncodeToString(digest[:])
}

// storable reports whether both engines can hold s as text.
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

// SetNames makes the names of a user exactly those wanted. When one belongs
// to somebody else, it stops and tells which one and the sub of its owner;
// the transaction may go on, its names are then half changed.
func (tx *Tx) SetNames(ctx context.Context, poolID, sub string, want []Name) (taken *Name, owner string, err error) {
	have, err := tx.names(ctx, poolID, sub)
	if err != nil {
		return nil, "", err
	}
	want = inOrder(want)
	for name := range have {
		if !slices.ContainsFunc(want, func(w Name) bool { return nameKey(w.Name) == name }) {
			if _, err := tx.change(ctx, deleteName, poolID, name, sub); err != nil {
				return nil, "", fmt.Errorf("drop sign-in name of %s: %w", sub, err)
			}
		}
	}
	for _, w := range want {
		kind, mine := have[nameKey(w.Name)]
		switch {
		case mine && kind == w.Kind:
			continue
		case mine:
			if _, err := tx.change(ctx, updateName, w.Kind, poolID, nameKey(w.Name), sub); err != nil {
				return nil, "", fmt.Errorf("change sign-in name of %s: %w", sub, err)
			}
		default:
			owner, err := tx.claimName(ctx, poolID, sub, w)
			if err != nil {
				return nil, "", err
			}
			if owner != sub {
				return &w, owner, nil
			}
		}
		if have == nil {
			have = map[string]string{}
		}
		have[nameKey(w.Name)] = w.Kind
	}
	return nil, "", nil
}

// inOrder sorts names the same way for everybody, so that two sign-ups cannot wait
// for each other.
func inOrder(names []Name) []Name {
	return slices.SortedFunc(slices.Values(names), func(a, b Name) int { return strings.Compare(nameKey(a.Name), nameKey(b.Name)) })
}

// names is the user's names as the table holds them, with their kinds.
func (tx *Tx) names(ctx context.Context, poolID, sub string) (map[string]string, error) {
	list, err := tx.storedNames(ctx, poolID, sub)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	names := make(map[string]string, len(list))
	for _, n := range list {
		names[n.Name] = n.Kind
	}
	return names, nil
}

func (tx *Tx) storedNames(ctx context.Context, poolID, sub string) ([]Name, error) {
	list, err := many(ctx, tx, func(s scanner) (n Name, err error) {
		err = s.Scan(&n.Name, &n.Kind)
		return n, err
	}, selectNames, poolID, sub)
	if err != nil {
		return nil, fmt.Errorf("load sign-in names of %s: %w", sub, err)
	}
	return list, nil
}

// claimName takes a name for sub and answers who has it now.
func (tx *Tx) claimName(ctx context.Context, poolID, sub string, n Name) (string, error) {
	key := nameKey(n.Name)
	for range 3 {
		added, err := tx.change(ctx, insertName, poolID, key, n.Kind, sub)
		if err != nil {
			return "", fmt.Errorf("claim sign-in name for %s: %w", sub, err)
		}
		if added == 1 {
			return sub, nil
		}
		owner, found, err := one(ctx, tx, scanString, selectOwner, poolID, key)
		if err != nil {
			return "", fmt.Errorf("find owner of sign-in name: %w", err)
		}
		if found {
			return owner, nil
		}
		// Its owner let it go between the two statements: try again.
	}
	return "", fmt.Errorf("claim sign-in name for %s: %w", sub, errStale)
}

// NameOwner is the sub of the user who signs in with the folded name; empty
// when nobody does.
func (tx *Tx) NameOwner(ctx context.Context, poolID, name string) (string, error) {
	if !storable(name) {
		return "", nil
	}
	owner, _, err := one(ctx, tx, scanString, selectOwner, poolID, nameKey(name))
	if err != nil {
		return "", fmt.Errorf("find owner of sign-in name: %w", err)
	}
	return owner, nil
}

// ReleaseName takes a name from whoever has it, so that somebody else can
// claim it, and answers the former owner's sub; empty when nobody had it.
func (tx *Tx) ReleaseName(ctx context.Context, poolID, name string) (string, error) {
	owner, _, err := changeOne(ctx, tx, scanString, releaseName, poolID, nameKey(name))
	if err != nil {
		return "", fmt.Errorf("release sign-in name: %w", err)
	}
	return owner, nil
}
