package moving

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"cognate/internal/api"
	"cognate/internal/cognito/transfer"
)

// NextHeader tells after which sub the next page of users begins; it is missing
// from the last page.
const NextHeader = "X-Cognate-Next"

// defaultPage is how many users a page has when the request does not say.
const defaultPage = 1000

// MaxBody is the longest body of lines, in bytes. The more users come at a time, the
// fewer times a page of an index is written.
const MaxBody = 16 << 20

// ImportUsers is the action of whoever sends lines of users.
const ImportUsers = "cognate:ImportUsers"

func (d *Door) giveUsers(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit := defaultPage
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > transfer.MaxPage {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("limit must be a number from 1 to %d", transfer.MaxPage))
			return
		}
		limit = n
	}
	rows, next, err := d.Users.Page(r.Context(), query.Get("pool"), query.Get("after"), limit)
	if err != nil {
		d.fail(w, r, "read users", err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	if next != "" {
		w.Header().Set(NextHeader, next)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for i := range rows {
		if err = lines.Encode(&rows[i]); err != nil {
			break
		}
	}
	if err = cmp.Or(err, out.Flush()); err != nil {
		// An answer that ended well here would be taken for a page with fewer users.
		panic(http.ErrAbortHandler)
	}
}

func (d *Door) giveClientSecrets(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	values, err := d.Users.ClientSecrets(r.Context(), query.Get("pool"), query.Get("client"))
	if err != nil {
		d.fail(w, r, "read the secrets of a client", err)
		return
	}
	answer(w, values)
}

func (d *Door) takeUsers(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the lines of one request may have %d bytes", MaxBody))
		return
	}
	var rows []transfer.Row
	for line := range bytes.Lines(body) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var row transfer.Row
		if err := json.Unmarshal(line, &row); err != nil {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("line %d is not the JSON of a user: %v", len(rows)+1, err))
			return
		}
		if rows = append(rows, row); len(rows) > transfer.MaxPage {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("one request takes %d users", transfer.MaxPage))
			return
		}
	}
	outcome, err := d.Users.Put(r.Context(), query.Get("pool"), rows, query.Get("update") == "true")
	if err != nil {
		d.fail(w, r, "take users", err)
		return
	}
	answer(w, outcome)
}

// fail answers an error: those of the service as they are, others without the
// cause, which goes to the log.
func (d *Door) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	known, ok := errors.AsType[*api.Error](err)
	if !ok {
		d.Log.ErrorContext(r.Context(), "an operator's request failed", "what", what, "error", err)
		refuse(w, http.StatusInternalServerError, "could not "+what)
		return
	}
	refuse(w, http.StatusBadRequest, known.Message)
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message}) // the client may have gone
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the client may have gone
}
