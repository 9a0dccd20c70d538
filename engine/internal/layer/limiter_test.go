package layer_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
)

// limited is a rate-limit layer whose requests and answers a test controls.
type limited struct {
	rt     http.RoundTripper
	lesson layer.Lesson
	hold   chan struct{} // answers wait for it, unless nil

	mu   sync.Mutex
	sent []string // scopes, in order
	at   []time.Time
	now  atomic.Int32
	most int32 // under way at once
}

func newLimited(b layer.Budget, shared bool, maxWait time.Duration) *limited {
	l := &limited{}
	l.rt = layer.RateLimit{Budget: b, Shared: shared, MaxWait: maxWait, Lesson: func(*http.Response) layer.Lesson {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.lesson
	}}.Layer(layer.NewLimits(time.Now))(layertest.Func(l.answer))
	return l
}

func (l *limited) answer(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.sent, l.at = append(l.sent, layer.From(r.Context()).Scope), append(l.at, time.Now())
	l.most = max(l.most, l.now.Add(1))
	l.mu.Unlock()
	defer l.now.Add(-1)
	if l.hold != nil {
		<-l.hold
	}
	return layertest.Answer(r, 200, "x"), nil
}

func (l *limited) teach(s layer.Lesson) { l.mu.Lock(); l.lesson = s; l.mu.Unlock() }

func (l *limited) send(ctx context.Context, scope string) error {
	call := layertest.Begin(&layertest.Session{})
	call.Scope = scope
	r, _ := http.NewRequestWithContext(layer.With(ctx, call), http.MethodGet, layertest.Base, nil)
	resp, err := l.rt.RoundTrip(r)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

func TestBudgetIsKeptInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{Rate: 10, Burst: 3}, true, time.Hour)
		var wg sync.WaitGroup
		want := ""
		for i := range 40 {
			scope := string(rune('A' + i))
			want += scope
			wg.Go(func() {
				if err := l.send(t.Context(), scope); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // they come in this order
		}
		wg.Wait()
		got := ""
		for i, s := range l.sent {
			got += s
			for j := range i { // never more than the rate and its burst in any window
				window := l.at[i].Sub(l.at[j]).Seconds()
				if n := float64(i - j + 1); n > 3+10*window+1e-6 {
					t.Fatalf("%v requests in %v s", n, window)
				}
			}
		}
		if got != want {
			t.Errorf("order %s, want %s", got, want)
		}
		if took := l.at[39].Sub(l.at[0]); took < 3700*time.Millisecond || took > 3710*time.Millisecond {
			t.Errorf("took %v, want 3.7 s", took)
		}
	})
}

// Nobody overtakes, and nobody comes early, however many wait.
func TestTenThousandWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rate, burst, n = 1000, 50, 10_000
		l := newLimited(layer.Budget{Rate: rate, Burst: burst}, true, time.Hour)
		start := time.Now()
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				if err := l.send(t.Context(), "a"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i, at := range l.at { // all were there from the start, so each has its time
			if early := float64(i+1-burst)/rate - at.Sub(start).Seconds(); early > 1e-6 {
				t.Fatalf("request %d came %v s early", i, early)
			}
		}
		if took := time.Since(start); took > 9951*time.Millisecond {
			t.Errorf("took %v, want 9.95 s", took)
		}
	})
}

func TestBudgetByConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{Rate: 1, Burst: 1}, false, time.Hour)
		start := time.Now()
		for _, scope := range []string{"a", "b", "c"} {
			if err := l.send(t.Context(), scope); err != nil || time.Since(start) != 0 {
				t.Errorf("%s waited %v, %v", scope, time.Since(start), err)
			}
		}
	})
}

func TestWaiterLeavesWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{Rate: 1, Burst: 1}, true, time.Hour)
		_ = l.send(t.Context(), "a")
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- l.send(ctx, "b") }()
		synctest.Wait()
		start := time.Now()
		go cancel()
		if err := l.send(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
		if err := <-left; !errors.Is(err, context.Canceled) || time.Since(start).Round(time.Millisecond) != time.Second {
			t.Errorf("b got %v, c waited %v", err, time.Since(start))
		}
	})
}

func TestWaitThatIsTooLongIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{Rate: 0.1, Burst: 1}, true, 5*time.Second)
		_ = l.send(t.Context(), "a")
		start := time.Now()
		var limit *layer.LimitError
		if err := l.send(t.Context(), "a"); !errors.As(err, &limit) || limit.Wait.Round(time.Second) != 10*time.Second {
			t.Errorf("got %v", err)
		}
		l = newLimited(layer.Budget{Rate: 0.1, Burst: 1}, true, time.Hour)
		_ = l.send(t.Context(), "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := l.send(ctx, "a"); !errors.As(err, &limit) {
			t.Errorf("got %v, want a refusal before the deadline", err)
		}
		if time.Since(start) != 0 {
			t.Errorf("waited %v", time.Since(start))
		}
	})
}

func TestPauseAndSlowStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{}, true, time.Minute)
		l.teach(layer.Lesson{Limited: true, Pause: 10 * time.Second, Why: "the provider said so"})
		start := time.Now()
		_ = l.send(t.Context(), "a")
		l.teach(layer.Lesson{})
		l.hold = make(chan struct{})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() { _ = l.send(t.Context(), "b") })
		}
		time.Sleep(9 * time.Second)
		if n := l.now.Load(); n != 0 {
			t.Errorf("%d were sent during the pause", n)
		}
		time.Sleep(2 * time.Second)
		var rounds []int32
		for range 5 { // those who waited do not all come at once
			synctest.Wait()
			n := l.now.Load()
			rounds = append(rounds, n)
			for range n {
				l.hold <- struct{}{}
			}
		}
		wg.Wait()
		if rounds[0] != 1 || rounds[1] != 2 || rounds[2] != 8 || time.Since(start) > 12*time.Second {
			t.Errorf("went on with %v after %v", rounds, time.Since(start))
		}
	})
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{Concurrency: 3}, true, time.Minute)
		l.hold = make(chan struct{})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { _ = l.send(t.Context(), "a") })
		}
		for range 10 {
			synctest.Wait()
			l.hold <- struct{}{}
		}
		wg.Wait()
		if l.most != 3 || len(l.sent) != 10 {
			t.Errorf("%d at once, %d sent", l.most, len(l.sent))
		}
	})
}

func TestConcurrencyCountsUntilTheBodyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{Concurrency: 1}, true, time.Minute)
		call := layertest.Begin(&layertest.Session{})
		r, _ := http.NewRequestWithContext(layer.With(t.Context(), call), http.MethodGet, layertest.Base, nil)
		resp, err := l.rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { _ = l.send(t.Context(), "alice"); close(done) }()
		time.Sleep(time.Second)
		if len(l.sent) != 1 {
			t.Error("the second was sent while the first was being read")
		}
		_ = resp.Body.Close()
		<-done
	})
}

func TestRemainingCorrectsTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimited(layer.Budget{Rate: 1, Burst: 100}, true, time.Hour)
		l.teach(layer.Lesson{HasRemaining: true, Remaining: 1})
		start := time.Now()
		for range 3 {
			_ = l.send(t.Context(), "a")
		}
		if got := time.Since(start).Round(10 * time.Millisecond); got != time.Second {
			t.Errorf("took %v: one was left, then one a second", got)
		}
	})
}

// BenchmarkRateLimitWait is ten thousand who wait in one line, beside as many who
// need not.
func BenchmarkRateLimitWait(b *testing.B) {
	const waiters = 10_000
	base := layertest.Func(func(r *http.Request) (*http.Response, error) { return layertest.Answer(r, 200, ""), nil })
	limit := layer.RateLimit{Budget: layer.Budget{Rate: 1e6, Burst: 1}, MaxWait: time.Hour, Lesson: func(*http.Response) layer.Lesson { return layer.Lesson{} }}
	for _, c := range []struct {
		name string
		make func() http.RoundTripper
	}{
		{"without", func() http.RoundTripper { return base }},
		{"in line", func() http.RoundTripper { return limit.Layer(layer.NewLimits(time.Now))(base) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rt := c.make()
				var wg sync.WaitGroup
				for range waiters {
					wg.Go(func() {
						r, _ := http.NewRequestWithContext(layer.With(context.Background(), layertest.Begin(&layertest.Session{})), http.MethodGet, layertest.Base, nil)
						if _, err := rt.RoundTrip(r); err != nil {
							b.Error(err)
						}
					})
				}
				wg.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/waiters, "ns/waiter")
		})
	}
}
