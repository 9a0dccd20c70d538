package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

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
	integration *schema.Integration
	opts        options

	places   []place
	params   paramSet // authorization, token and refresh parameters that are declared
	guards   []guard  // headers and query parameters that API requests must have
	members  []guard  // of the body, where there may be one
	steps    []stepForm
	jwt      *jwtForm // nil: nothing is signed
	aws      awsForms
	samples  samples
	lookUps  []lookUpForm
	grants   grants
	devices  devices
	limiter  limiter
	lists    sync.Map // of samples, at the length of Options.Items
	nonces   nonces
	faults   faults
	stats    counters
	requests atomic.Int64
}

var _ http.Handler = (*Provider)(nil)

// New returns the provider that integration describes; it must be resolved, as
// the loader returns it, and is not modified. The error is an [*UnsupportedError]
// for a mode that is unknown here, and otherwise says which template cannot be read.
func New(integration *schema.Integration, opts *Options) (*Provider, error) {
	if integration == nil {
		return nil, errors.New("sandbox: no integration")
	}
	if opts == nil {
		opts = &Options{}
	}
	p := &Provider{integration: integration, opts: optionsOf(opts)}
	if !integration.Auth.AuthMode.Known() {
		return nil, &UnsupportedError{integration.Name, integration.Auth.AuthMode}
	}
	if err := p.compile(); err != nil {
		return nil, fmt.Errorf("sandbox: integration %q: %w", integration.Name, err)
	}
	for _, f := range opts.Faults {
		if err := p.Fault(f, 1); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// optionsOf returns what the rooms behind the door are told.
func optionsOf(o *Options) options {
	return options{
		Now: o.Now, Rand: o.Rand,
		TokenLifetime: o.TokenLifetime, NoRotation: o.NoRotation, DeviceInterval: o.DeviceInterval, RedirectURIs: o.RedirectURIs,
		NoRateLimit: o.NoRateLimit, RateLimitDialect: o.RateLimitDialect, Items: o.Items, SlowBy: o.SlowBy,
	}
}

func (p *Provider) compile() (err error) {
	if p.integration, err = handingOut(p.integration); err != nil {
		return err
	}
	if p.places, err = compilePlaces(p.integration); err != nil {
		return err
	}
	if p.params, err = compileParams(&p.integration.Auth); err != nil {
		return err
	}
	if p.steps, err = compileSteps(p.integration.Auth.Steps); err != nil {
		return err
	}
	if p.jwt, err = compileJWT(p.integration.Auth.JWT); err != nil {
		return err
	}
	if p.aws, err = compileAWS(&p.integration.Auth); err != nil {
		return err
	}
	if p.guards, err = signatureGuards(p.integration.Auth.RequestSignature); err != nil {
		return err
	}
	declared, err := compileGuards(p.integration, p.integration.Requests.Headers, p.integration.Requests.Params)
	if err != nil {
		return err
	}
	p.guards = append(p.guards, declared...)
	if p.members, err = compileMembers(p.integration); err != nil {
		return err
	}
	if p.samples, err = compileSamples(p.integration); err != nil {
		return err
	}
	if err = p.compileLookUps(); err != nil {
		return err
	}
	if d := p.opts.RateLimitDialect; d != "" && !isDialect(d) {
		return fmt.Errorf("unknown rate limit dialect %q", d)
	}
	p.limiter = newLimiter(p.integration.Requests.RateLimit)
	return nil
}

// Name returns the integration's name.
func (p *Provider) Name() string { return p.integration.Name }

// ServeHTTP plays the endpoint that the request's host and path name.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "nango-lite sandbox")
	w.Header().Set("Date", p.now().UTC().Format(http.TimeFormat))
	at, ok := p.locate(r)
	if !ok {
		p.refuseElsewhere(w, r)
		return
	}
	if !openToAll[at.name] {
		if ref := p.checkCertificate(r, at); ref != nil {
			p.refuseCertificate(w, r, at, ref)
			return
		}
	}
	if p.integration.Auth.AuthMode == schema.OAuth1 && (at.name == placeRequest || at.name == placeToken) {
		p.serveOAuth1(w, r, at)
		return
	}
	if strings.HasPrefix(at.name, placeStep) {
		p.serveStep(w, r, at)
		return
	}
	if strings.HasPrefix(at.name, placeLookUp) {
		p.serveLookUp(w, r, at)
		return
	}
	switch at.name {
	case placeAuthorize:
		p.serveConsent(w, r, at)
	case placeRole:
		p.serveRole(w, r)
	case placeToken, placeRefresh:
		p.serveToken(w, r, at)
	case placeRevoke:
		p.serveRevoke(w, r, at)
	case placeIntrospect:
		p.serveIntrospect(w, r, at)
	case placeDevice:
		p.serveDevice(w, r, at)
	case placeVerification:
		p.serveVerification(w, r)
	case placeResource:
		p.serveResource(w, r, at)
	case placeServer:
		p.serveServer(w, r)
	case placeRegister:
		p.serveRegister(w, r)
	default:
		p.serveAPI(w, r, at)
	}
}

// refuseElsewhere answers a request that reaches no declared URL.
func (p *Provider) refuseElsewhere(w http.ResponseWriter, r *http.Request) {
	ref := refused(http.StatusNotFound, "not_found", "integration %q declares no URL at %s%s; it has %s",
		p.Name(), hostOf(r), r.URL.EscapedPath(), p.declaredURLs())
	p.write(w, r, ref.mark(answer{status: ref.status, body: map[string]any{
		"error": ref.code, "error_description": ref.reason,
	}}))
}

func (p *Provider) now() time.Time {
	if p.opts.Now != nil {
		return p.opts.Now()
	}
	return time.Now()
}

func (p *Provider) slowBy() time.Duration {
	if p.opts.SlowBy > 0 {
		return p.opts.SlowBy
	}
	return 500 * time.Millisecond
}

// random returns n random bytes in hexadecimal.
func (p *Provider) random(n int) string {
	from := p.opts.Rand
	if from == nil {
		from = rand.Reader
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(from, b); err != nil {
		panic("sandbox: Options.Rand ended: " + err.Error())
	}
	return hex.EncodeToString(b)
}
