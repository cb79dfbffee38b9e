package clients_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// dev makes a server accept any credentials and show its messages in the inbox,
// which the scripts read.
func dev(c *server.Config) {
	c.Mode = server.Dev
	c.Mail, c.SMS = nil, nil
}

func TestJavaScriptClients(t *testing.T) {
	t.Parallel()
	node := requireNode(t)
	scripts, err := filepath.Glob("*.test.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if len(scripts) == 0 {
		t.Fatal("there are no scripts")
	}
	readSources(t)

	own := servertest.Start(t, dev)
	service := servertest.Start(t, dev, func(c *server.Config) {
		c.IssuerURL = "https://cognito-idp.{region}.amazonaws.com/{userPoolId}"
	})
	secure := servertest.Start(t, dev, func(c *server.Config) {
		c.PublicURL = strings.Replace(c.PublicURL, "http://127.0.0.1", "https://localhost", 1)
	})
	root := secure.RootFile(t)
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(script, ".test.mjs"), func(t *testing.T) {
			t.Parallel()
			// Amplify leaves timers of three minutes behind.
			cmd := exec.CommandContext(t.Context(), node, "--test", "--test-force-exit", "--test-reporter=spec", script)
			cmd.Env = append(os.Environ(),
				"COGNATE_ENDPOINT="+own.URL,
				"COGNATE_SERVICE_ISSUER_ENDPOINT="+service.URL,
				"COGNATE_SECURE_ENDPOINT="+secure.HTTPS(),
				"NODE_EXTRA_CA_CERTS="+root,
				"AWS_REGION=us-east-1",
				"NO_COLOR=1",
			)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
			if bytes.Contains(out, []byte("\nℹ pass 0\n")) && !bytes.Contains(out, []byte("is not installed")) {
				t.Error("the script ran no test")
			}
		})
	}
}

// requireNode returns the path of Node.js, with the libraries in place.
func requireNode(t *testing.T) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat("node_modules")
	}
	switch {
	case err == nil:
		return node
	case os.Getenv("COGNATE_REQUIRE_CLIENTS") != "":
		t.Fatalf("%v; scripts/setup-tests installs what is missing", err)
	default:
		t.Skipf("%v; scripts/setup-tests installs what is missing", err)
	}
	return ""
}

// readSources reads what node will read, so that go test does not answer from
// its cache after a script changed.
func readSources(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"*.mjs", "package*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if _, err := os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
}
