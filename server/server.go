// Package server hands out what an engine keeps: tokens, and calls of APIs that are
// authorised on the way. It is an [http.Handler], which 'nango-lite serve' mounts and
// any Go program can. Start with [New].
//
// This package is the door: [Options], [Server], and what a host needs beside them. Each
// idea has a room below internal, which can be read and tested without the others:
//
//   - answer is a request and its answer, input reads what the request says.
//   - apikey knows keys, access decides what a request may do.
//   - token, proxy, operate, agent and rest serve programs; connect serves users and their browsers, ui operators and theirs.
//   - audit remembers who did what, webhook tells the product, roster counts servers.
//   - credentials, tags, page and ident are small things that several of them share.
//
// routes.go lists the routes; openapi.json describes them, and a test holds the two
// together.
package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/agent"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/server/internal/connect"
	"github.com/nango-lite/nango-lite/server/internal/operate"
	"github.com/nango-lite/nango-lite/server/internal/proxy"
	"github.com/nango-lite/nango-lite/server/internal/rest"
	"github.com/nango-lite/nango-lite/server/internal/token"
	"github.com/nango-lite/nango-lite/server/internal/ui"
	"github.com/nango-lite/nango-lite/server/internal/webhook"
)

// A Server answers the requests of programs that use what an engine keeps. It is
// safe for concurrent use.
type Server struct {
	engine *engine.Engine
	opts   Options
	guard  *access.Guard
	audit  *audit.Log
	outbox *webhook.Outbox // nil: nobody is told

	connect      *connect.Connect
	proxy        *proxy.Proxy
	operations   *operate.Operations
	agents       *agent.Agents
	token        *token.Endpoint
	connections  *rest.Connections
	integrations *rest.Integrations
	providers    *rest.Providers
	ui           *ui.UI

	answers     *answer.Options
	table       map[string]answer.Methods
	crossOrigin map[string]bool // the routes that pages of other origins use
	mux         *http.ServeMux
}

var _ http.Handler = (*Server)(nil)

// New returns a Server over e. A nil opts means the zero Options. The error says what
// is wrong with them.
func New(e *engine.Engine, opts *Options) (*Server, error) {
	s := &Server{engine: e, opts: opts.withDefaults()}
	public, err := parsePublic(s.opts.PublicURL)
	if err != nil {
		return nil, err
	}
	keys, err := apikey.NewRing(s.opts.Records, s.opts.APIKey, s.opts.Now, s.opts.Logger)
	if err != nil {
		return nil, err
	}
	s.guard = &access.Guard{Keys: keys, Limit: &access.Limiter{Rate: s.opts.RequestsPerSecond, Now: s.opts.Now}}
	if s.outbox, err = webhook.New((*webhook.Endpoint)(s.opts.Webhook)); err != nil {
		return nil, err
	}
	s.audit = &audit.Log{Records: s.opts.Records, Now: s.opts.Now, Logger: s.opts.Logger, Keep: s.opts.AuditRetention}
	s.answers = &answer.Options{Logger: s.opts.Logger, Now: s.opts.Now, MaxBodyBytes: s.opts.MaxBodyBytes}
	if observe := s.opts.Observe; observe != nil {
		s.answers.Observe = func(r answer.Request) { observe(Request(r)) }
	}
	s.build(public)
	s.ui.Keys = keys
	s.route()
	s.watch()
	return s, nil
}

// build fills the rooms with what they need.
func (s *Server) build(public *url.URL) {
	e, o := s.engine, &s.opts
	if s.outbox != nil {
		s.outbox.Records, s.outbox.Connections, s.outbox.Provider = o.Records, e, s.provider
		s.outbox.Logger, s.outbox.Now = o.Logger, o.Now
	}
	s.connect = connect.New(connect.Options{
		Engine: e, Records: o.Records, Guard: s.guard, Public: public, Settings: s.settings, Now: o.Now, Logger: o.Logger, BrowserURL: o.BrowserURL,
	})
	s.proxy = &proxy.Proxy{Engine: e, Guard: s.guard, IdleTimeout: o.IdleTimeout}
	s.operations = &operate.Operations{Engine: e, Guard: s.guard, Provider: s.provider}
	s.agents = &agent.Agents{Engine: e, Guard: s.guard, Link: s.connect.Links().For, Speak: o.Agents}
	s.token = &token.Endpoint{Tokens: e, Guard: s.guard, Audit: s.audit, Now: o.Now, Links: s.connect.Links()}
	s.connections = &rest.Connections{Engine: e, Guard: s.guard, Audit: s.audit, Provider: s.provider, Now: o.Now}
	s.integrations = &rest.Integrations{Engine: e, Guard: s.guard, Provider: s.provider, Began: o.Now().UTC()}
	s.ui = &ui.UI{
		Engine: e, Limit: s.guard.Limit, Records: o.Records, Site: s.connect.Site(), Link: s.connect.Links().For, Calls: o.Calls, Now: o.Now,
		Logins: &access.Limiter{Rate: 2, Now: o.Now},
	}
	s.providers = &rest.Providers{Guard: s.guard}
	if o.Catalog != nil {
		s.providers.Catalog = shownCatalog{o.Catalog}
	}
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

// provider is the name of the blueprint that an integration extends.
func (s *Server) provider(integration string) string {
	if s.opts.Provider != nil {
		if name := s.opts.Provider(integration); name != "" {
			return name
		}
	}
	return integration
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := s.answers.Begin(rw, r)
	defer w.End()
	path := r.URL.EscapedPath()
	switch {
	case r.Method == http.MethodConnect || r.URL.Host != "" && r.URL.Path == "":
		w.Fail(http.StatusBadRequest, "invalid_request", "this is no proxy for any address; /proxy/ and /c/ call the APIs of integrations")
	case strings.HasPrefix(path, "/c/"):
		w.Route = "/c/{integration}/{connection}/{path...}"
		s.proxy.ByPath(w, path)
	case path == operate.DescribeRoute:
		s.dispatch(w, operate.DescribeRoute)
	case strings.HasPrefix(path, "/o/"):
		w.Route = operate.Route
		s.operations.Serve(w, path)
	case strings.HasPrefix(path, "/proxy/"):
		w.Route = "/proxy/{path...}"
		s.proxy.ByHeader(w, strings.TrimPrefix(path, "/proxy"))
	case path == connectionsMetadata && (r.Method == http.MethodPost || r.Method == http.MethodPatch):
		s.dispatch(w, connectionsMetadata)
	case strings.HasPrefix(path, "/connections/"): // an id may hold slashes
		s.dispatch(w, oneConnection)
	case s.table[path] != nil && !strings.Contains(path, "{"): // the mux would say the same
		s.dispatch(w, path)
	default:
		s.mux.ServeHTTP(w, r)
	}
}
