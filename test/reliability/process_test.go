package reliability

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/freeport"
	"cognate/internal/outbound/fetch"
	"cognate/internal/testlog"
)

const (
	rootID     = "AKIARELIABILITYTEST"
	rootSecret = "reliability-secret-access-key"
)

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "cognate-reliability")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "cognate")
	build := exec.Command("go", "build", "-o", path, "cognate/cmd/cognate")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// node is one running server.
type node struct {
	endpoint string
	api      *cip.Client
	cmd      *exec.Cmd
	log      *testlog.Log
}

// startNode starts cognate serve and waits until it is ready.
func startNode(t *testing.T, endpoint string, args ...string) *node {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return startProgram(t, path, endpoint, args...)
}

func startProgram(t *testing.T, path, endpoint string, args ...string) *node {
	t.Helper()
	n := launch(t, path, endpoint, args...)
	n.waitReady(t)
	return n
}

// launch starts a program and does not wait for it.
func launch(t *testing.T, path, endpoint string, args ...string) *node {
	t.Helper()
	return launchWith(t, []string{"COGNATE_ROOT_ACCESS_KEY_ID=" + rootID, "COGNATE_ROOT_SECRET_ACCESS_KEY=" + rootSecret}, path, endpoint, args...)
}

func launchWith(t *testing.T, env []string, path, endpoint string, args ...string) *node {
	t.Helper()
	n := &node{endpoint: endpoint, log: new(testlog.Log)}
	n.cmd = exec.Command(path, append([]string{"serve", "--listen", endpoint[len("http://"):], "--log-level", "warn"}, args...)...)
	n.cmd.Env = append(os.Environ(), env...)
	n.cmd.Dir = t.TempDir() // for files that no argument has a place for
	n.cmd.Stdout, n.cmd.Stderr = n.log, n.log
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n.api = cip.New(cip.Options{
		Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(rootID, rootSecret, ""),
		HTTPClient:  &http.Client{Transport: fetch.Whole{RoundTripper: &http.Transport{MaxIdleConnsPerHost: 32}}, Timeout: time.Minute},
	})
	t.Cleanup(n.kill)
	return n
}

func (n *node) waitReady(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		answer, err := http.Get(n.endpoint + "/health/ready")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
	}
	n.kill()
	t.Fatalf("the server does not become ready:\n%s", n.log)
}

// kill ends the process as a power cut of the program would.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
}

func freeEndpoint(t *testing.T) string {
	t.Helper()
	port, err := freeport.Pick(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("http://127.0.0.1:", port)
}

// makePool makes a pool and a client that signs in with a password.
func (n *node) makePool(ctx context.Context, t *testing.T, client *cip.CreateUserPoolClientInput, pool *cip.CreateUserPoolInput) (poolID, clientID string) {
	t.Helper()
	pool.PoolName = aws.String("reliability")
	p, err := n.api.CreateUserPool(ctx, pool)
	if err != nil {
		t.Fatal(err)
	}
	client.UserPoolId, client.ClientName = p.UserPool.Id, aws.String("reliability")
	c, err := n.api.CreateUserPoolClient(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	return *p.UserPool.Id, *c.UserPoolClient.ClientId
}
