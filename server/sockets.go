package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"

	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/store/record"
)

const (
	resultKind = "connect_result"

	// resultLife is how long a result waits for the server that has the socket.
	resultLife = 2 * time.Minute
	// socketLife is how long a page waits for the end of a flow: longer than one can
	// take.
	socketLife = time.Hour
	// socketPing keeps what lies between from closing a socket that is silent.
	socketPing = 30 * time.Second
	// socketWrite is how long a page may take to receive.
	socketWrite = 10 * time.Second
	// maxSockets is how many pages may wait at one server.
	maxSockets = 10_000
	// resultsLook is how often results are looked for that came to another server,
	// while pages wait.
	resultsLook = time.Second
)

// socketID is the server's own name, and that of the socket.
var socketID = lazyregexp.New(`^[A-Z2-7]{26}\.[A-Z2-7]{26}$`)

// sockets are the WebSockets of pages that wait for the result of a flow, as Nango's
// frontend client opens them. A flow may end at another server: the result then lies in
// the store until this one looks.
type sockets struct {
	records record.Store
	now     func() time.Time
	name    string // of this server; ids begin with it

	mu      sync.Mutex
	open    map[string]chan []byte
	looking bool
}

func newSockets(records record.Store, now func() time.Time) *sockets {
	return &sockets{records: records, now: now, name: rand.Text(), open: map[string]chan []byte{}}
}

// add registers a new socket; false: there are too many.
func (h *sockets) add() (id string, results chan []byte, ok bool) {
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

func (h *sockets) remove(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.open, id)
}

// tell sends a message to a socket, wherever it is, even if whoever brought the result has
// left. A socket that has gone is told nothing.
func (h *sockets) tell(ctx context.Context, id string, message map[string]any) {
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
func (h *sockets) pass(id string, text []byte) bool {
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
func (h *sockets) look() {
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

func (h *sockets) fetch() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	found, err := h.records.Records(ctx, resultKind, h.name+".", 100)
	if err != nil {
		return // the next look may be luckier
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

// socket is GET / with an upgrade: a page of the product waits for the end of a flow.
func (s *Server) socket(x *exchange) {
	if !wantsWebSocket(x.r.Header) {
		x.fail(http.StatusNotFound, "not_found", "there is nothing to see here; /openapi.json lists the routes")
		return
	}
	if !s.originAllowed(x.r.Header.Get("Origin")) {
		x.fail(http.StatusForbidden, "forbidden", "the page's origin is none of server.allowed_origins")
		return
	}
	id, results, ok := s.sockets.add()
	if !ok {
		x.retryLater(http.StatusServiceUnavailable, "unavailable", "too many pages wait for a result", 0)
		return
	}
	defer s.sockets.remove(id)
	// Origins are checked above: a socket carries no credentials of the browser's.
	c, err := websocket.Accept(x, x.r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		x.code = "invalid_request"
		return // it has answered
	}
	defer c.CloseNow()
	ctx, cancel := context.WithTimeout(c.CloseRead(x.r.Context()), socketLife)
	defer cancel()
	ack, _ := json.Marshal(map[string]string{"message_type": "connection_ack", "ws_client_id": id})
	if send(ctx, c, ack) != nil {
		return
	}
	ticker := time.NewTicker(socketPing)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-results:
			if send(ctx, c, text) == nil {
				_ = c.Close(websocket.StatusNormalClosure, "")
			}
			return
		case <-ticker.C:
			ping, cancel := context.WithTimeout(ctx, socketWrite)
			err := c.Ping(ping)
			cancel()
			if err != nil {
				return
			}
		}
	}
}

func send(ctx context.Context, c *websocket.Conn, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, socketWrite)
	defer cancel()
	return c.Write(ctx, websocket.MessageText, text)
}

// originAllowed reports whether pages of that origin may use the connect flow.
func (s *Server) originAllowed(origin string) bool {
	allowed := s.settings().AllowedOrigins
	own := s.public != nil && origin == s.public.Scheme+"://"+s.public.Host
	return origin == "" || len(allowed) == 0 || own || slices.Contains(allowed, origin)
}
