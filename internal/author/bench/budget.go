package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A budgetStep holds the engine to what the entry allows itself.
type budgetStep struct{ *Entry }

func budgetChecks(e *Entry, _ Options) ([]check, string) {
	b := e.Played.Requests.RateLimit.Budget
	var checks []check
	about := ""
	if b.Requests > 0 {
		checks = append(checks, check{"pace", budgetStep{e}.keepsPace}, check{"scope", budgetStep{e}.keepsScope})
		about = fmt.Sprintf("%g requests in %g s after a burst of %d", b.Requests, perSeconds(b), burst(b))
	}
	if b.Concurrency > 0 {
		checks = append(checks, check{"concurrency", budgetStep{e}.keepsConcurrency})
		if about != "" {
			about += ", "
		}
		about += fmt.Sprintf("%d at once", b.Concurrency)
	}
	return checks, about
}

func perSeconds(b *schema.Budget) float64 {
	if b.PerSeconds == 0 {
		return 1
	}
	return b.PerSeconds
}

func burst(b *schema.Budget) int { return max(b.Burst, 1) }

// interval is the time between two requests once the burst is spent.
func interval(b *schema.Budget) time.Duration {
	return time.Duration(perSeconds(b) / b.Requests * float64(time.Second))
}

// ok answers everything.
func ok(*http.Request, int) *answer {
	return &answer{status: http.StatusOK, header: http.Header{}, body: map[string]any{}}
}

// keepsPace holds that the burst goes out at once, and what follows at the
// declared pace, neither faster nor slower.
func (e budgetStep) keepsPace(ctx context.Context) error {
	b := e.Played.Requests.RateLimit.Budget
	st, err := e.connected(ctx, setup{budget: true})
	if err != nil {
		return err
	}
	st.wire.reset(ok)
	start, really := st.clock.now(), time.Now()
	after := int(max(1, min(4, time.Second/interval(b))))
	atOnce := burst(b) - st.wire.spent(b, st.key)
	for range burst(b) + after {
		if _, err := st.succeed(ctx, e.probe()); err != nil {
			return err
		}
	}
	for i, r := range st.wire.requests() {
		due := time.Duration(max(0, i+1-atOnce)) * interval(b)
		if came := r.at.Sub(start); (came - due).Abs() > rounding {
			return fmt.Errorf("request %d came after %s; the budget allows it after %s", i+1, came, due)
		}
		if came := r.really.Sub(really); came < due-rounding { // it may come late, on a busy machine
			return fmt.Errorf("request %d came after %s, when the engine had said that it waits; the budget allows it after %s", i+1, came, due)
		}
	}
	return nil
}

// keepsScope holds that two connections share the budget, or do not.
func (e budgetStep) keepsScope(ctx context.Context) error {
	b := e.Played.Requests.RateLimit.Budget
	st, err := e.connected(ctx, setup{budget: true})
	if err != nil {
		return err
	}
	other := engine.Key{Integration: integration, ConnectionID: "user-2"}
	if _, err := st.connect(ctx, other); err != nil {
		return err
	}
	st.wire.reset(ok)
	for range burst(b) - st.wire.spent(b, st.key) {
		if _, err := st.succeed(ctx, e.probe()); err != nil {
			return err
		}
	}
	if _, _, err := st.doAs(ctx, other, e.probe()); err != nil {
		return err
	}
	shared := b.Scope != "connection"
	if waited := len(st.waited()) > 0; waited != shared {
		return fmt.Errorf("a second connection waited: %t, with the scope %s", waited, or(b.Scope, "integration"))
	}
	return nil
}

// keepsConcurrency holds that as many requests are under way as may be, and no
// more.
func (e budgetStep) keepsConcurrency(ctx context.Context) error {
	b := *e.Played.Requests.RateLimit.Budget
	loose := *e.Entry
	loose.Client = withoutPace(e.Client)
	st, err := loose.connected(ctx, setup{budget: true})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	running, most := 0, 0
	settled := make(chan struct{}, 3*(b.Concurrency+1)) // a request has arrived, waits until another has gone, or has failed
	settles := func() { settled <- struct{}{} }
	st.onWait = settles
	leave := make(chan struct{})
	st.wire.reset(func(r *http.Request, n int) *answer {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		settles()
		<-leave
		mu.Lock()
		running--
		mu.Unlock()
		return ok(r, n)
	})
	errs := make(chan error, b.Concurrency+1)
	for range b.Concurrency + 1 {
		go func() {
			_, err := st.succeed(ctx, e.probe())
			settles()
			errs <- err
		}()
	}
	for range b.Concurrency + 1 {
		<-settled
	}
	close(leave)
	for range b.Concurrency + 1 {
		if err := <-errs; err != nil {
			return err
		}
	}
	if most != b.Concurrency {
		return fmt.Errorf("%d requests were under way at once, and %d may be", most, b.Concurrency)
	}
	return nil
}

// withoutPace leaves the concurrency of a budget.
func withoutPace(in *schema.Integration) *schema.Integration {
	changed := *in
	limit := *in.Requests.RateLimit
	if limit.Budget != nil {
		limit.Budget = &schema.Budget{Concurrency: limit.Budget.Concurrency, Scope: limit.Budget.Scope}
	}
	changed.Requests.RateLimit = &limit
	return &changed
}
