package prom

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nango-lite/nango-lite/engine"
)

// collectLimits adds up the limits of all connections of an integration.
func (c *Collector) collectLimits(to chan<- prometheus.Metric, engines []*engine.Engine, integrations []string) {
	now := c.opts.Now()
	for _, name := range integrations {
		var waiting, running int
		var paused time.Duration
		for _, e := range engines {
			for _, l := range e.Limits(name) {
				waiting, running, paused = waiting+l.Waiting, running+l.Running, max(paused, l.PausedUntil.Sub(now))
			}
		}
		to <- prometheus.MustNewConstMetric(c.waiting, prometheus.GaugeValue, float64(waiting), name)
		to <- prometheus.MustNewConstMetric(c.running, prometheus.GaugeValue, float64(running), name)
		to <- prometheus.MustNewConstMetric(c.paused, prometheus.GaugeValue, paused.Seconds(), name)
	}
}

const (
	mostCounted = 100_000         // connections
	countFor    = 5 * time.Second // at most
)

// collectExpiring counts the tokens that end soon, now and then. A store that
// fails leaves the metric out.
func (c *Collector) collectExpiring(to chan<- prometheus.Metric, engines []*engine.Engine, integrations []string) {
	if now := c.opts.Now(); now.Sub(c.countedAt).Abs() >= c.opts.Every {
		c.counted, c.countedAt = c.count(now, engines, integrations), now
	}
	for name, n := range c.counted {
		to <- prometheus.MustNewConstMetric(c.expiring, prometheus.GaugeValue, float64(n), name)
	}
}

func (c *Collector) count(now time.Time, engines []*engine.Engine, integrations []string) map[string]int {
	ctx, cancel := context.WithTimeout(context.Background(), countFor)
	defer cancel()
	counted := map[string]int{}
	for _, name := range integrations {
		counted[name] = 0
	}
	for _, e := range engines {
		q := engine.Query{ExpiresBefore: now.Add(c.opts.Expiring), Limit: 1000}
		for total := 0; total < mostCounted; {
			page, err := e.Connections(ctx, q)
			if err != nil {
				return nil
			}
			for _, conn := range page.Connections {
				counted[conn.Key.Integration]++
			}
			total += len(page.Connections)
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
		}
	}
	return counted
}
