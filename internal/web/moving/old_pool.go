package moving

import (
	"encoding/json"
	"io"
	"net/http"

	"cognate/internal/cognito/transfer"
)

// OldPool is where passwords that are not known here yet are checked.
type OldPool = transfer.OldPool

// oldPoolBody is the longest body that tells of an old pool, in bytes.
const oldPoolBody = 16 << 10

func (d *Door) giveOldPool(w http.ResponseWriter, r *http.Request) {
	old, err := d.OldPools.Get(r.Context(), r.URL.Query().Get("pool"))
	if err != nil {
		d.fail(w, r, "read the old pool", err)
		return
	}
	answer(w, old)
}

func (d *Door) setOldPool(w http.ResponseWriter, r *http.Request) {
	var old OldPool
	if err := json.NewDecoder(io.LimitReader(r.Body, oldPoolBody)).Decode(&old); err != nil {
		refuse(w, http.StatusBadRequest, "the body is not the JSON object that is expected")
		return
	}
	set, err := d.OldPools.Set(r.Context(), r.URL.Query().Get("pool"), old)
	if err != nil {
		d.fail(w, r, "set the old pool", err)
		return
	}
	answer(w, set)
}

func (d *Door) forgetOldPool(w http.ResponseWriter, r *http.Request) {
	if err := d.OldPools.Forget(r.Context(), r.URL.Query().Get("pool")); err != nil {
		d.fail(w, r, "forget the old pool", err)
		return
	}
	answer(w, struct{}{})
}
