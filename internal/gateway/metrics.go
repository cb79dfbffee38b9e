package gateway

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are the counters of a gateway, beside those of sign-ins in package auth.
type metrics struct {
	registry     *prometheus.Registry
	requests     *prometheus.CounterVec
	reloadFailed prometheus.Gauge

	mu     sync.Mutex
	groups map[*group]struct{}
}

var (
	healthyHosts   = prometheus.NewDesc("cognate_gateway_healthy_hosts", "Targets that answer health checks, by target group.", []string{"group"}, nil)
	unhealthyHosts = prometheus.NewDesc("cognate_gateway_unhealthy_hosts", "Targets that do not answer health checks, by target group.", []string{"group"}, nil)
)

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cognate_gateway_requests_total", Help: "Requests by the status they were answered with.",
		}, []string{"status"}),
		reloadFailed: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cognate_gateway_reload_failed", Help: "1 while the last reload of the settings was refused.",
		}),
		groups: map[*group]struct{}{},
	}
	m.registry.MustRegister(m.requests, m.reloadFailed, m)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// watch has the targets of a group counted until the group ends.
func (m *metrics) watch(g *group) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.groups[g] = struct{}{}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	to <- healthyHosts
	to <- unhealthyHosts
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for g := range m.groups {
		if g.ctx.Err() != nil {
			delete(m.groups, g)
			continue
		}
		well := 0
		for _, t := range g.targets {
			if t.well() {
				well++
			}
		}
		to <- prometheus.MustNewConstMetric(healthyHosts, prometheus.GaugeValue, float64(well), g.Name)
		to <- prometheus.MustNewConstMetric(unhealthyHosts, prometheus.GaugeValue, float64(len(g.targets)-well), g.Name)
	}
}
