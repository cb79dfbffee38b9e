package store_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/store"
)

// plant writes secrets into every place that holds some, and answers them.
func plant(t *testing.T, db *testDB) []string {
	t.Helper()
	newPool(t, db)
	var secrets []string
	secret := func(what string) string {
		s := fmt.Sprintf("planted-%s-%d", what, len(secrets))
		secrets = append(secrets, s)
		return s
	}
	password := func() store.Password {
		return store.Password{Salt: []byte(secret("salt")), Verifier: []byte(secret("verifier"))}
	}
	for i := range 5 {
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			id := fmt.Sprint("row", i)
			u, p := newUser(id, id), password()
			u.Password = &p
			client := &store.Client{PoolID: poolID, ID: id, Secrets: []store.ClientSecret{{ID: "1", Value: secret("client-secret")}}}
			client.Settings.ClientSecret = secret("client-secret-in-settings")
			_, errKey := tx.InsertAccessKey(ctx, store.AccessKey{ID: id, Secret: secret("access-key")})
			errUser := tx.InsertUser(ctx, u)
			_, errDevice := tx.InsertDevice(ctx, &store.Device{PoolID: poolID, Sub: id, ID: "device", Secret: password()})
			provider := &store.IdentityProvider{PoolID: poolID, Name: id}
			provider.Settings.Details = map[string]string{"client_secret": secret("provider-secret")}
			identities := &store.IdentityPool{ID: id}
			identities.Settings.Pool.SupportedLoginProviders = map[string]string{"api.twitter.com": secret("app-secret")}
			_, errCertificate := tx.AddPoolCertificate(ctx, &store.PoolCertificate{
				PoolID: poolID, Purpose: id, Private: []byte(secret("saml-key")), Certificate: []byte("public"),
			})
			_, errIdentities := tx.InsertIdentityPool(ctx, identities)
			return errors.Join(
				errUser, errDevice, errCertificate,
				tx.InsertIdentityProvider(ctx, provider),
				errIdentities,
				tx.AddPasswordHistory(ctx, poolID, id, password(), start, 5),
				tx.PutTOTP(ctx, store.TOTP{PoolID: poolID, Sub: id, Secret: []byte(secret("totp"))}),
				tx.InsertClient(ctx, client),
				tx.InsertSigningKey(ctx, poolID, store.SigningKey{ID: id, Private: []byte(secret("private-key")), Public: []byte("public")}),
				tx.PutTicket(ctx, store.Ticket{PoolID: poolID, Kind: "code", ID: id, Doc: []byte(secret("code")), ExpiresAt: start.Add(time.Hour)}),
				tx.Enqueue(ctx, &store.OutboxMessage{PoolID: poolID, Medium: "EMAIL", Body: []byte(secret("body"))}),
				errKey,
			)
		})
	}
	if len(secrets) < 30 {
		t.Fatalf("only %d secrets planted", len(secrets))
	}
	return append(secrets, string(key(1)), string(db.Key("anything")))
}

// dump is everything that the database stores.
func dump(t *testing.T, db *testDB) []byte {
	t.Helper()
	var all []byte
	if db.Engine() == "sqlite" {
		files, err := filepath.Glob(filepath.Join(db.cfg.Path, "*"))
		if err != nil || len(files) < 2 {
			t.Fatalf("files %v, %v", files, err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
		return all
	}
	tables := read(t, db, func(ctx context.Context, tx *store.Tx) ([]string, error) {
		return tx.Strings(ctx, `SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = $1`, db.cfg.Schema)
	})
	for _, table := range tables {
		rows := read(t, db, func(ctx context.Context, tx *store.Tx) ([]string, error) {
			return tx.Strings(ctx, `SELECT CAST(t.* AS TEXT) FROM `+table+` t`)
		})
		all = append(all, strings.Join(rows, "\n")...)
	}
	return all
}

func TestS180StolenDatabaseHoldsNoSecret(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := open(t, engine)
			secrets := plant(t, db)
			search := func(when string) {
				stolen := dump(t, db)
				if !bytes.Contains(stolen, []byte("us-east-1_")) {
					t.Fatalf("%s: the dump shows nothing", when)
				}
				for _, s := range secrets {
					if bytes.Contains(stolen, []byte(s)) || bytes.Contains(stolen, []byte(hex.EncodeToString([]byte(s)))) {
						t.Errorf("%s: %q is readable", when, s)
					}
				}
			}
			search("in use")
			if engine == "sqlite" {
				if err := db.Close(); err != nil {
					t.Fatal(err)
				}
				search("closed")
			}
		})
	}
}

func TestS181MovedCiphertextDoesNotOpen(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		plant(t, db)
		load := func() error {
			_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (int, error) {
				_, errUser := tx.UserBySub(ctx, poolID, "row0")
				_, errHistory := tx.PasswordHistory(ctx, poolID, "row0", 5)
				_, _, errTOTP := tx.TOTP(ctx, poolID, "row0")
				_, _, errDevice := tx.Device(ctx, poolID, "row0", "device")
				_, errClient := tx.ClientByID(ctx, "row0")
				_, errKeys := tx.SigningKeys(ctx, poolID, start)
				_, _, errTicket := tx.Ticket(ctx, poolID, "code", "row0")
				_, _, errAccess := tx.AccessKey(ctx, "row0")
				_, _, errProvider := tx.IdentityProvider(ctx, poolID, "row0")
				_, _, errCertificate := tx.PoolCertificate(ctx, poolID, "row0")
				_, errIdentities := tx.IdentityPool(ctx, "row0")
				return 0, errors.Join(errIdentities, errProvider, errCertificate, errUser, errHistory, errTOTP, errDevice, errClient, errKeys, errTicket, errAccess)
			})
			return err
		}
		if err := load(); err != nil {
			t.Fatal(err)
		}
		for _, place := range []struct{ table, column, id string }{
			{"users", "password", "sub"},
			{"password_history", "password", "sub"},
			{"totp", "secret", "sub"},
			{"devices", "verifier", "sub"},
			{"client_secrets", "secret", "client_id"},
			{"signing_keys", "private", "kid"},
			{"tickets", "doc", "id"},
			{"access_keys", "secret", "id"},
			{"identity_providers", "doc", "name"},
			{"identity_pools", "doc", "id"},
			{"pool_certificates", "private", "purpose"},
		} {
			get := func(id string) []byte {
				found := read(t, db, func(ctx context.Context, tx *store.Tx) ([][]byte, error) {
					return tx.Blobs(ctx, `SELECT `+place.column+` FROM `+place.table+` WHERE `+place.id+` = $1`, id)
				})
				if len(found) != 1 {
					t.Fatalf("%s: %d rows named %s", place.table, len(found), id)
				}
				return found[0]
			}
			put := func(id string, sealed []byte) {
				write(t, db, func(ctx context.Context, tx *store.Tx) error {
					_, err := tx.Exec(ctx, `UPDATE `+place.table+` SET `+place.column+` = $1 WHERE `+place.id+` = $2`, sealed, id)
					return err
				})
			}
			one, two := get("row0"), get("row1")
			put("row0", two)
			put("row1", one)
			if load() == nil {
				t.Errorf("%s.%s opens after two rows were swapped", place.table, place.column)
			}
			flipped := slices.Clone(one)
			flipped[len(flipped)-1] ^= 1
			put("row0", flipped)
			if load() == nil {
				t.Errorf("%s.%s opens with one bit changed", place.table, place.column)
			}
			put("row0", one)
			put("row1", two)
			if err := load(); err != nil {
				t.Fatalf("%s.%s after putting it back: %v", place.table, place.column, err)
			}
		}
	})
}

func TestS181SealingBindsThePlace(t *testing.T) {
	t.Parallel()
	db := open(t, "memory")
	sealed := db.Seal("users", "password", "row", []byte("secret"))
	if plain, err := db.Unseal("users", "password", "row", sealed); err != nil || string(plain) != "secret" {
		t.Fatalf("opened %q, %v", plain, err)
	}
	if bytes.Equal(sealed, db.Seal("users", "password", "row", []byte("secret"))) {
		t.Error("sealing twice gives the same bytes")
	}
	for _, place := range [][3]string{{"user", "password", "row"}, {"users", "passwords", "row"}, {"users", "password", "rows"}, {"users", "passwordrow", ""}} {
		if _, err := db.Unseal(place[0], place[1], place[2], sealed); err == nil {
			t.Errorf("opens at %v", place)
		}
	}
	for _, broken := range [][]byte{nil, {}, sealed[:4], sealed[:10], []byte("something long that was never sealed")} {
		if _, err := db.Unseal("users", "password", "row", broken); err == nil {
			t.Errorf("%x opens", broken)
		}
	}
}

func TestS182WrongMasterKeyIsRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := open(t, engine)
			want := db.Key("session")
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			wrong := db.cfg
			wrong.MasterKey = key(2)
			for range 2 { // the first attempt leaves nothing behind
				if _, err := store.Open(t.Context(), wrong); !errors.Is(err, store.ErrWrongMasterKey) {
					t.Fatalf("answer is %v", err)
				}
			}
			if got := reopen(t, db.cfg).Key("session"); !bytes.Equal(got, want) {
				t.Error("the right master key gives other keys than before")
			}
		})
	}
}

func TestS182InterruptedRotationResumes(t *testing.T) {
	t.Parallel()
	crash := errors.New("crash")
	for _, step := range []string{"before the new key is stored", "after the new key is stored", "never"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			db := open(t, "sqlite")
			secrets := plant(t, db)
			file := filepath.Join(t.TempDir(), "master.key")
			if err := store.WriteMasterKey(file, key(1)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			err := db.RotateMasterKey(ctx, key(2), func() error {
				if step == "before the new key is stored" {
					return crash
				}
				if step == "after the new key is stored" {
					cancel()
				}
				return store.WriteMasterKey(file, key(2))
			})
			cancel()
			if (err == nil) != (step == "never") {
				t.Fatalf("rotation: %v", err)
			}
			// The process ends here and starts with the key that the file has.
			again := restart(t, db, file)
			if err := again.RotateMasterKey(t.Context(), key(2), func() error { return store.WriteMasterKey(file, key(2)) }); err != nil {
				t.Fatalf("resumed rotation: %v", err)
			}
			last := restart(t, again, file)
			u := read(t, last, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserBySub(ctx, poolID, "row0") })
			if !slices.Contains(secrets, string(u.Password.Verifier)) {
				t.Error("the secrets changed")
			}
			if err := last.Close(); err != nil {
				t.Fatal(err)
			}
			old := db.cfg
			old.MasterKey = key(1)
			if _, err := store.Open(t.Context(), old); !errors.Is(err, store.ErrWrongMasterKey) {
				t.Errorf("the old master key still opens: %v", err)
			}
		})
	}
}

func restart(t *testing.T, db *testDB, keyFile string) *testDB {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	masterKey, err := store.LoadMasterKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	cfg := db.cfg
	cfg.MasterKey = masterKey
	return &testDB{DB: reopen(t, cfg), cfg: cfg, clock: db.clock}
}

func TestS182NodesStartingTogetherShareOneDataKey(t *testing.T) {
	t.Parallel()
	url := open(t, "postgres") // made first, so that only the keyring races
	write(t, url, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM data_keys`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM meta`)
		return err
	})
	keys := make([][]byte, 8)
	race(t, len(keys), func(i int) (bool, error) {
		db, err := store.Open(t.Context(), url.cfg)
		if err != nil {
			return false, err
		}
		keys[i] = db.Key("session")
		return true, db.Close()
	})
	for _, k := range keys {
		if !bytes.Equal(k, keys[0]) {
			t.Fatal("two nodes have different keys")
		}
	}
}

func TestS185FilesAreClosedToOthers(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite") // t.TempDir is open to others
	plant(t, db)
	info, err := os.Stat(db.cfg.Path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data directory has mode %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(db.cfg.Path)
	if err != nil || len(files) < 4 { // database, log, shared memory, lock
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestS185MasterKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "master.key")
	made, err := store.LoadOrCreateMasterKey(file)
	if err != nil || len(made) != store.MasterKeySize {
		t.Fatalf("made %d bytes, %v", len(made), err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again, err := store.LoadOrCreateMasterKey(file); err != nil || !bytes.Equal(again, made) {
		t.Errorf("read back another key, %v", err)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := store.LoadOrCreateMasterKey(file); err == nil {
			t.Errorf("a file of mode %04o was read", mode)
		}
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.key")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if _, err := store.LoadOrCreateMasterKey(link); err == nil {
		t.Error("a symbolic link was followed")
	}
	short := filepath.Join(dir, "short.key")
	if err := os.WriteFile(short, []byte("c2hvcnQ=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.LoadOrCreateMasterKey(short); err == nil || strings.Contains(err.Error(), "c2hvcnQ") {
		t.Errorf("a short key: %v", err)
	}
}
