package server

import (
	"context"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/roster"
)

const (
	// sweepEvery is how often what has expired is removed from the store.
	sweepEvery = time.Hour
	// lastWrite is how long the audit log may take at the end.
	lastWrite = 5 * time.Second
)

// watch follows what the engine does, for the audit log and for webhooks.
func (s *Server) watch() {
	if s.engine == nil {
		return
	}
	w := engine.Watcher{Change: s.audit.Changed}
	if s.outbox != nil {
		w.Change = func(ctx context.Context, ch engine.Change) {
			s.audit.Changed(ctx, ch)
			s.outbox.Changed(ctx, ch)
		}
		w.Event = s.outbox.RefreshFailed
	}
	s.engine.Watch(w)
}

// Run does what is due beside requests, until ctx ends: it delivers webhooks, keeps to its
// part of declared budgets where several servers run, and removes from the store what has
// expired. Then it writes what is left of the audit log. Several servers may run it over
// one store.
func (s *Server) Run(ctx context.Context) {
	var all sync.WaitGroup
	if s.outbox != nil {
		all.Go(func() { s.outbox.Run(ctx) })
	}
	all.Go(func() { s.sweep(ctx) })
	if s.engine != nil {
		budgets := &roster.Roster{Engine: s.engine, Records: s.opts.Records, Now: s.opts.Now}
		all.Go(func() { budgets.Run(ctx) })
	}
	all.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
	defer cancel()
	_ = s.audit.Flush(last)
}

// EndStreams ends the event streams of the operator's pages, and lets no other begin. They
// have no end of their own, so a host that shuts down has to call it: it is a function for
// [http.Server.RegisterOnShutdown].
func (s *Server) EndStreams() { s.ui.EndStreams() }

// sweep removes what has expired from the store, until ctx ends.
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
