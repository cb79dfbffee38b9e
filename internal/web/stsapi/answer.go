package stsapi

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"cognate/internal/api"
)

const namespace = "https://sts.amazonaws.com/doc/" + version + "/"

// answerBody is the document of a success (identity-pools.md D1). out is a pointer to
// the operation's output.
func answerBody(spec *api.Operation, out any, requestID string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<" + spec.Name + `Response xmlns="` + namespace + `">` + "\n")
	if err := writeElement(&b, spec.Name+"Result", spec.Output, reflect.ValueOf(out)); err != nil {
		return nil, fmt.Errorf("write the answer of %s: %w", spec.Name, err)
	}
	b.WriteString("<ResponseMetadata><RequestId>" + requestID + "</RequestId></ResponseMetadata>\n</" + spec.Name + "Response>\n")
	return b.Bytes(), nil
}

// writeElement writes a value as an element, members in the model's order. What is
// absent is left out.
func writeElement(b *bytes.Buffer, name string, shape *api.Shape, v reflect.Value) error {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if t, ok := reflect.TypeAssert[api.Time](v); ok {
		return writeText(b, name, t.UTC().Format("2006-01-02T15:04:05Z"))
	}
	switch shape.Kind {
	case api.KindString:
		return writeText(b, name, v.String())
	case api.KindInteger, api.KindLong:
		return writeText(b, name, strconv.FormatInt(v.Int(), 10))
	case api.KindStructure:
		b.WriteString("<" + name + ">")
		for _, m := range shape.Members {
			field := v.Field(m.Field)
			if field.IsZero() {
				continue
			}
			if err := writeElement(b, m.Name, m.Shape, field); err != nil {
				return err
			}
		}
		b.WriteString("</" + name + ">\n")
		return nil
	}
	return fmt.Errorf("%s is of kind %d, which no answer has", shape.Name, shape.Kind)
}

func writeText(b *bytes.Buffer, name, text string) error {
	b.WriteString("<" + name + ">")
	if err := xml.EscapeText(b, []byte(text)); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	b.WriteString("</" + name + ">")
	return nil
}

// errorBody is the document of an error.
func errorBody(e *api.Error, requestID string) ([]byte, error) {
	kind := "Sender"
	if e.Status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	var b bytes.Buffer
	b.WriteString(`<ErrorResponse xmlns="` + namespace + `">` + "\n<Error><Type>" + kind + "</Type>")
	if err := writeText(&b, "Code", e.Code); err != nil {
		return nil, err
	}
	if err := writeText(&b, "Message", e.Message); err != nil {
		return nil, err
	}
	b.WriteString("</Error>\n<RequestId>" + requestID + "</RequestId>\n</ErrorResponse>\n")
	return b.Bytes(), nil
}

func send(w http.ResponseWriter, r *http.Request, requestID string, status int, body []byte) error {
	h := w.Header()
	h["x-amzn-RequestId"] = []string{requestID} // in the service's own capitals
	h.Set("Content-Type", "text/xml")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store") // answers hold credentials
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Header.Get("Origin") != "" {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "x-amzn-RequestId,Date")
	}
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return fmt.Errorf("send answer: %w", err)
	}
	return nil
}
