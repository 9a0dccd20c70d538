// Package roster finds out how many servers run over one store, so that each keeps to its
// part of the budgets that integrations declare. Start with [Roster].
package roster

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	recordKind   = "server"
	beat         = 5 * time.Second
	aliveFor     = 3 * beat // a server that has not said so since is gone
	storeTimeout = 2 * time.Second
)

// Engine is what a Roster needs of an engine.
type Engine interface {
	Integrations() []*schema.Integration
	ShareBudgets(processes int)
}

// A Roster is the list of the servers over one store, in that store.
type Roster struct {
	Engine  Engine
	Records record.Store
	Now     func() time.Time
}

// Run counts the servers until ctx ends, and tells the engine. It costs nothing where no
// integration declares a budget.
func (r *Roster) Run(ctx context.Context) {
	own := &record.Record{Kind: recordKind, ID: rand.Text()}
	for {
		if r.budgets() {
			if n, err := r.rollCall(ctx, own); err == nil {
				r.Engine.ShareBudgets(n)
			} // else the last count stays
		}
		timer := time.NewTimer(beat)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			r.leave(ctx, own)
			return
		}
	}
}

// budgets reports whether any integration declares a budget.
func (r *Roster) budgets() bool {
	for _, in := range r.Engine.Integrations() {
		if limit := in.Requests.RateLimit; limit != nil && limit.Budget != nil {
			return true
		}
	}
	return false
}

// rollCall writes that this server is there, and counts those that are.
func (r *Roster) rollCall(ctx context.Context, own *record.Record) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	now := r.Now().UTC()
	own.ExpiresAt = now.Add(aliveFor)
	err := r.Records.ReplaceRecord(ctx, own, own.Version)
	if errors.Is(err, record.ErrNone) || errors.Is(err, record.ErrChanged) { // it is the first time, or it was swept
		if err = r.Records.CreateRecord(ctx, own); errors.Is(err, record.ErrExists) {
			own.ID = rand.Text() // that record is ours, of a write whose answer was lost
			err = r.Records.CreateRecord(ctx, own)
		}
	}
	if err != nil {
		return 0, err
	}
	const most = 1000
	all, err := r.Records.Records(ctx, recordKind, "", most)
	n := 0
	for _, one := range all {
		if one.ExpiresAt.After(now) {
			n++
		}
	}
	return max(n, 1), err
}

// leave removes this server's record, so that the others have its part of budgets at once.
func (r *Roster) leave(ctx context.Context, own *record.Record) {
	if own.Version == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	_ = r.Records.DeleteRecord(ctx, recordKind, own.ID) // else it expires
}
