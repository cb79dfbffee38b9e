package hook

import (
	"bufio"
	"context"
	_ "embed" // the shims
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

var (
	//go:embed shim/node.js
	nodeShim string
	//go:embed shim/python.py
	pythonShim string
)

// idleTime is how long a process waits for its next event before it is ended.
const idleTime = time.Minute

// shimTarget runs a file of JavaScript or Python in warm processes
// (triggers.md §6.3): as many as there are events at a time, up to parallel.
type shimTarget struct {
	kind, name, file string
	words, env       []string
	drop             bool
	idle             time.Duration
	log              *slog.Logger
	now              func() time.Time

	slots  chan struct{}
	mu     sync.Mutex
	parked []*worker
	closed bool
}

func (c *Config) shim(kind, name, rest string) (target, error) {
	file, function := rest, ""
	if at := strings.LastIndexByte(rest, '#'); at >= 0 {
		file, function = rest[:at], rest[at+1:]
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	var words []string
	switch kind {
	case "node":
		words = []string{"node", "--max-old-space-size=256", "-e", nodeShim, "--", file, orElse(function, "handler")}
	default:
		words = []string{"python3", "-u", "-c", pythonShim, file, orElse(function, "lambda_handler")}
	}
	if words[0], err = exec.LookPath(words[0]); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return &shimTarget{
		kind: kind, name: name, file: file, words: words, env: c.processEnv(name), drop: c.DropRoot,
		idle: c.IdleTime, log: c.Log, now: c.Now, slots: make(chan struct{}, parallel),
	}, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (t *shimTarget) String() string { return t.kind + ":" + t.file }

// frame is an event as the shims take it.
type frame struct {
	Event     json.RawMessage `json:"event"`
	ARN       string          `json:"arn"`
	RequestID string          `json:"requestId"`
	Deadline  int64           `json:"deadline"` // milliseconds since 1970
}

func (t *shimTarget) invoke(ctx context.Context, c Call) ([]byte, error) {
	f := frame{Event: c.Event, ARN: c.ARN, RequestID: c.RequestID}
	if end, ok := ctx.Deadline(); ok {
		f.Deadline = end.UnixMilli()
	}
	line, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", t, err)
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w, err := t.take(ctx, c.Region)
	if err != nil {
		return nil, &CallError{Code: codeService, cause: err}
	}
	stop := context.AfterFunc(ctx, w.kill)
	answer, err := w.exchange(append(line, '\n'))
	switch ended := !stop(); {
	case ended:
		w.kill()
		return nil, ctx.Err()
	case err != nil:
		w.kill()
		return nil, w.failure(err)
	}
	t.park(w)
	return readShim(answer)
}

// readShim takes a shim's line apart.
func readShim(line []byte) ([]byte, error) {
	var got struct {
		Answer json.RawMessage `json:"answer"`
		Error  json.RawMessage `json:"error"`
	}
	if err := json.Unmarshal(line, &got); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	if len(got.Error) > 0 {
		return nil, functionError(got.Error)
	}
	return got.Answer, nil
}

// take gives a waiting process of the file as it is now, or starts one.
func (t *shimTarget) take(ctx context.Context, region string) (*worker, error) {
	version, err := os.Stat(t.file)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, errors.New("functions are closed")
	}
	for len(t.parked) > 0 {
		w := t.parked[len(t.parked)-1]
		t.parked = t.parked[:len(t.parked)-1]
		if !w.retire.Stop() || w.dead() || w.region != region || !w.version.ModTime().Equal(version.ModTime()) || w.version.Size() != version.Size() {
			w.kill()
			continue
		}
		w.used = true
		return w, nil
	}
	return t.start(ctx, version, region)
}

// park keeps a process for the next event.
func (t *shimTarget) park(w *worker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		w.kill()
		return
	}
	w.retire = time.AfterFunc(t.idle, func() { t.end(w) })
	t.parked = append(t.parked, w)
}

// end ends a process that waited for too long.
func (t *shimTarget) end(w *worker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, other := range t.parked {
		if other == w {
			t.parked = append(t.parked[:i], t.parked[i+1:]...)
			break
		}
	}
	w.kill()
}

// Close ends the waiting processes; those at work end with their events.
func (t *shimTarget) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, w := range t.parked {
		w.retire.Stop()
		w.kill()
		<-w.gone
	}
	t.parked = nil
	return nil
}

// worker is one process of a shim.
type worker struct {
	cmd     *exec.Cmd
	events  io.WriteCloser
	answers *os.File
	reader  *bufio.Reader
	stderr  *tail
	version os.FileInfo
	region  string
	used    bool // had an event before
	retire  *time.Timer
	gone    chan struct{} // closed when the process has ended
}

func (t *shimTarget) start(ctx context.Context, version os.FileInfo, region string) (*worker, error) {
	answers, theirs, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", t, err)
	}
	w := &worker{answers: answers, reader: bufio.NewReader(answers), stderr: &tail{}, version: version, region: region, gone: make(chan struct{})}
	w.cmd = exec.Command(t.words[0], t.words[1:]...) //nolint:noctx // outlives the event that it is started for
	w.cmd.Env = append(append([]string{}, t.env...), "AWS_REGION="+region)
	w.cmd.Dir = filepath.Dir(t.file)
	w.cmd.ExtraFiles = []*os.File{theirs}
	w.cmd.Stdout = &lines{log: t.log, name: t.name}
	w.cmd.Stderr = io.MultiWriter(&lines{log: t.log, name: t.name}, w.stderr)
	w.cmd.WaitDelay = waitDelay
	isolate(w.cmd, t.drop)
	if w.events, err = w.cmd.StdinPipe(); err == nil {
		err = w.cmd.Start()
	}
	if err == nil {
		boundMemory(ctx, w.cmd, t.log)
	}
	if err = errors.Join(err, theirs.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", t, err), answers.Close())
	}
	go func() {
		_ = w.cmd.Wait() // how it ended is told by what it wrote
		close(w.gone)
	}()
	return w, nil
}

func (w *worker) dead() bool {
	select {
	case <-w.gone:
		return true
	default:
		return false
	}
}

// kill ends the process and everything it started. It may be called again.
func (w *worker) kill() {
	_ = killGroup(w.cmd) // may have ended by itself
	_ = w.answers.Close()
}

// exchange sends an event and reads the answer's line.
func (w *worker) exchange(line []byte) ([]byte, error) {
	if _, err := w.events.Write(line); err != nil {
		return nil, err
	}
	var answer []byte
	for {
		part, err := w.reader.ReadSlice('\n')
		if len(answer)+len(part) > AnswerLimit {
			return nil, ErrUnusable
		}
		answer = append(answer, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return answer, err
		}
	}
}

// failure explains a broken exchange.
func (w *worker) failure(err error) error {
	if errors.Is(err, ErrUnusable) {
		return fmt.Errorf("answer of more than %d bytes: %w", AnswerLimit, err)
	}
	<-w.gone
	if w.used { // it may have ended while it waited
		return &CallError{Code: codeService, cause: err, again: true}
	}
	if line := w.stderr.lastLine(); line != "" {
		return &FunctionError{Message: line}
	}
	return &FunctionError{Message: "Runtime exited without providing a reason"}
}
