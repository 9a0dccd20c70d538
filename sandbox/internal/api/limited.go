package api

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// retryAfter is what every 429 of the sandbox says.
const retryAfter = time.Second

// limitedAnswer is the provider's "too many requests". An empty dialect says how
// long to wait in every way that this API has, and in Retry-After.
func (p *shapes) limitedAnswer(dialect string) message.Answer {
	ref := message.Refused(http.StatusTooManyRequests, "rate_limited", "too many requests; wait %s", retryAfter)
	var a message.Answer
	if len(p.Samples.Limited) > 0 {
		a = p.Samples.Limited[0].Copy()
		p.name(&a)
	} else {
		a = p.refusalAnswer(ref)
	}
	rate := p.Integration.Requests.RateLimit
	if rate == nil {
		rate = &schema.RateLimit{}
	}
	if rate.Remaining != nil {
		a.Set(rate.Remaining.Header, "0")
	}
	waits := slices.Clone(rate.Wait)
	if rate.Remaining != nil && rate.Remaining.Reset != nil {
		waits = append(waits, rate.Remaining.Reset.Wait())
	}
	if dialect == "" {
		a.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
		for _, w := range waits {
			p.putWait(&a, w, w.Format, retryAfter)
		}
	} else {
		p.putDialect(&a, waits, dialect)
	}
	if len(rate.Detect) > 0 && !slices.ContainsFunc(rate.Detect, func(c schema.Condition) bool { return p.Matches(&c, &a) }) {
		p.Satisfy(&rate.Detect[0], &a)
	}
	return ref.Mark(a)
}

// putRemaining says what is left of the window, where this API says it.
func (p *shapes) putRemaining(a *message.Answer, s slot) {
	rate := p.Integration.Requests.RateLimit
	if rate == nil || rate.Remaining == nil {
		return
	}
	left, reset := s.left, s.reset
	if left < 0 {
		left, reset = 999, time.Minute
	}
	a.Set(rate.Remaining.Header, strconv.Itoa(left))
	if r := rate.Remaining.Reset; r != nil {
		p.putWait(a, r.Wait(), r.Format, reset)
	}
}
