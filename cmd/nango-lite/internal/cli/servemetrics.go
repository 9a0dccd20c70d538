package cli

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/telemetry/prom"
)

// metrics are those of the engine, of requests, and of the process. No label names a
// connection or an API key: there may be any number of them.
type metrics struct {
	engine   *prom.Collector
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	registry *prometheus.Registry
}

func newMetrics(engine *prom.Collector) *metrics {
	m := &metrics{
		engine: engine,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nango_lite_http_requests_total", Help: "Requests that have ended. code says why one was refused or failed.",
		}, []string{"route", "method", "status", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nango_lite_http_request_seconds", Help: "How long requests took, their bodies included.", Buckets: prometheus.DefBuckets,
		}, []string{"route"}),
		registry: prometheus.NewRegistry(),
	}
	m.registry.MustRegister(m.engine, m.requests, m.duration,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) observe(r server.Request) {
	m.requests.WithLabelValues(r.Route, r.Method, strconv.Itoa(r.Status), r.Code).Inc()
	m.duration.WithLabelValues(r.Route).Observe(r.Duration.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
