package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"cognate/internal/api"
)

const contentType = "application/x-amz-json-1.1"

// longestHeader bounds x-amzn-ErrorMessage: clients limit the size of all
// headers together, and a message may repeat a whole request.
const longestHeader = 2048

// setHeader writes a header in the service's own capitals.
func setHeader(h http.Header, name, value string) { h[name] = []string{value} }

// writeCommon sets what every answer carries.
func writeCommon(w http.ResponseWriter, r *http.Request, requestID string) {
	h := w.Header()
	setHeader(h, "x-amzn-RequestId", requestID)
	setHeader(h, "Cache-Control", "no-store") // answers hold tokens
	setHeader(h, "X-Content-Type-Options", "nosniff")
	if r.Header.Get("Origin") != "" {
		setHeader(h, "Access-Control-Allow-Origin", "*")
		setHeader(h, "Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
	}
}

// preflight answers a browser that asks whether a page may call.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	setHeader(h, "Access-Control-Allow-Origin", "*")
	setHeader(h, "Access-Control-Allow-Methods", "POST")
	setHeader(h, "Access-Control-Allow-Headers", "content-type,x-amz-target,x-amz-user-agent,cache-control,"+
		"amz-sdk-invocation-id,amz-sdk-request,authorization,x-amz-date,x-amz-security-token")
	setHeader(h, "Access-Control-Expose-Headers", "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date")
	setHeader(h, "Access-Control-Max-Age", "172800")
	setHeader(h, "Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// encode writes an answer as the service does: members in byte order (as the
// types are generated), characters such as & and < unescaped.
func encode(out any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return nil, fmt.Errorf("encode %T: %w", out, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// writeAnswer sends a success; body is empty for operations without output.
func writeAnswer(w http.ResponseWriter, body []byte) error {
	setHeader(w.Header(), "Content-Type", contentType)
	setHeader(w.Header(), "Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(body); err != nil { //nolint:gosec // JSON, and said to be
		return fmt.Errorf("send answer: %w", err)
	}
	return nil
}

// errorBody is the document of an exception (spec/errors.md §1).
type errorBody struct {
	Type    string `json:"__type"`
	Message string `json:"message,omitempty"`
	Reason  string `json:"reasonCode,omitempty"`
}

func writeError(w http.ResponseWriter, e *api.Error) error {
	body, err := encode(errorBody{Type: e.Code, Message: e.Message, Reason: e.Reason})
	if err != nil {
		return err
	}
	h := w.Header()
	setHeader(h, "Content-Type", contentType)
	setHeader(h, "Content-Length", strconv.Itoa(len(body)))
	setHeader(h, "x-amzn-ErrorType", e.Code+":")
	if text, ok := headerText(e.Message); ok {
		setHeader(h, "x-amzn-ErrorMessage", text)
	}
	w.WriteHeader(e.Status)
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("send %s: %w", e.Code, err)
	}
	return nil
}

// headerText is a message in the form a header can carry, where there is one:
// other characters than ASCII as RFC 2047 has it, nothing with line breaks or
// other control characters.
func headerText(message string) (string, bool) {
	if message == "" || len(message) > longestHeader ||
		strings.ContainsFunc(message, func(r rune) bool { return r < ' ' || r == 0x7F }) {
		return "", false
	}
	text := mime.QEncoding.Encode("utf-8", message)
	return text, len(text) <= longestHeader
}
