package servertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/cognito/quotas"
	"cognate/internal/outbound/fetch"
	"cognate/internal/server"
	"cognate/internal/server/localca"
	"cognate/internal/store/pgtest"
)

// The root key of every server of this package.
const (
	RootAccessKeyID     = "AKIASERVERTESTROOT01"
	RootSecretAccessKey = "servertest-root-secret-access-key"
)

// Unresolved is a host name without an address; every other one has some.
const Unresolved = "unresolved.example"

// Server is a running Cognate.
type Server struct {
	URL       string // for the API, over plain HTTP
	PublicURL string // of the settings: URL, unless an option says otherwise
	Region    string
	SDK       *cip.Client             // signs with the root key
	Anonymous *cip.Client             // signs nothing
	Identity  *cognitoidentity.Client // of identity pools; signs with the root key
	STS       *sts.Client             // signs with the root key
	HTTP      *http.Client
	Mailbox   *Mailbox

	clock     *clock
	authority *localca.Authority
	sites     sites
}

// Option changes the settings of a server before it starts.
type Option func(*server.Config)

// Start starts a server that ends with the test. Use it where a test moves the
// clock or needs settings of its own, and Shared elsewhere.
func Start(t testing.TB, options ...Option) *Server {
	t.Helper()
	s, stop := start(t, options)
	t.Cleanup(stop)
	return s
}

var shared struct {
	options []Option
	once    sync.Once
	server  *Server
	stop    func()
}

// Shared gives one server for all tests of the process, which Main stops;
// tests keep apart by having pools of their own.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.stop = start(beyond{t}, shared.options) })
	if shared.server == nil {
		t.Fatal("the shared server did not start")
	}
	return shared.server
}

// Main runs the tests of a package that uses Shared.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for packages that have more to end; the caller exits with the
// code. The options are those of the shared server.
func Run(m *testing.M, options ...Option) (code int) {
	shared.options = options
	code = m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	return code
}

// beyond is a test whose end ends nothing: what it makes is for others too.
type beyond struct{ testing.TB }

func (beyond) Cleanup(func())           {}
func (beyond) Context() context.Context { return context.Background() }
func (beyond) Errorf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...) // the test is over by then
}

var ring keyRing

func start(t testing.TB, options []Option) (*Server, func()) {
	t.Helper()
	clock := new(clock)
	mailbox := newMailbox()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	authority, err := localca.New(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	cfg := server.Config{
		Mode: server.Serve, PublicURL: url,
		RootAccessKeyID: RootAccessKeyID, RootSecretAccessKey: RootSecretAccessKey,
		Now: clock.Now, Keys: &ring, Mail: mailbox, SMS: mailbox, Authority: authority,
		Quotas: quotas.Off, // tests ask more often than anybody
		// Functions and providers answer late on a busy machine.
		FunctionTime: 30 * time.Second, ProviderTime: 30 * time.Second,
		Resolve: func(_ context.Context, host string) bool { return host != Unresolved },
	}
	clean := chooseEngine(t, &cfg)
	for _, o := range options {
		o(&cfg)
	}
	if cfg.Authority != nil { // else the certificates are the test's own
		authority = cfg.Authority
	}
	cfg.ProviderRoots = authority.Pool()
	// The server outlives t when it is shared, so it does not get t's context.
	running, err := server.New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: running.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = web.Serve(running.Secure(listener)) }()
	stop := func() {
		if err := errors.Join(web.Close(), running.Close(), clean()); err != nil {
			t.Errorf("stop the server: %v", err)
		}
	}
	s := &Server{
		URL: url, PublicURL: cfg.PublicURL, Region: "us-east-1", Mailbox: mailbox, clock: clock, authority: authority,
	}
	s.HTTP = &http.Client{Transport: fetch.Whole{RoundTripper: s.transport()}, Timeout: time.Minute}
	if cfg.Region != "" {
		s.Region = cfg.Region
	}
	s.SDK = s.Client(RootAccessKeyID, RootSecretAccessKey)
	s.Anonymous = s.Client("", "")
	root := credentials.NewStaticCredentialsProvider(RootAccessKeyID, RootSecretAccessKey, "")
	s.Identity, s.STS = s.IdentityClient(root), s.STSClient(root)
	return s, stop
}

// chooseEngine gives the server a database of its own and the means to remove
// it.
func chooseEngine(t testing.TB, cfg *server.Config) (clean func() error) {
	t.Helper()
	dir, err := os.MkdirTemp("", "cognate-test") // not t.TempDir: a shared server outlives t
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir = dir
	switch engine := os.Getenv("COGNATE_TEST_DB"); engine {
	case "", "sqlite":
	case "postgres":
		cfg.DatabaseURL, cfg.Schema = pgtest.Schema(t)
		cfg.MasterKey = "c2VydmVydGVzdC1tYXN0ZXIta2V5LTMyLWJ5dGVzISE="
	default:
		t.Fatalf("COGNATE_TEST_DB=%s: want sqlite or postgres", engine)
	}
	return func() error { return os.RemoveAll(dir) }
}

// Client makes an SDK client that signs with the given key, or not at all.
func (s *Server) Client(accessKeyID, secret string, options ...func(*cip.Options)) *cip.Client {
	o := cip.Options{
		Region: s.Region, BaseEndpoint: &s.URL, HTTPClient: s.HTTP,
		Retryer:      aws.NopRetryer{},
		HTTPSignerV4: signer{v4.NewSigner(), s.Now},
		Credentials:  aws.AnonymousCredentials{},
	}
	if accessKeyID != "" {
		o.Credentials = credentials.NewStaticCredentialsProvider(accessKeyID, secret, "")
	}
	return cip.New(o, options...)
}

// IdentityClient makes an SDK client of identity pools that signs with the given
// credentials; aws.AnonymousCredentials signs nothing.
func (s *Server) IdentityClient(c aws.CredentialsProvider, options ...func(*cognitoidentity.Options)) *cognitoidentity.Client {
	return cognitoidentity.New(cognitoidentity.Options{
		Region: s.Region, BaseEndpoint: &s.URL, HTTPClient: s.HTTP, Retryer: aws.NopRetryer{},
		HTTPSignerV4: signer{v4.NewSigner(), s.Now}, Credentials: c,
	}, options...)
}

// STSClient makes an SDK client of the Security Token Service that signs with the
// given credentials; aws.AnonymousCredentials signs nothing.
func (s *Server) STSClient(c aws.CredentialsProvider, options ...func(*sts.Options)) *sts.Client {
	return sts.New(sts.Options{
		Region: s.Region, BaseEndpoint: &s.URL, HTTPClient: s.HTTP, Retryer: aws.NopRetryer{},
		HTTPSignerV4: signer{v4.NewSigner(), s.Now}, Credentials: c,
	}, options...)
}

// Now is the server's time.
func (s *Server) Now() time.Time { return s.clock.Now() }

// Advance moves the server's clock forward.
func (s *Server) Advance(d time.Duration) { s.clock.Advance(d) }

// StopClock leaves the server's time to Advance alone, for tests of what happens
// shortly before a time is over.
func (s *Server) StopClock() { s.clock.Stop() }
