// Package trent is the one operation of a key service that functions which send
// messages need in development: Decrypt (triggers.md §6.4). It is found by the
// name that AWS KMS has on the wire, so that a sender's code need not change.
//
// It exists in dev only and, like everything there, takes any credentials.
package trent

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

const (
	prefix    = "TrentService."
	bodyLimit = 64 << 10
	mediaType = "application/x-amz-json-1.1"
)

// Handler answers the calls for the key service and passes others on. Open is
// datakeys.Local.Open.
type Handler struct {
	Open func(sealed []byte, context map[string]string) (arn string, plaintext []byte, err error)
	// Invalid is the error of Open for what is none of its keys.
	Invalid error
	Next    http.Handler
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	operation, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), prefix)
	if !ok || r.Method != http.MethodPost {
		h.Next.ServeHTTP(w, r)
		return
	}
	if operation != "Decrypt" {
		refuse(w, http.StatusBadRequest, "UnknownOperationException", "")
		return
	}
	var in struct {
		CiphertextBlob    []byte
		EncryptionContext map[string]string
		KeyID             string `json:"KeyId"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(&in); err != nil {
		refuse(w, http.StatusBadRequest, "SerializationException", "")
		return
	}
	arn, plaintext, err := h.Open(in.CiphertextBlob, in.EncryptionContext)
	switch {
	case errors.Is(err, h.Invalid):
		refuse(w, http.StatusBadRequest, "InvalidCiphertextException", "")
	case err != nil:
		refuse(w, http.StatusInternalServerError, "KMSInternalException", "")
	case in.KeyID != "" && in.KeyID != arn:
		refuse(w, http.StatusBadRequest, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	default:
		write(w, http.StatusOK, struct {
			EncryptionAlgorithm string
			KeyID               string `json:"KeyId"`
			Plaintext           []byte
		}{"SYMMETRIC_DEFAULT", arn, plaintext})
	}
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	write(w, status, struct {
		Type    string `json:"__type"`
		Message string `json:"message,omitzero"`
	}{kind, message})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away
}
