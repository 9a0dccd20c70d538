package lint

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// rateLimited: the sample of a limit must be taken for one, and say how long to
// wait where it is looked for.
func (v *version) rateLimited() {
	limit := v.Requests.RateLimit
	samples := v.of(schema.SampleRateLimited)
	if limit == nil {
		limit = &schema.RateLimit{}
	} else if len(samples) == 0 {
		v.missing(schema.SampleRateLimited, "and rate_limit says how to know one")
	}
	stated := len(samples) == 0 || len(limit.Wait) == 0
	for i, s := range samples {
		if !v.detected(limit, s.Response) {
			v.report("sample-rate-limit", sampleAt(i, ".response"), "this is not taken for a rate limit", "rate_limit.detect says what is; by default, status 429")
		} else if kind := v.calledOtherwise(limit, s.Response); kind != "" {
			v.report("sample-rate-limit", sampleAt(i, ".response"), fmt.Sprintf("the first of requests.errors.rules that fits calls this %q", kind), "say in rate_limit.detect more than the status, or put a rule for it before that one")
		}
		stated = v.waits(i, limit, s.Response) || stated
	}
	if !stated {
		v.report("sample-rate-limit", "requests.rate_limit.wait", "no rate_limited sample says how long to wait where this looks", "")
	}
}

func (v *version) detected(limit *schema.RateLimit, r schema.SampleResponse) bool {
	var codePaths schema.Paths
	if e := v.Requests.Errors; e != nil {
		codePaths = e.Code
		if slices.ContainsFunc(e.Rules, func(rule schema.ErrorRule) bool {
			return rule.Kind == "rate_limited" && matches(rule.When, r, codePaths)
		}) {
			return true
		}
	}
	if len(limit.Detect) == 0 {
		return statusOf(r) == http.StatusTooManyRequests
	}
	return slices.ContainsFunc(limit.Detect, func(c schema.Condition) bool { return matches(c, r, codePaths) })
}

// calledOtherwise returns what a rule calls a limit that is known by its status alone, or
// "" if that is a limit.
func (v *version) calledOtherwise(limit *schema.RateLimit, r schema.SampleResponse) string {
	e := v.Requests.Errors
	if e == nil || slices.ContainsFunc(limit.Detect, func(c schema.Condition) bool {
		return len(c.Header)+len(c.Body)+len(c.Code) > 0 && matches(c, r, e.Code)
	}) {
		return ""
	}
	for _, rule := range e.Rules {
		if rule.Kind != "" && matches(rule.When, r, e.Code) {
			if rule.Kind == "rate_limited" {
				return ""
			}
			return rule.Kind
		}
	}
	return ""
}

// waits checks what a sample says about the wait, and reports whether it says
// anything.
func (v *version) waits(i int, limit *schema.RateLimit, r schema.SampleResponse) (found bool) {
	for _, w := range limit.Wait {
		text, ok := waitIn(w, r)
		found = found || ok
		alike := func(o schema.Wait) bool { return o.Header == w.Header && o.Body == w.Body && readable(o.Format, text) }
		if ok && !slices.ContainsFunc(limit.Wait, alike) { // one header may come in several forms
			v.report("sample-rate-limit", sampleAt(i, ".response"), fmt.Sprintf("%q, where the wait stands, is not of the form %s", text, formOf(w)), "")
		}
	}
	after, ok := headerOf(r.Headers, "Retry-After")
	if ok && !found && !readable("", after) {
		v.report("sample-rate-limit", sampleAt(i, ".response.headers"), fmt.Sprintf("Retry-After: %s is neither seconds nor a date", after), "")
	}
	return found || ok
}

func waitIn(w schema.Wait, r schema.SampleResponse) (string, bool) {
	if w.Header == "" {
		return schema.TextAt(r.Body, w.Body)
	}
	return headerOf(r.Headers, w.Header)
}

func formOf(w schema.Wait) string {
	if w.Format == "" {
		return "seconds_or_date"
	}
	return w.Format
}

var (
	number    = lazyregexp.New(`^[0-9]+(\.[0-9]+)?$`)
	rateLimit = lazyregexp.New(`(^|[;,]\s*)(t|reset)=[0-9]+`)
)

// isoDate reports whether text is a date of RFC 3339, or lacks no more than its
// zone.
func isoDate(text string) bool {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}

// readable reports whether text is of a form of waits.
func readable(format, text string) bool {
	isDate := func() bool { _, err := http.ParseTime(text); return err == nil }
	switch format {
	case "", "seconds_or_date":
		return number().MatchString(text) || isDate()
	case "date":
		return isDate()
	case "iso_date":
		return isoDate(text)
	case "epoch_seconds":
		n, err := strconv.ParseFloat(text, 64)
		return err == nil && n > 1e9 && n < 1e11
	case "epoch_milliseconds":
		n, err := strconv.ParseFloat(text, 64)
		return err == nil && n > 1e12
	case "ratelimit":
		return rateLimit().MatchString(text)
	}
	return number().MatchString(text)
}
