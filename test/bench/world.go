package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

const (
	rootID     = "AKIABENCHMARK"
	rootSecret = "benchmark-secret-access-key"
	password   = "Correct-Horse1!"

	// signers is how many users have a password of their own that works; the
	// others share a verifier, which costs the server the same.
	signers = 1000
)

// world is a server with a pool of users.
type world struct {
	engine   string
	endpoint string
	dir      string
	users    int
	poolID   string
	clientID string
	database string
	binary   string
	server   *serverProcess
	api      *cip.Client
	tokens   tokenPool
}

// newWorld makes a pool through the API, loads the users straight into the
// database, and starts the server on it.
func newWorld(ctx context.Context, users int, binary, database string) (w *world, err error) {
	w = &world{users: users, engine: "SQLite", database: database, binary: binary}
	if database != "" {
		w.engine = "PostgreSQL"
	}
	if w.dir, err = os.MkdirTemp("", "cognate-bench"); err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	w.endpoint = "http://" + address
	w.api = cip.New(cip.Options{
		Region: "us-east-1", BaseEndpoint: &w.endpoint,
		Credentials: credentials.NewStaticCredentialsProvider(rootID, rootSecret, ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	})
	if err := w.start(ctx, binary, address); err != nil {
		return nil, err
	}
	if err := errors.Join(w.makePool(ctx), w.tokens.make(ctx, w)); err != nil {
		return nil, err
	}
	w.server.stop()
	if err := w.load(ctx); err != nil {
		return nil, err
	}
	return w, w.start(ctx, binary, address)
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

func (w *world) start(ctx context.Context, binary, address string) (err error) {
	env := []string{"COGNATE_ROOT_ACCESS_KEY_ID=" + rootID, "COGNATE_ROOT_SECRET_ACCESS_KEY=" + rootSecret}
	args := []string{
		"serve", "--listen", address, "--data", w.dir, "--public-url", w.endpoint,
		"--master-key-file", filepath.Join(w.dir, "master.key"), "--log-level", "warn",
		"--sms-url", w.endpoint + "/nowhere", // sign-up below sends nothing, but a pool may
	}
	if w.database != "" {
		args = append(args, "--database-url", w.database)
	}
	if _, err := store.LoadOrCreateMasterKey(filepath.Join(w.dir, "master.key")); err != nil {
		return err
	}
	w.server, err = startServer(ctx, binary, w.endpoint, env, args...)
	return err
}

func (w *world) makePool(ctx context.Context) error {
	pool, err := w.api.CreateUserPool(ctx, &cip.CreateUserPoolInput{PoolName: aws.String("bench")})
	if err != nil {
		return fmt.Errorf("create the pool: %w", err)
	}
	w.poolID = *pool.UserPool.Id
	client, err := w.api.CreateUserPoolClient(ctx, &cip.CreateUserPoolClientInput{
		UserPoolId: &w.poolID, ClientName: aws.String("bench"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		},
	})
	if err != nil {
		return fmt.Errorf("create the client: %w", err)
	}
	w.clientID = *client.UserPoolClient.ClientId
	return nil
}

func (w *world) load(ctx context.Context) (err error) {
	key, err := store.LoadMasterKey(filepath.Join(w.dir, "master.key"))
	if err != nil {
		return err
	}
	config := store.Config{Path: w.dir, MasterKey: key, Now: time.Now}
	if w.database != "" {
		config.Path, config.URL = "", w.database
	}
	db, err := store.Open(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := w.tokens.load(ctx, db); err != nil {
		return err
	}
	start := time.Now()
	n, err := db.BulkLoadUsers(ctx, w.poolID, w.people())
	if err != nil {
		return fmt.Errorf("load users: %w", err)
	}
	fmt.Printf("\nloaded %d users in %.1f s\n", n, time.Since(start).Seconds())
	return nil
}

func username(i int) string { return fmt.Sprintf("user-%07d", i) }

func (w *world) people() iter.Seq2[*store.User, []store.Name] {
	short := w.poolID[len("us-east-1_"):]
	salt := srp.NewSalt()
	shared := &store.Password{Salt: salt, Verifier: srp.Verifier(short, "nobody", password, salt)}
	created := time.Now().Add(-time.Hour)
	return func(yield func(*store.User, []store.Name) bool) {
		for i := range w.users {
			u := &store.User{
				PoolID: w.poolID, Sub: uuid.NewString(), Username: username(i), Status: api.UserStatusTypeConfirmed,
				Enabled: true, CreatedAt: created, ModifiedAt: created, Password: shared,
			}
			u.Attributes.Set("email", u.Username+"@example.com")
			u.Attributes.Set("email_verified", "true")
			u.Attributes.Set("name", fmt.Sprintf("Person %d", i))
			if i < signers {
				salt := srp.NewSalt()
				u.Password = &store.Password{Salt: salt, Verifier: srp.Verifier(short, u.Username, password, salt)}
			}
			if !yield(u, []store.Name{{Name: u.Username, Kind: store.NameUsername}}) {
				return
			}
		}
	}
}

func (w *world) close() {
	if w.server != nil {
		w.server.stop()
	}
	_ = os.RemoveAll(w.dir)
}
