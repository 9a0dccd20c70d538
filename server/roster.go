package server

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/store/record"
)

const (
	rosterKind  = "server"
	rosterBeat  = 5 * time.Second
	rosterAlive = 3 * rosterBeat // without a word of it, a server is gone
	rosterRead  = 2 * time.Second
)

// share finds out how many servers there are over one store, and lets the engine keep to
// its part of declared budgets. It costs nothing where no integration declares one.
func (s *Server) share(ctx context.Context) {
	own := &record.Record{Kind: rosterKind, ID: rand.Text()}
	for {
		if s.budgets() {
			if n, err := s.rollCall(ctx, own); err == nil {
				s.engine.ShareBudgets(n)
			} // else what was known counts on
		}
		timer := time.NewTimer(rosterBeat)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			s.leave(ctx, own)
			return
		}
	}
}

// budgets reports whether any integration declares a budget.
func (s *Server) budgets() bool {
	if s.engine == nil {
		return false
	}
	for _, in := range s.engine.Integrations() {
		if limit := in.Requests.RateLimit; limit != nil && limit.Budget != nil {
			return true
		}
	}
	return false
}

// rollCall says that this server is there, and counts those that are.
func (s *Server) rollCall(ctx context.Context, own *record.Record) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, rosterRead)
	defer cancel()
	now := s.opts.Now().UTC()
	own.ExpiresAt = now.Add(rosterAlive)
	err := s.opts.Records.ReplaceRecord(ctx, own, own.Version)
	if errors.Is(err, record.ErrNone) || errors.Is(err, record.ErrChanged) { // it is the first time, or it was swept
		if err = s.opts.Records.CreateRecord(ctx, own); errors.Is(err, record.ErrExists) {
			own.ID = rand.Text() // of a write whose answer was lost
			err = s.opts.Records.CreateRecord(ctx, own)
		}
	}
	if err != nil {
		return 0, err
	}
	const most = 1000
	all, err := s.opts.Records.Records(ctx, rosterKind, "", most)
	n := 0
	for _, r := range all {
		if r.ExpiresAt.After(now) {
			n++
		}
	}
	return max(n, 1), err
}

// leave lets the others have this server's part at once.
func (s *Server) leave(ctx context.Context, own *record.Record) {
	if own.Version == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rosterRead)
	defer cancel()
	_ = s.opts.Records.DeleteRecord(ctx, rosterKind, own.ID) // else it is missed in a while
}
