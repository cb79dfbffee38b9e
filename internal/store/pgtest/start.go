//go:build unix

package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"cognate/internal/freeport"
)

const startTimeout = 30 * time.Second

func background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startTimeout)
}

// script keeps the server running until its standard input ends, which it
// does when the test process ends, and cleans up. $1 is the directory, the
// rest is the command.
const script = `dir=$1; shift
"$@" >"$dir/log" 2>&1 &
read -r _
kill -QUIT $!
wait $!
rm -rf "$dir"`

// start initialises and starts a server.
func start() (*instance, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, attr, err := directory()
	if err != nil {
		return nil, err
	}
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--no-sync", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US") // not the order of bytes
	initdb.Dir, initdb.SysProcAttr = dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(dir))
	}
	port, err := freeport.Pick(context.Background())
	if err != nil {
		return nil, err
	}
	command := exec.Command("/bin/sh", "-c", script, "sh", dir, filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"),
		"-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
		"-c", "max_connections=200", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "log_min_messages=fatal")
	command.Dir, command.SysProcAttr = dir, attr
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := await(address(port)); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // only to explain
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w\n%s", err, bytes.TrimSpace(log)), stdin.Close())
	}
	return &instance{url: address(port), stop: stdin}, nil
}

// programs is the directory of the newest installed server; distributions
// keep it off the path.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("postgres")
		if err != nil {
			return "", errors.New("its programs are not installed, and TEST_POSTGRES_URL is not set")
		}
		return filepath.Dir(path), nil
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

func version(program string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(program)))) // 0 for odd names
	return n
}

// directory makes the server's directory. PostgreSQL refuses to run as root:
// then it runs as nobody, who gets the directory.
func directory() (string, *syscall.SysProcAttr, error) {
	dir, err := os.MkdirTemp("", "cognate-pgtest-")
	if err != nil {
		return "", nil, err
	}
	// A group of its own, so that an interrupt from the keyboard reaches the
	// tests and not the server.
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return dir, attr, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return "", nil, err
	}
	uid, errUID := strconv.Atoi(nobody.Uid)
	gid, errGID := strconv.Atoi(nobody.Gid)
	if err := errors.Join(errUID, errGID, os.Chown(dir, uid, gid)); err != nil {
		return "", nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return dir, attr, nil
}

// await tries to connect until the server answers.
func await(url string) error {
	ctx, cancel := background()
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, url)
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}
