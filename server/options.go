package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/store/record"
)

// Options adjust a Server. The zero Options work, with the API keys in memory: none.
type Options struct {
	// Records is where the server keeps API keys, connect sessions, webhooks and the audit
	// log. If nil, it is memory. The stores of packages sqlite and postgres are Records as
	// well; several servers over one of them act as one.
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

	// AuditRetention is how long the audit log is kept: who connected, was given
	// credentials, and removed connections; see [Audit]. 0 means 90 days; a negative time keeps nothing.
	AuditRetention time.Duration

	// Metrics answers /metrics, for keys with the scope read that are bound to no
	// connection. If nil, there is no such route.
	Metrics http.Handler

	// Observe is called with each request that has ended, in its goroutine; it must not
	// block. If nil, nothing is called.
	Observe func(Request)

	// Calls are what the operator's pages say of calls. Its Observe is to be told what the
	// engine does ([engine.Options.Observe]). If nil, the pages know of no calls.
	Calls *Calls

	// Agents speaks the Model Context Protocol with an agent at /mcp: package
	// server/tools has a handler. If nil, /mcp is answered with 501.
	Agents func(w http.ResponseWriter, r *http.Request, a Agent)

	// IdleTimeout is how long a body that is passed on may stall until its request is given
	// up: the caller's, if nothing more of it comes, or the answer, if the caller does not take
	// it. An answer of which nothing comes for a while, such as an event stream, is not given
	// up. 0 means a minute.
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

// withDefaults returns o with what is not set filled in.
func (o *Options) withDefaults() Options {
	var full Options
	if o != nil {
		full = *o
	}
	if full.Records == nil {
		full.Records = &record.Memory{}
	}
	if full.Now == nil {
		full.Now = time.Now
	}
	if full.IdleTimeout == 0 {
		full.IdleTimeout = time.Minute
	}
	if full.MaxBodyBytes <= 0 {
		full.MaxBodyBytes = 64 << 10
	}
	if full.AuditRetention == 0 {
		full.AuditRetention = 90 * 24 * time.Hour
	}
	if full.Ready == nil {
		full.Ready = func(ctx context.Context) error {
			_, err := full.Records.Records(ctx, apikey.RecordKind, "", 1)
			return err
		}
	}
	return full
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
