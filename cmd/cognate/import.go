package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"cognate/internal/cognito/poolcopy"
	"cognate/internal/cognito/transfer"
	"cognate/internal/web/moving"
)

// importBatch is how many users are handed over at a time, if they are short
// enough for a request.
const importBatch = transfer.MaxPage

type importCommand struct {
	administration
	File    string `arg:"" help:"File of cognate export, or - for standard input."`
	KeyFile string `placeholder:"FILE" help:"Key that the secrets are sealed with. Default: the name of the file and .key."`
	Only    string `enum:"all,settings,users" default:"all" help:"all, settings or users."`
	Update  bool   `help:"Make users who are there already as in the file: attributes, groups and whether they are enabled. Their passwords and factors stay, and users who were changed here since are left alone."`
	JSON    bool   `name:"json" help:"Print the outcome as JSON."`
}

// Help ends the page that import --help prints.
func (*importCommand) Help() string {
	return `The pool gets the id that it had, and so do its clients and users. What is there
already is left as it is, so that an import that was interrupted can be run again. A
user is taken whole or not at all; those who are not are listed, and the command ends
with 1.
` + credentialsHelp + `

Example:
  cognate import shop.jsonl`
}

// Run reads the file.
func (c *importCommand) Run(ctx context.Context, std streams) error {
	file, size, err := c.open()
	if err != nil {
		return err
	}
	defer file.Close()
	r := &poolReader{in: bufio.NewReaderSize(file, 1<<20)}
	header, err := r.header()
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if header.Secrets == secretsSealed {
		if r.sealer, err = c.sealer(header); err != nil {
			return err
		}
	}
	if c.Region, err = regionOf(header.UserPoolId); err != nil {
		return err
	}
	settings, users, err := c.read(ctx, r, header.UserPoolId, newProgress(std.err, "bytes", size))
	if c.JSON {
		err = errors.Join(err, json.NewEncoder(std.out).Encode(map[string]any{"Settings": settings, "Users": users}))
	} else {
		report(std.out, settings, users)
	}
	if err == nil && failed(settings, users) {
		err = errors.New("not everything was taken")
	}
	return err
}

func (c *importCommand) open() (io.ReadCloser, int64, error) {
	if c.File == "-" {
		return io.NopCloser(os.Stdin), 0, nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, 0, fmt.Errorf("open the file: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open the file: %w", err), file.Close())
	}
	return file, info.Size(), nil
}

func (c *importCommand) sealer(header *poolHeader) (*sealer, error) {
	if c.KeyFile == "" {
		c.KeyFile = c.File + ".key"
	}
	s, err := newSealer(c.KeyFile, false)
	if err == nil && s.name != header.Key {
		err = fmt.Errorf("the file is sealed with the key %s, and %s holds %s", header.Key, c.KeyFile, s.name)
	}
	return s, err
}

// read takes the settings first, then the users, as they come in the file.
func (c *importCommand) read(ctx context.Context, r *poolReader, poolID string, bar *progress) (*settingsDone, *usersDone, error) {
	defer bar.end()
	server := poolServer{&c.administration}
	var steps []poolcopy.Step
	var settings *settingsDone
	var queue *userQueue
	for {
		line, err := r.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return settings, queue.stop(), err
		}
		if err == nil && line.Request != nil {
			if steps, err = r.another(line, steps, settings); err != nil {
				return settings, queue.stop(), err
			}
			continue
		}
		if settings == nil && c.Only != "users" {
			var failure error
			if settings, failure = server.settle(ctx, poolID, steps); failure != nil {
				return settings, nil, failure
			}
		}
		if err != nil || c.Only == "settings" {
			users := queue.stop()
			return settings, users, queue.failure()
		}
		if line.User == nil {
			return settings, queue.stop(), fmt.Errorf("line %d is neither a request nor a user", r.number)
		}
		if queue == nil {
			queue = startUsers(ctx, server, poolID, c.Update, bar)
		}
		if err := queue.add(r.number, line); err != nil {
			return settings, queue.stop(), err
		}
	}
}

// another adds the step of a line to those that are to be taken. Once they have been,
// it would be lost.
func (r *poolReader) another(line *poolLine, steps []poolcopy.Step, taken *settingsDone) ([]poolcopy.Step, error) {
	if taken != nil {
		return nil, fmt.Errorf("line %d is a request behind the first user", r.number)
	}
	step, err := stepOf(line)
	if err != nil {
		return nil, err
	}
	return append(steps, *step), nil
}

// userQueue hands users over in batches, some while the next is read.
type userQueue struct {
	batch   bytes.Buffer
	lines   []int // of the users in batch
	batches chan userBatch
	workers sync.WaitGroup
	failed  chan struct{} // closed when err is set
	ended   bool

	mu    sync.Mutex
	bar   *progress
	users usersDone
	err   error
}

// queueWorkers is how many batches are handed over at a time: the server reads one
// while it stores another.
const queueWorkers = 2

type userBatch struct {
	text  []byte
	lines []int
}

func startUsers(ctx context.Context, server poolServer, poolID string, update bool, bar *progress) *userQueue {
	q := &userQueue{batches: make(chan userBatch), failed: make(chan struct{}), bar: bar}
	for range queueWorkers {
		q.workers.Go(func() {
			for b := range q.batches {
				outcome, err := server.putUsers(ctx, poolID, b.text, update)
				q.took(b, outcome, err)
			}
		})
	}
	return q
}

// took notes what became of a batch.
func (q *userQueue) took(b userBatch, outcome *transfer.Outcome, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		if q.err == nil {
			q.err = err
			close(q.failed)
		}
		return
	}
	q.users.add(outcome, func(row int) int { return b.lines[row] })
	q.bar.add(len(b.text))
}

// add queues the user of a line.
func (q *userQueue) add(number int, line *poolLine) error {
	if err := q.failure(); err != nil {
		return err
	}
	text, err := encode(poolLine{User: line.User, Secrets: line.Secrets})
	if err != nil {
		return err
	}
	if q.batch.Len()+len(text)+1 > moving.MaxBody || len(q.lines) == importBatch {
		q.flush()
	}
	q.batch.Write(text)
	q.batch.WriteByte('\n')
	q.lines = append(q.lines, number)
	return nil
}

func (q *userQueue) flush() {
	if len(q.lines) == 0 {
		return
	}
	select {
	case q.batches <- userBatch{text: bytes.Clone(q.batch.Bytes()), lines: q.lines}:
	case <-q.failed: // add says so the next time
	}
	q.batch.Reset()
	q.lines = nil
}

// stop hands over what is left and gives the outcome; nil if there was no user.
func (q *userQueue) stop() *usersDone {
	if q == nil {
		return nil
	}
	if !q.ended {
		q.ended = true
		q.flush()
		close(q.batches)
		q.workers.Wait()
		slices.SortFunc(q.users.Failed, func(a, b userFailure) int { return a.Line - b.Line })
	}
	return &q.users
}

// failure is why the server takes no more; nil as long as it does.
func (q *userQueue) failure() error {
	if q == nil {
		return nil
	}
	select {
	case <-q.failed:
		return q.err
	default:
		return nil
	}
}
