// Package engine builds authorised HTTP clients from a resolved configuration.
// It takes users through consent, keeps what they grant, refreshes tokens once
// for all who need them, and calls APIs at the pace they allow.
//
// Start with [New]. A connection comes from [Engine.AuthCodeURL] and
// [Engine.Exchange], from [Engine.DeviceAuth] and [Engine.PollDevice] where the
// user consents on another device, or from [Engine.Connect] for what the host
// already has: a key, a token, whatever [Engine.Describe] lists. Where a user has
// still to choose, [Engine.OpenFields], [Engine.Choices] and [Engine.SetFields]
// say so. [Engine.Client] then calls the API with it: authorised, and signed where
// the integration says so.
//
// An [Engine] is safe for concurrent use.
//
// # Errors
//
// Errors are [*Error]s whose [Kind] says what the caller can do:
//
//	if errors.Is(err, engine.ErrReauthorize) { ... ask the user to connect again ... }
//
// The context's own error is passed on. A provider's answer, whatever its
// status, is not an error of the client, as in net/http; [CheckResponse] makes
// it one.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/authserver"
	"github.com/nango-lite/nango-lite/engine/internal/call"
	"github.com/nango-lite/nango-lite/engine/internal/carrier"
	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/holder"
	"github.com/nango-lite/nango-lite/engine/internal/lookup"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/engine/internal/session"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/internal/pace"
	"github.com/nango-lite/nango-lite/schema"
)

// Options adjust an [Engine]. The zero Options are ready for use, but keep
// connections in memory.
type Options struct {
	// Connections is where connections live. If nil, a [MemoryStore] is used.
	Connections ConnectionStore

	// Transport carries all requests, to APIs and to token endpoints. If nil, a
	// copy of http.DefaultTransport is used that keeps more idle connections to
	// one host. One that is neither an *http.Transport nor a [PublicTransport] is
	// less well guarded. Where an integration has a client certificate, it has to be
	// an *http.Transport or a [CertificateTransport].
	Transport http.RoundTripper

	// Logger takes one line a call, and more at debug, at each integration's
	// log_level. If nil, nothing is logged.
	Logger *slog.Logger

	// Observe is told of each [Event], in the goroutine that causes it; it must
	// not block. If nil, nobody watches.
	Observe func(context.Context, Event)

	// BeforeStore sees each connection that has new credentials, before it is
	// stored, and may change its Metadata, Tags and Fields. An error refuses a connection
	// that a user makes: nothing is stored, and Exchange and Connect fail with
	// KindDenied. What a refresh brought is stored whatever the hook says, because
	// it may be the only good token there is; the error is then told to Observe.
	BeforeStore func(ctx context.Context, c *Connection) error

	// AfterChange is told of each connection that this engine has stored or removed,
	// in the goroutine that did it; it must not block. Changes by other processes
	// are not seen here.
	AfterChange func(ctx context.Context, ch Change)

	// CacheSize is how many connections are kept in memory, those used last. 0
	// means 10,000; a negative number, none. Over a [MemoryStore] there is no cache.
	CacheSize int

	// CacheTTL is how old a cached connection may be before the store is asked
	// again: so long does it take to notice that another process has removed or
	// replaced one. 0 means 500 ms; a negative time asks the store for each call.
	// One question serves all connections where the store is a [ChangeFeed]. An
	// answer that refuses the token, and a refresh, always ask.
	CacheTTL time.Duration

	// Now returns the time. If nil, time.Now is used.
	Now func() time.Time
}

// An Engine serves the integrations of a configuration. It is safe for
// concurrent use. [New] starts no goroutines; those of a refresh end with it.
type Engine struct {
	parts
	current atomic.Pointer[map[string]*integration]
	used    consent.UsedStates
	back    redirects
}

// parts are what an engine works with, whatever configuration is in force. They do not
// change.
type parts struct {
	opts       Options
	pace       pace.Times
	hooks      hooks
	watch      *event.Watch
	watchers   *watchers
	env        *call.Env
	transports *carrier.Transports
	servers    *authserver.Memory // what was found, for MCP_OAUTH2
	refresher  *refresh.Refresher // over the store
}

// An integration is a configured API, and how it is called.
type integration struct {
	*plan.Integration
	api     *call.API
	mode    mode.Mode
	token   *token.Endpoint
	stored  *session.Stored
	lookUps *lookup.Table
	shown   *carrier.Certificate // nil: it has none
}

// New returns an Engine for the integrations of cfg, which is not modified and
// must not be from now on. A nil opts means the zero Options. The error names
// the integration that cannot be built.
func New(cfg *schema.Config, opts *Options) (*Engine, error) {
	if cfg == nil {
		return nil, errors.New("engine: no configuration is given (the first argument of New is nil)")
	}
	e := &Engine{parts: parts{pace: pace.Default, servers: authserver.NewMemory()}}
	if opts != nil {
		e.opts = *opts
	}
	given := e.opts.Now
	if e.opts.Now == nil {
		e.opts.Now = time.Now
	}
	if e.opts.Connections == nil {
		e.opts.Connections = &MemoryStore{Now: e.opts.Now}
	}
	if e.opts.Transport == nil {
		e.opts.Transport = defaultTransport()
	}
	if e.opts.Logger == nil {
		e.opts.Logger = slog.New(slog.DiscardHandler)
	}
	e.watchers = &watchers{}
	e.hooks = hooks{e.opts.BeforeStore, e.opts.AfterChange, e.watchers}
	e.watch = &event.Watch{Observe: e.opts.Observe, Logger: e.opts.Logger, Now: e.opts.Now, LogLevel: e.logLevel, Call: call.Number, Also: e.watchers.event}
	e.env = &call.Env{Now: e.opts.Now, Watch: e.watch}
	e.transports = carrier.New(e.opts.Transport)
	e.refresher = refresh.New(refresh.Options{
		Store: e.opts.Connections, CacheSize: e.opts.CacheSize, CacheTTL: e.opts.CacheTTL, Pace: e.pace, Holder: holder.New(), Now: given,
		Notify: e.watch.TellSafely, BeforeStore: e.opts.BeforeStore,
		Stored: func(ctx context.Context, kind EventKind, c *Connection) { e.hooks.changed(ctx, kind, c.Key, c) },
	})
	if err := e.Reload(cfg); err != nil {
		return nil, err
	}
	return e, nil
}

// defaultTransport is http.DefaultTransport with room for more than two idle
// connections to the one host that an integration talks to.
func defaultTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}

// Reload swaps the configuration. Calls under way end with the one they began
// with; rate limits and what was learned about them are kept. Connections that were
// made with a client certificate which has been replaced are closed once they are
// idle. On error the old configuration stays.
func (e *Engine) Reload(cfg *schema.Config) error {
	next := make(map[string]*integration, len(cfg.Integrations))
	var before map[string]*integration
	if old := e.current.Load(); old != nil {
		before = *old
	}
	var errs []error
	for name, in := range cfg.Integrations {
		built, err := e.compile(name, in, before[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("integration %q: %w", name, err))
			continue
		}
		next[name] = built
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	e.current.Store(&next)
	e.refresher.ForgetAll() // what was refused may have been mended
	for name, old := range before {
		if now := next[name]; old.shown != nil && (now == nil || now.shown != old.shown) {
			old.shown.CloseIdle()
		}
	}
	return nil
}

// integration returns the integration of that name, or an error of
// KindNotFound.
func (e *Engine) integration(name string) (*integration, error) {
	if in, ok := (*e.current.Load())[name]; ok {
		return in, nil
	}
	return nil, &Error{Op: "look up", Key: Key{Integration: name}, Kind: KindNotFound, Detail: "no such integration in the configuration"}
}

// Integrations returns the integrations that are in force, in the order of their names.
// They must not be modified.
func (e *Engine) Integrations() []*schema.Integration {
	all := *e.current.Load()
	found := make([]*schema.Integration, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		found = append(found, all[name].Integration.Integration)
	}
	return found
}

// Connection returns the connection of k as it is stored, or an error of
// KindNotFound.
func (e *Engine) Connection(ctx context.Context, k Key) (*Connection, error) {
	c, err := e.refresher.Connections.Store.Get(ctx, k)
	if err != nil {
		return nil, fault.OfStore("read", k, err)
	}
	return c, nil
}

// Connections lists what is stored; see [Query]. What cannot be read is in the page's
// Unreadable.
func (e *Engine) Connections(ctx context.Context, q Query) (Page, error) {
	p, err := e.refresher.Connections.Store.List(ctx, q)
	if err != nil {
		return Page{}, fault.OfStore("list", Key{Integration: q.Integration}, err)
	}
	return p, nil
}

// logLevel returns the log_level of an integration, if it is there.
func (e *Engine) logLevel(name string) (string, bool) {
	in, ok := (*e.current.Load())[name]
	if !ok {
		return "", false
	}
	return in.LogLevel, true
}
