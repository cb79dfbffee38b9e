package truststore

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
)

// Commands runs the real programs. Those that ask (sudo for a password, Windows
// for consent) ask on In and Err.
type Commands struct {
	In  io.Reader
	Err io.Writer
}

// LookPath implements Runner. Homebrew keeps certutil of NSS out of the way.
func (Commands) LookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil && runtime.GOOS == "darwin" {
		for _, dir := range []string{"/opt/homebrew/opt/nss/bin/", "/usr/local/opt/nss/bin/"} {
			if path, err := exec.LookPath(dir + name); err == nil {
				return path, nil
			}
		}
	}
	return path, err
}

// Run implements Runner.
func (c Commands) Run(ctx context.Context, name string, args ...string) error {
	path, err := c.LookPath(name)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, path, args...)
	var said bytes.Buffer
	command.Stdout, command.Stderr, command.Stdin = &said, &said, nil
	if name == "sudo" { // asks for a password
		command.Stderr, command.Stdin = io.MultiWriter(&said, c.Err), c.In
	}
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}
