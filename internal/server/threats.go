package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang/v2"

	"cognate/internal/api"
	riskops "cognate/internal/cognito/risk"
	"cognate/internal/cognito/threats"
	"cognate/internal/outbound/passwordranges"
	"cognate/internal/protocol/breached"
	"cognate/internal/protocol/risk"
	"cognate/internal/store"
	"cognate/internal/web/feedback"
)

// openThreats makes threat protection, with the files that the operator brings.
// They stay open until the server closes.
func (s *Server) openThreats(p *parts) (*threats.Threats, error) {
	t := &threats.Threats{
		DB: s.db, Now: s.cfg.Now, Messages: p.messages, Triggers: p.triggers, PublicURL: s.cfg.PublicURL, Key: s.db.Key("feedback"),
		Log: s.cfg.Log, Logs: p.logs,
	}
	if path := s.cfg.BreachedPasswords; path != "" {
		list, file, err := openBreached(path)
		if err != nil {
			return nil, fmt.Errorf("breached-passwords: %w", err)
		}
		t.Breached = list
		s.files = append(s.files, file)
	}
	if base := s.cfg.BreachedPasswordsURL; base != "" {
		ranges, err := passwordranges.New(passwordranges.Config{
			Base: base, Allow: s.cfg.AllowNetworks, InWrite: store.InWrite, Now: s.cfg.Now,
		})
		if err != nil {
			return nil, fmt.Errorf("breached-passwords-url: %w", err)
		}
		t.Ask = ranges.Contains
	}
	if path := s.cfg.LocationDatabase; path != "" {
		database, err := maxminddb.Open(path)
		if err != nil {
			return nil, fmt.Errorf("location-database: %w", err)
		}
		t.Locate = func(addr netip.Addr) (risk.Place, bool) { return locate(database, addr) }
		s.files = append(s.files, database)
	}
	return t, nil
}

// feedbackPage is where the links of notices lead.
func (p *parts) feedbackPage() *feedback.Handler {
	o := &riskops.Operations{
		DB: p.db, Now: p.cfg.Now, Directory: p.directory, Paging: p.paging, Messages: p.messages, Threats: p.threats,
	}
	return &feedback.Handler{
		Check: o.CheckFeedback,
		Give: func(ctx context.Context, in *api.UpdateAuthEventFeedbackRequest) error {
			_, err := o.UpdateAuthEventFeedback(ctx, in)
			return err
		},
		Log: p.cfg.Log,
	}
}

func openBreached(path string) (*breached.File, io.Closer, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	list, err := breached.NewFile(file, info.Size())
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return list, file, nil
}

// locate looks an address up. The names of the members are those of the
// databases that are sold and given away in this form.
func locate(database *maxminddb.Reader, addr netip.Addr) (risk.Place, bool) {
	var record struct {
		Country struct {
			Code  string            `maxminddb:"iso_code"`
			Names map[string]string `maxminddb:"names"`
		} `maxminddb:"country"`
		City struct {
			Names map[string]string `maxminddb:"names"`
		} `maxminddb:"city"`
		Location struct {
			Latitude  *float64 `maxminddb:"latitude"`
			Longitude *float64 `maxminddb:"longitude"`
		} `maxminddb:"location"`
	}
	result := database.Lookup(addr)
	if !result.Found() || result.Decode(&record) != nil {
		return risk.Place{}, false // not knowing where somebody is must not keep anybody out
	}
	place := risk.Place{Country: record.Country.Code, CountryName: record.Country.Names["en"], City: record.City.Names["en"]}
	if l := record.Location; l.Latitude != nil && l.Longitude != nil {
		place.Latitude, place.Longitude, place.Located = *l.Latitude, *l.Longitude, true
	}
	return place, true
}

func (s *Server) closeFiles() error {
	var errs []error
	for _, file := range s.files {
		errs = append(errs, file.Close())
	}
	s.files = nil
	return errors.Join(errs...)
}
