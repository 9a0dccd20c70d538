package layer

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// A Call is what the layers know of one request of a caller, with all its
// attempts. It is the context of the requests below the outermost layer: one
// allocation serves as both. Its exported fields do not change after [With].
type Call struct {
	context.Context // the caller's

	Session  Session
	Scope    string                        // whose limits count where they are by connection
	Notify   func(context.Context, Notice) // nil: nobody watches
	Broken   func(*Call, error) error      // makes the error that the reader of a body gets; nil: as it is
	Data     any                           // the engine's own
	ID       uint64                        // told to whoever watches
	ReadOnly bool                          // it may be repeated whatever its method
	Now      func() time.Time              // for what templates generate

	mu       sync.Mutex // guards snapshot, which code below the client may ask for
	snapshot Snapshot

	// The rest belongs to the goroutine that makes the call.

	own       *http.Request // see ownRequest
	fresh     *http.Request // made for the attempt at hand, and known to nobody else
	base      *url.URL      // base URL, rendered
	guarded   bool          // connect to public addresses only
	anywhere  bool          // the operator allows our own network
	foreign   bool          // the request goes to another origin than base's
	refreshed bool          // a refusal was answered by a refresh already
	replaying bool          // with another token
	stuck     error         // why there is no other token, although this one was refused
	traceSent bool          // whether the request was sent matters to the retry layer
	attempt   int           // 1 for the first
	reason    string        // how the call ended, in words
	limit     *RateLimit    // that let the attempt through,
	limiter   *Limiter      // and by which count
	secrets   []string      // of the URL, and what functions have made of secrets
	made      *render.Made  // what templates have generated for the attempt at hand
}

type callKey struct{}

// With returns a context that carries c. The context is c itself.
func With(ctx context.Context, c *Call) context.Context {
	c.Context = ctx
	return c
}

// Adopt returns a copy of r that carries c and that the layers may change.
func (c *Call) Adopt(r *http.Request) *http.Request {
	c.own = r.WithContext(With(r.Context(), c))
	c.own.Header = r.Header.Clone()
	if c.own.Header == nil {
		c.own.Header = http.Header{}
	}
	c.attempt = 1
	return c.own
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

// Attempts returns how many attempts were begun.
func (c *Call) Attempts() int { return c.attempt }

// Reason says why the call ended as it did, or "" if there is nothing to say.
func (c *Call) Reason() string { return c.reason }

// Base returns the base URL of the call, or nil before it is known.
func (c *Call) Base() *url.URL { return c.base }

// Stuck returns why a token that the provider has refused could not be replaced,
// or nil.
func (c *Call) Stuck() error { return c.stuck }

// Secrets returns what in the URL of the call grants access, and what functions
// have made of that which does.
func (c *Call) Secrets() []string { return c.secrets }

// value gives the value of a placeholder in the attempt at hand.
func (c *Call) value(name string) (string, bool) {
	if strings.HasSuffix(name, ")") {
		if c.made == nil {
			c.made = &render.Made{}
		}
		return c.made.Value(name, c.Now)
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
	if c.Notify != nil {
		c.Notify(c, n)
	}
}

// A Notice is something that a layer did.
type Notice struct {
	Kind     NoticeKind
	Request  *http.Request
	Response *http.Response // may be nil
	Attempt  int
	Wait     time.Duration
	Duration time.Duration
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
// made it already, else a copy with a header map of its own. The URL must be
// replaced, not changed.
func (c *Call) ownRequest(r *http.Request) *http.Request {
	if c.own == r {
		return r
	}
	c.own = copyRequest(r)
	return c.own
}

// copyRequest returns a copy of r with its own header map. The body is shared.
func copyRequest(r *http.Request) *http.Request {
	c := *r
	c.Header = r.Header.Clone()
	if c.Header == nil {
		c.Header = http.Header{}
	}
	return &c
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
