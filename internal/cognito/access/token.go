package access

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"cognate/internal/protocol/onetimekey"
)

const (
	tokenVersion = 1
	saltSize     = 16
	secretSize   = 30 // bytes of a secret access key, 40 characters

	// packedLimit is the most that the sealed state may take, in bytes: a token has
	// to fit into a header.
	packedLimit = 8 << 10
	maxToken    = 16 << 10 // longer session tokens are refused unread
	maxState    = 1 << 20  // of an opened state
)

// state is what a session token stands for.
type state struct {
	Kind    Kind
	Issued  time.Time
	Expires time.Time

	AccessKeyID string `json:",omitzero"` // the long-term key that GetSessionToken was called with
	UserID      string `json:",omitzero"` // its user

	RoleName    string              `json:",omitzero"`
	RoleID      string              `json:",omitzero"`
	SessionName string              `json:",omitzero"`
	Federated   string              `json:",omitzero"`
	Vouched     []string            `json:",omitzero"` // providers behind an identity pool
	WebIdentity bool                `json:",omitzero"`
	Tags        map[string]string   `json:",omitzero"`
	Transitive  []string            `json:",omitzero"`
	Source      string              `json:",omitzero"`
	Keys        map[string][]string `json:",omitzero"`
	Policies    []string            `json:",omitzero"` // session policies: documents, or ARNs of built-in ones
	Guest       bool                `json:",omitzero"`
}

// sealer turns states into session tokens:
//
//	version (1 byte) | salt (16 random bytes) | AES-256-GCM(secret | DEFLATE(JSON))
//
// Each token has a key of its own, of the salt and the access key id (package
// onetimekey), so that a token opens with its own access key id only.
// The secret is not compressed with what callers choose.
type sealer struct {
	key     []byte
	writers *sync.Pool // of *flate.Writer; making one costs more than all the rest
	readers *sync.Pool // of io.ReadCloser, made by flate
}

func newSealer(key []byte) sealer {
	return sealer{
		key: key,
		writers: &sync.Pool{New: func() any {
			w, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
			if err != nil {
				panic(err) // only for levels that do not exist
			}
			return w
		}},
		readers: &sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }},
	}
}

// errTooLarge says that a state does not fit into a token.
var errTooLarge = errors.New("session does not fit into its token")

// seal makes credentials for a state. Packed is the share of what fits, in percent,
// that session policies and tags take.
func (z sealer) seal(s *state) (id, secret, token string, packed int, err error) {
	doc, err := json.Marshal(s)
	if err != nil {
		return "", "", "", 0, fmt.Errorf("write session: %w", err)
	}
	small, err := z.deflate(doc)
	if err != nil {
		return "", "", "", 0, fmt.Errorf("write session: %w", err)
	}
	if len(small) > packedLimit {
		return "", "", "", 0, errTooLarge
	}
	if len(s.Policies) > 0 || len(s.Tags) > 0 {
		packed = max(1, len(small)*100/packedLimit)
	}
	id = "ASIA" + rand.Text()[:16]
	plain := make([]byte, secretSize, secretSize+len(small))
	_, _ = rand.Read(plain) // documented never to fail
	secret = base64.StdEncoding.EncodeToString(plain)
	plain = append(plain, small...)

	header := make([]byte, 1+saltSize)
	header[0] = tokenVersion
	_, _ = rand.Read(header[1:])
	one, err := onetimekey.New(z.key, header[1:], []byte(id))
	if err != nil {
		return "", "", "", 0, err
	}
	sealed := one.Seal(header, plain, header[:1])
	return id, secret, base64.StdEncoding.EncodeToString(sealed), packed, nil
}

// open reads a token of an access key id; false means that it was not made here
// for that id.
func (z sealer) open(id, token string) (s *state, secret string, ok bool) {
	if len(token) > maxToken {
		return nil, "", false
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	// Also strict decoders pass over line breaks; only the text that was given out counts.
	if err != nil || base64.StdEncoding.EncodedLen(len(sealed)) != len(token) || len(sealed) <= 1+saltSize || sealed[0] != tokenVersion {
		return nil, "", false
	}
	one, err := onetimekey.New(z.key, sealed[1:1+saltSize], []byte(id))
	if err != nil {
		return nil, "", false
	}
	plain, err := one.Open(sealed[1+saltSize:], sealed[:1])
	if err != nil || len(plain) < secretSize {
		return nil, "", false
	}
	doc, err := z.inflate(plain[secretSize:])
	if err != nil {
		return nil, "", false
	}
	s = new(state)
	if json.Unmarshal(doc, s) != nil {
		return nil, "", false
	}
	return s, base64.StdEncoding.EncodeToString(plain[:secretSize]), true
}

func (z sealer) deflate(doc []byte) ([]byte, error) {
	var b bytes.Buffer
	w, _ := z.writers.Get().(*flate.Writer)
	defer z.writers.Put(w)
	w.Reset(&b)
	if _, err := w.Write(doc); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (z sealer) inflate(small []byte) ([]byte, error) {
	r, _ := z.readers.Get().(io.ReadCloser)
	defer z.readers.Put(r)
	resetter, _ := r.(flate.Resetter) // as package flate promises
	if err := resetter.Reset(bytes.NewReader(small), nil); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxState))
}
