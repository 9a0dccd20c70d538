package call

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/answer"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// rules are what an integration says of what its API's answers mean.
type rules struct {
	in        *plan.Integration
	detect    []schema.Condition // "too many requests"
	waits     []schema.Wait
	untold    *float64 // seconds to wait where an answer that means "too many" does not say
	remaining *schema.Remaining
	errors    schema.Errors
}

func newRules(in *plan.Integration) rules {
	p := rules{in: in, detect: []schema.Condition{{Status: schema.OneOrMany[int]{http.StatusTooManyRequests}}}}
	if e := in.Requests.Errors; e != nil {
		p.errors = *e
	}
	if limit := in.Requests.RateLimit; limit != nil {
		if len(limit.Detect) > 0 {
			p.detect = limit.Detect
		}
		p.waits, p.untold, p.remaining = limit.Wait, limit.DefaultWaitSeconds, limit.Remaining
	}
	return p
}

// matches reports whether resp is as c says. The body is looked into only if c
// asks for it and the rest fits.
func (p *rules) matches(c *schema.Condition, resp *http.Response) bool {
	if len(c.Status) > 0 && !c.Status.Has(resp.StatusCode) {
		return false
	}
	if len(c.Header)+len(c.Body)+len(c.Code) == 0 {
		return len(c.Status) > 0
	}
	return c.Matches(schema.Answer{
		Status: resp.StatusCode,
		Header: resp.Header.Values,
		Doc:    func() any { return documentFor(c, resp) },
		Code:   func() string { return p.code(resp) },
	})
}

// documentFor returns what a condition looks into: the document of an answer, or its text if
// that is what the condition asks for.
func documentFor(c *schema.Condition, resp *http.Response) any {
	doc := answer.JSON(resp)
	if _, asked := c.Body[schema.Itself]; doc == nil && asked && resp.StatusCode >= http.StatusBadRequest {
		if text, ok := answer.Text(resp); ok {
			return text
		}
	}
	return doc
}

// looks reports whether anything that is declared asks for what stands in a body.
func (p *rules) looks() bool {
	needs := func(c schema.Condition) bool { return c.NeedsBody() }
	return len(p.errors.Code)+len(p.errors.Message) > 0 || slices.ContainsFunc(p.detect, needs) || slices.ContainsFunc(p.in.Auth.RefreshOn, needs) ||
		slices.ContainsFunc(p.errors.Rules, func(r schema.ErrorRule) bool { return r.When.NeedsBody() })
}

func (p *rules) matchesAny(cs []schema.Condition, resp *http.Response) bool {
	for i := range cs {
		if p.matches(&cs[i], resp) {
			return true
		}
	}
	return false
}

// rule returns the first rule that resp matches, or nil.
func (p *rules) rule(resp *http.Response) *schema.ErrorRule {
	for i := range p.errors.Rules {
		if p.matches(&p.errors.Rules[i].When, resp) {
			return &p.errors.Rules[i]
		}
	}
	return nil
}

// code returns the API's error code, or "".
func (p *rules) code(resp *http.Response) string {
	return firstText(resp, p.errors.Code)
}

// firstText returns the first text that stands at one of paths in resp's body, or
// "".
func firstText(resp *http.Response, paths schema.Paths) string {
	if len(paths) == 0 {
		return ""
	}
	_, text := schema.FirstAt(answer.JSON(resp), paths)
	return text
}

// limited reports whether resp means "too many requests": nothing was done.
func (p *rules) limited(resp *http.Response) bool {
	if p.matchesAny(p.detect, resp) || limitProblem(resp) {
		return true
	}
	r := p.rule(resp)
	return r != nil && fault.Kind(r.Kind) == fault.KindRateLimited
}

// matchesExactly reports whether resp is as one of cs says that asks for more than a
// status.
func (p *rules) matchesExactly(cs []schema.Condition, resp *http.Response) bool {
	for i := range cs {
		if exact(&cs[i]) && p.matches(&cs[i], resp) {
			return true
		}
	}
	return false
}

func exact(c *schema.Condition) bool { return len(c.Header)+len(c.Body)+len(c.Code) > 0 }

// limitProblem reports whether resp is one of the problems that the RateLimit
// draft registers.
func limitProblem(resp *http.Response) bool {
	if resp.StatusCode < 400 || !answer.IsProblem(resp) {
		return false
	}
	kind, _ := schema.TextAt(answer.JSON(resp), "type")
	_, name, _ := strings.Cut(kind, "#")
	switch name {
	case "quota-exceeded", "temporary-reduced-capacity", "abnormal-usage-detected":
		return true
	}
	return false
}

// retryStated returns what the rules say about another attempt.
func (p *rules) retryStated(resp *http.Response) (again, ok bool) {
	if r := p.rule(resp); r != nil && r.Retry != nil {
		return *r.Retry, true
	}
	return false, false
}

// expired reports whether resp means that the access token is no longer good.
func (p *rules) expired(resp *http.Response) (reason string, ok bool) {
	where := ""
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
	case p.matchesAny(p.in.Auth.RefreshOn, resp):
		where = " as in refresh_on"
	default:
		return "", false
	}
	return strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode) + where, true
}

// asked returns how long resp asks us to wait, or is known to want.
func (p *rules) asked(resp *http.Response, now time.Time) (time.Duration, string, bool) {
	wait, where, ok := answer.Wait(resp, p.counting(resp), now)
	if !ok && p.untold != nil && p.limited(resp) {
		return Seconds(p.untold, 0), "which does not say for how long: this API wants " + shortFloat(*p.untold) + " s", true
	}
	return wait, where, ok
}

// counting are the places to look for a wait that count in resp: their conditions may ask
// for the error's code, which is ours to find.
func (p *rules) counting(resp *http.Response) []schema.Wait {
	if !slices.ContainsFunc(p.waits, func(w schema.Wait) bool { return w.When != nil }) {
		return p.waits
	}
	var waits []schema.Wait
	for _, w := range p.waits {
		if w.When == nil || p.matches(w.When, resp) {
			w.When = nil
			waits = append(waits, w)
		}
	}
	return waits
}

// lesson returns what resp says about the rate limit. The clock is read only if it says
// something.
func (p *rules) lesson(resp *http.Response, now func() time.Time) layer.Lesson {
	var l layer.Lesson
	if l.Limited = p.limited(resp); l.Limited {
		l.Pause, l.Why, _ = p.asked(resp, now())
		l.Why = "the provider asked for a pause (" + l.Why + ")"
	} else if resp.StatusCode == http.StatusServiceUnavailable && resp.Header["Retry-After"] != nil {
		l.Pause, _ = answer.RetryAfter(resp.Header, now())
		l.Why = "the provider is unavailable and asked for a pause"
	}
	if r := p.remaining; r != nil {
		p.learnRemaining(&l, r, resp, now())
	}
	if resp.Header["Ratelimit"] != nil {
		learnRateLimit(&l, resp.Header)
	}
	return l
}

// learnRemaining reads the declared count of what is left.
func (p *rules) learnRemaining(l *layer.Lesson, r *schema.Remaining, resp *http.Response, now time.Time) {
	n, i, ok := answer.Left(resp.Header, r.Header)
	if !ok {
		return
	}
	l.Remaining, l.HasRemaining = n, true
	if n > 0 || r.Reset == nil {
		return
	}
	if wait, _, ok := answer.Reset(resp, r.Reset.Wait(), i, now); ok && wait > l.Pause {
		l.Pause, l.Why = wait, fmt.Sprintf("%s was 0 in the answer before", r.Header)
	}
}

// learnRateLimit reads the IETF field. A positive remainder is no promise.
func learnRateLimit(l *layer.Lesson, h http.Header) {
	if wait, ok := answer.Exhausted(h, "RateLimit"); ok && !(l.Limited && l.Pause > 0) && wait > l.Pause {
		l.Pause, l.Why = wait, "RateLimit said in the answer before that nothing is left"
	}
	if n, ok := answer.Remaining(h, "RateLimit"); ok && !l.HasRemaining {
		l.Remaining, l.HasRemaining = n, true
	}
}
