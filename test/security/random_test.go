package security_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"cognate/internal/cognito/sessions"
	"cognate/internal/protocol/srp"
	"cognate/internal/servertest"
)

// noKeys gives no signing keys, where no pool is made.
type noKeys struct{}

func (noKeys) Next(context.Context) (*rsa.PrivateKey, error) { return nil, errors.New("no keys here") }

// A million of each source of identifiers, and none comes twice. With 122
// random bits the chance of one is below 10^-25; with 64 it would be 10^-8.
func TestS036AMillionIdentifiersDiffer(t *testing.T) {
	t.Parallel()
	sealer := &sessions.Sealer{Key: bytes.Repeat([]byte{7}, 32), Now: time.Now}
	state := &sessions.State{Step: "x", Expires: time.Now()}
	for name, next := range map[string]func() (id [16]byte){
		"uuid": func() [16]byte { return uuid.New() },
		"session": func() (id [16]byte) {
			if _, err := sealer.Seal(sessions.Session, state); err != nil {
				panic(err)
			}
			raw, err := hex.DecodeString(state.ID)
			if err != nil || copy(id[:], raw) != 16 {
				panic(state.ID)
			}
			return id
		},
		"SRP salt": func() (id [16]byte) { copy(id[:], srp.NewSalt()); return id },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ids := make([][16]byte, 1_000_000)
			for i := range ids {
				ids[i] = next()
			}
			slices.SortFunc(ids, func(a, b [16]byte) int { return bytes.Compare(a[:], b[:]) })
			for i := 1; i < len(ids); i++ {
				if ids[i] == ids[i-1] {
					t.Fatalf("%x came twice", ids[i])
				}
			}
		})
	}
}

// What is made one after another shows no order: neighbours share no more than
// chance allows.
func TestS036IdsShowNoSequence(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newSide(t, s, "sequence")
	var pools, clients, access, subs []string
	for i := range 8 {
		pools = append(pools, s.CreatePool(t, nil))
		clients = append(clients, s.CreateClient(t, p.pool, nil))
		user := "user" + strconv.Itoa(i)
		s.CreateUser(t, p.pool, user, p.password)
		access = append(access, claims(t, at(t, p.enter(t, s, user), "AuthenticationResult", "AccessToken"))["jti"].(string))
		subs = append(subs, subOf(t, s, p.pool, user))
	}
	for name, ids := range map[string][]string{"pool": pools, "client": clients, "token": access, "sub": subs} {
		for i := 1; i < len(ids); i++ {
			a, b := strings.TrimPrefix(ids[i-1], "us-east-1_"), strings.TrimPrefix(ids[i], "us-east-1_")
			if tail := len(a) - 4; a[:4] == b[:4] && a[tail:] == b[tail:] || a == b {
				t.Errorf("%s %s follows %s", name, b, a)
			}
		}
	}
}

// imports calls found for every import of every file that is part of a program.
func imports(t *testing.T, found func(file, path string)) {
	t.Helper()
	_, here, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("where is this file?")
	}
	root, files := filepath.Join(filepath.Dir(here), "..", ".."), 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && path != root) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found(path, imported)
		}
		return nil
	})
	if err != nil || files < 100 {
		t.Fatalf("%d files read, %v", files, err)
	}
}

func TestS036NothingUsesAGuessableGenerator(t *testing.T) {
	t.Parallel()
	imports(t, func(file, path string) {
		if path == "math/rand" || path == "math/rand/v2" || strings.HasSuffix(path, "/exp/rand") {
			t.Errorf("%s imports %s", file, path)
		}
	})
}

func TestS186NothingImportsAProfiler(t *testing.T) {
	t.Parallel()
	imports(t, func(file, path string) {
		if path == "net/http/pprof" || path == "expvar" || path == "net/http/cgi" || path == "plugin" {
			t.Errorf("%s imports %s", file, path)
		}
	})
}

// Programs are started by nothing that a request can reach, and queries are not
// put together from text outside the store.
func TestS176NothingInTheServerStartsPrograms(t *testing.T) {
	t.Parallel()
	imports(t, func(file, path string) {
		inServer := strings.Contains(file, "/internal/server/") || strings.Contains(file, "/internal/web/") || strings.Contains(file, "/internal/api/")
		if path == "os/exec" && inServer || path == "text/template" && (inServer || strings.Contains(file, "/internal/cognito/")) {
			t.Errorf("%s imports %s", file, path)
		}
	})
}
