package stsapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/api/sts"
	"cognate/internal/cognito/access"
	"cognate/internal/protocol/sigv4"
	"cognate/internal/web/awsapi"
	"cognate/internal/web/panics"
)

const (
	serviceName = "sts"
	version     = "2011-06-15"
	// skew is how far the date of a signature may be from the server's
	// (identity-pools.md F1).
	skew = 15 * time.Minute
)

// Callers finds out who signed a request. The error is a *sigv4.Error where the
// request is to blame.
type Callers interface {
	Authenticate(ctx context.Context, signed sigv4.Request, o sigv4.Options) (who *access.Principal, region string, err error)
}

// Config is what a Handler works with.
type Config struct {
	Service sts.Service
	Callers Callers
	Region  string // of requests whose signature names none
	Now     func() time.Time
	Log     *slog.Logger
	// AcceptAnyCredentials says that Callers takes any, as in dev: then pages of other
	// sites are refused instead of plain connections.
	AcceptAnyCredentials bool

	// Limit counts a request before it is served; an error of it refuses the request.
	// nil counts nothing.
	Limit   func(ctx context.Context, r awsapi.Limited) error
	Origin  func(*http.Request) awsapi.Origin // nil: awsapi.DirectOrigin
	Observe func(awsapi.Observation)          // nil, or told of every request after its answer
}

// Handler serves requests of the query protocol.
type Handler struct {
	Config
	byName map[string]*operation
}

// New prepares a Handler. It fails when c leaves something out, or when the generated
// types and the constraints table do not fit together.
func New(c Config) (*Handler, error) {
	if c.Service == nil || c.Callers == nil || c.Now == nil || c.Log == nil {
		return nil, errors.New("the STS door needs a service, callers, a clock and a log")
	}
	if c.Origin == nil {
		c.Origin = awsapi.DirectOrigin
	}
	h := &Handler{Config: c, byName: make(map[string]*operation)}
	list := operations(c.Service)
	for i := range list {
		if err := list[i].prepare(); err != nil {
			return nil, err
		}
		h.byName[list[i].spec.Name] = &list[i]
	}
	return h, nil
}

// exchange is one request on its way.
type exchange struct {
	start     time.Time
	requestID string
	op        *operation // nil until it is known
	panicked  bool
}

// ServeHTTP answers one request and logs one line about it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{start: h.Now(), requestID: uuid.NewString()}
	body, err := h.answer(r.Context(), w, r, x)
	status := http.StatusOK
	var exception *api.Error
	if err != nil {
		exception = visible(err)
		status = exception.Status
		var sendErr error
		if body, sendErr = errorBody(exception, x.requestID); sendErr != nil {
			err = errors.Join(err, sendErr)
		}
	}
	err = errors.Join(err, send(w, r, x.requestID, status, body))
	h.record(r.Context(), x, exception, status, err)
}

// answer gives the body of a success. A panic below it becomes an error.
func (h *Handler) answer(ctx context.Context, w http.ResponseWriter, r *http.Request, x *exchange) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			body, err = nil, panics.AsError(p)
			x.panicked = true
		}
	}()
	data, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	form, err := readForm(r.URL.RawQuery, string(data))
	if err != nil {
		return nil, err
	}
	if x.op, err = h.find(form); err != nil {
		return nil, err
	}
	if ctx, err = h.admit(ctx, r, x, data); err != nil {
		return nil, err
	}
	in, err := x.op.read(form)
	if err != nil {
		return nil, err
	}
	if h.Limit != nil {
		err := h.Limit(ctx, awsapi.Limited{Service: serviceName, Operation: x.op.spec.Name, Signed: x.op.spec.Access != api.Public})
		if err != nil {
			return nil, err
		}
	}
	out, err := x.op.call(ctx, in)
	if err != nil {
		return nil, err
	}
	return answerBody(x.op.spec, out, x.requestID)
}

// find gives the operation that a form names.
func (h *Handler) find(form *parameter) (*operation, error) {
	action, inVersion := form.text("Action"), form.text("Version")
	if action == "" {
		return nil, api.NewError("MissingAction", http.StatusBadRequest, "The request is missing an action or a required parameter.", nil)
	}
	o, ok := h.byName[action]
	if !ok || inVersion != version {
		return nil, invalidAction(action, inVersion)
	}
	return o, nil
}

// admit finds out who calls, where the operation has to be signed, and gives the
// context of the call.
func (h *Handler) admit(ctx context.Context, r *http.Request, x *exchange, body []byte) (context.Context, error) {
	origin := h.Origin(r)
	info := &api.RequestInfo{
		RequestID: x.requestID, Operation: x.op.spec.Name, Region: h.Region, UserAgent: r.UserAgent(),
	}
	if origin.IP.IsValid() {
		info.SourceIP = origin.IP.String()
	}
	if x.op.spec.Access != api.Public {
		if err := awsapi.Admit(r, origin, h.AcceptAnyCredentials); err != nil {
			return nil, err
		}
		who, region, err := h.Callers.Authenticate(ctx, awsapi.Signed(r, origin, body),
			sigv4.Options{Service: serviceName, Now: h.Now(), Skew: skew})
		if err != nil {
			return nil, signatureError(err)
		}
		info.AccessKeyID = who.AccessKeyID
		if region != "" {
			info.Region, info.Signed = region, true
		}
		ctx = access.WithCaller(ctx, who)
	}
	ctx = access.WithOrigin(ctx, access.Origin{IP: origin.IP, TLS: origin.TLS, UserAgent: r.UserAgent(), Region: info.Region})
	return api.WithRequest(ctx, info), nil
}

// signatureError gives the failure of a signature the name that STS has for it
// (identity-pools.md F2).
func signatureError(err error) error {
	var refusal *sigv4.Error
	if !errors.As(err, &refusal) {
		return err
	}
	code := "SignatureDoesNotMatch"
	switch refusal.Kind {
	case sigv4.Missing:
		code = "MissingAuthenticationToken"
	case sigv4.Incomplete:
		code = "IncompleteSignature"
	case sigv4.Unrecognized:
		code = "InvalidClientTokenId"
	case sigv4.Expired:
		code = "ExpiredToken"
	case sigv4.Invalid:
	}
	return &api.Error{Code: code, Message: refusal.Message, Status: http.StatusForbidden}
}

// visible is the error that the caller gets for err.
func visible(err error) *api.Error {
	var e *api.Error
	if !errors.As(err, &e) {
		return api.NewError("InternalFailure", http.StatusInternalServerError, "Something went wrong", nil)
	}
	switch {
	case e.Code == "AccessDeniedException":
		e = e.Because(e.Err)
		e.Code, e.Status = "AccessDenied", http.StatusForbidden
	case e.Code == "TooManyRequestsException":
		e = e.Because(e.Err)
		e.Code, e.Status = "Throttling", http.StatusBadRequest
	case e.Status == 0:
		e = e.Because(e.Err)
		e.Status = http.StatusBadRequest
	}
	return e
}

// record writes the one line about a request. It has neither input nor answer.
func (h *Handler) record(ctx context.Context, x *exchange, exception *api.Error, status int, err error) {
	seen := awsapi.Observation{Service: serviceName, Status: status, Duration: h.Now().Sub(x.start), Panicked: x.panicked}
	if x.op != nil {
		seen.Operation = x.op.spec.Name
	}
	seen.Report(ctx, h.Log, exception, err, slog.String("request_id", x.requestID))
	if h.Observe != nil {
		h.Observe(seen)
	}
}
