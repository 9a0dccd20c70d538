package answer

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// A Handler answers one request.
type Handler func(*Writer)

// Methods are the handlers of one path, by their HTTP method. HEAD is answered as GET is.
type Methods map[string]Handler

// Names returns the methods in the order of the alphabet.
func (m Methods) Names() []string { return slices.Sorted(maps.Keys(m)) }

// Serve answers a request by the handler of its method, or with 405.
func (m Methods) Serve(w *Writer) {
	handle := m[w.Request.Method]
	if handle == nil && w.Request.Method == http.MethodHead {
		handle = m[http.MethodGet]
	}
	if handle == nil {
		w.WrongMethod("this route takes "+strings.Join(m.Names(), " and "), m.Names()...)
		return
	}
	handle(w)
}

// WrongMethod answers 405, and says which methods are allowed.
func (w *Writer) WrongMethod(message string, allowed ...string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	w.Fail(http.StatusMethodNotAllowed, "method_not_allowed", message)
}

// WithoutHead is for handlers of GET that change something: whoever only looks at a link
// must not end the authorization that the link belongs to.
func WithoutHead(handle Handler) Handler {
	return func(w *Writer) {
		if w.Request.Method == http.MethodHead {
			w.WrongMethod("this route takes GET", http.MethodGet)
			return
		}
		handle(w)
	}
}
