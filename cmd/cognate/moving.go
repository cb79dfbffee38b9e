package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/poolcopy"
	"cognate/internal/cognito/transfer"
	"cognate/internal/web/moving"
)

// poolServer is the server that a pool is moved to or from.
type poolServer struct{ *administration }

// Call implements poolcopy.API.
func (s poolServer) Call(ctx context.Context, operation string, in, out any) error {
	return s.called(s.call(ctx, operation, in, out))
}

// called makes an *api.Error of what the API refuses.
func (poolServer) called(err error) error {
	refused, ok := errors.AsType[*refusedError](err)
	if !ok {
		return err
	}
	var exception struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if json.Unmarshal(refused.body, &exception) != nil || exception.Type == "" {
		return err
	}
	return &api.Error{Code: exception.Type, Message: exception.Message, Status: http.StatusBadRequest}
}

// take makes a part of a pool by the request of a step.
func (s poolServer) take(ctx context.Context, step *poolcopy.Step) error {
	request, err := step.Request()
	if err != nil {
		return err
	}
	header := http.Header{
		"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {api.TargetPrefix + "." + step.Call}, "X-Cognate-Control": {"1"},
	}
	path := "/"
	if step.ID != "" {
		path = "/_cognate/v1/create?" + url.Values{"id": {step.ID}}.Encode()
	}
	_, _, err = s.exchange(ctx, http.MethodPost, path, header, request)
	if errors.Is(err, errNotFound) {
		return errors.New("the server does not let this access key choose ids (cognate:ChooseId)")
	}
	return s.called(err)
}

// usersPage reads lines of users.
func (s poolServer) usersPage(ctx context.Context, poolID, after string, limit int) (lines []byte, next string, err error) {
	query := url.Values{"pool": {poolID}, "after": {after}, "limit": {fmt.Sprint(limit)}}
	text, header, err := s.exchange(ctx, http.MethodGet, "/_cognate/v1/users?"+query.Encode(), http.Header{"X-Cognate-Control": {"1"}}, nil)
	if errors.Is(err, errNotFound) {
		return nil, "", errors.New("the server does not let this access key read users (cognate:ExportUsers)")
	}
	if err != nil {
		return nil, "", fmt.Errorf("read users: %w", err)
	}
	return text, header.Get(moving.NextHeader), nil
}

// usersPages gives all users of a pool in pages of lines, and reads the next one while
// the caller works on the last. An error ends them.
func (s poolServer) usersPages(ctx context.Context, poolID string, limit int) iter.Seq2[[]byte, error] {
	type page struct {
		lines []byte
		err   error
	}
	return func(yield func([]byte, error) bool) {
		pages, stop := make(chan page), make(chan struct{})
		ctx, cancel := context.WithCancel(ctx)
		var reading sync.WaitGroup
		defer reading.Wait()
		defer cancel()
		defer close(stop)
		reading.Go(func() {
			defer close(pages)
			for after, more := "", true; more; {
				lines, next, err := s.usersPage(ctx, poolID, after, limit)
				select {
				case pages <- page{lines, err}:
				case <-stop:
					return
				}
				after, more = next, next != "" // none after an error
			}
		})
		for p := range pages {
			if !yield(p.lines, p.err) {
				return
			}
		}
	}
}

// A connection that breaks is tried again: who was taken by then is there already.
const (
	putAttempts = 4
	putPause    = 2 * time.Second
)

// putUsers hands lines of users over.
func (s poolServer) putUsers(ctx context.Context, poolID string, lines []byte, update bool) (*transfer.Outcome, error) {
	query := url.Values{"pool": {poolID}}
	if update {
		query.Set("update", "true")
	}
	header := http.Header{"Content-Type": {"application/x-ndjson"}, "X-Cognate-Control": {"1"}}
	var text []byte
	var err error
	for attempt := 1; ; attempt++ {
		text, _, err = s.exchange(ctx, http.MethodPost, "/_cognate/v1/users?"+query.Encode(), header, lines)
		lost, ok := errors.AsType[*exitError](err)
		if !ok || lost.code != exitUnreachable || attempt == putAttempts || wait(ctx, putPause) != nil {
			break
		}
	}
	if errors.Is(err, errNotFound) {
		return nil, errors.New("the server does not let this access key add users (cognate:ImportUsers)")
	}
	if err != nil {
		return nil, fmt.Errorf("add users: %w", err)
	}
	outcome := &transfer.Outcome{}
	if err := json.Unmarshal(text, outcome); err != nil {
		return nil, fmt.Errorf("add users: read the answer: %w", err)
	}
	return outcome, nil
}

// ClientSecrets implements poolcopy.Disclosure.
func (s poolServer) ClientSecrets(ctx context.Context, poolID, clientID string) ([]string, error) {
	var values []string
	path := "/_cognate/v1/client-secrets?" + url.Values{"pool": {poolID}, "client": {clientID}}.Encode()
	err := s.control(ctx, http.MethodGet, path, nil, &values)
	if errors.Is(err, errNotFound) {
		return nil, errors.New("the server does not let this access key read secrets of clients (cognate:ExportClientSecrets)")
	}
	return values, err
}

// regionOf is the Region that a pool id begins with.
func regionOf(poolID string) (string, error) {
	region, _, found := strings.Cut(poolID, "_")
	if !found || region == "" {
		return "", &exitError{exitUsage, fmt.Errorf("%q is not the id of a pool: it has no Region", poolID)}
	}
	return region, nil
}

// image fetches a picture that the API shows by its address.
func image(ctx context.Context, address string) ([]byte, error) {
	const longest = 4 << 20
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("fetch a picture: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch a picture: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch a picture: the server answered %s", answer.Status)
	}
	picture, err := io.ReadAll(io.LimitReader(answer.Body, longest))
	if err != nil {
		return nil, fmt.Errorf("fetch a picture: %w", err)
	}
	return picture, nil
}

// settingsDone is what became of the settings of a pool.
type settingsDone struct {
	Made, Left int
	Failed     []stepFailure `json:",omitempty"`
}

type stepFailure struct{ Request, Name, Reason string }

// comparing reads settings to see what is there: it needs no secrets.
type comparing struct{ poolServer }

// ClientSecrets implements poolcopy.Disclosure.
func (comparing) ClientSecrets(context.Context, string, string) ([]string, error) {
	return []string{""}, nil
}

// settle makes the parts of a pool that are not there yet. When the pool itself
// cannot be made, or nobody answers any more, that is the error; other parts are
// reported.
func (s poolServer) settle(ctx context.Context, poolID string, steps []poolcopy.Step) (*settingsDone, error) {
	have, _, err := poolcopy.Settings(ctx, comparing{s}, poolID, nil)
	if err != nil && !api.HasCode(err, "ResourceNotFoundException") {
		if api.HasCode(err, "UnrecognizedClientException") || api.HasCode(err, "MissingAuthenticationTokenException") {
			err = fmt.Errorf("%w (COGNATE_ACCESS_KEY_ID and COGNATE_SECRET_ACCESS_KEY have to be a key of the server)", err)
		}
		return nil, fmt.Errorf("look at the pool here: %w", err)
	}
	done := &settingsDone{}
	for i := range steps {
		step := &steps[i]
		at := slices.IndexFunc(have, func(h poolcopy.Step) bool { return h.Same(step) })
		if at >= 0 && (!step.Again() || bytes.Equal(have[at].Input, step.Input)) {
			done.Left++
			continue
		}
		if err := s.take(ctx, step); err != nil {
			if step.Call == "CreateUserPool" {
				return done, fmt.Errorf("make pool %s: %w", poolID, err)
			}
			lost, ok := errors.AsType[*exitError](err)
			if ok && lost.code == exitUnreachable || errors.Is(err, context.Canceled) {
				return done, err
			}
			done.Failed = append(done.Failed, stepFailure{step.Call, step.Name, err.Error()})
			continue
		}
		done.Made++
	}
	return done, nil
}

// usersDone is what became of users.
type usersDone struct {
	Added, Updated, Left int
	Failed               []userFailure `json:",omitempty"`
}

type userFailure struct {
	Line     int `json:",omitempty"` // of the file
	Username string
	Reason   string
}

// add counts an outcome; line tells the line of a row.
func (d *usersDone) add(o *transfer.Outcome, line func(row int) int) {
	d.Added += o.Added
	d.Updated += o.Updated
	d.Left += o.Left
	for _, f := range o.Failed {
		d.Failed = append(d.Failed, userFailure{line(f.Row), f.Username, f.Reason})
	}
}

// report prints what was done, and what was not.
func report(w io.Writer, settings *settingsDone, users *usersDone) {
	if settings != nil {
		fmt.Fprintf(w, "settings: %d made, %d there already, %d failed\n", settings.Made, settings.Left, len(settings.Failed))
		for _, f := range settings.Failed {
			fmt.Fprintf(w, "  %s %s: %s\n", f.Request, f.Name, f.Reason)
		}
	}
	if users == nil {
		return
	}
	fmt.Fprintf(w, "users: %d added, %d changed, %d there already, %d failed\n", users.Added, users.Updated, users.Left, len(users.Failed))
	for _, f := range users.Failed {
		place := ""
		if f.Line > 0 {
			place = fmt.Sprintf("line %d, ", f.Line)
		}
		fmt.Fprintf(w, "  %s%s: %s\n", place, f.Username, f.Reason)
	}
}

// failed reports whether something was not taken.
func failed(settings *settingsDone, users *usersDone) bool {
	return settings != nil && len(settings.Failed) > 0 || users != nil && len(users.Failed) > 0
}
