package truststore

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"path/filepath"
	"strings"
)

// Outcome is what became of one store.
type Outcome string

// The outcomes. Only Failed is an error: a store that is not there has nothing
// to be changed, and Manual is the user's to do.
const (
	Installed Outcome = "installed"
	Removed   Outcome = "removed"
	Absent    Outcome = "absent" // there was nothing to remove
	Manual    Outcome = "manual" // the advice says what to do
	Failed    Outcome = "failed"
)

// Result tells of one store.
type Result struct {
	Store   string  `json:"store"`
	Outcome Outcome `json:"outcome"`
	// Advice is a command or a sentence for Manual and Failed.
	Advice string `json:"advice,omitzero"`
	Error  string `json:"error,omitzero"`
}

// Runner runs the tools of the stores.
type Runner interface {
	// LookPath finds a program, as exec.LookPath does.
	LookPath(name string) (string, error)
	// Run runs a program to its end. The error holds what the program said.
	Run(ctx context.Context, name string, args ...string) error
}

// Machine is where stores are looked for.
type Machine struct {
	Runner Runner
	OS     string                   // as runtime.GOOS
	Root   bool                     // the process may change everything
	Home   string                   // the user's home directory
	Getenv func(name string) string // as os.Getenv
	// Prefix stands before the absolute paths of the system; tests set it.
	Prefix string
}

// tool is a program of a system, and how people get something with it.
type tool struct{ program, advice string }

// advise gives the advice for the first program that is here.
func (m *Machine) advise(tools []tool, otherwise string) string {
	for _, t := range tools {
		if m.has(t.program) {
			return t.advice + ", then run the same command again"
		}
	}
	return otherwise
}

// Certificate is a root and the file that holds it in PEM.
type Certificate struct {
	Root *x509.Certificate
	File string
}

// short tells authorities of several data directories apart.
func (c Certificate) short() string {
	digest := sha256.Sum256(c.Root.Raw)
	return hex.EncodeToString(digest[:4])
}

// fileName is the certificate's name in directories of certificates; Debian
// takes files that end so.
func (c Certificate) fileName() string { return "cognate-" + c.short() + ".crt" }

// nickname is its name in databases of certificates.
func (c Certificate) nickname() string { return "Cognate local authority " + c.short() }

// Install puts the certificate into every store that there is.
func (m *Machine) Install(ctx context.Context, c Certificate) []Result {
	results := []Result{m.installSystem(ctx, c)}
	results = append(results, m.installBrowsers(ctx, c)...)
	results = append(results, m.installJava(ctx, c)...)
	return append(results, Result{
		Store: "Node.js", Outcome: Manual, Advice: m.setVariable("NODE_EXTRA_CA_CERTS", c.File),
	})
}

// Remove takes the certificate out of every store that there is.
func (m *Machine) Remove(ctx context.Context, c Certificate) []Result {
	results := []Result{m.removeSystem(ctx, c)}
	results = append(results, m.removeBrowsers(ctx, c)...)
	results = append(results, m.removeJava(ctx, c)...)
	if m.Getenv("NODE_EXTRA_CA_CERTS") == c.File {
		results = append(results, Result{Store: "Node.js", Outcome: Manual, Advice: m.unsetVariable("NODE_EXTRA_CA_CERTS")})
	}
	return results
}

func (m *Machine) setVariable(name, value string) string {
	if m.OS == "windows" {
		return `set ` + name + `=` + value
	}
	return "export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func (m *Machine) unsetVariable(name string) string {
	if m.OS == "windows" {
		return "set " + name + "="
	}
	return "unset " + name
}

// path gives a path of the system.
func (m *Machine) path(elements ...string) string {
	return filepath.Join(append([]string{m.Prefix}, elements...)...)
}

// has reports whether a program is there.
func (m *Machine) has(program string) bool {
	_, err := m.Runner.LookPath(program)
	return err == nil
}

// run runs a program, as root where asRoot says so and this process is not.
func (m *Machine) run(ctx context.Context, asRoot bool, command ...string) error {
	if asRoot && !m.Root && m.OS != "windows" && m.has("sudo") {
		command = append([]string{"sudo", "--"}, command...)
	}
	return m.Runner.Run(ctx, command[0], command[1:]...)
}

// present runs a program that looks for the certificate. Only what it says of a
// missing one counts as its absence: a store that cannot be read may hold it.
func (m *Machine) present(ctx context.Context, missing string, command ...string) (bool, error) {
	err := m.run(ctx, false, command...)
	if err != nil && strings.Contains(strings.ToLower(err.Error()), missing) {
		return false, nil
	}
	return err == nil, err
}

// result tells what became of a store after a step that may have failed.
func result(store string, done Outcome, err error, advice string) Result {
	if err != nil {
		return Result{Store: store, Outcome: Failed, Error: err.Error(), Advice: advice}
	}
	return Result{Store: store, Outcome: done}
}
