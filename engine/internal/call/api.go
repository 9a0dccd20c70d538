// Package call makes calls to an API: the chain of layers, what the API's answers mean,
// pages, and the calls that the engine makes itself. It knows connections as sessions,
// and no mode. Start with [New] and [API.Caller].
package call

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/carrier"
	"github.com/nango-lite/nango-lite/engine/internal/event"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// Defaults of requests.
const (
	defaultTimeout    = 100 * time.Second
	defaultRetries    = 3
	defaultRetryWait  = 500 * time.Millisecond
	defaultMaxWait    = time.Minute
	defaultPerSeconds = 1
)

// An Env is what the calls of an engine have in common.
type Env struct {
	Now    func() time.Time
	Watch  *event.Watch
	Limits Limits
}

// Options are what an [API] is called with.
type Options struct {
	Carriers   *carrier.Carriers
	Open       func(connection.Key) layer.Session // opens what is stored
	Signer     layer.Signer                       // nil: nothing is signed
	SignedWith []string                           // placeholders of what signs
	Apart      string                             // what tells its rate limits from those of the integration; empty: nothing does
}

// An API is how an integration is called. It does not change, and is safe for
// concurrent use.
type API struct {
	rules
	Options
	env     *Env
	base    layer.Fork
	policy  layer.Policy
	limit   layer.RateLimit
	timeout time.Duration

	operations operations

	chain atomic.Pointer[http.RoundTripper] // over the engine's own transport
	last  atomic.Pointer[credentials]       // of the connection that was used last
}

// New returns how in is called.
func New(env *Env, in *plan.Integration, opts Options) (*API, error) {
	p := &API{rules: newRules(in), Options: opts, env: env, timeout: Seconds(in.HTTPRequestTimeoutSeconds, defaultTimeout), operations: newOperations(in)}
	var err error
	p.base, err = layer.BaseURL{Template: in.Calls.BaseURL, Format: in.FormatOf, IsSecret: in.IsSecret}.Fork()
	if err != nil {
		return nil, fmt.Errorf("requests.base_url: %w", err)
	}
	p.planRetries()
	p.planLimit()
	return p, nil
}

// Rate is how many requests a second the API is known to allow; 0: that is not known.
func (p *API) Rate() float64 { return p.limit.Budget.Rate }

// Seconds converts a number that may be left out.
func Seconds(n *float64, byDefault time.Duration) time.Duration {
	if n == nil {
		return byDefault
	}
	return time.Duration(*n * float64(time.Second))
}

func (p *API) planRetries() {
	r := p.in.Requests.Retries
	if r == nil {
		r = &schema.Retries{}
	}
	retries := defaultRetries
	if n := cmp.Or(r.MaxRetries, p.in.MaxRetries); n != nil { // the short form: a Config built by hand
		retries = *n
	}
	p.policy = layer.Policy{
		Max:            retries,
		First:          Seconds(cmp.Or(r.TimeBetweenRetriesSec, p.in.TimeBetweenRetriesSec), defaultRetryWait),
		MaxWait:        Seconds(r.MaxWaitSeconds, defaultMaxWait),
		Statuses:       r.Statuses,
		Unsafe:         cmp.Or(r.UnsafeMethods, "when_not_sent"),
		IdempotencyKey: r.IdempotencyKey,
		Limited:        p.limited,
		Stated:         p.retryStated,
	}
	if r.Statuses == nil {
		p.policy.Statuses = []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
	}
	for _, text := range r.Safe {
		p.policy.Safe = append(p.policy.Safe, layer.ParsePattern(text))
	}
}

func (p *API) planLimit() {
	p.limit = layer.RateLimit{MaxWait: p.policy.MaxWait}
	limit := p.in.Requests.RateLimit
	if limit == nil {
		return
	}
	b := limit.Budget
	if b == nil {
		return // nobody says whose limit it is: one connection does not stop the others
	}
	p.limit.Shared, p.limit.ByHost = b.Scope != "connection", schema.HostVaries(p.in.Calls.BaseURL)
	p.limit.Budget.Concurrency = b.Concurrency
	if b.Requests > 0 {
		per := cmp.Or(b.PerSeconds, defaultPerSeconds)
		p.limit.Budget.Rate = b.Requests / per
		p.limit.Budget.Burst = float64(max(b.Burst, 1))
		p.limit.Budget.Text = fmt.Sprintf("the budget of %s requests in %s s is used up", shortFloat(b.Requests), shortFloat(per))
	}
}

func shortFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// layers returns the two chains over base, outermost first: the one home, to where
// credentials go, and the one away, to where else a redirect leads.
func (p *API) layers(base http.RoundTripper) http.RoundTripper {
	now, calls := p.env.Now, p.in.Calls
	policy := p.policy
	policy.Asked = func(r *http.Response) (time.Duration, string, bool) { return p.asked(r, now()) }
	limit := p.limit
	limit.Lesson = func(r *http.Response) layer.Lesson { return p.lesson(r, now) }
	home, away := p.Carriers.Call(base)
	home = layer.Chain(home,
		layer.Defaults(calls.Headers.Plain, calls.Params.Plain),
		layer.Retry(&policy),
		limit.Layer(p.env.Limits.of(p.in.Name+p.Apart, now)),
		layer.Authorize(layer.Fields{Headers: calls.Headers.Late(), Params: calls.Params.Late(), Body: calls.Body.All()}, p.Signer != nil && p.in.Auth.HasTokens(), p.expired),
		layer.ObserveAttempt(now),
		layer.Sign(p.Signer),
		layer.Transport(p.timeout),
	)
	away = layer.Chain(away,
		layer.Retry(policy.Away()),
		layer.ObserveAttempt(now),
		layer.Transport(p.timeout),
	)
	return layer.Chain(p.base(home, away), layer.ObserveCall(now))
}

// over returns the layers over base, or over the engine's own transport if that is nil:
// these are made once.
func (p *API) over(base http.RoundTripper) http.RoundTripper {
	if base != nil {
		return p.layers(base)
	}
	if c := p.chain.Load(); c != nil {
		return *c
	}
	c := p.layers(p.Carriers.Default())
	p.chain.Store(&c)
	return c
}
