package roster_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/roster"
	"github.com/nango-lite/nango-lite/store/record"
)

// sharing is an engine that is told of servers.
type sharing struct {
	budget *schema.RateLimit
	told   atomic.Int64
}

func (s *sharing) Integrations() []*schema.Integration {
	return []*schema.Integration{{Requests: schema.Requests{RateLimit: s.budget}}}
}
func (s *sharing) ShareBudgets(n int) { s.told.Store(int64(n)) }

// Servers see each other come, go, and go missing.
func TestRoster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records, engines := &record.Memory{}, []*sharing{}
		var stops []func()
		for range 3 {
			e := &sharing{budget: &schema.RateLimit{Budget: &schema.Budget{}}}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan bool)
			go func() {
				(&roster.Roster{Engine: e, Records: records, Now: time.Now}).Run(ctx)
				close(done)
			}()
			engines, stops = append(engines, e), append(stops, func() { cancel(); <-done })
		}
		want := func(when string, n int64) {
			t.Helper()
			time.Sleep(6 * time.Second)
			if got := engines[0].told.Load(); got != n {
				t.Errorf("%s: told of %d servers, want %d", when, got, n)
			}
		}
		want("all run", 3)
		stops[2]()
		want("one has left", 2)
		missing := &record.Record{Kind: "server", ID: "killed", ExpiresAt: time.Now().Add(10 * time.Second)}
		if err := records.CreateRecord(t.Context(), missing); err != nil {
			t.Fatal(err)
		}
		want("one more", 3)
		time.Sleep(6 * time.Second)
		want("it was killed", 2)
		stops[1]()
		stops[0]()
		if left, err := records.Records(t.Context(), "server", "", 10); err != nil || len(left) != 1 {
			t.Errorf("%d are left, %v; want the one that was killed", len(left), err)
		}
	})
}

// Where nothing is to be shared, the store is left alone.
func TestARosterWithoutBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := &record.Memory{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		e := &sharing{}
		(&roster.Roster{Engine: e, Records: records, Now: time.Now}).Run(ctx)
		if all, _ := records.Records(t.Context(), "server", "", 10); len(all) != 0 || e.told.Load() != 0 {
			t.Errorf("%d records, told of %d", len(all), e.told.Load())
		}
	})
}
