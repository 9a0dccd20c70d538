package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/pace"
	"github.com/nango-lite/nango-lite/sandbox"
)

// A lostSize says how many refreshes are interrupted.
type lostSize struct {
	Runs, AtOnce int
	Seed         int64
}

// An answer is what becomes of the provider's answer to the first request, or the
// first few.
type answer string

const (
	delivered answer = "delivered"
	delayed   answer = "delayed"
	dropped   answer = "dropped"  // after the token was rotated
	withheld  answer = "withheld" // 503 from something before the provider, several times
)

var answers = []answer{delivered, delayed, dropped, withheld}

const delay = 150 * time.Millisecond

// quickPace is how fast the processes go about it. doomedPace is that of those that
// are killed: their lease outlasts them by that.
var quickPace, doomedPace = func() (quick, doomed pace.Times) {
	quick = pace.Default
	quick.LeaseTTL, quick.LeaseRenewal, quick.RetryWait = 400*time.Millisecond, 100*time.Millisecond, 50*time.Millisecond
	doomed = quick
	doomed.TokenCall, doomed.StoreCall = time.Second, time.Second
	return quick, doomed
}()

// A scene is one refresh that is interrupted.
type scene struct {
	id     string
	step   step
	answer answer
	grace  time.Duration
	kill   time.Duration // for anywhen
}

// usual is about how long the refresh takes if nothing comes in between.
func (s scene) usual() time.Duration {
	switch s.answer {
	case delayed:
		return delay + 40*time.Millisecond
	case dropped, withheld:
		return quickPace.RetryWait + 40*time.Millisecond
	}
	return 30 * time.Millisecond
}

// An ending is what became of a scene.
type ending struct {
	scene
	killed   bool
	redeemed bool // the provider rotated the token, and the answer went nowhere
	alive    bool
	reason   string // of needs_reauthorization
	err      error  // a promise that was broken
}

// lost kills processes at every step of a refresh, and looks whether others can go
// on. It returns counts, and an error if a connection was given up that the
// provider would have taken, or is given up without the reason.
func lost(ctx context.Context, at *place, size lostSize) (string, error) {
	old := pace.Default
	pace.Default = quickPace // of the process that goes on
	defer func() { pace.Default = old }()
	store, closeStore, err := at.open(ctx)
	if err != nil {
		return "", err
	}
	defer closeStore()
	scenes := make(chan scene)
	go func() {
		defer close(scenes)
		random := rand.New(rand.NewPCG(uint64(size.Seed), 0))
		for i := range size.Runs {
			s := scene{
				id: fmt.Sprint("run-", i), step: steps[i%len(steps)], answer: answers[i/len(steps)%len(answers)],
				grace: time.Duration(i/len(steps)/len(answers)%2) * time.Hour,
			}
			s.kill = time.Duration(random.Int64N(int64(s.usual())))
			select {
			case scenes <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	var mu sync.Mutex
	var endings []ending
	var wg sync.WaitGroup
	for range size.AtOnce {
		wg.Go(func() {
			for s := range scenes {
				e := play(ctx, at, store, s)
				mu.Lock()
				endings = append(endings, e)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return judgeLost(at, endings)
}

// play interrupts one refresh and lets another process, this one, go on.
func play(ctx context.Context, at *place, store connection.Store, s scene) ending {
	end := ending{scene: s}
	p, err := startProvider(s.grace)
	if err != nil {
		end.err = err
		return end
	}
	defer p.close()
	rt, err := transport(p.base, p.in)
	if err != nil {
		end.err = err
		return end
	}
	e, err := newEngine(store, rt, p.in)
	if err != nil {
		end.err = err
		return end
	}
	c, err := connectEnded(ctx, e, store, rt, s.id)
	if err != nil {
		end.err = err
		return end
	}
	switch s.answer {
	case delayed:
		err = p.Fault(sandbox.Fault("slow-token:"+delay.String()), 1)
	case dropped:
		err = p.Fault(sandbox.FaultLostAnswer, 1)
	case withheld:
		err = p.Fault(sandbox.FaultToken5xx, 5)
	}
	if err == nil {
		end.killed, err = interrupt(ctx, p, job{Place: *at, Base: p.base, Grace: s.grace, Pace: doomedPace, Callers: 1, IDs: []string{s.id}, Trip: s.step}, s.kill)
	}
	if err != nil {
		end.err = err
		return end
	}
	time.Sleep(20 * time.Millisecond) // what was sent before the kill is taken in
	return goOn(ctx, e, store, p, c, end)
}

// interrupt starts a process that refreshes, and reports whether it was killed.
func interrupt(ctx context.Context, p *provider, j job, after time.Duration) (killed bool, err error) {
	w, err := start(ctx, j)
	if err != nil {
		return false, err
	}
	kill := func() { _ = w.cmd.Process.Kill() }
	switch j.Trip {
	case anywhen:
		time.AfterFunc(after, kill)
	case requestSent:
		p.onToken.Store(&kill)
		defer p.onToken.Store(nil)
	}
	if err := w.begin(); err != nil {
		return false, err
	}
	if _, err := w.wait(); err != nil {
		if w.cmd.ProcessState == nil || w.cmd.ProcessState.Exited() {
			return false, fmt.Errorf("a worker ended by itself: %w", err)
		}
		return true, nil
	}
	return false, nil
}

// goOn looks what the dead process has left, gets a token, and judges.
func goOn(ctx context.Context, e *engine.Engine, store connection.Store, p *provider, was *connection.Connection, end ending) ending {
	left, err := store.Get(ctx, was.Key)
	if err != nil {
		end.err = err
		return end
	}
	if stored := left.Generation != was.Generation; !stored {
		stats := p.Stats()
		toDrop := end.answer == dropped && stats.Faults[sandbox.FaultLostAnswer] == 0 // ours, then
		end.redeemed = len(stats.Redemptions) > 0 || toDrop
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tok, err := e.TokenSource(was.Key).Token(ctx)
	for ctx.Err() == nil && errors.Is(err, engine.ErrUnavailable) { // as a host would
		time.Sleep(200 * time.Millisecond)
		tok, err = e.TokenSource(was.Key).Token(ctx)
	}
	now, readErr := store.Get(ctx, was.Key)
	if readErr != nil {
		end.err = readErr
		return end
	}
	end.alive, end.reason = err == nil && now.Status == connection.StatusActive, now.Reason
	switch canLive := !end.redeemed || end.grace > 0; {
	case canLive && !end.alive:
		end.err = fmt.Errorf("given up, although the provider would have taken the token: %s %q, %v", now.Status, now.Reason, err)
	case end.alive && digest(tok) == digest(&was.Credentials.Token):
		end.err = errors.New("the token that had ended was served")
	case end.alive && digest(tok) != digest(&now.Credentials.Token):
		end.err = errors.New("a token was served that is not the stored one")
	case !canLive && end.alive:
		end.err = errors.New("alive with a token that the provider had rotated away: this proof is wrong")
	case !canLive && (now.Status != connection.StatusNeedsReauthorization || !strings.Contains(now.Reason, "was lost") || !errors.Is(err, engine.ErrReauthorize)):
		end.err = fmt.Errorf("lost without a word: %s %q, %v", now.Status, now.Reason, err)
	}
	return end
}

func judgeLost(at *place, endings []ending) (string, error) {
	var errs []error
	type row struct{ runs, killed, alive, lost, broken int }
	rows := map[step]*row{}
	all := &row{}
	for _, end := range endings {
		if rows[end.step] == nil {
			rows[end.step] = &row{}
		}
		for _, r := range []*row{rows[end.step], all} {
			r.runs++
			switch {
			case end.err != nil:
				r.broken++
			case end.alive:
				r.alive++
			default:
				r.lost++
			}
			if end.killed {
				r.killed++
			}
		}
		if end.err != nil {
			errs = append(errs, fmt.Errorf("%s (%s, answer %s, grace %v): %w", end.id, end.step, end.answer, end.grace, end.err))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: killed at                runs  killed  alive  lost and said so  broken promises\n", at)
	line := func(name string, r *row) {
		fmt.Fprintf(&b, "  %-30s %6d %7d %6d %17d %16d\n", name, r.runs, r.killed, r.alive, r.lost, r.broken)
	}
	for _, s := range steps {
		if r := rows[s]; r != nil {
			line(string(s), r)
		}
	}
	fmt.Fprintf(&b, "%s: %d runs, %d killed, %d alive, %d lost and said so, %d broken promises\n", at, all.runs, all.killed, all.alive, all.lost, all.broken)
	return b.String(), errors.Join(errs...)
}
