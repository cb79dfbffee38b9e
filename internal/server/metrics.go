package server

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cognate/internal/web/awsapi"
)

// metrics counts requests. No label comes from user input: operations and
// codes are names of the model.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cognate_requests_total", Help: "API requests by service, operation and exception (empty: success).",
		}, []string{"service", "operation", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cognate_request_seconds", Help: "Time to answer an API request.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}, []string{"service", "operation"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "cognate_panics_total", Help: "Requests that ended in a panic and were answered with InternalErrorException.",
		}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.panics,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// watchCertificates shows when the operator has to have replaced a certificate.
func (m *metrics) watchCertificates(expiry func() time.Time) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "cognate_certificate_expiry_seconds", Help: "When the first certificate of --tls-cert ends, in Unix time.",
	}, func() float64 { return float64(expiry().Unix()) }))
}

// watchStore shows how much the database is asked.
func (m *metrics) watchStore(statements func() int64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "cognate_store_statements_total", Help: "Statements that the database has run.",
	}, func() float64 { return float64(statements()) }))
}

// watchLogs shows what has become of the entries of pools' logs.
func (m *metrics) watchLogs(counts func() (delivered, dropped int64)) {
	count := func(name, help string, of func() int64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(of()) }))
	}
	count("cognate_log_entries_delivered_total", "Entries of the logs of user pools that reached their destination.", func() int64 { n, _ := counts(); return n })
	count("cognate_log_entries_dropped_total", "Entries of the logs of user pools that were given up.", func() int64 { _, n := counts(); return n })
}

// observe is told of every API request.
func (m *metrics) observe(o awsapi.Observation) {
	m.requests.WithLabelValues(o.Service, o.Operation, o.Code).Inc()
	m.duration.WithLabelValues(o.Service, o.Operation).Observe(o.Duration.Seconds())
	if o.Panicked {
		m.panics.Inc()
	}
}

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	scrape := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		scrape.ServeHTTP(w, r)
	})
	return mux
}
