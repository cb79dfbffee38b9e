package identitytokens

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

func keySet(t *testing.T, tokens *Tokens) []byte {
	t.Helper()
	set, err := tokens.KeySet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Nodes that need the first key at the same time end up with the same one.
func TestNodesShareTheFirstKey(t *testing.T) {
	t.Parallel()
	tokens, c := newTokens(t)
	nodes := make([]*Tokens, 8)
	failed := make(chan error, len(nodes))
	for i := range nodes {
		nodes[i] = tokens.node()
		go func() {
			_, err := nodes[i].KeySet(t.Context())
			failed <- err
		}()
	}
	for range nodes {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	c.advance(freshness)
	for _, n := range nodes {
		if !bytes.Equal(keySet(t, n), keySet(t, nodes[0])) {
			t.Error("two nodes publish different keys")
		}
	}
	rows, err := tokens.Keys(t.Context())
	if err != nil || len(rows) != 1 {
		t.Errorf("%d keys, %v", len(rows), err)
	}
}

func TestS035IdentityKeysTakeOverWhenTheirTimeComes(t *testing.T) {
	t.Parallel()
	tokens, c := newTokens(t)
	other := tokens.node()
	old := mint(t, tokens, sample(), PublicLifetime)
	before := keySet(t, other)
	rows, err := tokens.Rotate(t.Context(), false)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d keys, %v", len(rows), err)
	}
	signer := func() string {
		t.Helper()
		current, err := tokens.current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return current.kid
	}
	if signer() != rows[0].ID {
		t.Error("the new key signs at once")
	}
	c.advance(freshness) // the other node hears of it
	if set := keySet(t, other); bytes.Equal(set, before) || !bytes.Contains(set, []byte(rows[1].ID)) {
		t.Error("the new key is not published")
	}
	if _, err := other.Verify(t.Context(), old); err != nil {
		t.Error(err)
	}
	c.advance(Notice - 2*freshness)
	last := mint(t, tokens, sample(), MaxLifetime) // the last one of the old key
	if signer() != rows[0].ID {
		t.Error("the new key signs too early")
	}
	c.advance(freshness)
	if signer() != rows[1].ID {
		t.Error("the new key does not sign")
	}
	c.advance(MaxLifetime - 2*freshness)
	if _, err := other.Verify(t.Context(), last); err != nil {
		t.Errorf("the last token of the old key: %v", err)
	}
	c.advance(margin + 2*freshness)
	if set := keySet(t, other); bytes.Contains(set, []byte(rows[0].ID)) {
		t.Error("the old key is still published")
	}
}

func TestS035CompromisedIdentityKeysAreForgotten(t *testing.T) {
	t.Parallel()
	tokens, c := newTokens(t)
	other := tokens.node()
	stolen := mint(t, other, sample(), MaxLifetime)
	if _, err := tokens.Rotate(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Verify(t.Context(), stolen); !errors.Is(err, ErrInvalid) {
		t.Errorf("on the node that was told: %v", err)
	}
	c.advance(freshness)
	if _, err := other.Verify(t.Context(), stolen); !errors.Is(err, ErrInvalid) {
		t.Errorf("on the other node: %v", err)
	}
	if _, err := other.Verify(t.Context(), mint(t, tokens, sample(), time.Minute)); err != nil {
		t.Error(err)
	}
}

// A rotation before the first token leaves nobody waiting for a key.
func TestRotatingBeforeTheFirstToken(t *testing.T) {
	t.Parallel()
	tokens, _ := newTokens(t)
	if rows, err := tokens.Rotate(t.Context(), false); err != nil || len(rows) != 1 {
		t.Fatalf("%d keys, %v", len(rows), err)
	}
	if _, err := tokens.Verify(t.Context(), mint(t, tokens, sample(), time.Minute)); err != nil {
		t.Error(err)
	}
}
