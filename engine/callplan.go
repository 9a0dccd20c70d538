package engine

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/mode"
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

// A callPlan is how an integration's calls are made. It does not change.
type callPlan struct {
	in      *plan.Integration
	base    layer.Fork
	policy  layer.Policy
	limit   layer.RateLimit
	timeout time.Duration

	detect    []schema.Condition
	waits     []schema.Wait
	untold    *float64 // seconds to wait where an answer that means "too many" does not say
	remaining *schema.Remaining
	errors    schema.Errors

	chain atomic.Pointer[http.RoundTripper] // over the engine's own transport
}

func newCallPlan(in *plan.Integration) (*callPlan, error) {
	p := &callPlan{in: in, timeout: seconds(in.HTTPRequestTimeoutSeconds, defaultTimeout)}
	var err error
	p.base, err = layer.BaseURL{Template: in.Calls.BaseURL, Format: in.FormatOf, IsSecret: in.IsSecret}.Fork()
	if err != nil {
		return nil, fmt.Errorf("requests.base_url: %w", err)
	}
	if e := in.Requests.Errors; e != nil {
		p.errors = *e
	}
	p.planRetries()
	p.planLimit()
	return p, nil
}

// seconds converts a number that may be left out.
func seconds(n *float64, byDefault time.Duration) time.Duration {
	if n == nil {
		return byDefault
	}
	return time.Duration(*n * float64(time.Second))
}

func (p *callPlan) planRetries() {
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
		First:          seconds(cmp.Or(r.TimeBetweenRetriesSec, p.in.TimeBetweenRetriesSec), defaultRetryWait),
		MaxWait:        seconds(r.MaxWaitSeconds, defaultMaxWait),
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

func (p *callPlan) planLimit() {
	p.detect = []schema.Condition{{Status: schema.OneOrMany[int]{http.StatusTooManyRequests}}}
	p.limit = layer.RateLimit{MaxWait: p.policy.MaxWait}
	limit := p.in.Requests.RateLimit
	if limit == nil {
		return
	}
	if len(limit.Detect) > 0 {
		p.detect = limit.Detect
	}
	p.waits, p.untold, p.remaining = limit.Wait, limit.DefaultWaitSeconds, limit.Remaining
	b := limit.Budget
	if b == nil {
		return // nobody says whose limit it is: one connection does not stop the others
	}
	p.limit.Shared = b.Scope != "connection"
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
// credentials go, and the one away, to where else a redirect leads (DESIGN 4.2).
func (e *Engine) layers(in *integration, base http.RoundTripper) http.RoundTripper {
	p, now := in.calls, e.opts.Now
	policy := p.policy
	policy.Asked = func(r *http.Response) (time.Duration, string, bool) { return p.asked(r, now()) }
	limit := p.limit
	limit.Lesson = func(r *http.Response) layer.Lesson { return p.lesson(r, now()) }
	carriers := e.carriers(in, base)
	signer := mode.SignerOf(in.mode, in.Integration)
	home := layer.Chain(carriers.home,
		layer.Defaults(in.Calls.Headers.Plain, in.Calls.Params.Plain),
		layer.Retry(&policy),
		limit.Layer(e.limits.of(in.Name+in.apart, now)),
		layer.Authorize(layer.Fields{Headers: in.Calls.Headers.Late(), Params: in.Calls.Params.Late(), Body: in.Calls.Body.All()}, signer != nil && in.Auth.HasTokens(), p.expired),
		layer.ObserveAttempt(now),
		layer.Sign(signer),
		layer.Transport(p.timeout),
	)
	away := layer.Chain(carriers.away,
		layer.Retry(policy.Away()),
		layer.ObserveAttempt(now),
		layer.Transport(p.timeout),
	)
	return layer.Chain(p.base(home, away), layer.ObserveCall(now))
}

// chain returns the layers over base; those over the engine's own transport are
// made once.
func (e *Engine) chain(in *integration, base http.RoundTripper) http.RoundTripper {
	if base != nil {
		return e.layers(in, base)
	}
	if c := in.calls.chain.Load(); c != nil {
		return *c
	}
	c := e.layers(in, e.opts.Transport)
	in.calls.chain.Store(&c)
	return c
}
