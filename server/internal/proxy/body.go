package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// maxReplayed is the largest body that is kept until the answer has come, so that it can
// be sent again after a refresh or a rate limit. Larger bodies, and those without a
// Content-Length, are passed on once, as they come.
const maxReplayed = 64 << 10

// body gives r, the request to the provider, the body that the caller sends.
func (p *Proxy) body(w *answer.Writer, r *http.Request) error {
	in := &patientBody{ReadCloser: w.Request.Body, control: http.NewResponseController(w.ResponseWriter), idle: p.IdleTimeout}
	r.ContentLength = w.Request.ContentLength
	switch {
	case w.Request.ContentLength == 0 || w.Request.Body == nil || w.Request.Body == http.NoBody:
		r.ContentLength, r.Body = 0, http.NoBody
	case w.Request.ContentLength > 0 && w.Request.ContentLength <= maxReplayed:
		text := make([]byte, w.Request.ContentLength)
		if _, err := io.ReadFull(in, text); err != nil {
			return errors.New("the body broke off")
		}
		in.rest()
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
		r.Body, _ = r.GetBody()
	default:
		// The answer may come while the body is still on its way.
		_ = in.control.EnableFullDuplex()
		r.Body = in
		w.Unread = func() bool { return !in.whole.Load() }
	}
	return nil
}

// A patientBody is a body that may take long, but must not stall.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	idle    time.Duration
	whole   atomic.Bool // it was read to its end
}

func (b *patientBody) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(b.idle))
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.whole.Store(true)
		b.rest()
	} // else the limit stays, or net/http would wait for the rest without one
	return n, err
}

// rest removes the time limit: the body has come, and the caller only waits.
func (b *patientBody) rest() { _ = b.control.SetReadDeadline(time.Time{}) }
