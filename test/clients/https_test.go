package clients_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"cognate/internal/servertest"
)

// Node takes the server's certificates once it is told of the root, as the
// advice of `cognate trust install` says, and not before.
func TestNodeSpeaksHTTPS(t *testing.T) {
	t.Parallel()
	node := requireNode(t)
	s := servertest.Start(t, dev)
	const script = `fetch(process.argv[1] + "/health/ready").then(a => a.text()).then(console.log, e => { console.log(e.cause.code); process.exit(1) })`
	for _, test := range []struct {
		variable, want string
	}{
		{"NODE_EXTRA_CA_CERTS=" + s.RootFile(t), "ready"},
		{"NODE_EXTRA_CA_CERTS=", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"},
	} {
		cmd := exec.CommandContext(t.Context(), node, "-e", script, s.HTTPS())
		cmd.Env = append(os.Environ(), test.variable)
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); got != test.want || (err == nil) != (test.want == "ready") {
			t.Errorf("%.25s: %q, %v; want %q", test.variable, got, err, test.want)
		}
	}
}
