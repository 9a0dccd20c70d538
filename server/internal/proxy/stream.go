package proxy

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/server/internal/answer"
)

// buffers are reused to copy bodies, so that a call needs the same memory whatever its
// size.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// passBack passes the provider's answer back, as it comes.
func (p *Proxy) passBack(w *answer.Writer, resp *http.Response) {
	if resp.StatusCode < 200 {
		w.Fail(http.StatusBadGateway, "invalid_response", "the provider switches protocols, which nobody asked for")
		return
	}
	h := w.Header()
	copyBack(h, resp.Header)
	for name := range resp.Trailer {
		h.Add("Trailer", name)
	}
	w.WriteHeader(resp.StatusCode)
	control := http.NewResponseController(w.ResponseWriter)
	if !isShort(resp) {
		defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	}
	if err := p.copy(w, control, resp); err != nil {
		w.Code = "broken_off"
		panic(http.ErrAbortHandler) // so that the caller sees that something is missing
	}
	for name, values := range resp.Trailer {
		h[http.TrailerPrefix+name] = values
		h.Del(name)
	}
}

// isShort reports whether net/http keeps the whole body until the handler has returned: it
// has 2 KiB for that. Nothing that is written of it can stall.
func isShort(resp *http.Response) bool { return resp.ContentLength >= 0 && resp.ContentLength <= 2<<10 }

// copy returns an error if the provider's body broke off, or the caller has left.
func (p *Proxy) copy(w *answer.Writer, control *http.ResponseController, resp *http.Response) error {
	buffer := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buffer)
	live := resp.ContentLength < 0 // an event stream, or another answer that is made as it is sent
	if live {
		_ = control.Flush()
	}
	for {
		n, err := resp.Body.Read(buffer[:])
		if n > 0 {
			if !isShort(resp) {
				_ = control.SetWriteDeadline(time.Now().Add(p.IdleTimeout))
			}
			if _, err := w.Write(buffer[:n]); err != nil {
				return err
			}
			if live && control.Flush() != nil {
				return io.ErrClosedPipe
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
