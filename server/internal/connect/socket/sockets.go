// Package socket tells pages that wait on a WebSocket what came of an authorization, at
// whichever server it ended. Start with [Sockets].
package socket

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	resultKind = "connect_result"

	// resultLife is how long a result waits for the server that has the socket.
	resultLife = 2 * time.Minute
	// resultsLook is how often results are looked for that came to another server,
	// while pages wait.
	resultsLook = time.Second
	// maxSockets is how many pages may wait at one server.
	maxSockets = 10_000
)

// pattern matches the id of a socket: the name of its server, a dot, and its own.
var pattern = lazyregexp.New(`^[A-Z2-7]{26}\.[A-Z2-7]{26}$`)

// IsID reports whether text can be the id of a socket.
func IsID(text string) bool { return pattern().MatchString(text) }

// Sockets are the WebSockets of pages that wait for the result of a flow, as Nango's
// frontend client opens them. A flow may end at another server: the result then lies in
// the store until this one looks.
type Sockets struct {
	records record.Store
	site    *site.Site
	now     func() time.Time
	name    string // of this server; ids begin with it

	mu      sync.Mutex
	open    map[string]chan []byte
	looking bool
}

// New returns Sockets for pages of the origins that the site allows.
func New(records record.Store, s *site.Site, now func() time.Time) *Sockets {
	return &Sockets{records: records, site: s, now: now, name: rand.Text(), open: map[string]chan []byte{}}
}

// add registers a new socket; false: there are too many.
func (h *Sockets) add() (id string, results chan []byte, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.open) >= maxSockets {
		return "", nil, false
	}
	id, results = h.name+"."+rand.Text(), make(chan []byte, 1)
	h.open[id] = results
	if !h.looking {
		h.looking = true
		go h.look()
	}
	return id, results, true
}

func (h *Sockets) remove(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, id)
}

// Tell sends a message to a socket, at whichever server it is. It does so although ctx is
// cancelled, as it is when the browser that brought the result has left. If the socket is
// closed, nothing happens.
func (h *Sockets) Tell(ctx context.Context, id string, message map[string]any) {
	if id == "" {
		return
	}
	text, err := json.Marshal(message)
	if err != nil {
		return
	}
	if h.pass(id, text) || strings.HasPrefix(id, h.name+".") {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = h.records.CreateRecord(ctx, &record.Record{Kind: resultKind, ID: id, Sealed: text, ExpiresAt: h.now().Add(resultLife)})
}

// pass gives a message to a socket of this server.
func (h *Sockets) pass(id string, text []byte) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	results, ok := h.open[id]
	if ok {
		select {
		case results <- text:
		default: // it has one already
		}
	}
	return ok
}

// look asks the store for results that came to other servers, as long as pages wait.
func (h *Sockets) look() {
	ticker := time.NewTicker(resultsLook)
	defer ticker.Stop()
	for range ticker.C {
		h.mu.Lock()
		if len(h.open) == 0 {
			h.looking = false
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()
		h.fetch()
	}
}

func (h *Sockets) fetch() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	found, err := h.records.Records(ctx, resultKind, h.name+".", 100)
	if err != nil {
		return // it is tried again in a second
	}
	for _, r := range found {
		if !strings.HasPrefix(r.ID, h.name+".") {
			return // another server's
		}
		if taken, err := h.records.TakeRecord(ctx, resultKind, r.ID); err == nil {
			h.pass(r.ID, taken.Sealed)
		}
	}
}
