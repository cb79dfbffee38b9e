package clients_test

import (
	"html"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The snippets of the start page that get AWS credentials from the sample's identity
// pool can be pasted: they end with who the credentials are.
func TestCredentialSnippetsOfTheStartPageWork(t *testing.T) {
	t.Parallel()
	node := requireNode(t)
	banner, directory := startDev(t)
	page := regexp.MustCompile(`Start page (\S+)`).FindStringSubmatch(banner)
	if page == nil {
		t.Fatalf("no start page in:\n%s", banner)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	snippet := func(id string) string {
		t.Helper()
		code := regexp.MustCompile(`(?s)id="` + id + `".*?<pre[^>]*>(.*?)</pre>`).FindSubmatch(text)
		if code == nil {
			t.Fatalf("no snippet %s in:\n%s", id, text)
		}
		return html.UnescapeString(string(code[1]))
	}
	const user, guest = "assumed-role/cognate-sample-user/CognitoIdentityCredentials", "assumed-role/cognate-sample-guest/CognitoIdentityCredentials"

	out, err := exec.CommandContext(t.Context(), node, "--input-type=module", "--eval", snippet("credentials-javascript")).Output()
	if lines := strings.Fields(string(out)); err != nil || len(lines) != 2 || !strings.HasSuffix(lines[0], user) || !strings.HasSuffix(lines[1], guest) {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := exec.LookPath("aws"); err != nil {
		return
	}
	shell := exec.CommandContext(t.Context(), "sh", "-ec", snippet("credentials-cli"))
	shell.Env = append(os.Environ(), "PATH="+directory+string(filepath.ListSeparator)+os.Getenv("PATH"), "AWS_PAGER=")
	if out, err := shell.CombinedOutput(); err != nil || !strings.Contains(string(out), user) {
		t.Errorf("%v\n%s", err, out)
	}
}
