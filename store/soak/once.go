package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/internal/pace"
	"github.com/nango-lite/nango-lite/sandbox"
)

// An onceSize says how much there is of everything.
type onceSize struct {
	Processes, Callers, Connections int

	Answer time.Duration // how long the provider takes
	Lease  time.Duration // how long a lease lasts: shorter
}

// fullSize is the size of the promise. Real leases last twenty seconds, and under a
// request as long as it may take.
var fullSize = onceSize{Processes: 4, Callers: 1000, Connections: 100, Answer: 6 * time.Second, Lease: 4 * time.Second}

// once lets callers in several processes want tokens at the same moment, when all
// have ended, from a provider that answers after the lease would have ended. It
// returns what happened, and an error if a token was redeemed more than once or
// someone did not get the new one.
func once(ctx context.Context, at *place, size onceSize) (string, error) {
	p, err := startProvider(0)
	if err != nil {
		return "", err
	}
	defer p.close()
	rt, err := transport(p.base, p.in)
	if err != nil {
		return "", err
	}
	store, closeStore, err := at.open(ctx)
	if err != nil {
		return "", err
	}
	defer closeStore()
	e, err := newEngine(store, rt, p.in)
	if err != nil {
		return "", err
	}
	j := job{Place: *at, Base: p.base, Callers: size.Callers, Pace: pace.Default}
	j.Pace.LeaseTTL, j.Pace.LeaseRenewal = size.Lease, size.Lease/4
	// A machine that is busy with other things proves nothing about us.
	j.Pace.StoreCall, j.Pace.TokenCall, j.Pace.Redemption, j.Pace.LeaseWait = timeoutOfStore, timeoutOfStore, 2*timeoutOfStore, 3*timeoutOfStore
	old := map[string]string{}
	for i := range size.Connections {
		id := fmt.Sprint("user-", i)
		c, err := connectEnded(ctx, e, store, rt, id)
		if err != nil {
			return "", err
		}
		j.IDs = append(j.IDs, id)
		old[id] = digest(&c.Credentials.Token)
	}
	if err := p.Fault(sandbox.Fault("slow-token:"+size.Answer.String()), -1); err != nil {
		return "", err
	}
	start := time.Now()
	got, err := inProcesses(ctx, j, size.Processes)
	if err != nil {
		return "", err
	}
	took := time.Since(start)
	return judgeOnce(at, size, p.Stats(), old, got, took)
}

// inProcesses does j in n processes that begin together.
func inProcesses(ctx context.Context, j job, n int) ([]outcome, error) {
	var running []*process
	for range n {
		w, err := start(ctx, j)
		if err != nil {
			return nil, err
		}
		running = append(running, w)
	}
	for _, w := range running {
		if err := w.begin(); err != nil {
			return nil, err
		}
	}
	var got []outcome
	for _, w := range running {
		o, err := w.wait()
		if err != nil {
			return nil, err
		}
		got = append(got, o)
	}
	return got, nil
}

func judgeOnce(at *place, size onceSize, stats sandbox.Stats, old map[string]string, got []outcome, took time.Duration) (string, error) {
	var errs []error
	tokens := map[string]string{}
	served := 0
	for i, o := range got {
		for id, texts := range o {
			for text, n := range texts {
				if tokens[id] == "" {
					tokens[id] = text
				}
				if text != tokens[id] || text == old[id] || len(text) != len(old[id]) {
					errs = append(errs, fmt.Errorf("process %d, %s: %d callers got %q, others %q; the old token is %q", i, id, n, text, tokens[id], old[id]))
					continue
				}
				served += n
			}
		}
	}
	redeemed, most := 0, 0
	for _, n := range stats.Redemptions {
		redeemed += n
		most = max(most, n)
	}
	if redeemed != size.Connections || most > 1 {
		errs = append(errs, fmt.Errorf("%d redemptions of %d tokens, up to %d of one", redeemed, size.Connections, most))
	}
	if stats.ReuseDetected > 0 {
		errs = append(errs, fmt.Errorf("the provider saw %d used tokens again, and revoked their grants", stats.ReuseDetected))
	}
	if want := size.Processes * size.Callers; served != want {
		errs = append(errs, fmt.Errorf("%d of %d callers got the new token", served, want))
	}
	text := fmt.Sprintf("%s: %d processes x %d callers, %d connections, lease %v, answers after %v: "+
		"%d redemptions, %d of a used token, %d of %d callers served, in %.1f s\n",
		at, size.Processes, size.Callers, size.Connections, size.Lease, size.Answer,
		redeemed, stats.ReuseDetected, served, size.Processes*size.Callers, took.Seconds())
	return text, errors.Join(errs...)
}
