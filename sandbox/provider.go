package sandbox

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/api"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/oauth"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/sandbox/internal/sample"
	"github.com/nango-lite/nango-lite/schema"
)

// Options say how a provider is played. The zero value, and nil, play it as the
// blueprint describes it.
type Options struct {
	// Now returns the time. If nil, time.Now is used. Tokens expire by it.
	Now func() time.Time
	// Rand supplies the names of grants. If nil, crypto/rand is used.
	Rand io.Reader

	// TokenLifetime is how long access tokens live; it is stated in the token
	// answer, with a refresh token beside it. 0 means as the blueprint says: the
	// lifetime in its token sample, else its token_lifetime_seconds (not stated),
	// else, if there is no token sample at all, an hour. A token sample without an
	// expiry gives tokens that never expire.
	TokenLifetime time.Duration
	// NoRotation keeps the refresh token of a grant the same for ever, and leaves
	// it out of refresh answers. By default each one is good once.
	NoRotation bool
	// DeviceInterval is how long a device has to wait between polls (RFC 8628 3.2).
	// 0 means 5 s.
	DeviceInterval time.Duration
	// RedirectURIs are the ones that are registered. If empty, any absolute URI is.
	RedirectURIs []string

	// NoRateLimit switches the budget in requests.rate_limit off.
	NoRateLimit bool
	// RateLimitDialect is how a 429 says how long to wait; see [Dialects]. If
	// empty: Retry-After in seconds and everything that the blueprint declares.
	RateLimitDialect string
	// Items is how many items a list holds. 0 means those of the sample.
	Items int

	// Faults happen in this order, each once; see [Provider.Fault].
	Faults []Fault
	// MisleadTo makes the authorization server a hostile one (mix-up, RFC 9700 4.4): its page
	// sends the user on to this page of another's, with the query that is given here over
	// that of the request, such as that other's client_id and redirect_uri. It does not
	// say on callbacks who it is.
	MisleadTo string

	// SlowBy is how late slow answers come. 0 means 500 ms.
	SlowBy time.Duration
}

// An UnsupportedError says that an auth mode cannot be played. It matches
// errors.ErrUnsupported.
type UnsupportedError struct {
	Integration string
	Mode        schema.AuthMode
}

// Error names the integration and its mode.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("sandbox: integration %q: auth mode %s cannot be played yet", e.Integration, e.Mode)
}

// Is reports whether target is errors.ErrUnsupported.
func (e *UnsupportedError) Is(target error) bool { return target == errors.ErrUnsupported }

// A Provider plays one integration. It is an http.Handler that is asked under the
// provider's own host and path: Request.Host and Request.URL.Path. Most callers
// want it in a [Mux]. It is safe for concurrent use and starts nothing.
type Provider struct {
	stage  *play.Stage
	server *oauth.Server
	api    *api.API
}

var _ http.Handler = (*Provider)(nil)

// New returns the provider that integration describes; it must be resolved, as
// the loader returns it, and is not modified. The error is an [*UnsupportedError]
// for a mode that is unknown here, and otherwise says which template cannot be read.
func New(integration *schema.Integration, opts *Options) (*Provider, error) {
	switch {
	case integration == nil:
		return nil, errors.New("sandbox: no integration")
	case !play.Plays(integration.Auth.AuthMode):
		return nil, &UnsupportedError{integration.Name, integration.Auth.AuthMode}
	case opts == nil:
		opts = &Options{}
	}
	p, err := behind(integration, opts)
	if err != nil {
		return nil, fmt.Errorf("sandbox: integration %q: %w", integration.Name, err)
	}
	for _, f := range opts.Faults {
		if err := p.Fault(f, 1); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// behind builds what is behind the door.
func behind(integration *schema.Integration, o *Options) (p *Provider, err error) {
	p = &Provider{}
	if p.stage, err = play.New(integration, play.Options{
		Now: o.Now, Rand: o.Rand,
		TokenLifetime: o.TokenLifetime, NoRotation: o.NoRotation, DeviceInterval: o.DeviceInterval, RedirectURIs: o.RedirectURIs,
		NoRateLimit: o.NoRateLimit, RateLimitDialect: o.RateLimitDialect, Items: o.Items, SlowBy: o.SlowBy, MisleadTo: o.MisleadTo,
	}); err != nil {
		return nil, err
	}
	p.server = oauth.New(p.stage)
	p.api, err = api.New(p.stage)
	return p, err
}

// Name returns the integration's name.
func (p *Provider) Name() string { return p.stage.Name() }

// locate finds the place that r reached. Where the path of a login is that of a call by
// another method as well, a sample of the call says so: one opens a session by POST, and
// asks about it by GET.
func (p *Provider) locate(r *http.Request) (match.Location, bool) {
	host, path, auth := message.HostOf(r), r.URL.EscapedPath(), &p.stage.Integration.Auth
	at, ok := match.Locate(p.stage.Places, host, path)
	if at.Name != match.PlaceToken || auth.AuthMode != schema.TwoStep || r.Method == cmp.Or(auth.TokenRequestMethod, http.MethodPost) {
		return at, ok
	}
	calls := slices.DeleteFunc(slices.Clone(p.stage.Places), func(other match.Place) bool { return other.Name != match.PlaceAPI })
	if call, below := match.Locate(calls, host, path); below && p.stage.Samples.Find(sample.Asked{Method: r.Method, Rest: call.Rest}) != nil {
		return call, true
	}
	return at, ok
}

// ServeHTTP plays the endpoint that the request's host and path name.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "nango-lite sandbox")
	w.Header().Set("Date", p.stage.Now().UTC().Format(http.TimeFormat))
	at, ok := p.locate(r)
	if !ok {
		p.stage.RefuseElsewhere(w, r)
		return
	}
	ref := p.stage.CheckCertificate(r, at) // real servers break the handshake off, and say less
	switch {
	case ref != nil && at.Name == match.PlaceAPI:
		ref.Code = message.CodeUnauthorized
		p.api.Refuse(w, r, ref)
	case ref != nil:
		p.server.Refuse(w, r, ref)
	case !p.server.Serve(w, r, at):
		p.api.Serve(w, r, at)
	}
}
