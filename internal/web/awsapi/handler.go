package awsapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/web/panics"
)

// Config is what a Handler works with.
type Config struct {
	Services  []Service
	Region    string // of requests whose signature names none
	AccountID string // of the ARNs that authorization is asked about
	Now       func() time.Time
	Log       *slog.Logger

	// Access finds who signed the operations that are not public, and is asked for
	// its consent to them. AcceptAnyCredentials says that it takes any signature or
	// none, as in dev: pages of other sites are then kept away.
	Access               Access
	AcceptAnyCredentials bool
	Resources            Resources // nil: nothing is known of what requests name

	Origin func(*http.Request) Origin // nil: DirectOrigin
	// Limit refuses requests beyond a quota; nil: none.
	Limit   func(context.Context, Limited) error
	Observe func(Observation) // nil, or told of every request after its answer
}

// Handler serves POST / and its preflight.
type Handler struct {
	Config
	byTarget map[string]*operation
}

// New prepares a Handler. It fails when c leaves something out, or when the
// generated types and the constraints table do not fit together.
func New(c Config) (*Handler, error) {
	if len(c.Services) == 0 || c.Now == nil || c.Log == nil || c.Access == nil {
		return nil, errors.New("the AWS door needs a service, a clock, a log and somebody to ask about callers")
	}
	if c.Origin == nil {
		c.Origin = DirectOrigin
	}
	h := &Handler{Config: c, byTarget: make(map[string]*operation)}
	h.Services = slices.Clone(c.Services)
	planner := newPlanner()
	for i := range h.Services {
		s := &h.Services[i]
		if err := s.prepare(planner); err != nil {
			return nil, err
		}
		for j := range s.operations {
			o := &s.operations[j]
			h.byTarget[s.target+"."+o.spec.Name] = o
		}
	}
	return h, nil
}

// exchange is one request on its way.
type exchange struct {
	start     time.Time
	requestID string
	op        *operation
	pool      string
	client    string
	panicked  bool
}

// ServeHTTP answers one request and logs one line about it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		preflight(w)
		return
	}
	x := &exchange{start: h.Now(), requestID: uuid.NewString()}
	writeCommon(w, r, x.requestID)
	body, err := h.answer(w, r, x)

	var exception *api.Error
	status := http.StatusOK
	if err != nil {
		exception = visible(err)
		status = exception.Status
		err = errors.Join(err, writeError(w, exception))
	} else {
		err = writeAnswer(w, body)
	}
	h.record(r.Context(), x, exception, status, err)
}

// answer gives the body of a success. A panic below it becomes an error.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, x *exchange) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, panics.AsError(p)
			x.panicked = true
		}
	}()
	o, err := h.find(r)
	if err != nil {
		return nil, err
	}
	x.op = o
	data, err := readBody(w, r, o.limit)
	if err != nil {
		return nil, err
	}
	return h.run(r, x, data)
}

func (h *Handler) run(r *http.Request, x *exchange, data []byte) ([]byte, error) {
	o, ctx, origin := x.op, r.Context(), h.Origin(r)
	info := &api.RequestInfo{
		RequestID: x.requestID, Operation: o.spec.Name, Region: h.Region,
		UserAgent: r.UserAgent(), SourceIP: origin.ip(),
	}
	var who *access.Principal
	if o.spec.Access != api.Public {
		var region string
		var err error
		if who, region, err = h.authenticate(ctx, r, origin, data, o.service.name); err != nil {
			return nil, err
		}
		info.AccessKeyID = who.AccessKeyID
		if region != "" {
			info.Region, info.Signed = region, true
		}
		ctx = access.WithCaller(ctx, who)
	}
	in, value, err := o.decode(data)
	if err != nil {
		return nil, err
	}
	x.pool, x.client = stringField(value, o.fields.pool), stringField(value, o.fields.client)
	from := access.Origin{IP: origin.IP, TLS: origin.TLS, UserAgent: r.UserAgent(), Region: info.Region}
	ctx = access.WithOrigin(ctx, from)
	if o.spec.Access != api.Public {
		a := asked{who: who, op: o, in: in, pool: x.pool, resource: stringField(value, o.fields.resource), from: from}
		if ctx, err = h.authorize(ctx, a); err != nil {
			return nil, err
		}
	}
	ctx = api.WithRequest(ctx, info)
	if h.Limit != nil {
		if err := h.Limit(ctx, o.limited(value)); err != nil {
			return nil, err
		}
	}
	out, err := o.call(ctx, in)
	if err != nil || o.spec.Output == nil {
		return nil, err
	}
	return encode(out)
}

func (o Origin) ip() string {
	if !o.IP.IsValid() {
		return ""
	}
	return o.IP.String()
}

// find gives the operation that a request names. A presigned request may have
// the name in its query, because signers move x-amz- headers there.
func (h *Handler) find(r *http.Request) (*operation, error) {
	if r.Method != http.MethodPost {
		e := api.UnknownOperationException()
		e.Status = http.StatusNotFound
		return nil, e
	}
	targets := r.Header["X-Amz-Target"]
	if len(targets) == 0 {
		targets = r.URL.Query()["X-Amz-Target"]
	}
	if len(targets) != 1 || !acceptable(r.Header["Content-Type"]) {
		return nil, api.UnknownOperationException()
	}
	o, ok := h.byTarget[targets[0]]
	if !ok {
		return nil, api.UnknownOperationException()
	}
	return o, nil
}

// acceptable reports whether a body of this type is read as AWS JSON. Absent
// and plain JSON types are taken as what the target says they are; a form or
// text is another protocol.
func acceptable(types []string) bool {
	if len(types) == 0 || len(types) == 1 && types[0] == "" {
		return true
	}
	if len(types) > 1 {
		return false
	}
	name, _, err := mime.ParseMediaType(types[0])
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return false
	}
	return name == contentType || name == "application/x-amz-json-1.0" || name == "application/json"
}

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	tooLarge := func() error {
		setHeader(w.Header(), "Connection", "close") // the rest is not read
		return api.SerializationException("The request is larger than %d bytes", limit)
	}
	if r.ContentLength > limit {
		return nil, tooLarge()
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge()
	case err != nil:
		return nil, api.SerializationException("The request could not be read").Because(err)
	}
	return data, nil
}

// visible is the exception the caller gets for err.
func visible(err error) *api.Error {
	var e *api.Error
	if !errors.As(err, &e) {
		return api.InternalErrorException("Something went wrong")
	}
	if e.Status == 0 {
		e = e.Because(e.Err)
		e.Status = http.StatusBadRequest
	}
	return e
}

// record writes the one line about a request. It has neither input nor answer.
func (h *Handler) record(ctx context.Context, x *exchange, exception *api.Error, status int, err error) {
	seen := Observation{Status: status, Duration: h.Now().Sub(x.start), Panicked: x.panicked}
	if x.op != nil {
		seen.Service, seen.Operation = x.op.service.name, x.op.spec.Name
	}
	seen.Report(ctx, h.Log, exception, err,
		slog.String("pool", x.pool), slog.String("client", x.client), slog.String("request_id", x.requestID))
	if h.Observe != nil {
		h.Observe(seen)
	}
}
