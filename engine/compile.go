package engine

import (
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/authserver"
	"github.com/nango-lite/nango-lite/engine/internal/call"
	"github.com/nango-lite/nango-lite/engine/internal/carrier"
	"github.com/nango-lite/nango-lite/engine/internal/lookup"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/refresh"
	"github.com/nango-lite/nango-lite/engine/internal/session"
	"github.com/nango-lite/nango-lite/engine/internal/token"
	"github.com/nango-lite/nango-lite/schema"
)

const (
	// defaultMargin is how long before its end a token is refreshed unless
	// refresh_margin_seconds says otherwise.
	defaultMargin = time.Minute

	// keepPause is between refreshes of idle connections at one provider, at least.
	keepPause = 200 * time.Millisecond
)

// compile builds what the engine works with out of a configured integration, given what
// it was before, or nil.
func (e *parts) compile(name string, in *schema.Integration, before *integration) (*integration, error) {
	if in.Name != name { // built by hand
		named := *in
		named.Name = name
		in = &named
	}
	read, err := plan.New(in)
	if err != nil {
		return nil, err
	}
	built := &integration{Integration: read}
	if before != nil {
		built.shown = before.shown
	}
	if built.shown, err = carrier.NewCertificate(in, built.shown); err != nil {
		return nil, err
	}
	carriers, err := e.transports.For(read, built.shown)
	if err != nil {
		return nil, err
	}
	built.token = &token.Endpoint{In: read, Now: e.opts.Now, Timeout: tokenTimeout(in, e.pace.TokenCall), Tell: e.watch.TellSafely, Client: carriers.Token}
	servers := &authserver.Finder{In: read, Now: e.opts.Now, Timeout: e.pace.TokenCall, Memory: e.servers, Client: carriers.Discovery}
	built.mode = mode.New(&mode.Env{In: read, Now: e.opts.Now, Token: built.token, Servers: servers})
	built.stored = &session.Stored{In: read, Refresher: e.refresher, Source: newSource(read, built.mode), Now: e.opts.Now}
	built.api, err = call.New(e.env, read, call.Options{
		Carriers: carriers, Open: built.stored.Open,
		Signer: mode.SignerOf(built.mode, read), SignedWith: mode.SignedWith(built.mode),
	})
	if err != nil {
		return nil, err
	}
	if rate := built.api.Rate(); rate > 0 { // the pace that the API is known to allow, and never a burst
		built.stored.Source.KeepPause = max(keepPause, time.Duration(float64(time.Second)/rate))
	}
	built.lookUps = &lookup.Table{In: read, Now: e.opts.Now, Timeout: e.pace.TokenCall, Call: func(r *lookup.Request) (*http.Response, error) {
		m := mode.New(&mode.Env{In: r.As, Now: e.opts.Now})
		return built.api.LookUp(r, mode.SignerOf(m, r.As), mode.SignedWith(m))
	}}
	return built, nil
}

// tokenTimeout is how long one request of the token endpoint may take: as long as a
// request of the API may, where that is less than most.
func tokenTimeout(in *schema.Integration, most time.Duration) time.Duration {
	if s := in.HTTPRequestTimeoutSeconds; s != nil && *s > 0 {
		return min(most, call.Seconds(s, most))
	}
	return most
}

// newSource is an integration, as far as its tokens go.
func newSource(in *plan.Integration, m mode.Mode) *refresh.Source {
	return &refresh.Source{
		Renewer:     m,
		Integration: in.Name,
		Margin:      call.Seconds(in.Auth.RefreshMarginSeconds, defaultMargin),
		Grace:       in.Auth.RefreshGraceSeconds > 0,
		RefreshLife: call.Seconds(&in.Auth.RefreshTokenLifetimeSeconds, 0),
		KeepPause:   keepPause,
		Admit:       func(c *Connection) error { return in.CheckMadeFor("refresh", c) },
		Foreign:     func(c *Connection) bool { return in.Auth.Issues() && in.ForAnotherClient(c) },
		MadeFor:     in.MadeFor,
		Reissues:    in.Auth.Issues(),
	}
}
