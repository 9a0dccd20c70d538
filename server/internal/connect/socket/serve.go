package socket

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

const (
	// socketLife is how long a page waits for the end of an authorization: longer than
	// one can take.
	socketLife = time.Hour
	// socketPing is how often a silent socket is used, so that no proxy on the way closes it.
	socketPing = 30 * time.Second
	// socketWrite is how long a page may take to receive.
	socketWrite = 10 * time.Second
)

// Serve is GET / with an upgrade: a page of the product waits for the end of a flow.
func (h *Sockets) Serve(w *answer.Writer) {
	if !input.WantsWebSocket(w.Request.Header) {
		w.Fail(http.StatusNotFound, "not_found", "there is nothing to see here; /openapi.json lists the routes")
		return
	}
	if !h.site.Admit(w) {
		return
	}
	id, results, ok := h.add()
	if !ok {
		w.FailForNow(http.StatusServiceUnavailable, "unavailable", "too many pages wait for a result", 0)
		return
	}
	defer h.remove(id)
	// The origin was checked above, and a socket carries no credentials of the browser's.
	c, err := websocket.Accept(w, w.Request, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		w.Code = "invalid_request"
		return // it has answered
	}
	defer c.CloseNow()
	ctx, cancel := context.WithTimeout(c.CloseRead(w.Request.Context()), socketLife)
	defer cancel()
	ack, _ := json.Marshal(map[string]string{"message_type": "connection_ack", "ws_client_id": id})
	if send(ctx, c, ack) != nil {
		return
	}
	deliver(ctx, c, results)
}

// deliver sends the result to the page when it is there, and pings until then.
func deliver(ctx context.Context, c *websocket.Conn, results <-chan []byte) {
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
