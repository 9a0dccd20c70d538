package layer

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// A Client is what the calls of one client share. It does not change.
type Client struct {
	Session Session
	Scope   string                       // whose limits count where they are by connection
	Notify  func(*Call, Notice)          // nil: nobody watches
	Broken  func(*Call, error) error     // makes the error that the reader of a body gets; nil: as it is
	Shown   func(*Call, *url.URL) string // gives a URL as it may be shown; nil: as it is
	Data    any                          // the engine's own
	Repeat  Repeat                       // whether its calls may be repeated
	Now     func() time.Time             // for what templates generate
}

// Repeat says whether calls may be made again where it is not known whether they were
// done.
type Repeat int

// The ways to repeat.
const (
	RepeatByMethod Repeat = iota // as the policy says of the method
	RepeatAlways                 // they do no harm, whatever their method
	RepeatNever                  // not unless they surely were not sent, whatever method and policy say
)

// A Call is one request of a caller, with all its attempts. It is the context of the
// requests below the outermost layer: one allocation serves as both.
type Call struct {
	context.Context // the caller's
	*Client
	ID uint64 // told to whoever watches; 0: nobody watches this call

	mu       sync.Mutex // guards snapshot, which code below the client may ask for
	snapshot Snapshot

	// The rest belongs to the goroutine that makes the call.

	request    *http.Request // the caller's, perhaps with what the layers have added
	ownsHeader bool          // request's headers are not the caller's any more
	base       *url.URL      // base URL, rendered
	away       bool          // the request goes to where base does not lead
	refreshed  bool          // a refusal was answered by a refresh already
	reason     string        // how the call ended, in words
	secrets    []string      // of the URL, and what functions have made of secrets
	attempt    attempt       // the one at hand
	copies     copies        // of requests
	open       io.Closer     // the body of its answer; nil: none yet
	shown      shown         // where it goes
}

// An attempt is what is true of a call until it is made again.
type attempt struct {
	number    int           // 1 for the first
	request   *http.Request // made for it, and known to nobody else
	made      *render.Made  // what templates have generated
	replaying bool          // with another token
	stuck     error         // why there is no other token, although this one was refused
	traced    bool          // whether the request was sent matters to the retry layer
	limit     *RateLimit    // the limit that let it through
	limiter   *Limiter      // the count by which the limit did
}

// A shown is a URL as it may be shown. Attempt and call have the same, most times.
type shown struct {
	of   *url.URL
	text string
}

// copies are the two requests that each call needs. They are the call's, and never used
// again: a transport may hold on to a request.
type copies struct {
	own  [2]http.Request
	used int
}

func (c *copies) next() *http.Request {
	if c.used == len(c.own) {
		return &http.Request{}
	}
	c.used++
	return &c.own[c.used-1]
}

type callKey struct{}

// With returns a context that carries c. The context is c itself.
func With(ctx context.Context, c *Call) context.Context {
	c.Context = ctx
	return c
}

// Adopt returns a copy of r that carries c. Its headers, never nil, are still the caller's.
func (c *Call) Adopt(r *http.Request) *http.Request {
	c.request = c.copies.next()
	*c.request = *r.WithContext(With(r.Context(), c))
	if r.Header == nil {
		c.request.Header, c.ownsHeader = http.Header{}, true
	}
	c.attempt.number = 1
	return c.request
}

// From returns the call that a request's context belongs to, or nil.
func From(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// Value returns c itself for [From], else what the caller's context has.
func (c *Call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Snapshot returns the connection in use, or nil before it is loaded. It is safe
// for concurrent use.
func (c *Call) Snapshot() Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshot
}

// Begin says with which connection and where the call is made. [BaseURL] does it;
// layers below rely on it.
func (c *Call) Begin(s Snapshot, base *url.URL) {
	c.setSnapshot(s)
	c.base = base
}

func (c *Call) setSnapshot(s Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot = s
}

// Abandon closes the answer that a call has got and nobody will: something of the host's
// has panicked on its way out.
func (c *Call) Abandon() {
	if c.open != nil {
		_ = c.open.Close()
	}
}

// Attempts returns how many attempts were begun.
func (c *Call) Attempts() int { return c.attempt.number }

// Reason says why the call ended as it did, or "" if there is nothing to say.
func (c *Call) Reason() string { return c.reason }

// Base returns the base URL of the call, or nil before it is known.
func (c *Call) Base() *url.URL { return c.base }

// Request returns the caller's request, perhaps with what the layers have added to
// it. It must not be changed.
func (c *Call) Request() *http.Request { return c.request }

// Away reports whether the request went to where the base URL does not lead.
func (c *Call) Away() bool { return c.away }

// Stuck returns why a token that the provider has refused could not be replaced,
// or nil.
func (c *Call) Stuck() error { return c.attempt.stuck }

// Secrets returns what in the URL of the call grants access, and what functions
// have made of that which does.
func (c *Call) Secrets() []string { return c.secrets }

// ShownURL gives a URL of the call, which nobody changes, as it may be shown.
func (c *Call) ShownURL(u *url.URL) string {
	if c.shown.of != u {
		c.shown = shown{u, c.Shown(c, u)}
	}
	return c.shown.text
}

// value gives the value of a placeholder in the attempt at hand.
func (c *Call) value(name string) (string, bool) {
	if strings.HasSuffix(name, ")") {
		if c.attempt.made == nil {
			c.attempt.made = &render.Made{}
		}
		return c.attempt.made.Value(name, c.Now)
	}
	return c.snapshot.Value(name) // nobody else changes it
}

// fill fills t, and keeps what its functions made: they were given a secret.
func (c *Call) fill(t schema.Template, values render.Values) (string, error) {
	text, results, err := render.Computed(t, values)
	c.secrets = append(c.secrets, results...)
	return text, err
}

// note keeps why a call ended.
func (c *Call) note(v verdict) {
	if v.reason != "" {
		c.reason = v.reason
	}
}

// notify tells whoever watches.
func (c *Call) notify(n Notice) {
	if c.watched() {
		c.Notify(c, n)
	}
}

// watched reports whether anyone wants to know of the call.
func (c *Call) watched() bool { return c.ID != 0 && c.Notify != nil }

// A Notice is something that a layer did.
type Notice struct {
	Kind     NoticeKind
	Request  *http.Request
	Response *http.Response // may be nil
	Attempt  int
	Wait     time.Duration
	Duration time.Duration
	Time     time.Time // when it was; zero: now
	Reason   string
	Err      error
}

// A NoticeKind says what happened.
type NoticeKind int

// The kinds of notices.
const (
	CallEnded NoticeKind = iota
	AttemptEnded
	BodyBroke
	Waiting
)

// ownRequest returns a request that the layers may change: r itself if the chain has
// made it already, else a copy. URL and headers must be replaced, not changed.
func (c *Call) ownRequest(r *http.Request) *http.Request {
	if c.request != r {
		c.request, c.ownsHeader = c.copies.next(), false
		*c.request = *r
	}
	return c.request
}

// ownHeader is ownRequest for who changes headers.
func (c *Call) ownHeader(r *http.Request) *http.Request {
	r = c.ownRequest(r)
	if !c.ownsHeader {
		r.Header, c.ownsHeader = clonedHeader(r.Header), true
	}
	return r
}

// copyRequest returns a copy of r with its own header map. The body is shared.
func (c *Call) copyRequest(r *http.Request) *http.Request {
	out := c.copies.next()
	*out = *r
	out.Header = clonedHeader(r.Header)
	return out
}

// clonedHeader is never nil.
func clonedHeader(h http.Header) http.Header {
	if h = h.Clone(); h == nil {
		return http.Header{}
	}
	return h
}

// closeBody closes r's body; a round tripper must, also when it fails.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// replayable reports whether r's body, if any, can be sent again. A stream is
// never kept in memory for that.
func replayable(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.GetBody != nil
}

// rewound returns a copy of r with a body that has not been read.
func rewound(r *http.Request) (*http.Request, error) {
	c := *r
	if r.Body == nil || r.Body == http.NoBody {
		return &c, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	c.Body = body
	return &c, nil
}

// roundTripper makes a function a round tripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
