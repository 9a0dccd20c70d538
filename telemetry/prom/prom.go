// Package prom counts an engine's events for Prometheus. Start with [New].
package prom

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/telemetry/internal/label"
)

// Options adjust a [Collector].
type Options struct {
	// Expiring is how far ahead nango_lite_tokens_expiring looks. 0 means 10 minutes.
	Expiring time.Duration

	// Every is how often the store is asked for the tokens that expire, at most. 0
	// means a minute.
	Every time.Duration

	// Now returns the time. If nil, time.Now is used.
	Now func() time.Time
}

// A Collector counts calls, attempts, waits and refreshes, and shows what engines
// stand at when it is scraped. It is a prometheus.Collector, safe for concurrent
// use, and may serve several engines.
type Collector struct {
	opts Options

	calls, attempts, refreshes, waits, waited, broken, lost *prometheus.CounterVec
	callTime, attemptTime                                   *prometheus.HistogramVec

	waiting, running, paused, expiring *prometheus.Desc

	mu           sync.Mutex
	engines      []*engine.Engine
	integrations map[string]bool // those that were called
	found        map[ended]timed // what is counted most, so that it is looked up once

	scrape    sync.Mutex     // held while a store is asked: calls do not wait for it
	counted   map[string]int // tokens that expire, by integration
	countedAt time.Time      // when counted was filled
}

var _ prometheus.Collector = (*Collector)(nil)

// New returns a Collector. A nil opts means the zero Options.
func New(opts *Options) *Collector {
	c := &Collector{integrations: map[string]bool{}, found: map[ended]timed{}}
	if opts != nil {
		c.opts = *opts
	}
	if c.opts.Expiring == 0 {
		c.opts.Expiring = 10 * time.Minute
	}
	if c.opts.Every == 0 {
		c.opts.Every = time.Minute
	}
	if c.opts.Now == nil {
		c.opts.Now = time.Now
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "nango_lite_" + name, Help: help}, append([]string{"integration"}, labels...))
	}
	histogram := func(name, help string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "nango_lite_" + name, Help: help,
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}}, []string{"integration"})
	}
	c.calls = counter("calls_total", "Calls that ended, by method, by the status of the answer and by what went wrong.", "method", "status", "kind")
	c.attempts = counter("attempts_total", "Requests that were sent, likewise.", "method", "status", "kind")
	c.refreshes = counter("refreshes_total", "Refreshes of tokens, by what went wrong; an empty kind means nothing.", "kind")
	c.waits = counter("waits_total", "Waits for a rate limit or before another attempt.")
	c.waited = counter("wait_seconds_total", "What those waits add up to.")
	c.broken = counter("broken_answers_total", "Answers whose body broke off.")
	c.lost = counter("reauthorizations_needed_total", "Connections that came to need a new authorization.")
	c.callTime = histogram("call_duration_seconds", "Time of calls, until the headers of their answer.")
	c.attemptTime = histogram("attempt_duration_seconds", "Time of requests that were sent, until the headers of their answer.")
	gauge := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("nango_lite_"+name, help, []string{"integration"}, nil)
	}
	c.waiting = gauge("limiter_waiting", "Calls that stand in line for a rate limit.")
	c.running = gauge("limiter_running", "Requests under way, as rate limits count them.")
	c.paused = gauge("limiter_pause_seconds", "How long nothing more will be sent because the provider asked for a pause; the longest of all connections.")
	c.expiring = gauge("tokens_expiring", "Active connections whose access token ends soon.")
	return c
}

// Observe is for [engine.Options.Observe].
func (c *Collector) Observe(_ context.Context, ev engine.Event) {
	in := ev.Key.Integration
	switch ev.Kind {
	case engine.EventCall:
		c.end(ev, c.calls, c.callTime)
	case engine.EventAttempt:
		c.end(ev, c.attempts, c.attemptTime)
	case engine.EventWait:
		c.seen(in) // before its call ends
		c.waits.WithLabelValues(in).Inc()
		c.waited.WithLabelValues(in).Add(ev.Wait.Seconds())
	case engine.EventRefresh:
		c.refreshes.WithLabelValues(in, label.Kind(ev)).Inc()
	case engine.EventBody:
		c.broken.WithLabelValues(in).Inc()
	case engine.EventStatus:
		c.lost.WithLabelValues(in).Inc()
	}
}

// An ended is what calls and attempts that have ended are counted by.
type ended struct {
	kind   engine.EventKind
	in     string
	method string
	status int // not one that a provider has made up
	failed string
}

// A timed is a series that is counted and timed.
type timed struct {
	count prometheus.Counter
	took  prometheus.Observer
}

// end counts a call or an attempt.
func (c *Collector) end(ev engine.Event, counts *prometheus.CounterVec, times *prometheus.HistogramVec) {
	e := ended{ev.Kind, ev.Key.Integration, label.Method(ev), ev.Status, label.Kind(ev)}
	if e.status != 0 && (e.status < 100 || e.status > 599) {
		e.status = 1 // which stands for all of these
	}
	c.mu.Lock()
	series, ok := c.found[e]
	if !ok {
		series = timed{counts.WithLabelValues(e.in, e.method, label.Status(ev), e.failed), times.WithLabelValues(e.in)}
		c.found[e] = series
		if ev.Kind == engine.EventCall {
			c.integrations[e.in] = true
		}
	}
	c.mu.Unlock()
	series.count.Inc()
	series.took.Observe(ev.Duration.Seconds())
}

func (c *Collector) seen(integration string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.integrations[integration] = true
}

// Watch adds e to what a scrape looks at: the rate limits of its integrations,
// and the tokens in its store that end soon. Of several engines over one store,
// watch one.
func (c *Collector) Watch(e *engine.Engine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.engines = append(c.engines, e)
}

func (c *Collector) counters() []prometheus.Collector {
	return []prometheus.Collector{c.calls, c.attempts, c.refreshes, c.waits, c.waited, c.broken, c.lost, c.callTime, c.attemptTime}
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, counter := range c.counters() {
		counter.Describe(to)
	}
	for _, gauge := range []*prometheus.Desc{c.waiting, c.running, c.paused, c.expiring} {
		to <- gauge
	}
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	for _, counter := range c.counters() {
		counter.Collect(to)
	}
	c.mu.Lock()
	engines, integrations := slices.Clone(c.engines), slices.Collect(maps.Keys(c.integrations))
	c.mu.Unlock()
	if len(engines) == 0 {
		return
	}
	c.collectLimits(to, engines, integrations)
	c.scrape.Lock()
	defer c.scrape.Unlock()
	c.collectExpiring(to, engines, integrations)
}
