// Package server hands out what an engine keeps: tokens, and calls of APIs that are
// authorised on the way. It is an [http.Handler], which 'nango-lite serve' mounts and
// any Go program can. Start with [New].
//
// Connecting: session.go says for whom, connectask.go what a browser asks for,
// connectflow.go sends it to the provider and callback.go takes it back, nopopup.go takes
// what users type, choose.go what they choose; destination.go, sockets.go and page.go tell
// the result.
//
// Each idea has a file: apikey.go and keyring.go say who may do what, token.go is the
// token endpoint, proxy.go with proxyheader.go and retryon.go the proxy, errors.go what
// is answered when something goes wrong, access.go the log. routes.go lists the routes;
// openapi.json describes them, and a test holds the two together.
package server

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/record"
)

// Options adjust a Server. The zero Options are ready for use, but know no API key.
type Options struct {
	// Records is where API keys are kept, and what else a server keeps. If nil, it is
	// memory. Stores of package sqlite and postgres are such places, and several servers
	// over one of them act as one.
	Records record.Store

	// APIKey is a key with all scopes that is not in Records, such as one from
	// NANGO_LITE_API_KEY. It has 32 characters or more. If unset, only the keys in
	// Records count.
	APIKey schema.Secret

	// PublicURL is the address under which clients reach the server, path included. If
	// empty, the server makes no links to itself.
	PublicURL string

	// Settings returns the settings of the connect flow that are in force: origins,
	// redirects, and which integrations are open or share a callback. It is asked with
	// each request, and must not block. If nil, or if it returns nil, there are none.
	Settings func() *schema.Server

	// BrowserURL returns where a browser finds the page of a provider, which may be
	// another place than u where providers are played. If nil, it is u.
	BrowserURL func(integration string, u *url.URL) *url.URL

	// Logger takes one line a request. If nil, nothing is logged.
	Logger *slog.Logger

	// Ready says whether the server can do its work, for /readyz. If nil, it asks
	// Records.
	Ready func(ctx context.Context) error

	// Webhook is where the product is told of its connections, while [Server.Run] runs. If
	// nil, nobody is told.
	Webhook *Webhook

	// AuditRetention is how long it is kept who connected, was given credentials, and
	// removed connections; see [Audit]. 0 means 90 days; a negative time keeps nothing.
	AuditRetention time.Duration

	// Metrics answers /metrics, for keys with the scope read that are bound to no
	// connection. If nil, there is no such route.
	Metrics http.Handler

	// Observe is told of each request that has ended, in its goroutine; it must not
	// block. If nil, nobody watches.
	Observe func(Request)

	// IdleTimeout is how long a body may be silent, in either direction, until its
	// request is given up; event streams may be. 0 means a minute.
	IdleTimeout time.Duration

	// Provider returns the name of the blueprint that an integration extends, for
	// clients that ask. If nil, or if it returns none, it is the integration's own.
	Provider func(integration string) string

	// Catalog knows the APIs that integrations can be made for, for /providers. If nil,
	// there are none.
	Catalog Catalog

	// RequestsPerSecond is how many requests one API key may make, at each server; as
	// many may come at once. Those beyond are answered with 429. 0 means no limit.
	RequestsPerSecond float64

	// MaxBodyBytes is the largest body that the server's own routes read. 0 means 64
	// KiB. Those of the proxy are passed on, whatever their size.
	MaxBodyBytes int64

	// Now returns the time. If nil, time.Now is used.
	Now func() time.Time
}

// A Server answers the requests of programs that use what an engine keeps. It is
// safe for concurrent use.
type Server struct {
	engine *engine.Engine
	opts   Options
	public *url.URL // nil: not known
	keys   *keyring
	limit  limiter
	began  time.Time

	auditor *auditor
	hook    *hook          // nil: nobody is told
	told    sync.WaitGroup // what is being queued

	sockets  *sockets
	frontend map[string]bool // routes that pages of other origins use

	table  map[string]methods
	routes *http.ServeMux
}

var _ http.Handler = (*Server)(nil)

// New returns a Server over e. A nil opts means the zero Options. The error says what
// is wrong with them.
func New(e *engine.Engine, opts *Options) (*Server, error) {
	s := &Server{engine: e}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Records == nil {
		s.opts.Records = &record.Memory{}
	}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	if s.opts.IdleTimeout == 0 {
		s.opts.IdleTimeout = time.Minute
	}
	if s.opts.MaxBodyBytes <= 0 {
		s.opts.MaxBodyBytes = 64 << 10
	}
	if s.opts.Ready == nil {
		s.opts.Ready = s.recordsAnswer
	}
	s.began = s.opts.Now().UTC()
	var err error
	if s.public, err = parsePublic(s.opts.PublicURL); err != nil {
		return nil, err
	}
	if s.keys, err = newKeyring(s.opts.Records, s.opts.APIKey, s.opts.Now); err != nil {
		return nil, err
	}
	if s.hook, err = newHook(s.opts.Webhook); err != nil {
		return nil, err
	}
	if s.opts.AuditRetention == 0 {
		s.opts.AuditRetention = 90 * 24 * time.Hour
	}
	s.auditor = &auditor{records: s.opts.Records, now: s.opts.Now, logger: s.opts.Logger, keep: s.opts.AuditRetention}
	s.listen()
	s.limit = limiter{rate: s.opts.RequestsPerSecond, now: s.opts.Now}
	s.sockets = newSockets(s.opts.Records, s.opts.Now)
	s.routes = s.mux()
	return s, nil
}

// settings are those of the connect flow that are in force.
func (s *Server) settings() schema.Server {
	if s.opts.Settings != nil {
		if in := s.opts.Settings(); in != nil {
			return *in
		}
	}
	return schema.Server{}
}

// parsePublic checks a public URL.
func parsePublic(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the public URL must be like https://connect.example.com, with neither query nor user")
	}
	return u, nil
}

func (s *Server) recordsAnswer(ctx context.Context) error {
	_, err := s.opts.Records.Records(ctx, apiKeyKind, "", 1)
	return err
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{ResponseWriter: w, server: s, r: r, began: s.opts.Now()}
	defer x.ended()
	path := r.URL.EscapedPath()
	switch {
	case r.Method == http.MethodConnect || r.URL.Host != "" && r.URL.Path == "":
		x.fail(http.StatusBadRequest, "invalid_request", "this is no proxy for any address; /proxy/ and /c/ call the APIs of integrations")
	case strings.HasPrefix(path, "/c/"):
		x.route = "/c/{integration}/{connection}/{path...}"
		s.callByPath(x, path)
	case strings.HasPrefix(path, "/o/"):
		x.route = operationRoute
		s.operateByPath(x, path)
	case strings.HasPrefix(path, "/proxy/"):
		x.route = "/proxy/{path...}"
		s.callByHeader(x, strings.TrimPrefix(path, "/proxy"))
	case path == connectionsMetadata && (r.Method == http.MethodPost || r.Method == http.MethodPatch):
		s.dispatch(x, connectionsMetadata)
	case strings.HasPrefix(path, "/connections/"): // an id may hold slashes
		s.dispatch(x, oneConnection)
	default:
		s.routes.ServeHTTP(x, r)
	}
}

// caller returns the API key of a request that carries it as a bearer token. If there
// is none, or it may not do what the scope says, the request is answered and the
// result is nil.
func (s *Server) caller(x *exchange, scope Scope) *ringKey {
	scheme, text, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	text = strings.TrimSpace(text)
	switch {
	case x.r.Header.Get("Authorization") == "":
		x.refuse("missing_auth_header", "the API key is missing: Authorization: Bearer <key>")
		return nil
	case !strings.EqualFold(scheme, "Bearer") || text == "":
		x.refuse("malformed_auth_header", "the header Authorization is to be: Bearer <key>")
		return nil
	}
	key, err := s.keys.find(x.r.Context(), text)
	return s.admit(x, key, err, scope)
}

// admit returns the key if there is one that has the scope; otherwise it answers.
func (s *Server) admit(x *exchange, key *ringKey, err error, scope Scope) *ringKey {
	switch {
	case err != nil:
		x.retryLater(http.StatusServiceUnavailable, "unavailable", err.Error(), 0)
		return nil
	case key == nil:
		x.refuse("unknown_api_key", "there is no such API key, or it was revoked")
		return nil
	}
	x.key = key.Name
	if wait := s.limit.wait(key.Name); wait > 0 {
		x.retryLater(http.StatusTooManyRequests, "too_many_request", "the API key has made more requests a second than server.limits allows", wait)
		return nil
	}
	if !key.May(scope) {
		x.fail(http.StatusForbidden, "forbidden", fmt.Sprintf("the API key %q has no scope %q", key.Name, scope))
		return nil
	}
	return key
}

// reach reports whether the key may act on the connection; if not, it answers, and in
// the same way whether there is such a connection or not.
func (s *Server) reach(x *exchange, key *ringKey, k engine.Key) bool {
	if key.Reaches(k) {
		return true
	}
	x.fail(http.StatusForbidden, "forbidden", fmt.Sprintf("the API key %q is not bound to this connection", key.Name))
	return false
}
