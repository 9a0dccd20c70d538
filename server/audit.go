package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/record"
)

// An AuditAction is something that is remembered of who did it.
type AuditAction string

// The actions.
const (
	AuditConnect AuditAction = "connect" // a connection was made, or made anew
	AuditToken   AuditAction = "token"   // the token endpoint gave a token
	AuditRead    AuditAction = "read"    // credentials were given with a connection
	AuditDelete  AuditAction = "delete"  // a connection was removed
)

// An AuditEntry says who did what, how often, within a few seconds. Nothing in it grants
// access.
type AuditEntry struct {
	Action       AuditAction `json:"action"`
	APIKey       string      `json:"api_key,omitempty"` // its name; empty: a user on the connect page
	Integration  string      `json:"integration"`
	ConnectionID string      `json:"connection_id"`
	First        time.Time   `json:"first"`
	Last         time.Time   `json:"last"`
	Count        int64       `json:"count"`
}

const (
	auditKind    = "audit"
	auditPause   = 2 * time.Second // between writes; so much is lost if the process is killed
	auditBatch   = 200             // entries in a record
	auditMost    = 20_000          // entries that wait for a store that is away
	auditTimeout = 5 * time.Second
)

// auditIDs are times that sort as text.
const auditIDs = "20060102T150405.000000Z"

// An auditor gathers what is done and writes it in batches: a token that is handed out
// costs no statement.
type auditor struct {
	records record.Store
	now     func() time.Time
	logger  *slog.Logger  // nil: nothing is logged
	keep    time.Duration // negative: nothing is kept

	mu      sync.Mutex
	waiting map[auditOf]*AuditEntry
	timer   *time.Timer // nil: nothing waits
	lost    int64
	writing sync.Mutex
}

type auditOf struct {
	action AuditAction
	key    string
	conn   engine.Key
}

func (a *auditor) add(action AuditAction, key string, conn engine.Key) {
	if a.keep < 0 {
		return
	}
	now := a.now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	of := auditOf{action, key, conn}
	if e := a.waiting[of]; e != nil {
		e.Count, e.Last = e.Count+1, now
		return
	}
	if len(a.waiting) >= auditMost {
		a.lost++
		return
	}
	if a.waiting == nil {
		a.waiting = map[auditOf]*AuditEntry{}
	}
	a.waiting[of] = &AuditEntry{action, key, conn.Integration, conn.ConnectionID, now, now, 1}
	if a.timer == nil {
		a.timer = time.AfterFunc(auditPause, func() {
			ctx, cancel := context.WithTimeout(context.Background(), auditTimeout)
			defer cancel()
			_ = a.flush(ctx) // what could not be written waits on
		})
	}
}

// flush writes what waits. If that fails it waits on, and is tried again.
func (a *auditor) flush(ctx context.Context) (failed error) {
	a.writing.Lock()
	defer a.writing.Unlock()
	a.mu.Lock()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	waiting, lost := a.waiting, a.lost
	a.waiting, a.lost = nil, 0
	a.mu.Unlock()
	if lost > 0 && a.logger != nil {
		a.logger.Error("audit entries were lost, for the store did not take them", "count", lost)
	}
	var batch []*AuditEntry
	for of, e := range waiting {
		batch = append(batch, e)
		delete(waiting, of)
		if len(batch) < auditBatch && len(waiting) > 0 {
			continue
		}
		if failed = a.write(ctx, batch); failed != nil {
			break
		}
		batch = nil
	}
	if failed != nil {
		a.takeBack(batch, waiting)
	}
	return failed
}

func (a *auditor) write(ctx context.Context, batch []*AuditEntry) error {
	text, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	now := a.now().UTC()
	id := fmt.Sprintf("%s-%016x", now.Format(auditIDs), uint64(record.NewVersion()))
	return a.records.CreateRecord(ctx, &record.Record{Kind: auditKind, ID: id, Open: text, ExpiresAt: now.Add(a.keep)})
}

// takeBack lets entries wait on, beside what came meanwhile.
func (a *auditor) takeBack(batch []*AuditEntry, rest map[auditOf]*AuditEntry) {
	for _, e := range batch {
		rest[auditOf{e.Action, e.APIKey, engine.Key{Integration: e.Integration, ConnectionID: e.ConnectionID}}] = e
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for of, e := range a.waiting {
		if old := rest[of]; old != nil {
			old.Count, old.Last = old.Count+e.Count, e.Last
		} else {
			rest[of] = e
		}
	}
	a.waiting = rest
	if a.timer == nil {
		a.timer = time.AfterFunc(auditPause, func() {
			ctx, cancel := context.WithTimeout(context.Background(), auditTimeout)
			defer cancel()
			_ = a.flush(ctx)
		})
	}
}

// Audit returns what was done since a time, oldest first, as far as it is written and
// kept. yield is called for each entry until it returns false.
func Audit(ctx context.Context, records record.Store, since time.Time, yield func(AuditEntry) bool) error {
	const page = 100
	after := since.UTC().Format(auditIDs)
	if since.IsZero() {
		after = ""
	}
	for {
		found, err := records.Records(ctx, auditKind, after, page)
		if err != nil {
			return err
		}
		for _, r := range found {
			var entries []AuditEntry
			if json.Unmarshal(r.Open, &entries) != nil {
				return fmt.Errorf("the audit record %q cannot be read", r.ID)
			}
			for _, e := range entries {
				if !yield(e) {
					return nil
				}
			}
		}
		if len(found) < page {
			return nil
		}
		after = found[len(found)-1].ID
	}
}

// A doer is in the context of requests that make or remove connections: by whose key.
type doer struct{}

// by returns a context for the engine that says who asked.
func (x *exchange) by() context.Context { return context.WithValue(x.r.Context(), doer{}, x.key) }

// given remembers that the caller got credentials.
func (s *Server) given(x *exchange, action AuditAction) { s.auditor.add(action, x.key, x.conn) }

// remember remembers who has made or removed a connection.
func (s *Server) remember(ctx context.Context, ch engine.Change) {
	key, _ := ctx.Value(doer{}).(string)
	switch ch.Kind {
	case engine.EventConnect, engine.EventExchange:
		s.auditor.add(AuditConnect, key, ch.Key)
	case engine.EventRevoke:
		s.auditor.add(AuditDelete, key, ch.Key)
	}
}
