package truststore_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/outbound/truststore"
)

func makeRoot(t *testing.T) truststore.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Test root " + rand.Text()}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return truststore.Certificate{Root: root, File: file}
}

// desk is a made-up machine: directories in a temporary one, and a runner that
// remembers what was run, runs the harmless programs and fails as told.
type desk struct {
	truststore.Machine

	t        *testing.T
	programs []string         // that are there
	real     []string         // that are really run
	fail     map[string]error // by the beginning of the command line
	ran      []string
}

func newDesk(t *testing.T, system string, programs ...string) *desk {
	d := &desk{t: t, programs: programs, real: []string{"install", "rm"}, fail: map[string]error{}}
	d.Machine = truststore.Machine{
		Runner: d, OS: system, Root: true, Home: filepath.Join(t.TempDir(), "home"), Prefix: t.TempDir(),
		Getenv: func(string) string { return "" },
	}
	return d
}

func (d *desk) LookPath(name string) (string, error) {
	if slices.Contains(d.programs, name) {
		return "/bin/" + name, nil
	}
	return "", exec.ErrNotFound
}

func (d *desk) Run(ctx context.Context, name string, args ...string) error {
	line := strings.Join(append([]string{name}, args...), " ")
	d.ran = append(d.ran, strings.NewReplacer(d.Prefix, "", d.Home, "~").Replace(line))
	for beginning, err := range d.fail {
		if strings.HasPrefix(line, beginning) {
			return err
		}
	}
	if slices.Contains(d.real, name) {
		return exec.CommandContext(ctx, name, args...).Run()
	}
	return nil
}

func (d *desk) mkdir(path string) string {
	d.t.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func (d *desk) file(path string) string {
	d.t.Helper()
	d.mkdir(filepath.Dir(path))
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		d.t.Fatal(err)
	}
	return path
}

func outcomes(results []truststore.Result) (list []string) {
	for _, r := range results {
		list = append(list, strings.SplitN(r.Store, " (", 2)[0]+" "+string(r.Outcome))
	}
	return list
}

func want[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestLinuxSystemStores(t *testing.T) {
	t.Parallel()
	for dir, test := range map[string]struct {
		gather  string
		removal string
	}{
		"/usr/local/share/ca-certificates":          {"update-ca-certificates", "update-ca-certificates --fresh"},
		"/etc/pki/ca-trust/source/anchors":          {"update-ca-trust", "update-ca-trust"},
		"/etc/ca-certificates/trust-source/anchors": {"update-ca-trust", "update-ca-trust"},
		"/usr/share/pki/trust/anchors":              {"update-ca-certificates", "update-ca-certificates --fresh"},
	} {
		root := makeRoot(t)
		d := newDesk(t, "linux", test.gather)
		place := d.mkdir(d.Prefix + dir)
		want(t, dir, []string{"system installed", "Node.js manual"}, outcomes(d.Install(t.Context(), root)))
		files, err := filepath.Glob(place + "/cognate-*.crt")
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: files %v, %v", dir, files, err)
		}
		put, err := os.ReadFile(files[0])
		if block, _ := pem.Decode(put); err != nil || block == nil || !slices.Equal(block.Bytes, root.Root.Raw) {
			t.Errorf("%s: holds %q, %v", dir, put, err)
		}
		want(t, dir, test.gather, d.ran[len(d.ran)-1])
		want(t, dir, []string{"system removed"}, outcomes(d.Remove(t.Context(), root)))
		want(t, dir, test.removal, d.ran[len(d.ran)-1])
		if left, _ := os.ReadDir(place); len(left) != 0 {
			t.Errorf("%s: %v is left", dir, left)
		}
		want(t, dir, []string{"system absent"}, outcomes(d.Remove(t.Context(), root)))
	}
}

// Two authorities do not get into each other's way.
func TestRemoveLeavesOthers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "linux", "update-ca-certificates")
	place := d.mkdir(d.Prefix + "/usr/local/share/ca-certificates")
	mine, others := makeRoot(t), makeRoot(t)
	d.Install(t.Context(), mine)
	d.Install(t.Context(), others)
	d.Remove(t.Context(), mine)
	if left, err := os.ReadDir(place); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestSudoIsUsedOnlyWhereRootIsNeeded(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "linux", "update-ca-certificates", "certutil", "sudo")
	d.Root = false
	d.mkdir(d.Prefix + "/usr/local/share/ca-certificates")
	d.file(d.Home + "/.pki/nssdb/cert9.db")
	want(t, "outcomes", []string{"system installed", "Chromium installed", "Node.js manual"}, outcomes(d.Install(t.Context(), makeRoot(t))))
	for _, line := range d.ran {
		if asRoot := strings.HasPrefix(line, "sudo -- "); asRoot == strings.HasPrefix(line, "certutil") {
			t.Errorf("ran %s", line)
		}
	}
	d.programs, d.ran = []string{"update-ca-certificates"}, nil
	d.fail["install"] = errors.New("permission denied")
	got := d.Install(t.Context(), makeRoot(t))[0]
	if got.Outcome != truststore.Failed || got.Error != "permission denied" || !strings.Contains(got.Advice, "root") {
		t.Errorf("without sudo: %+v", got)
	}
}

func TestBrowsersOnLinux(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "linux", "certutil")
	root := makeRoot(t)
	for _, dir := range []string{
		".pki/nssdb", ".mozilla/firefox/a.default", "snap/firefox/common/.mozilla/firefox/b.default", ".config/mozilla/firefox/c.default",
	} {
		d.file(filepath.Join(d.Home, dir, "cert9.db"))
	}
	d.mkdir(d.Home + "/.mozilla/firefox/Crash Reports")
	d.Install(t.Context(), root)
	databases := func(kind string) (dirs []string) {
		for _, line := range d.ran {
			if words := strings.Fields(line); words[0] == "certutil" && words[1] == kind {
				dirs = append(dirs, words[3])
			}
		}
		return dirs
	}
	all := []string{"sql:~/.config/mozilla/firefox/c.default", "sql:~/.mozilla/firefox/a.default", "sql:~/.pki/nssdb", "sql:~/snap/firefox/common/.mozilla/firefox/b.default"}
	want(t, "installed in", all, databases("-A"))
	d.Remove(t.Context(), root)
	want(t, "removed from", all, databases("-D"))
}

// Without the tool people are told how to get it; and nobody is told that a
// store is clean which could not be looked into.
func TestMissingToolIsNamed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "linux", "apt-get")
	d.file(d.Home + "/.pki/nssdb/cert9.db")
	got := d.Install(t.Context(), makeRoot(t))
	want(t, "outcomes", []string{"system manual", "Chromium manual", "Node.js manual"}, outcomes(got))
	if !strings.Contains(got[1].Advice, "apt-get install libnss3-tools") {
		t.Errorf("advice %q", got[1].Advice)
	}
	want(t, "outcomes", []string{"system absent", "Chromium failed"}, outcomes(d.Remove(t.Context(), makeRoot(t))))

	d.programs = []string{"certutil"}
	d.fail["certutil -L"] = errors.New("certutil: function failed: SEC_ERROR_BAD_DATABASE")
	want(t, "bad database", []string{"system absent", "Chromium failed"}, outcomes(d.Remove(t.Context(), makeRoot(t))))
	d.fail["certutil -L"] = errors.New("certutil: Could not find cert: x")
	want(t, "not in it", []string{"system absent", "Chromium absent"}, outcomes(d.Remove(t.Context(), makeRoot(t))))
}

func TestMacAndWindows(t *testing.T) {
	t.Parallel()
	root := makeRoot(t)
	mac := newDesk(t, "darwin", "security", "sudo")
	mac.Root = false
	mac.Install(t.Context(), root)
	want(t, "macOS", []string{
		"sudo -- security add-trusted-cert -d -r trustRoot -p ssl -k /Library/Keychains/System.keychain " + root.File,
	}, mac.ran)
	mac.ran = nil
	want(t, "macOS", []string{"system removed"}, outcomes(mac.Remove(t.Context(), root)))
	if len(mac.ran) != 2 || !strings.HasPrefix(mac.ran[1], "sudo -- security delete-certificate -t -Z ") {
		t.Errorf("ran %q", mac.ran)
	}
	mac.fail["security find-certificate"] = errors.New("security: the specified item could not be found in the keychain")
	want(t, "macOS", []string{"system absent"}, outcomes(mac.Remove(t.Context(), root)))

	windows := newDesk(t, "windows", "certutil")
	windows.file(windows.Home + "/.pki/nssdb/cert9.db") // none of Windows
	results := windows.Install(t.Context(), root)
	want(t, "Windows", []string{"system installed", "Node.js manual"}, outcomes(results))
	want(t, "Windows", "set NODE_EXTRA_CA_CERTS="+root.File, results[1].Advice)
	want(t, "Windows", []string{"certutil -user -f -addstore Root " + root.File}, windows.ran)
	want(t, "Windows", []string{"system removed"}, outcomes(windows.Remove(t.Context(), root)))
}

// realMachine gives a machine whose programs are the real ones and whose directories
// are not.
func realMachine(t *testing.T, program string) *truststore.Machine {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed", program)
	}
	return &truststore.Machine{
		Runner: truststore.Commands{}, OS: "linux", Root: true, Home: filepath.Join(t.TempDir(), "home"), Prefix: t.TempDir(),
		Getenv: func(string) string { return "" },
	}
}

// The real certutil of NSS, on a database that it made.
func TestS194RealNSSDatabase(t *testing.T) {
	t.Parallel()
	m := realMachine(t, "certutil")
	dir := filepath.Join(m.Home, ".pki", "nssdb")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	certutil := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "certutil", append(args, "-d", "sql:"+dir)...).CombinedOutput()
		if err != nil {
			t.Fatalf("certutil %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	certutil("-N", "--empty-password")
	root := makeRoot(t)
	want(t, "before", []string{"system absent", "Chromium absent"}, outcomes(m.Remove(t.Context(), root)))
	for range 2 { // the second changes nothing
		want(t, "install", []string{"system manual", "Chromium installed", "Node.js manual"}, outcomes(m.Install(t.Context(), root)))
	}
	if list := certutil("-L"); strings.Count(list, "Cognate local authority") != 1 || !strings.Contains(list, "C,,") {
		t.Errorf("the database holds\n%s", list)
	}
	want(t, "remove", []string{"system absent", "Chromium removed"}, outcomes(m.Remove(t.Context(), root)))
	if list := certutil("-L"); strings.Contains(list, "Cognate") {
		t.Errorf("the database still holds\n%s", list)
	}
}

// The real keytool, on a keystore that it made.
func TestS194RealJavaKeystore(t *testing.T) {
	t.Parallel()
	m := realMachine(t, "keytool")
	path, err := exec.LookPath("keytool")
	if err != nil {
		t.Fatal(err)
	}
	java := t.TempDir()
	keystore := filepath.Join(java, "lib", "security", "cacerts")
	for _, dir := range []string{filepath.Join(java, "bin"), filepath.Dir(keystore)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(path, filepath.Join(java, "bin", "keytool")); err != nil {
		t.Fatal(err)
	}
	m.Getenv = func(name string) string { return map[string]string{"JAVA_HOME": java}[name] }
	keytool := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), path, append(args, "-keystore", keystore, "-storepass", "changeit")...).CombinedOutput()
		if err != nil {
			t.Fatalf("keytool %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	keytool("-importcert", "-noprompt", "-alias", "another", "-file", makeRoot(t).File)
	root := makeRoot(t)
	for range 2 {
		want(t, "install", "Java installed", inJava(m.Install(t.Context(), root)))
	}
	if list := keytool("-list"); !strings.Contains(list, "2 entries") || !strings.Contains(list, "cognate local authority") {
		t.Errorf("the keystore holds\n%s", list)
	}
	want(t, "remove", "Java removed", inJava(m.Remove(t.Context(), root)))
	want(t, "again", "Java absent", inJava(m.Remove(t.Context(), root)))
	if list := keytool("-list"); strings.Contains(list, "cognate") {
		t.Errorf("the keystore still holds\n%s", list)
	}
	keytool("-storepasswd", "-new", "another-password")
	want(t, "unreadable", "Java failed", inJava(m.Remove(t.Context(), root)))
}

// inJava is the outcome for Java; the machine may have browsers beside it.
func inJava(results []truststore.Result) string {
	for _, outcome := range outcomes(results) {
		if strings.HasPrefix(outcome, "Java ") {
			return outcome
		}
	}
	return ""
}
