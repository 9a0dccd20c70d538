package prom_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/telemetry/internal/stagetest"
	"github.com/nango-lite/nango-lite/telemetry/prom"
)

// gather returns what a scrape shows, one a line, times left out.
func gather(t *testing.T, c prometheus.Collector) []string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(c)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			line := f.GetName() + "{" + strings.Join(labels, ",") + "} "
			switch {
			case m.GetHistogram() != nil:
				line += fmt.Sprint(m.GetHistogram().GetSampleCount())
			case m.GetGauge() != nil:
				line += fmt.Sprint(m.GetGauge().GetValue())
			case strings.Contains(f.GetName(), "seconds"):
				line += "?"
			default:
				line += fmt.Sprint(m.GetCounter().GetValue())
			}
			lines = append(lines, strings.TrimPrefix(line, "nango_lite_"))
		}
	}
	return lines
}

func TestCollector(t *testing.T) {
	c := prom.New(nil)
	e := stagetest.Play(t, t.Context(), c.Observe)
	c.Watch(e)
	got := gather(t, c)
	want := []string{
		"attempt_duration_seconds{integration=fjord} 6",
		"attempts_total{integration=fjord,kind=,method=GET,status=200} 3",
		"attempts_total{integration=fjord,kind=,method=GET,status=401} 1",
		"attempts_total{integration=fjord,kind=,method=_OTHER,status=_OTHER} 1",
		"attempts_total{integration=fjord,kind=unavailable,method=GET,status=} 1",
		"broken_answers_total{integration=fjord} 1",
		"call_duration_seconds{integration=fjord} 4",
		"calls_total{integration=fjord,kind=,method=GET,status=200} 3",
		"calls_total{integration=fjord,kind=,method=_OTHER,status=_OTHER} 1",
		"limiter_pause_seconds{integration=fjord} 0",
		"limiter_running{integration=fjord} 0",
		"limiter_waiting{integration=fjord} 0",
		"refreshes_total{integration=fjord,kind=} 1",
		"tokens_expiring{integration=fjord} 1", // the new token is good for five minutes
		"wait_seconds_total{integration=fjord} ?",
		"waits_total{integration=fjord} 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if text := strings.Join(got, "\n"); strings.Contains(text, stagetest.Seed) || strings.Contains(text, "alice") {
		t.Errorf("leaks:\n%s", text)
	}
}

func TestConnectionsThatAreLost(t *testing.T) {
	c := prom.New(nil)
	c.Observe(t.Context(), engine.Event{Kind: engine.EventStatus, Key: stagetest.Key, Reason: "made up"})
	c.Observe(t.Context(), engine.Event{Kind: engine.EventRefresh, Key: stagetest.Key, Err: engine.ErrReauthorize})
	want := []string{"reauthorizations_needed_total{integration=fjord} 1", "refreshes_total{integration=fjord,kind=other} 1"}
	if got := gather(t, c); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// The store is asked now and then, however often someone scrapes.
func TestExpiringTokensAreCountedNowAndThen(t *testing.T) {
	now := time.Now()
	c := prom.New(&prom.Options{Expiring: time.Hour, Every: time.Minute, Now: func() time.Time { return now }})
	e := stagetest.Play(t, t.Context(), c.Observe)
	c.Watch(e)
	expiring := func() string {
		for _, line := range gather(t, c) {
			if strings.HasPrefix(line, "tokens_expiring") {
				return line[len(line)-1:]
			}
		}
		return "nothing"
	}
	first := expiring()
	if err := e.Revoke(t.Context(), stagetest.Key); err != nil {
		t.Fatal(err)
	}
	soon := expiring()
	now = now.Add(time.Minute)
	if later := expiring(); first != "1" || soon != "1" || later != "0" {
		t.Errorf("got %s, %s, %s", first, soon, later)
	}
}

// The page lists every metric there is.
func TestPageNamesEveryMetric(t *testing.T) {
	page, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	c := prom.New(nil)
	descs := make(chan *prometheus.Desc, 100)
	c.Describe(descs)
	close(descs)
	for d := range descs {
		name, _, _ := strings.Cut(strings.TrimPrefix(d.String(), `Desc{fqName: "`), `"`)
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("docs/observability.md does not list %s", name)
		}
	}
}
