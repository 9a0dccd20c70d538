package engine

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
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

// A callPlan is an integration's requests section, parsed and with its fields
// sorted by whether they grant access. It does not change.
type callPlan struct {
	in      *schema.Integration
	base    layer.Layer
	headers fieldSets
	params  fieldSets
	body    fieldSets
	policy  layer.Policy
	limit   layer.RateLimit
	timeout time.Duration
	verify  schema.Template // path of the verify call

	detect    []schema.Condition
	waits     []schema.Wait
	untold    *float64 // seconds to wait where an answer that means "too many" does not say
	remaining *schema.Remaining
	errors    schema.Errors

	chain atomic.Pointer[http.RoundTripper] // over the engine's own transport
}

// fieldSets part headers or parameters into those for any request, those that grant
// access, and those that are made anew for each attempt.
type fieldSets struct{ plain, secret, fresh []layer.Field }

// all returns every field. Those that grant nothing yield to the caller's own.
func (s *fieldSets) all() []layer.Field {
	all := s.late()
	for _, f := range s.plain {
		f.Yields = true
		all = append(all, f)
	}
	return all
}

// late returns what is added to an attempt rather than to a call.
func (s *fieldSets) late() []layer.Field { return slices.Concat(s.secret, s.fresh) }

func newCallPlan(in *schema.Integration) (*callPlan, error) {
	p := &callPlan{in: in, timeout: seconds(in.HTTPRequestTimeoutSeconds, defaultTimeout)}
	base, err := schema.ParseTemplate(in.Requests.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("requests.base_url: %w", err)
	}
	p.base, err = layer.BaseURL{Template: base, Format: p.format, IsSecret: p.isSecret, Anywhere: in.Requests.AllowPrivateHosts}.Layer()
	if err != nil {
		return nil, fmt.Errorf("requests.base_url: %w", err)
	}
	if p.headers, err = p.fields("headers", in.Requests.Headers); err != nil {
		return nil, err
	}
	if p.params, err = p.fields("params", in.Requests.Params); err != nil {
		return nil, err
	}
	if p.body, err = p.fields("body", in.Requests.Body); err != nil {
		return nil, err
	}
	if v := in.Requests.Verify; v != nil {
		if p.verify, err = schema.ParseTemplate(v.Path); err != nil {
			return nil, fmt.Errorf("requests.verify.path: %w", err)
		}
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

// format returns the declared format of a placeholder.
func (p *callPlan) format(name string) string {
	return (&integration{Integration: p.in}).formatOf(name)
}

func (p *callPlan) isSecret(name string) bool {
	return schema.IsCredential(name, func(namespace, field string) bool {
		return namespace == "credentials" || p.in.Connection[field].Secret
	})
}

// fields parses headers or params, in the order of their names. What came from a
// variable counts as a secret: who keeps it out of the file has a reason.
func (p *callPlan) fields(key string, values map[string]string) (fieldSets, error) {
	var sets fieldSets
	for _, name := range slices.Sorted(maps.Keys(values)) {
		t, err := schema.ParseTemplate(values[name])
		if err != nil {
			return sets, fmt.Errorf("requests.%s.%s: %w", key, name, err)
		}
		f := layer.Field{Name: name, Value: t}
		switch {
		case slices.ContainsFunc(t.Refs(), p.isSecret) || p.fromVariable("requests."+key+"."+name):
			sets.secret = append(sets.secret, f)
		case t.Generated():
			f.Yields = true
			sets.fresh = append(sets.fresh, f)
		default:
			sets.plain = append(sets.plain, f)
		}
	}
	return sets, nil
}

func (p *callPlan) fromVariable(path string) bool {
	return slices.ContainsFunc(p.in.Values, func(v schema.Value) bool {
		return v.Origin.Reference != "" && strings.EqualFold(v.Path, path)
	})
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

// layers returns the chain over base, outermost first: DESIGN 4.2.
func (e *Engine) layers(in *integration, base http.RoundTripper) http.RoundTripper {
	p, now := in.calls, e.opts.Now
	policy := p.policy
	policy.Asked = func(r *http.Response) (time.Duration, string, bool) { return p.asked(r, now()) }
	limit := p.limit
	limit.Lesson = func(r *http.Response) layer.Lesson { return p.lesson(r, now()) }
	base, public := e.transports(in, base)
	signer := in.signer(now)
	return layer.Chain(base,
		layer.ObserveCall(now),
		p.base,
		layer.Defaults(p.headers.plain, p.params.plain),
		layer.Retry(&policy),
		limit.Layer(e.limits.of(in.Name+in.apart, now)),
		layer.Authorize(layer.Fields{Headers: p.headers.late(), Params: p.params.late(), Body: p.body.all()}, signer != nil && in.Auth.HasTokens(), p.expired),
		layer.ObserveAttempt(now),
		layer.Sign(signer),
		layer.Transport(p.timeout),
		layer.Guard(public),
	)
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
