package gateway

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/gateway/rules"
	"cognate/internal/outbound/upstream"
)

// group is a target group at work.
type group struct {
	rules.TargetGroup
	targets   []*target
	transport *http.Transport //nolint:forbidigo // of upstream.Transport
	checker   *http.Client    //nolint:forbidigo // of upstream.Client
	log       *slog.Logger
	turn      atomic.Uint64

	ctx    context.Context //nolint:containedctx // ends the checks, which outlive every request
	cancel context.CancelFunc
}

// target is one place of a group with what is thought of it.
type target struct {
	address string // host and port

	mu      sync.Mutex
	asked   bool // at least once
	sick    bool
	against int // answers in a row that speak against what is thought
}

// newGroup makes a group ready. What is known of targets that the group of this name
// had before, or nil, stays where they are asked the same.
func (g *Gateway) newGroup(described rules.TargetGroup, idle time.Duration, before *group) (*group, error) {
	settings := upstream.Settings{Connect: connectTime, Answer: idle, HTTP2: described.HTTP2}
	if described.Roots != "" {
		text, err := os.ReadFile(described.Roots)
		if err != nil {
			return nil, fmt.Errorf("read CertificateAuthorityFile: %w", err)
		}
		settings.Roots = x509.NewCertPool()
		if !settings.Roots.AppendCertsFromPEM(text) {
			return nil, errors.New("CertificateAuthorityFile has no certificate in PEM form")
		}
	}
	made := &group{TargetGroup: described, transport: upstream.Transport(settings), checker: upstream.Client(settings), log: g.cfg.Log}
	for _, t := range described.Targets {
		made.targets = append(made.targets, before.known(described, net.JoinHostPort(t.Host, strconv.Itoa(t.Port))))
	}
	made.ctx, made.cancel = context.WithCancel(context.Background())
	return made, nil
}

// known gives the target at an address, which is new unless the group has it and
// asks it as the described one does.
func (g *group) known(described rules.TargetGroup, address string) *target {
	if g != nil && g.Protocol == described.Protocol && g.HTTP2 == described.HTTP2 && reflect.DeepEqual(g.Health, described.Health) {
		if i := slices.IndexFunc(g.targets, func(t *target) bool { return t.address == address }); i >= 0 {
			return g.targets[i]
		}
	}
	return &target{address: address}
}

func (g *group) scheme() string { return strings.ToLower(string(g.Protocol)) }

// pick gives the target whose turn it is among those that are well. When all are
// sick all are tried: a check that is wrong is likelier than that, and there is
// nothing to lose (the original fails open too). nil: the group has none.
func (g *group) pick() *target {
	n := uint64(len(g.targets))
	if n == 0 {
		return nil
	}
	turn := g.turn.Add(1)
	for i := range n {
		if t := g.targets[(turn+i)%n]; t.well() {
			return t
		}
	}
	return g.targets[turn%n]
}

func (t *target) well() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.sick
}

// note takes the outcome of a check and reports whether it changed what is thought.
// The first one decides alone.
func (t *target) note(healthy bool, h rules.HealthCheck) (changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.asked {
		t.asked, t.sick = true, !healthy
		return t.sick
	}
	if healthy != t.sick {
		t.against = 0
		return false
	}
	t.against++
	if needed := map[bool]int{true: h.Healthy, false: h.Unhealthy}[healthy]; t.against < needed {
		return false
	}
	t.sick, t.against = !t.sick, 0
	return true
}

// start begins the health checks.
func (g *group) start() {
	if !g.Health.Enabled {
		return
	}
	for _, t := range g.targets {
		go g.watch(t)
	}
}

// stop ends them. Requests on their way to the targets go on.
func (g *group) stop() {
	g.cancel()
	g.transport.CloseIdleConnections()
}

func (g *group) watch(t *target) {
	ticker := time.NewTicker(g.Health.Interval)
	defer ticker.Stop()
	for {
		g.check(t)
		select {
		case <-ticker.C:
		case <-g.ctx.Done():
			return
		}
	}
}

func (g *group) check(t *target) {
	err := g.ask(t)
	if g.ctx.Err() != nil || !t.note(err == nil, g.Health) {
		return
	}
	if err != nil {
		g.log.Warn("target is unhealthy", "group", g.Name, "target", t.address, "error", err)
	} else {
		g.log.Info("target is healthy", "group", g.Name, "target", t.address)
	}
}

func (g *group) ask(t *target) error {
	ctx, cancel := context.WithTimeout(g.ctx, g.Health.Timeout)
	defer cancel()
	path, err := url.ParseRequestURI(g.Health.Path)
	if err != nil {
		return fmt.Errorf("check a target: %w", err)
	}
	path.Scheme, path.Host = strings.ToLower(string(g.Health.Protocol)), t.address
	if g.Health.Port != 0 {
		host, _, _ := net.SplitHostPort(t.address) // newGroup joined it
		path.Host = net.JoinHostPort(host, strconv.Itoa(g.Health.Port))
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, path.String(), nil)
	if err != nil {
		return fmt.Errorf("check a target: %w", err)
	}
	r.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	answer, err := g.checker.Do(r)
	if err != nil {
		return fmt.Errorf("check a target: %w", err)
	}
	answer.Body.Close()
	for _, codes := range g.Health.Codes {
		if answer.StatusCode >= codes[0] && answer.StatusCode <= codes[1] {
			return nil
		}
	}
	return fmt.Errorf("check a target: it answered %s", answer.Status)
}

// split divides requests among groups by their weights: of any run of as many
// requests as the weights sum up to, each group gets its part, spread evenly.
type split struct {
	mu     sync.Mutex
	shares []share
	total  int
	sticky time.Duration
}

type share struct {
	group          *group
	weight, credit int
}

func newSplit(f *rules.Forward, groups map[string]*group) *split {
	s := &split{sticky: f.Sticky}
	for _, weighted := range f.Groups {
		s.shares = append(s.shares, share{group: groups[weighted.Name], weight: weighted.Weight})
		s.total += weighted.Weight
	}
	return s
}

func (s *split) pick() *group {
	if len(s.shares) == 1 {
		return s.shares[0].group
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	best := 0
	for i := range s.shares {
		s.shares[i].credit += s.shares[i].weight
		if s.shares[i].credit > s.shares[best].credit {
			best = i
		}
	}
	s.shares[best].credit -= s.total
	return s.shares[best].group
}
