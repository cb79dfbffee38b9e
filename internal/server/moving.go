package server

import (
	"net/http"

	"cognate/internal/cognito/transfer"
	"cognate/internal/web/moving"
)

// moving is the door by which operators move pools in and out.
func (p *parts) moving(aws http.Handler) *moving.Door {
	return &moving.Door{
		Users: &transfer.Transfer{DB: p.db, Directory: p.directory, Now: p.cfg.Now},
		API:   aws, Log: p.cfg.Log,
	}
}
