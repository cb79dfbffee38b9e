package feedback

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"cognate/internal/api"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

const style = "body{font:1rem/1.5 system-ui,sans-serif;margin:15vh 1rem 0}main{max-width:28rem;margin:auto}" +
	"button{font:inherit;padding:.5rem 1.25rem;cursor:pointer}"

// Handler serves /feedback. All fields are set.
type Handler struct {
	// Check answers as Give does, and changes nothing.
	Check func(context.Context, *api.UpdateAuthEventFeedbackRequest) error
	// Give takes the feedback.
	Give func(context.Context, *api.UpdateAuthEventFeedbackRequest) error
	Log  *slog.Logger
}

// Register mounts the page.
func (h *Handler) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /feedback", h.ask)
	mux.HandleFunc("POST /feedback", h.take)
}

const (
	longestValue = 2048    // bytes; no parameter of the operation is longer
	longestForm  = 8 << 10 // bytes
)

type field struct{ Name, Value string }

// view is what the template sees.
type view struct {
	Title, Text, Button string
	Fields              []field
	Style               template.CSS
}

var (
	wasMe = view{
		Title: "Was this you?", Button: "This was me",
		Text: "You are about to confirm that you tried to sign in. Sign-ins like that one will be trusted.",
	}
	notMe = view{
		Title: "Was this not you?", Button: "This was not me",
		Text: "You are about to report that somebody else tried to sign in. Sign-ins like that one will be distrusted.",
	}
	thanks = view{Title: "Thank you", Text: "Your answer is noted. You can close this page."}
	warned = view{
		Title: "Thank you",
		Text:  "Your answer is noted. If somebody else may know your password, change it now, and sign out everywhere.",
	}
	useless = view{Title: "This link does not work", Text: "It may be too old or incomplete. Open it again from the message it came with."}
	failed  = view{Title: "Something went wrong", Text: "Your answer could not be noted. Try again later."}
)

func (h *Handler) ask(w http.ResponseWriter, r *http.Request) {
	in, ok := read(r.URL.Query())
	if !ok {
		h.show(w, r, http.StatusBadRequest, useless)
		return
	}
	if err := h.Check(r.Context(), in); err != nil {
		h.refuse(w, r, err)
		return
	}
	v := wasMe
	if in.FeedbackValue == api.FeedbackValueTypeInvalid {
		v = notMe
	}
	v.Fields = []field{
		{"userPoolId", in.UserPoolId},
		{"username", in.Username},
		{"eventId", in.EventId},
		{"feedbackToken", in.FeedbackToken},
		{"feedbackValue", string(in.FeedbackValue)},
	}
	h.show(w, r, http.StatusOK, v)
}

func (h *Handler) take(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, longestForm)
	if err := r.ParseForm(); err != nil {
		h.show(w, r, http.StatusBadRequest, useless)
		return
	}
	in, ok := read(r.PostForm)
	if !ok {
		h.show(w, r, http.StatusBadRequest, useless)
		return
	}
	if err := h.Give(r.Context(), in); err != nil {
		h.refuse(w, r, err)
		return
	}
	v := thanks
	if in.FeedbackValue == api.FeedbackValueTypeInvalid {
		v = warned
	}
	h.show(w, r, http.StatusOK, v)
}

// refuse shows what went wrong. Why a link does not work is not told.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*api.Error](err); ok {
		h.show(w, r, http.StatusBadRequest, useless)
		return
	}
	h.Log.ErrorContext(r.Context(), "feedback page", "error", err)
	h.show(w, r, http.StatusInternalServerError, failed)
}

// read takes the parameters of the operation; false when one is missing, comes
// twice, or cannot be meant.
func read(from url.Values) (in *api.UpdateAuthEventFeedbackRequest, ok bool) {
	value := func(name string) string {
		list := from[name]
		if len(list) != 1 || len(list[0]) > longestValue || !utf8.ValidString(list[0]) || strings.ContainsFunc(list[0], unicode.IsControl) {
			return ""
		}
		return list[0]
	}
	in = &api.UpdateAuthEventFeedbackRequest{
		UserPoolId: value("userPoolId"), Username: value("username"), EventId: value("eventId"),
		FeedbackToken: value("feedbackToken"), FeedbackValue: api.FeedbackValueType(value("feedbackValue")),
	}
	known := in.FeedbackValue == api.FeedbackValueTypeValid || in.FeedbackValue == api.FeedbackValueTypeInvalid
	return in, known && in.UserPoolId != "" && in.Username != "" && in.EventId != "" && in.FeedbackToken != ""
}

// policy allows the page's own style and form, and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}()

func (h *Handler) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	v.Style = style
	var b bytes.Buffer
	if err := page.Execute(&b, v); err != nil {
		h.Log.ErrorContext(r.Context(), "feedback page", "error", err)
		http.Error(w, "Something went wrong.", http.StatusInternalServerError)
		return
	}
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": policy,
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "no-referrer", // the address has the token in it
		"Cache-Control":           "no-store",
		"X-Robots-Tag":            "noindex",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a reader who is gone misses nothing
}
