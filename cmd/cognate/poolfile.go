package main

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"cognate/internal/cognito/poolcopy"
)

// poolFormat is the form of files with a pool: lines of JSON, the first of them a
// header.
const poolFormat = "cognate-pool/1"

// What becomes of secrets in a file.
const (
	secretsSealed = "sealed"
	secretsPlain  = "plain"
	secretsNone   = "none"
)

// poolHeader begins a file.
type poolHeader struct {
	Format     string
	UserPoolId string
	Secrets    string
	Key        string `json:",omitempty"` // names the key of sealed secrets
}

// poolLine is a line of a file: a header, a request of the API, or a user. Secrets
// are beside what they belong to, plain or sealed, so that the rest can be read.
type poolLine struct {
	Export  *poolHeader     `json:",omitempty"`
	Request json.RawMessage `json:",omitempty"` // poolcopy.Step without secrets
	User    json.RawMessage `json:",omitempty"` // transfer.User
	Secrets json.RawMessage `json:",omitempty"`
	Sealed  []byte          `json:",omitempty"`
}

// sealer seals secrets with the key of a file. What they belong to is bound to
// them.
type sealer struct {
	aead cipher.AEAD
	name string
}

const sealKeySize = 32

// newSealer reads the key, or makes one where the file is missing and create is
// set.
func newSealer(file string, create bool) (*sealer, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && create {
		key := make([]byte, sealKeySize)
		rand.Read(key) // never fails
		text = []byte(base64.StdEncoding.EncodeToString(key) + "\n")
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != sealKeySize {
		return nil, fmt.Errorf("key file %s: it must hold %d bytes in base64", file, sealKeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	sum := sha256.Sum256(append([]byte("cognate-pool key "), key...))
	return &sealer{aead: aead, name: hex.EncodeToString(sum[:8])}, nil
}

func (s *sealer) seal(secret, of []byte) []byte {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+len(secret)+s.aead.Overhead())
	rand.Read(nonce) // never fails
	return s.aead.Seal(nonce, nonce, secret, of)
}

func (s *sealer) open(sealed, of []byte) ([]byte, error) {
	size := s.aead.NonceSize()
	if len(sealed) < size {
		return nil, errors.New("sealed secrets are cut off")
	}
	secret, err := s.aead.Open(nil, sealed[:size], sealed[size:], of)
	if err != nil {
		return nil, errors.New("sealed secrets do not open: the line was changed, or the key is another one")
	}
	return secret, nil
}

// poolWriter writes a file.
type poolWriter struct {
	out     *bufio.Writer
	secrets string
	sealer  *sealer // for sealed ones
}

func (w *poolWriter) header(poolID string) error {
	h := &poolHeader{Format: poolFormat, UserPoolId: poolID, Secrets: w.secrets}
	if w.sealer != nil {
		h.Key = w.sealer.name
	}
	return w.line(&poolLine{Export: h})
}

// omits reports whether nothing is left of a step without its secret.
func (w *poolWriter) omits(s *poolcopy.Step) bool {
	return w.secrets == secretsNone && s.Call == "AddUserPoolClientSecret"
}

func (w *poolWriter) step(s poolcopy.Step) error {
	hidden := s.Secrets
	s.Secrets = nil
	if w.secrets == secretsNone && hidden["ClientSecret"] != "" {
		// Without a word about it the client would become a public one.
		if err := s.Set("GenerateSecret", true); err != nil {
			return err
		}
	}
	request, err := encode(s)
	if err != nil {
		return err
	}
	line := &poolLine{Request: request}
	if len(hidden) > 0 {
		secrets, err := encode(hidden)
		if err != nil {
			return err
		}
		w.hide(line, request, secrets)
	}
	return w.line(line)
}

// user writes a line of a server, {"User": …, "Secrets": …}.
func (w *poolWriter) user(text []byte) error {
	var line poolLine
	if err := json.Unmarshal(text, &line); err != nil {
		return fmt.Errorf("read a user: %w", err)
	}
	secrets := line.Secrets
	line.Secrets = nil
	if len(secrets) > 0 {
		w.hide(&line, line.User, secrets)
	}
	return w.line(&line)
}

// hide puts secrets into a line in the way that was chosen.
func (w *poolWriter) hide(line *poolLine, of, secrets []byte) {
	switch w.secrets {
	case secretsPlain:
		line.Secrets = secrets
	case secretsSealed:
		line.Sealed = w.sealer.seal(secrets, of)
	}
}

func (w *poolWriter) line(line *poolLine) error {
	text, err := encode(line)
	if err != nil {
		return err
	}
	if _, err := w.out.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write the file: %w", err)
	}
	return nil
}

// encode is the JSON of v with its texts as they are, so that what is sealed to a
// line is found in it again.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write a line: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// poolReader reads a file.
type poolReader struct {
	in     *bufio.Reader
	number int // of the last line
	sealer *sealer
}

// header reads the first line.
func (r *poolReader) header() (*poolHeader, error) {
	line, err := r.next()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if line == nil || line.Export == nil || line.Export.Format != poolFormat {
		return nil, errors.New("this is no file of cognate export")
	}
	return line.Export, nil
}

// next reads a line; io.EOF at the end.
func (r *poolReader) next() (*poolLine, error) {
	for {
		text, err := r.in.ReadBytes('\n')
		if err != nil && (!errors.Is(err, io.EOF) || len(text) == 0) {
			return nil, err //nolint:wrapcheck // io.EOF, or the file's own error
		}
		r.number++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var line poolLine
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, fmt.Errorf("line %d: %w", r.number, err)
		}
		if len(line.Sealed) > 0 {
			of := line.User
			if of == nil {
				of = line.Request
			}
			if r.sealer == nil {
				return nil, errors.New("the file has sealed secrets: give --key-file")
			}
			if line.Secrets, err = r.sealer.open(line.Sealed, of); err != nil {
				return nil, fmt.Errorf("line %d: %w", r.number, err)
			}
			line.Sealed = nil
		}
		return &line, nil
	}
}

// stepOf is the request of a line with its secrets.
func stepOf(line *poolLine) (*poolcopy.Step, error) {
	step := &poolcopy.Step{}
	if err := json.Unmarshal(line.Request, step); err != nil {
		return nil, fmt.Errorf("read a request: %w", err)
	}
	if len(line.Secrets) > 0 {
		if err := json.Unmarshal(line.Secrets, &step.Secrets); err != nil {
			return nil, fmt.Errorf("read secrets of %s %s: %w", step.Call, step.Name, err)
		}
	}
	return step, nil
}
