package server

import (
	"log/slog"
	"testing"
)

// A container that others call by its name has its sample all the same.
func TestSampleOfAServerThatIsNotCalledLocalhost(t *testing.T) {
	t.Parallel()
	s, err := New(t.Context(), Config{Mode: Dev, Memory: true, PublicURL: "http://cognate:7665", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	sample, err := s.MakeSample(t.Context())
	if err != nil || sample.Issuer != "http://cognate:7665/"+sample.UserPoolID {
		t.Errorf("%+v, %v", sample, err)
	}
}
