package ui

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

const (
	lookEvery   = 2 * time.Second // whether the page would be another by now
	lookShare   = 10              // a look that took long is repeated after so many times as long
	lookWithin  = 5 * time.Second
	beatEvery   = 15 * time.Second // something is written, so that no proxy closes the stream
	writeWithin = 10 * time.Second // a browser that takes nothing for so long is dropped
	mostStreams = 100              // of a server
	mostOfOne   = 5                // of a session: a browser has six connections to a server, and needs one for pages
)

// stream tells a page by events what it would show by now, whenever that is another than
// before. The page is looked at as its visitor would, so that the events hold what the visitor
// may see, wherever it was changed: by this server, by another, or by hand in the store.
func (u *UI) stream(w *answer.Writer) {
	show := u.kept(w.Request.PathValue("page"))
	if show == nil {
		w.Fail(http.StatusNotFound, "not_found", "there is no such page")
		return
	}
	v, err := u.visit(w)
	switch {
	case err == errNobody:
		(&events{Writer: w}).begin().send("event: over\ndata: nobody is signed in\n\n")
		return
	case err != nil:
		w.StoreAway()
		return
	case u.Limit.Wait(v.key.Name) > 0:
		w.FailForNow(http.StatusTooManyRequests, "too_many_request", "the API key has made more requests a second than server.limits allows", 0)
		return
	}
	ctx, leave := u.streams.join(w.Request.Context(), v.id)
	if leave == nil {
		w.FailForNow(http.StatusServiceUnavailable, "unavailable", "too many pages are kept up to date, or the server is shutting down", 0)
		return
	}
	defer leave()
	u.tell(ctx, (&events{Writer: w}).begin(), show)
}

// tell sends events until ctx ends, nobody takes them, or there is nothing to show any more.
func (u *UI) tell(ctx context.Context, e *events, show func(*visit) *view) {
	sent := form.Parse(e.Request.URL.RawQuery)
	seen := cmp.Or(e.Request.Header.Get("Last-Event-ID"), sent.Get("seen"))
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	next := time.NewTimer(0)
	defer next.Stop()
	var turn chan<- struct{} // nil: it is not time to look
	for ok := true; ok; {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			ok = e.send(":\n\n")
		case <-next.C:
			turn = u.streams.looks
		case turn <- struct{}{}:
			turn = nil
			began := time.Now()
			text, over := u.look(ctx, e.Writer, sent, show)
			if over {
				e.send("event: over\ndata: there is nothing to show any more\n\n")
				return
			}
			if now := digest(text); text != nil && now != seen {
				seen, ok = now, e.page(now, text)
			}
			next.Reset(max(lookEvery, lookShare*time.Since(began)))
		}
	}
}

// look returns what a page would show by now, nil if that is not known just now; over: nobody
// may see it any more, or there is no such page. It gives the turn to the next.
func (u *UI) look(ctx context.Context, w *answer.Writer, sent url.Values, show func(*visit) *view) (text []byte, over bool) {
	defer func() { <-u.streams.looks }()
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	request := w.Request
	w.Request = request.WithContext(ctx)
	defer func() { w.Request = request }()
	v, err := u.visit(w)
	if err != nil {
		return nil, err == errNobody
	}
	v.sent = sent
	shown := show(v)
	if status := shown.frame.Status; status >= http.StatusBadRequest {
		return nil, status < http.StatusInternalServerError
	}
	return shown.main(), false
}

// events are written to a browser.
type events struct {
	*answer.Writer
	control *http.ResponseController
}

// begin writes the headers.
func (e *events) begin() *events {
	e.control = http.NewResponseController(e.Writer)
	h := e.Header()
	page.NoStore(h)
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events until it has many
	if e.Request.ProtoMajor == 1 {
		h.Set("Connection", "close") // what is written later has no deadline of a stream's
	}
	e.WriteHeader(http.StatusOK)
	e.send("retry: 3000\n\n")
	return e
}

// page sends what a page shows.
func (e *events) page(id string, text []byte) bool {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
	return e.send("event: page\nid: " + id + "\ndata: " + string(bytes.ReplaceAll(text, []byte("\n"), []byte("\ndata: "))) + "\n\n")
}

// send reports whether the browser, or what stands before it, takes a text.
func (e *events) send(text string) bool {
	_ = e.control.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err := e.Write([]byte(text))
	if err == nil {
		err = e.control.Flush()
	}
	if err != nil {
		e.Gone()
	}
	return err == nil
}

// streams are those that are open. The zero streams are none.
type streams struct {
	mu    sync.Mutex
	open  map[*joined]bool
	looks chan struct{} // holds one while somebody looks: all together take no more than one would
	ended bool
}

// A joined stream is open.
type joined struct {
	session string
	end     context.CancelFunc
}

// join counts a stream in until leave is called, and returns the context in which it lives;
// leave is nil if there are too many, or are to be none any more.
func (s *streams) join(ctx context.Context, session string) (_ context.Context, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ofOne := 0
	for other := range s.open {
		if other.session == session {
			ofOne++
		}
	}
	if s.ended || len(s.open) >= mostStreams || ofOne >= mostOfOne {
		return nil, nil
	}
	if s.open == nil {
		s.open, s.looks = map[*joined]bool{}, make(chan struct{}, 1)
	}
	ctx, end := context.WithCancel(ctx)
	j := &joined{session, end}
	s.open[j] = true
	return ctx, func() {
		end()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.open, j)
	}
}

// EndStreams ends all streams, and lets no other begin: a shutdown that waits for requests
// would wait for them, which have no end of their own.
func (u *UI) EndStreams() {
	u.streams.mu.Lock()
	defer u.streams.mu.Unlock()
	u.streams.ended = true
	for j := range u.streams.open {
		j.end()
	}
}
