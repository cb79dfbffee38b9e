package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"strings"
	"unicode/utf8"
)

// execTarget starts a command for each event (triggers.md §6.3).
type execTarget struct {
	name  string
	words []string
	env   []string
	drop  bool
	log   *slog.Logger
	slots chan struct{}
}

// parallel is how many processes a function has at most.
const parallel = 8

func (c *Config) exec(name, command string) (target, error) {
	words, err := splitWords(command)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("exec: needs a command")
	}
	path, err := exec.LookPath(words[0])
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	words[0] = path
	return &execTarget{name: name, words: words, env: c.processEnv(name), drop: c.DropRoot, log: c.Log, slots: make(chan struct{}, parallel)}, nil
}

// processEnv is the whole environment of a function's processes.
func (c *Config) processEnv(name string) []string {
	all := c.environ()
	var env []string
	for _, n := range append([]string{"PATH", "HOME"}, c.Variables...) {
		if value, ok := all[n]; ok {
			env = append(env, n+"="+value)
		}
	}
	env = append(env, c.Credentials...)
	_, bare := split(name)
	env = append(env, "AWS_LAMBDA_FUNCTION_NAME="+bare)
	if c.Endpoint != "" {
		env = append(env, "AWS_ENDPOINT_URL="+c.Endpoint)
	}
	return env
}

func (t *execTarget) String() string { return "exec:" + t.words[0] }
func (t *execTarget) Close() error   { return nil }

func (t *execTarget) invoke(ctx context.Context, c Call) ([]byte, error) {
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	cmd := exec.CommandContext(ctx, t.words[0], t.words[1:]...)
	cmd.Env = append(append([]string{}, t.env...), "AWS_REGION="+c.Region)
	cmd.WaitDelay = waitDelay
	isolate(cmd, t.drop)
	out, failure := &capped{limit: AnswerLimit}, &tail{}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Event), out, failure
	err := run(ctx, cmd, t.log)
	var exit *exec.ExitError
	switch {
	case out.exceeded:
		return nil, fmt.Errorf("answer of more than %d bytes: %w", AnswerLimit, ErrUnusable)
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &exit):
		if reported, ok := errors.AsType[*FunctionError](functionError(out.Bytes())); ok {
			return nil, reported
		}
		return nil, &FunctionError{Message: failure.lastLine()}
	case err != nil && !errors.Is(err, io.ErrClosedPipe):
		return nil, &CallError{Code: codeService, cause: err}
	}
	return out.Bytes(), nil
}

// run is cmd.Run with bounded memory.
func run(ctx context.Context, cmd *exec.Cmd, log *slog.Logger) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	boundMemory(ctx, cmd, log)
	return cmd.Wait()
}

// boundMemory limits the memory of a started process. Root without
// CAP_SYS_RESOURCE, as in many containers, may not do that to a process of another
// user; the operator is told.
func boundMemory(ctx context.Context, cmd *exec.Cmd, log *slog.Logger) {
	if err := limitMemory(cmd.Process); err != nil {
		log.LogAttrs(ctx, slog.LevelWarn, "memory of a function is not bounded",
			slog.String("command", cmd.Path), slog.Any("error", err))
	}
}

// capped keeps output up to a limit and takes the rest without keeping it.
type capped struct {
	bytes.Buffer
	limit    int
	exceeded bool
}

// Write implements io.Writer.
func (w *capped) Write(p []byte) (int, error) {
	if w.Len()+len(p) > w.limit {
		w.exceeded = true
		return 0, ErrUnusable // breaks the pipe
	}
	return w.Buffer.Write(p)
}

// tail keeps the end of an output.
type tail struct{ kept []byte }

const tailSize = 8 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - tailSize; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(p), nil
}

func (t *tail) lastLine() string {
	text := strings.TrimRight(string(t.kept), "\r\n ")
	line := text[strings.LastIndexByte(text, '\n')+1:]
	if !utf8.ValidString(line) {
		line = strings.ToValidUTF8(line, "\uFFFD")
	}
	return line
}

// lines logs each line of an output.
type lines struct {
	log  *slog.Logger
	name string
	rest []byte
}

const lineLimit = 4 << 10

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 && len(l.rest) < lineLimit {
			return len(p), nil
		}
		if end < 0 {
			end = lineLimit - 1
		}
		l.log.LogAttrs(context.Background(), slog.LevelInfo, "function output",
			slog.String("function", l.name), slog.String("line", string(l.rest[:end])))
		l.rest = append(l.rest[:0], l.rest[end+1:]...)
	}
}
