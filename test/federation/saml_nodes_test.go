package federation_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// An assertion that was used is known to the other nodes, and after a restart: on
// SQLite the second server begins when the first has ended.
func TestS095ReplayAtAnotherNode(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var settings server.Config
	here := func(c *server.Config) {
		if c.DatabaseURL == "" {
			c.DataDir = dir
		}
		settings = *c
	}
	there := func(c *server.Config) {
		c.DataDir, c.DatabaseURL, c.Schema, c.MasterKey = settings.DataDir, settings.DatabaseURL, settings.Schema, settings.MasterKey
		c.PublicURL, c.Authority = settings.PublicURL, settings.Authority
	}
	var w *site
	var raw, relay string
	use := func(t *testing.T, s *servertest.Server) {
		t.Helper()
		var p *samlProvider
		w, p = corp(t, s, map[string]string{"IDPInit": "true"})
		relay = url.Values{
			"identity_provider": {"Corp"}, "client_id": {w.client}, "redirect_uri": {callback}, "response_type": {"code"},
			"scope": {"openid"}, "state": {"st"},
		}.Encode()
		raw = p.raw(t, p.says("", "ana"))
		w.browser(t).bring(t, w, raw, relay).wantCode(t)
	}
	if os.Getenv("COGNATE_TEST_DB") == "postgres" {
		use(t, servertest.Start(t, onThisMachine, here))
	} else {
		t.Run("before the restart", func(t *testing.T) { use(t, servertest.Start(t, onThisMachine, here)) })
	}
	other := *w
	other.s = servertest.Start(t, onThisMachine, there)
	host, _, _ := strings.Cut(strings.TrimPrefix(w.base, "https://"), ":")
	other.base = other.s.HTTPSAt(host)
	other.browser(t).bring(t, &other, raw, relay).refusedWith(t, "at another node", "The assertion was used before.")
}
