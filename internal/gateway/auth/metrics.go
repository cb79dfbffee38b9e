package auth

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the counters of load-balancer-auth.md §7.3.
type Metrics struct {
	success, failure, errors, refreshed, tooLarge prometheus.Counter
	latency                                       prometheus.Histogram // of token and user-info calls
}

// NewMetrics registers the counters.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: "cognate_gateway_auth_" + name, Help: help})
		registry.MustRegister(c)
		return c
	}
	m := &Metrics{
		success:   counter("success_total", "Sign-ins completed (ELBAuthSuccess)."),
		failure:   counter("failure_total", "Sign-ins that the provider or a check refused (ELBAuthFailure)."),
		errors:    counter("error_total", "Sign-ins that settings, the provider or the gateway spoiled (ELBAuthError)."),
		refreshed: counter("refresh_token_success_total", "Claims renewed with a refresh token (ELBAuthRefreshTokenSuccess)."),
		tooLarge:  counter("user_claims_size_exceeded_total", "Sign-ins whose claims did not fit (ELBAuthUserClaimsSizeExceeded)."),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cognate_gateway_auth_latency_seconds", Help: "Time for token and user info of one sign-in (ELBAuthLatency).",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
	registry.MustRegister(m.latency)
	return m
}

func (m *Metrics) count(c counter) {
	switch c {
	case countsFailure:
		m.failure.Inc()
	case countsError:
		m.errors.Inc()
	case countsSize:
		m.tooLarge.Inc()
	case countsNothing:
	}
}

func (m *Metrics) took(d time.Duration) { m.latency.Observe(d.Seconds()) }
