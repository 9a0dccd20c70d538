package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	recordKind   = "webhook"
	giveUpAfter  = 72 * time.Hour   // a message that nobody takes is dropped then
	rememberFor  = 24 * time.Hour   // within which the same is not told again
	storeTimeout = 2 * time.Second  // within which a message has to be in the store
	claimFor     = 45 * time.Second // longer than a delivery takes
)

// Connections are where an Outbox looks at a connection.
type Connections interface {
	Connection(ctx context.Context, k engine.Key) (*engine.Connection, error)
}

// An Outbox keeps messages in the store until they are delivered. [New] makes one; the
// fields are to be set before it is used. It is safe for concurrent use.
type Outbox struct {
	Records     record.Store
	Connections Connections
	Provider    func(integration string) string // the name of an integration's blueprint
	Logger      *slog.Logger                    // nil: nothing is logged
	Now         func() time.Time

	poster  *poster
	woken   chan struct{}
	telling sync.WaitGroup // of RefreshFailed, in the background
}

// New returns an Outbox for an Endpoint; nil if there is none, or none with a URL. The
// error says what is wrong with it.
func New(e *Endpoint) (*Outbox, error) {
	if e == nil || e.URL == "" {
		return nil, nil
	}
	p, err := posterTo(e)
	if err != nil {
		return nil, err
	}
	return &Outbox{poster: p, woken: make(chan struct{}, 1)}, nil
}

// A queued message waits in the store until it is delivered. Then Done stays for a while,
// so that the same is not told again.
type queued struct {
	Attempts int             `json:"attempts"`
	Done     bool            `json:"done,omitempty"`
	Body     json.RawMessage `json:"body,omitempty"`
}

// Changed queues what is to be told of a change of a connection. It is for
// [engine.Watcher].
func (o *Outbox) Changed(ctx context.Context, ch engine.Change) {
	c := ch.Connection
	switch {
	case ch.Kind == engine.EventRevoke:
		if c = ch.Removed; c == nil {
			c = &engine.Connection{Key: ch.Key}
		}
		o.queue(ctx, record.NewVersion(), o.messageOf(c, "deletion"))
	case c == nil:
	case ch.Kind == engine.EventStatus && c.Status == engine.StatusNeedsReauthorization:
		m := o.messageOf(c, "refresh")
		m.Success, m.Error = false, &messageError{"needs_reauthorization", c.Reason}
		o.queue(ctx, c.Generation, m)
	case ch.Kind == engine.EventConnect || ch.Kind == engine.EventExchange:
		operation := "creation"
		if c.CreatedAt.Before(c.UpdatedAt) {
			operation = "override"
		}
		o.queue(ctx, record.NewVersion(), o.messageOf(c, operation))
	}
}

// RefreshFailed queues that a connection cannot be used: its token has ended, and there is
// no new one just now. It is told once for each token, by the server that finds out first. It is for [engine.Watcher].
func (o *Outbox) RefreshFailed(ctx context.Context, ev engine.Event) {
	if ev.Kind != engine.EventRefresh || ev.Err == nil {
		return
	}
	switch engine.ErrorKind(ev.Err) {
	case engine.KindReauthorize, engine.KindNotFound: // Changed tells of these
		return
	}
	ctx = context.WithoutCancel(ctx)
	o.telling.Go(func() { // the refresh does not wait for it
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		c, err := o.Connections.Connection(ctx, ev.Key)
		if err != nil || c.Status != engine.StatusActive {
			return
		}
		if ends := c.Credentials.Token.ExpiresAt; ends.IsZero() || ends.After(o.Now()) {
			return
		}
		m := o.messageOf(c, "refresh")
		m.Success, m.Error = false, &messageError{"refresh_failed", ev.Err.Error()}
		o.queue(ctx, c.Generation, m)
	})
}

// queue puts a message into the store, if none that is the same is there.
func (o *Outbox) queue(ctx context.Context, same int64, m message) {
	body, err := json.Marshal(m)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(queued{Body: body}); err == nil {
			err = o.store(ctx, m.id(same), text)
		}
	}
	if err != nil && o.Logger != nil {
		o.Logger.Error("a webhook is lost, for the store did not take it", "integration", m.Integration, "connection", m.ConnectionID, "operation", m.Operation)
	}
}

func (o *Outbox) store(ctx context.Context, id string, text []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	now := o.Now().UTC()
	err := o.Records.CreateRecord(ctx, &record.Record{Kind: recordKind, ID: id, Open: text, DueAt: now, ExpiresAt: now.Add(giveUpAfter)})
	if errors.Is(err, record.ErrExists) {
		return nil // another server was quicker
	}
	if err == nil {
		o.wake()
	}
	return err
}
