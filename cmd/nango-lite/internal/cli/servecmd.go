package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/telemetry"
	"github.com/nango-lite/nango-lite/telemetry/prom"
)

// apiKeyEnv holds an API key with all scopes.
const apiKeyEnv = "NANGO_LITE_API_KEY"

// A serving is a run of serve: its settings, and what is made from them.
type serving struct {
	*session.Session
	addr, publicURL, cert, key string
	webhookURL                 string
	sandboxAddr                string
	drain                      time.Duration
	quiet                      bool

	whole   *session.Whole
	metrics *metrics
	calls   server.Calls    // for the operator's pages
	down    context.Context // ends when no new requests are wanted
}

func serveCommand(s *session.Session) *cobra.Command {
	v := serving{Session: s}
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve tokens and authorised calls to other programs",
		Long: `Serve answers the requests of programs that use the connections: tokens at
POST /oauth/token, calls of APIs below /c/{integration}/{connection}/ and /proxy/.
docs/server.md describes the routes. It serves until interrupted; then requests end,
and refreshes finish.

The first line on stdout is its address. A flag beats its variable, which beats the
server section of the integrations file. Changed files are read again at once, and on
SIGHUP; if they cannot be used, what was in force stays.

Programs show an API key: that of NANGO_LITE_API_KEY, or one of 'apikeys create'. If
there is neither, the first is made and printed, this once.`,
		Example: `  nango-lite serve --sandbox
  nango-lite serve --addr :8080 --public-url https://connect.example.com --store postgres://…`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return v.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&v.addr, "addr", "127.0.0.1:3003", "`ADDRESS` to listen at; port 0 takes any free one (NANGO_LITE_ADDR)")
	f.StringVar(&v.publicURL, "public-url", "", "`URL` under which clients reach the server (NANGO_LITE_PUBLIC_URL, or server.public_url)")
	f.StringVar(&v.cert, "tls-cert", "", "`FILE` of the certificate, and those above it, in PEM (NANGO_LITE_TLS_CERT)")
	f.StringVar(&v.key, "tls-key", "", "`FILE` of the certificate's key (NANGO_LITE_TLS_KEY)")
	f.StringVar(&v.webhookURL, "webhook-url", "", "`URL` that is told what becomes of connections (NANGO_LITE_WEBHOOK_URL, or server.webhook.url); NANGO_LITE_WEBHOOK_SECRET signs")
	f.DurationVar(&v.drain, "drain", 30*time.Second, "how long requests may go on after an interrupt (NANGO_LITE_DRAIN)")
	f.BoolVar(&v.quiet, "no-access-log", false, "write no line a request to stderr")
	f.StringVar(&v.sandboxAddr, "sandbox-addr", "127.0.0.1:0", "with --sandbox: `ADDRESS` at which browsers reach the played providers, below /_sandbox/")
	return cmd
}

// settle fills in what flags leave open, from the environment.
func (v *serving) settle(cmd *cobra.Command) error {
	for flag, variable := range map[string]string{
		"addr": "NANGO_LITE_ADDR", "public-url": "NANGO_LITE_PUBLIC_URL", "tls-cert": "NANGO_LITE_TLS_CERT",
		"tls-key": "NANGO_LITE_TLS_KEY", "drain": "NANGO_LITE_DRAIN", "webhook-url": "NANGO_LITE_WEBHOOK_URL",
	} {
		text, ok := v.Deps.LookUp(variable)
		if !ok || text == "" || cmd.Flags().Changed(flag) {
			continue
		}
		if err := cmd.Flags().Set(flag, text); err != nil {
			return console.Usagef("%s cannot be read: it is like --%s", variable, flag)
		}
	}
	if (v.cert == "") != (v.key == "") {
		return console.Usagef("--tls-cert and --tls-key go together")
	}
	return nil
}

func (v *serving) run(cmd *cobra.Command) error {
	ctx := cmd.Context()
	if err := v.settle(cmd); err != nil {
		return err
	}
	if err := v.Storage().MustHaveKeys(); err != nil {
		return err
	}
	watched := v.newWatch()
	defer watched.stop()
	var err error
	counted := prom.New(&prom.Options{Now: v.Deps.Now})
	if v.whole, err = v.Whole(ctx, telemetry.Tee(counted.Observe, v.calls.Observe)); err != nil {
		return err
	}
	counted.Watch(v.whole.Engine)
	v.metrics = newMetrics(counted)
	var cancel context.CancelFunc
	v.down, cancel = context.WithCancel(ctx)
	defer cancel()
	own, print, err := v.firstKey(ctx)
	if err != nil {
		return err
	}
	ln, err := v.listen()
	if err != nil {
		return err
	}
	defer ln.Close()
	base := v.base(ln)
	opts := v.options(own, base)
	if err := v.playAt(ctx, opts); err != nil {
		return err
	}
	h, err := server.New(v.whole.Engine, opts)
	if err != nil {
		return err
	}
	fmt.Fprintln(v.Out, base)
	if print.IsSet() {
		fmt.Fprintln(v.Out, print.Reveal()) // this once
		v.Notef("the second line on stdout is an API key with all scopes; it is printed this once")
	}
	if v.Sandbox != "" {
		v.playOn(ctx, base, cmp.Or(print, own))
	}
	go v.whole.Engine.Run(v.down)
	defer v.background(ctx, h)()
	go v.reload(v.down, watched)
	return v.serve(ctx, ln, h)
}

// background does what is due beside requests, until what it returns is called: after
// the last of them, so that it is still written who did what.
func (v *serving) background(ctx context.Context, h *server.Server) (end func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Run(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// firstKey returns the operator's key, and one to print. The sandbox, which keeps
// nothing that is worth anything, makes another each time.
func (v *serving) firstKey(ctx context.Context) (own, print schema.Secret, err error) {
	if text, ok := v.Deps.LookUp(apiKeyEnv); ok && text != "" {
		return schema.NewSecret(text), schema.Secret{}, nil
	}
	if v.Sandbox != "" {
		own = schema.NewSecret("nlk_sandbox_" + rand.Text())
		return own, own, nil
	}
	print, err = server.EnsureFirstKey(ctx, v.whole.Store, v.Deps.Now())
	return schema.Secret{}, print, err
}

// options are those of the server at base.
func (v *serving) options(own schema.Secret, base string) *server.Options {
	opts := &server.Options{
		Records: v.whole.Store, APIKey: own, PublicURL: v.publicURL, Now: v.Deps.Now, Provider: v.whole.Provider, Catalog: v.Providers(), Webhook: v.webhook(),
		Metrics: v.metrics.handler(), Observe: v.metrics.observe, Calls: &v.calls,
		Settings: func() *schema.Server { return v.whole.Config().Server },
		Ready: func(ctx context.Context) error {
			if v.down.Err() != nil {
				return errors.New("shutting down")
			}
			_, err := v.whole.Store.SchemaVersion(ctx)
			return err
		},
	}
	opts.Agents = func(w http.ResponseWriter, r *http.Request, a server.Agent) { v.agents(w, r, a, opts.PublicURL) }
	if file := v.whole.Config().Server; file != nil {
		opts.PublicURL = cmp.Or(opts.PublicURL, file.PublicURL)
		if file.Limits != nil {
			opts.RequestsPerSecond, opts.MaxBodyBytes = file.Limits.RequestsPerSecond, file.Limits.MaxBodyBytes
		}
		opts.AuditRetention = time.Duration(file.AuditRetentionDays * 24 * float64(time.Hour))
	}
	if opts.PublicURL == "" && isLocal(base) {
		opts.PublicURL = base // browsers on this machine reach it there
	}
	if !v.quiet {
		lines := &lineBuffer{w: v.Err}
		v.OnClose(lines)
		var handler slog.Handler = slog.NewTextHandler(lines, nil)
		if v.JSON() {
			handler = slog.NewJSONHandler(lines, nil)
		}
		opts.Logger = slog.New(handler)
	}
	return opts
}

// webhookSecretEnv signs what the product is told.
const webhookSecretEnv = "NANGO_LITE_WEBHOOK_SECRET"

// webhook is who is told of connections; nil: nobody.
func (v *serving) webhook() *server.Webhook {
	w := &server.Webhook{URL: v.webhookURL}
	if text, ok := v.Deps.LookUp(webhookSecretEnv); ok && text != "" {
		w.Secret = schema.NewSecret(text)
	}
	if file := v.whole.Config().Server; file != nil && file.Webhook != nil {
		w.URL = cmp.Or(w.URL, file.Webhook.URL)
		if !w.Secret.IsSet() {
			w.Secret = file.Webhook.Secret
		}
	}
	if w.URL == "" {
		return nil
	}
	return w
}

func (v *serving) listen() (net.Listener, error) {
	ln, err := net.Listen("tcp", v.addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s (--addr names another address): %w", v.addr, err)
	}
	if v.cert == "" {
		return ln, nil
	}
	pair, err := tls.LoadX509KeyPair(v.cert, v.key)
	if err != nil {
		_ = ln.Close()
		return nil, fmt.Errorf("read the certificate of --tls-cert and --tls-key: %w", err)
	}
	return tls.NewListener(ln, &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}), nil
}

// base is where this machine reaches the server.
func (v *serving) base(ln net.Listener) string {
	scheme := "http"
	if v.cert != "" {
		scheme = "https"
	}
	at := ln.Addr().(*net.TCPAddr)
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, fmt.Sprint(at.Port))
}

// serve serves until ctx ends, and then as long as requests take, up to --drain.
func (v *serving) serve(ctx context.Context, ln net.Listener, h *server.Server) error {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // it quotes what strangers send
	}
	srv.RegisterOnShutdown(h.EndStreams)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	timeout, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.drain)
	defer cancel()
	if srv.Shutdown(timeout) != nil {
		v.Notef("warning: requests were still under way after %s, and were broken off", v.drain)
		_ = srv.Close()
	}
	return nil
}

// isLocal reports whether only this machine reaches a URL.
func isLocal(base string) bool {
	u, err := url.Parse(base)
	return err == nil && schema.IsLoopback(u.Hostname())
}

// playAt mounts the played providers for browsers, below /_sandbox/, and has the server
// send browsers there.
func (v *serving) playAt(ctx context.Context, opts *server.Options) error {
	at := v.SandboxURL()
	if h := v.whole.Sandbox(); h != nil {
		ln, err := net.Listen("tcp", v.sandboxAddr)
		if err != nil {
			return fmt.Errorf("cannot listen at %s (--sandbox-addr names another address): %w", v.sandboxAddr, err)
		}
		at = &url.URL{Scheme: "http", Host: ln.Addr().String(), Path: "/_sandbox"}
		v.Notef("the providers are played at %s/", at)
		go func() { _ = serve(ctx, ln, http.StripPrefix("/_sandbox", h)) }()
	}
	if at != nil {
		opts.BrowserURL = func(integration string, u *url.URL) *url.URL { return sandbox.BrowserURL(at, integration, u) }
	}
	return nil
}

// playOn connects each integration once, and says how to call it.
func (v *serving) playOn(ctx context.Context, base string, key schema.Secret) {
	shown := "$" + apiKeyEnv
	if _, own := v.Deps.LookUp(apiKeyEnv); !own {
		shown = key.Reveal()
	}
	for _, name := range slices.Sorted(maps.Keys(v.whole.Config().Integrations)) {
		u, call := v.whole.Use(name), caller{v.Session}
		k, err := u.Pick(ctx, "")
		if session.IsNoConnection(err) {
			k.ConnectionID = session.DefaultConnection
			err = call.connectForCall(ctx, u, k)
		}
		if err != nil {
			v.Notef("warning: %s", console.OneLine(err.Error()))
			continue
		}
		if path, ok := harmlessPath(u.Integration); ok {
			v.Notef("try: curl -H 'Authorization: Bearer %s' '%s/c/%s%s'", shown, base, keyPath(k), path)
		}
	}
}

// harmlessPath is what the integration's verify call reads.
func harmlessPath(in *schema.Integration) (string, bool) {
	verify := in.Requests.Verify
	if verify == nil || verify.Method != "" && verify.Method != http.MethodGet || !strings.HasPrefix(verify.Path, "/") || strings.Contains(verify.Path, "${") {
		return "", false
	}
	return verify.Target(), true
}

func keyPath(k engine.Key) string {
	return pathSegment(k.Integration) + "/" + pathSegment(k.ConnectionID)
}
