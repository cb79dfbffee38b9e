package browser_test

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"

	"cognate/internal/servertest"
)

var (
	//go:embed testdata/httpd.conf
	apacheConfig string
	//go:embed testdata/claims.html
	apachePage string
)

// apache is a running server with Debian's mod_auth_openidc.
type apache struct {
	Dir, ModuleDir, Site, Port     string
	Modules                        []string
	Issuer, ClientID, ClientSecret string
}

// A page behind mod_auth_openidc shows who signed in, from the ID token and
// userInfo; signing out there ends the session here too.
func TestApacheAsRelyingParty(t *testing.T) {
	t.Parallel()
	program, modules := requireApache(t)
	tab := newWindow(t)
	port := freePort(t)
	site := "http://localhost:" + port
	a := openShop(t, site+"/callback", nil, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	startApache(t, program, &apache{
		ModuleDir: modules, Site: site, Port: port, Issuer: a.issuer(), ClientID: a.client, ClientSecret: a.secret,
		Modules: []string{"mpm_event", "authn_core", "authz_core", "authz_user", "dir", "include", "auth_openidc"},
	})
	servertest.Shared(t).CreateUser(t, a.pool, username, password, "email", "ana@example.com", "email_verified", "true", "given_name", "Ana Lucía")

	if at := open(tab, t, site+"/"); !strings.HasPrefix(at, a.domain+"/login?") {
		t.Fatalf("asked to sign in at %s", at)
	}
	if at := signIn(tab, t, username, password); at != site+"/" {
		t.Fatalf("signed in to %s:\n%s", at, text(tab, t))
	}
	given, err := servertest.Shared(t).SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &a.pool, Username: new(username)})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"user": "ana@example.com", "sub": attribute(given.UserAttributes, "sub"), "given_name": "Ana Lucía", "email_verified": "1", // how the module writes true
	} {
		got, err := chromedp.Run(tab, chromedp.TextContent("#"+id))
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	picture(tab, t, "apache")
}

func attribute(list []types.AttributeType, name string) string {
	for _, a := range list {
		if *a.Name == name {
			return *a.Value
		}
	}
	return ""
}

// requireApache finds the program and the directory of its modules.
func requireApache(t *testing.T) (program, modules string) {
	t.Helper()
	for _, dir := range []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules"} {
		if _, err := os.Stat(filepath.Join(dir, "mod_auth_openidc.so")); err == nil {
			modules = dir
		}
	}
	for _, name := range []string{"apache2", "/usr/sbin/apache2", "httpd", "/usr/sbin/httpd"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	if program != "" && modules != "" {
		return program, modules
	}
	const missing = "Apache or its mod_auth_openidc is missing; scripts/setup-tests installs it on Debian and Ubuntu"
	if _, err := exec.LookPath("apt-get"); err == nil && os.Getenv("COGNATE_REQUIRE_CLIENTS") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return "", ""
}

// startApache runs Apache in a directory of its own until the test ends,
// without the rights of root.
func startApache(t *testing.T, program string, a *apache) {
	t.Helper()
	dir, err := os.MkdirTemp("", "cognate-apache") // not t.TempDir, which only its owner enters
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a.Dir = dir
	root, err := os.ReadFile(servertest.Shared(t).RootFile(t))
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	if err := template.Must(template.New("httpd.conf").Parse(apacheConfig)).Execute(&config, a); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "www"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"httpd.conf": config.String(), "root.pem": string(root), "www/index.html": apachePage} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, "-d", dir, "-f", filepath.Join(dir, "httpd.conf"), "-DFOREGROUND")
	cmd.SysProcAttr = asNobody(t, dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	explain := func() string {
		log, _ := os.ReadFile(filepath.Join(dir, "error.log")) // only to explain
		return string(log)
	}
	start(t, cmd, explain, a.Site+"/callback")
}
