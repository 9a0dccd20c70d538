package webhook

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/nango-lite/nango-lite/store/record"
)

const (
	firstWait   = 5 * time.Second // before the second attempt; then up to twice as long each time
	longestWait = time.Hour
	lookEvery   = 5 * time.Second // between looks at what is due again, of any server
	atOnce      = 8               // messages that one server delivers at the same time
)

// Run delivers what is due, and what is due again, until ctx ends. Several servers may do
// so over one store.
func (o *Outbox) Run(ctx context.Context) {
	o.deliver(ctx)
	o.telling.Wait()
}

// wake lets this server look at once.
func (o *Outbox) wake() {
	select {
	case o.woken <- struct{}{}:
	default:
	}
}

func (o *Outbox) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		if o.deliverDue(ctx) > 0 {
			continue
		}
		timer := time.NewTimer(lookEvery)
		select {
		case <-timer.C:
		case <-o.woken:
			timer.Stop()
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// deliverDue delivers what is due now, and says how many messages that were. Each is
// claimed by one of however many servers.
func (o *Outbox) deliverDue(ctx context.Context) int {
	now := o.Now()
	due, err := o.Records.ClaimRecords(ctx, recordKind, now, now.Add(claimFor), atOnce)
	if err != nil {
		return 0 // the store is away; what is due stays due
	}
	done := make(chan struct{})
	for _, r := range due {
		go func() {
			defer func() { done <- struct{}{} }()
			o.deliverOne(ctx, r)
		}()
	}
	for range due {
		<-done
	}
	return len(due)
}

func (o *Outbox) deliverOne(ctx context.Context, r *record.Record) {
	if r.Unreadable != nil {
		if o.Logger != nil {
			o.Logger.Error("a webhook cannot be read, and is not delivered", "delivery", r.ID, "why", r.Unreadable.Error())
		}
		return
	}
	var q queued
	if json.Unmarshal(r.Open, &q) != nil || q.Done {
		return
	}
	err := o.poster.post(ctx, r.ID, q.Body)
	if ctx.Err() != nil {
		return // it is due again when the claim ends
	}
	now := o.Now().UTC()
	if err == nil { // the record stays, so that the same is not told again
		q, r.DueAt, r.ExpiresAt = queued{Done: true}, time.Time{}, now.Add(rememberFor)
	} else {
		q.Attempts++
		r.DueAt = now.Add(retryWait(q.Attempts))
		if o.Logger != nil {
			o.Logger.Warn("webhook not taken", "delivery", r.ID, "attempts", q.Attempts, "why", err.Error(), "given_up", r.DueAt.After(r.ExpiresAt))
		}
	}
	if r.Open, err = json.Marshal(q); err != nil {
		return
	}
	write, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	_ = o.Records.ReplaceRecord(write, r, r.Version) // else it is told again, with the same id
}

// retryWait is how long to wait after so many attempts.
func retryWait(attempts int) time.Duration {
	ceiling := min(firstWait<<min(attempts-1, 20), longestWait)
	return ceiling/2 + rand.N(ceiling/2)
}
