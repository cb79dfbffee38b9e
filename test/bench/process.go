package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// serverProcess is the server under measurement.
type serverProcess struct {
	cmd *exec.Cmd
	log bytes.Buffer
}

// launch starts the binary.
func launch(ctx context.Context, binary string, env []string, args ...string) (*serverProcess, error) {
	s := &serverProcess{cmd: exec.CommandContext(ctx, binary, args...)}
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	return s, nil
}

// startServer starts the binary and waits until it is ready.
func startServer(ctx context.Context, binary, endpoint string, env []string, args ...string) (*serverProcess, error) {
	s, err := launch(ctx, binary, env, args...)
	if err != nil {
		return nil, err
	}
	for range 400 {
		answer, err := http.Get(endpoint + "/health/ready")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return s, nil
			}
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("the server does not become ready:\n%s", s.log.String())
}

// cpu is the time that the process has used on all cores, user and system.
func (s *serverProcess) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the server's CPU time: %w", err)
	}
	_, rest, _ := bytes.Cut(stat, []byte(") ")) // the command's name may hold spaces
	fields := strings.Fields(string(rest))
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// residentMiB is the memory of the process that is in RAM, its code and
// mapped files included.
func (s *serverProcess) residentMiB() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the server's memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, errors.New("read the server's memory: no VmRSS line")
}

func (s *serverProcess) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}
