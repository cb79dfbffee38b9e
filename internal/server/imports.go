package server

import (
	"net/http"
	"time"

	"cognate/internal/cognito/importfiles"
	"cognate/internal/cognito/imports"
	"cognate/internal/web/uploads"
)

// openImports makes what runs import jobs and takes their files.
func (s *Server) openImports(p *parts) {
	c := p.cfg
	p.uploads = &importfiles.Uploads{DB: p.db, Now: c.Now, Key: p.db.Key("import uploads"), PublicURL: c.PublicURL}
	p.importer = imports.NewRunner(imports.Config{
		DB: p.db, Directory: p.directory, Now: c.Now, Log: c.Log,
		Lines:  importLog{p.targets, c.AccountID},
		Served: s.served.Load,
		Alone:  p.db.Engine() == "sqlite", // which one process has at a time
	})
}

func (p *parts) importOperations() *imports.Operations {
	return &imports.Operations{
		DB: p.db, Directory: p.directory, Paging: p.paging, Now: p.cfg.Now, Uploads: p.uploads, Runner: p.importer,
	}
}

// takeUploads mounts the door for the files of import jobs.
func (p *parts) takeUploads(mux *http.ServeMux) {
	door := &uploads.Door{Check: p.uploads.Check, Receive: p.uploads.Receive, Clock: time.Now, Log: p.cfg.Log}
	door.Register(mux)
}

// counted counts requests, for those who work beside them.
func (s *Server) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.served.Add(1)
		next.ServeHTTP(w, r)
	})
}
