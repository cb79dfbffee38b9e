package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"cognate/internal/freeport"
)

var update = flag.Bool("update", false, "rewrite docs/settings.md")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"cognate": func() { os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr})) },
	})
}

// The scripts read like a manual: what is typed, and what is printed.
func TestCommands(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			port, err := freeport.Pick(context.Background())
			if err != nil {
				return err
			}
			address := fmt.Sprint("127.0.0.1:", port)
			env.Setenv("ADDRESS", address)
			env.Setenv("URL", "http://"+address)
			program, err := exec.LookPath("cognate") // for scripts that change PATH
			env.Setenv("COGNATE", program)
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"ready": ready, "https": https},
	})
}

// ready waits until the server at $URL is ready.
func ready(ts *testscript.TestScript, _ bool, _ []string) {
	for range 2400 { // a minute
		if run([]string{"healthcheck", "--public-url", ts.Getenv("URL")}, streams{new(bytes.Buffer), new(bytes.Buffer)}) == 0 {
			return
		}
		sleep()
	}
	ts.Fatalf("the server at %s does not become ready", ts.Getenv("URL"))
}

// https makes a TLS connection to $ADDRESS by a name, trusting the root in a
// file and nothing else.
func https(ts *testscript.TestScript, neg bool, args []string) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(ts.ReadFile(args[0]))) {
		ts.Fatalf("%s holds no certificate", args[0])
	}
	c, err := tls.Dial("tcp", ts.Getenv("ADDRESS"), &tls.Config{RootCAs: pool, ServerName: args[1]})
	if err == nil {
		_ = c.Close()
	}
	if (err != nil) != neg {
		ts.Fatalf("https to %s: %v", args[1], err)
	}
}

// docs/settings.md is made from the same structs as --help.
func TestSettingsPageIsUpToDate(t *testing.T) {
	t.Parallel()
	parser, err := kong.New(&cli{}, kong.Name("cognate"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString("# Settings\n\nMade from the program's own flags (`go test ./cmd/cognate -update`); do not edit.\n\n" +
		"A flag wins over its variable, the variable over the default.\n")
	for _, command := range parser.Model.Leaves(true) {
		fmt.Fprintf(&b, "\n## cognate %s\n\n%s\n\n| Flag | Variable | Default | Meaning |\n|---|---|---|---|\n", command.Path(), command.Help)
		for _, f := range command.Flags {
			if f.Name == "help" {
				continue
			}
			value := ""
			if f.Tag.Default != "" && f.Target.Kind() != reflect.Bool {
				value = "`" + f.Tag.Default + "`"
			}
			fmt.Fprintf(&b, "| `--%s` | %s | %s | %s |\n", f.Name, strings.Join(f.Envs, ", "), value, strings.ReplaceAll(f.Help, "|", "\\|"))
		}
	}
	b.WriteString(settingsWithoutFlag)
	path := filepath.Join("..", "..", "docs", "settings.md")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(page)); diff != "" {
		t.Errorf("docs/settings.md is not what the flags say (-flags +page):\n%s", diff)
	}
}

const settingsWithoutFlag = `
## By variable only

Command lines are visible to every user of a machine, so secrets have no flag.

| Variable | Meaning |
|---|---|
| COGNATE_MASTER_KEY | The master key itself: 32 bytes in base64, instead of a file. |
| COGNATE_FUNCTIONS | Pairs NAME=TARGET as of ` + "`--function`" + `, one a line, or ` + "`@FILE`" + ` with such lines. |
| COGNATE_ROOT_ACCESS_KEY_ID, COGNATE_ROOT_SECRET_ACCESS_KEY | The first administrator's access key. Made at the first start of ` + "`serve`" + ` and printed once when not given. |
`
