package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Serve speaks the protocol over a pair of streams, a message a line, until ctx is done
// or the client closes in: what it has asked by then is answered first.
func Serve(ctx context.Context, s *mcp.Server, in io.Reader, out io.Writer) error {
	p := &pending{}
	err := s.Run(ctx, &mcp.IOTransport{
		Reader: io.NopCloser(&askedReader{in: in, p: p, ctx: ctx}),
		Writer: &answeredWriter{out: out, p: p},
	})
	if errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) || errors.Is(err, mcp.ErrConnectionClosed) {
		return nil
	}
	return err
}

// pending counts requests that are not answered yet.
type pending struct {
	mu   sync.Mutex
	n    int
	none chan struct{} // closed when n is 0; nil: nobody waits
}

func (p *pending) add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n += n; p.n <= 0 && p.none != nil {
		close(p.none)
		p.none = nil
	}
}

// wait returns when everything is answered, or ctx is done.
func (p *pending) wait(ctx context.Context) {
	p.mu.Lock()
	if p.n <= 0 {
		p.mu.Unlock()
		return
	}
	none := make(chan struct{})
	p.none = none
	p.mu.Unlock()
	select {
	case <-none:
	case <-ctx.Done():
	}
}

// message is what tells a request from an answer and from a notification.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
}

func isRequest(line []byte) bool {
	var m message
	return json.Unmarshal(line, &m) == nil && m.Method != "" && len(m.ID) > 0
}

func isAnswer(line []byte) bool {
	var m message
	return json.Unmarshal(line, &m) == nil && m.Method == "" && len(m.ID) > 0
}

// lines counts the lines of a stream that are of a kind.
type lines struct {
	rest []byte
	is   func([]byte) bool
}

func (l *lines) count(b []byte) (n int) {
	l.rest = append(l.rest, b...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return n
		}
		if l.is(line) {
			n++
		}
		l.rest = rest
	}
}

// An askedReader counts what is asked, and says that there is no more only when all of
// it has been answered.
type askedReader struct {
	in   io.Reader
	p    *pending
	ctx  context.Context
	seen lines
}

func (r *askedReader) Read(b []byte) (int, error) {
	r.seen.is = isRequest
	n, err := r.in.Read(b)
	r.p.add(r.seen.count(b[:n]))
	if err != nil && n == 0 {
		r.p.wait(r.ctx)
	} else if err == io.EOF {
		err = nil // the next read says so
	}
	return n, err
}

// An answeredWriter counts what is answered.
type answeredWriter struct {
	out  io.Writer
	p    *pending
	seen lines
}

func (w *answeredWriter) Write(b []byte) (int, error) {
	w.seen.is = isAnswer
	n, err := w.out.Write(b)
	w.p.add(-w.seen.count(b[:n]))
	return n, err
}

func (w *answeredWriter) Close() error { return nil }
