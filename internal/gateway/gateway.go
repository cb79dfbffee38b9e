package gateway

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/gateway/auth"
	"cognate/internal/gateway/rules"
	"cognate/internal/gateway/seal"
	"cognate/internal/outbound/fetch"
)

// Certificates are those of a listener.
type Certificates interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// Covers reports whether one of them is for a host.
	Covers(host string) bool
}

// Config is the settings of a gateway.
type Config struct {
	RulesFile string
	KeyFile   string // see package seal
	// Installation is where user pools are; HTTP and Now are filled in.
	Installation auth.Installation
	// Roots are the authorities that providers may have their certificates from;
	// nil: those of the system.
	Roots *x509.CertPool
	// Certificates loads those of a listener of HTTPS. The list is empty where the
	// rules name none.
	Certificates func([]rules.Certificate) (Certificates, error)
	AccessLog    io.Writer // nil: none; one line in one call
	Log          *slog.Logger
	Now          func() time.Time
	// Listen opens a port; nil: on the network.
	Listen func(ctx context.Context, address string) (net.Listener, error)
}

// largestProviderAnswer bounds what is read of providers, in bytes.
const largestProviderAnswer = 1 << 20

// Gateway is a running gateway. Make it with New.
type Gateway struct {
	cfg     Config
	http    *http.Client //nolint:forbidigo // of fetch.Client
	proxy   *httputil.ReverseProxy
	auth    *auth.Authenticator
	metrics *metrics
	ring    atomic.Pointer[seal.Ring]

	reloading sync.Mutex
	table     *table // what the ports serve; under reloading
	keyFile   string // what was last read of it
	ports     map[string]*port
	failed    chan error
}

// New reads the rules and the keys and opens the ports, which answer from Run on.
// It refuses what cannot work.
func New(ctx context.Context, cfg Config) (*Gateway, error) {
	cfg.Installation.Now = cfg.Now
	if cfg.Listen == nil {
		cfg.Listen = func(ctx context.Context, address string) (net.Listener, error) {
			return (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		}
	}
	g := &Gateway{cfg: cfg, metrics: newMetrics(), ports: map[string]*port{}, failed: make(chan error, 1)}
	// The addresses are the operator's, so none is out of bounds.
	g.http = fetch.Client(fetch.Policy{Allow: everywhere, Roots: cfg.Roots, Limit: largestProviderAnswer, Timeout: connectTime})
	g.cfg.Installation.HTTP = g.http
	g.proxy = g.newProxy() //nolint:contextcheck // each request brings its own
	ring, text, err := g.readKeys()
	if err != nil {
		return nil, err
	}
	g.ring.Store(ring)
	g.keyFile = text
	g.auth = auth.New(ring, g.http, cfg.Now, auth.NewMetrics(g.metrics.registry))
	if err := g.load(ctx); err != nil {
		g.closePorts()
		return nil, err
	}
	return g, nil
}

func (g *Gateway) readKeys() (*seal.Ring, string, error) {
	text, err := os.ReadFile(g.cfg.KeyFile)
	if err != nil {
		return nil, "", fmt.Errorf("read the key file: %w", err)
	}
	ring, err := seal.Parse(text)
	return ring, string(text), err
}

// Reload reads rules and keys again. Connections stay, and so does everything that
// did not change. With an error the gateway goes on as before.
func (g *Gateway) Reload(ctx context.Context) error {
	ring, text, err := g.readKeys()
	if err == nil {
		err = g.load(ctx)
	}
	if err != nil {
		g.metrics.reloadFailed.Set(1)
		return fmt.Errorf("the settings stay as they were: %w", err)
	}
	g.reloading.Lock()
	defer g.reloading.Unlock()
	if text != g.keyFile {
		g.keyFile = text
		g.ring.Store(ring)
		g.auth.SetRing(ring)
	}
	g.metrics.reloadFailed.Set(0)
	return nil
}

// load reads the rules file and puts it in place of the one before, if all of it
// can be.
func (g *Gateway) load(ctx context.Context) error {
	g.reloading.Lock()
	defer g.reloading.Unlock()
	text, err := os.ReadFile(g.cfg.RulesFile)
	if err != nil {
		return fmt.Errorf("read the rules: %w", err)
	}
	file, err := rules.Parse(text)
	if err == nil {
		err = file.TakeSecrets(g.table.rulesFile())
	}
	if err != nil {
		return fmt.Errorf("%s:\n%w", g.cfg.RulesFile, err)
	}
	next, err := g.build(file, g.table)
	if err != nil {
		return fmt.Errorf("%s:\n%w", g.cfg.RulesFile, err)
	}
	opened, err := g.openPorts(ctx, next)
	if err != nil {
		return err
	}
	g.replace(next, opened) //nolint:contextcheck // requests in flight outlive whoever reloads
	return nil
}

// replace puts a table in place of the one before. Nothing here can fail.
func (g *Gateway) replace(next *table, opened map[string]*port) {
	for address, p := range g.ports {
		if next.listeners[address] == nil {
			go p.drain()
			delete(g.ports, address)
		}
	}
	maps.Copy(g.ports, opened)
	for address, l := range next.listeners {
		g.ports[address].current.Store(l)
	}
	for _, p := range opened {
		go g.serve(p)
	}
	before := g.table
	g.table = next
	if before != nil {
		for key, group := range before.groups {
			if next.groups[key] != group {
				group.stop()
			}
		}
	}
	for key, group := range next.groups {
		if before == nil || before.groups[key] != group {
			g.metrics.watch(group)
			group.start()
		}
	}
}

// Run serves until ctx ends and then finishes the requests in flight.
func (g *Gateway) Run(ctx context.Context) error {
	var err error
	select {
	case <-ctx.Done():
	case err = <-g.failed:
	}
	g.reloading.Lock()
	defer g.reloading.Unlock()
	var wait sync.WaitGroup
	for _, p := range g.ports {
		wait.Go(p.drain)
	}
	wait.Wait()
	for _, group := range g.table.groups {
		group.stop()
	}
	return err
}

// Metrics answers requests for the counters, in the form of Prometheus.
func (g *Gateway) Metrics() http.Handler { return g.metrics.handler() }

func (g *Gateway) closePorts() {
	for _, p := range g.ports {
		p.listener.Close()
	}
}

// addressOf is where a listener listens.
func addressOf(l rules.Listener) string { return net.JoinHostPort(l.Address, strconv.Itoa(l.Port)) }

// openPorts opens the ports of a table that are not open yet; with an error, none.
func (g *Gateway) openPorts(ctx context.Context, t *table) (map[string]*port, error) {
	opened := map[string]*port{}
	for address, l := range t.listeners {
		if p := g.ports[address]; p != nil {
			if p.protocol != l.Protocol {
				return nil, errors.Join(fmt.Errorf("%s:\nline %d: the protocol of an open port cannot change; take the listener away, reload, and then add it", g.cfg.RulesFile, l.Line), closeAll(opened))
			}
			continue
		}
		listener, err := g.cfg.Listen(ctx, address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("line %d: listen: %w", l.Line, err), closeAll(opened))
		}
		opened[address] = g.newPort(listener, l)
	}
	return opened, nil
}

func closeAll(ports map[string]*port) (err error) {
	for _, p := range ports {
		err = cmp.Or(err, p.listener.Close())
	}
	return err
}
