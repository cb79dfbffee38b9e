package login

import (
	"errors"
	"regexp"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/transactions"
	"cognate/internal/web/pages"
)

// shown is a message as pages take it.
func shown(m *transactions.Message) *pages.Text {
	if m == nil {
		return nil
	}
	return &pages.Text{Key: m.Key, Raw: m.Raw}
}

// say makes a message of a text of the pages.
func say(key string) *transactions.Message { return &transactions.Message{Key: key} }

// triggerFailure is what the API puts around the text that a function throws.
var triggerFailure = regexp.MustCompile(`^\w+ failed with error (.*)\.$`)

// sentence is what people read about an answer of the API: its own text, and of a
// function's the text alone (endpoints.md §6.4, §8.2).
func sentence(e *api.Error) *transactions.Message {
	text := e.Message
	if e.Code == "UserLambdaValidationException" {
		if m := triggerFailure.FindStringSubmatch(text); m != nil {
			text = m[1]
		}
	}
	return &transactions.Message{Raw: strings.TrimSpace(text)}
}

// refused notes an answer of the API for the page that comes next, and reports
// whether err is one. Anything else is a fault of the service.
func (v *visit) refused(err error) bool {
	e, ok := errors.AsType[*api.Error](err)
	if !ok || e.Status >= 500 {
		return false
	}
	v.tx.Error = sentence(e)
	return true
}
