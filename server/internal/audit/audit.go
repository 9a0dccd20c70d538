// Package audit remembers who connected, was given credentials, and removed connections.
// [Log] writes it, [Read] reads it.
package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/record"
)

// An Action is what was done.
type Action string

// The actions.
const (
	Connect Action = "connect" // a connection was made, or made anew
	Token   Action = "token"   // the token endpoint gave a token
	Given   Action = "read"    // credentials were shown with a connection
	Delete  Action = "delete"  // a connection was removed
)

// An Entry says who did what, how often, within a few seconds. Nothing in it grants
// access.
type Entry struct {
	Action       Action    `json:"action"`
	APIKey       string    `json:"api_key,omitempty"` // its name; empty: a user on the connect page
	Integration  string    `json:"integration"`
	ConnectionID string    `json:"connection_id"`
	First        time.Time `json:"first"`
	Last         time.Time `json:"last"`
	Count        int64     `json:"count"`
}

const (
	recordKind   = "audit"
	pause        = 2 * time.Second // between writes; entries of so long are lost if the process is killed
	batchSize    = 200             // entries in a record
	maxWaiting   = 20_000          // entries that wait while the store is away; more are lost
	writeTimeout = 5 * time.Second
)

// idLayout writes times so that they sort as text.
const idLayout = "20060102T150405.000000Z"

// A Log gathers what is done and writes it in batches: a token that is handed out
// costs no statement. It is safe for concurrent use, once its fields are set.
type Log struct {
	Records record.Store
	Now     func() time.Time
	Logger  *slog.Logger  // nil: nothing is logged
	Keep    time.Duration // of what is written; negative: nothing is kept

	mu      sync.Mutex
	waiting map[what]*Entry
	timer   *time.Timer // nil: nothing waits
	lost    int64
	writing sync.Mutex
}

type what struct {
	action Action
	key    string
	conn   engine.Key
}

// Add remembers that something was done to a connection, by the API key of that name; it
// is empty if it was a user.
func (a *Log) Add(action Action, key string, conn engine.Key) {
	if a.Keep < 0 {
		return
	}
	now := a.Now().UTC()
	a.mu.Lock()
	defer a.mu.Unlock()
	of := what{action, key, conn}
	if e := a.waiting[of]; e != nil {
		e.Count, e.Last = e.Count+1, now
		return
	}
	if len(a.waiting) >= maxWaiting {
		a.lost++
		return
	}
	if a.waiting == nil {
		a.waiting = map[what]*Entry{}
	}
	a.waiting[of] = &Entry{action, key, conn.Integration, conn.ConnectionID, now, now, 1}
	a.flushSoon()
}

// flushSoon has Flush called after a pause. The caller holds mu.
func (a *Log) flushSoon() {
	if a.timer != nil {
		return
	}
	a.timer = time.AfterFunc(pause, func() {
		ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
		defer cancel()
		_ = a.Flush(ctx) // entries that could not be written go on waiting
	})
}

// Flush writes the entries that wait. If that fails, they go on waiting, and it is tried
// again.
func (a *Log) Flush(ctx context.Context) (failed error) {
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
	if lost > 0 && a.Logger != nil {
		a.Logger.Error("audit entries were lost, for the store did not take them", "count", lost)
	}
	var batch []*Entry
	for of, e := range waiting {
		batch = append(batch, e)
		delete(waiting, of)
		if len(batch) < batchSize && len(waiting) > 0 {
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

func (a *Log) write(ctx context.Context, batch []*Entry) error {
	text, err := json.Marshal(batch)
	if err != nil {
		return err
	}
	now := a.Now().UTC()
	id := fmt.Sprintf("%s-%016x", now.Format(idLayout), uint64(record.NewVersion()))
	return a.Records.CreateRecord(ctx, &record.Record{Kind: recordKind, ID: id, Open: text, ExpiresAt: now.Add(a.Keep)})
}

// takeBack puts entries that could not be written back among those that wait.
func (a *Log) takeBack(batch []*Entry, rest map[what]*Entry) {
	for _, e := range batch {
		rest[what{e.Action, e.APIKey, engine.Key{Integration: e.Integration, ConnectionID: e.ConnectionID}}] = e
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
	a.flushSoon()
}

// Read returns what was done since a time, oldest first, as far as it is written and
// kept. yield is called for each entry until it returns false. What cannot be read is left
// out, and the error, a [record.ErrUnreadable], says so in the end.
func Read(ctx context.Context, records record.Store, since time.Time, yield func(Entry) bool) error {
	const page = 100
	after := since.UTC().Format(idLayout)
	if since.IsZero() {
		after = ""
	}
	var unread error
	for {
		found, err := records.Records(ctx, recordKind, after, page)
		if err != nil {
			return err
		}
		for _, r := range found {
			var entries []Entry
			if r.Unreadable == nil && json.Unmarshal(r.Open, &entries) != nil {
				r.Refuse(errors.New("it is no audit record of this version"))
			}
			if r.Unreadable != nil {
				unread = errors.Join(unread, r.Unreadable)
				continue
			}
			for _, e := range entries {
				if !yield(e) {
					return nil
				}
			}
		}
		if len(found) < page {
			return unread
		}
		after = found[len(found)-1].ID
	}
}

// byKey marks a context with the name of an API key.
type byKey struct{}

// By returns a context for the engine that says whose API key asked, so that
// [Log.Changed] knows.
func By(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, byKey{}, key)
}

// Changed remembers who has made or removed a connection. It is for [engine.Watcher].
func (a *Log) Changed(ctx context.Context, ch engine.Change) {
	key, _ := ctx.Value(byKey{}).(string)
	switch ch.Kind {
	case engine.EventConnect, engine.EventExchange:
		a.Add(Connect, key, ch.Key)
	case engine.EventRevoke:
		a.Add(Delete, key, ch.Key)
	}
}
