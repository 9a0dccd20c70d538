package server

import (
	"context"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
)

// sweepEvery is how often what has expired is removed from the store.
const sweepEvery = time.Hour

// listen follows what the engine does, for the audit log and for webhooks.
func (s *Server) listen() {
	if s.engine == nil {
		return
	}
	w := engine.Watcher{Change: func(ctx context.Context, ch engine.Change) {
		s.remember(ctx, ch)
		s.changed(ctx, ch)
	}}
	if s.hook != nil {
		w.Event = s.refreshFailed
	}
	s.engine.Watch(w)
}

// Run does what is due beside requests, until ctx ends: it delivers webhooks, keeps to its
// part of declared budgets where several servers run, and removes from the store what has
// expired. Then it writes what is left of the audit log. Several
// servers may run it over one store.
func (s *Server) Run(ctx context.Context) {
	var all sync.WaitGroup
	if s.hook != nil {
		all.Go(func() { s.deliver(ctx) })
	}
	all.Go(func() { s.sweep(ctx) })
	all.Go(func() { s.share(ctx) })
	all.Wait()
	s.told.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), auditTimeout)
	defer cancel()
	_ = s.auditor.flush(last)
}

func (s *Server) sweep(ctx context.Context) {
	for {
		if _, err := s.opts.Records.SweepRecords(ctx, s.opts.Now()); err != nil && ctx.Err() == nil && s.opts.Logger != nil {
			s.opts.Logger.Warn("what has expired could not be removed from the store; it is tried again in an hour")
		}
		timer := time.NewTimer(sweepEvery)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}
