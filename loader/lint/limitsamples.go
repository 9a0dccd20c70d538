package lint

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

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
	for i, s := range samples {
		if !v.detected(limit, s.Response) {
			v.report("sample-rate-limit", sampleAt(i, ".response"), "this is not taken for a rate limit", "rate_limit.detect says what is; by default, status 429")
		}
		v.waits(i, limit, s.Response)
	}
}

func (v *version) detected(limit *schema.RateLimit, r schema.SampleResponse) bool {
	var codePath string
	if e := v.Requests.Errors; e != nil {
		codePath = e.Code
		if slices.ContainsFunc(e.Rules, func(rule schema.ErrorRule) bool {
			return rule.Kind == "rate_limited" && matches(rule.When, r, codePath)
		}) {
			return true
		}
	}
	if len(limit.Detect) == 0 {
		return statusOf(r) == http.StatusTooManyRequests
	}
	return slices.ContainsFunc(limit.Detect, func(c schema.Condition) bool { return matches(c, r, codePath) })
}

func (v *version) waits(i int, limit *schema.RateLimit, r schema.SampleResponse) {
	found := false
	for _, w := range limit.Wait {
		text, ok := headerOf(r.Headers, w.Header)
		if w.Header == "" {
			text, ok = textAt(r.Body, w.Body)
		}
		if !ok {
			continue
		}
		found = true
		if !readable(w.Format, text) {
			v.report("sample-rate-limit", sampleAt(i, ".response"), fmt.Sprintf("%q, where the wait stands, is not of the form %s", text, formOf(w)), "")
		}
	}
	after, ok := headerOf(r.Headers, "Retry-After")
	if ok && !readable("", after) {
		v.report("sample-rate-limit", sampleAt(i, ".response.headers"), fmt.Sprintf("Retry-After: %s is neither seconds nor a date", after), "")
	}
	if len(limit.Wait) > 0 && !found && !ok {
		v.report("sample-rate-limit", sampleAt(i, ".response"), "this says nowhere how long to wait, though rate_limit.wait names a place", "")
	}
}

func formOf(w schema.Wait) string {
	if w.Format == "" {
		return "seconds_or_date"
	}
	return w.Format
}

var (
	number    = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	rateLimit = regexp.MustCompile(`(^|[;,]\s*)(t|reset)=[0-9]+`)
)

// readable reports whether text is of a form of waits.
func readable(format, text string) bool {
	isDate := func() bool { _, err := http.ParseTime(text); return err == nil }
	switch format {
	case "", "seconds_or_date":
		return number.MatchString(text) || isDate()
	case "date":
		return isDate()
	case "iso_date":
		_, err := time.Parse(time.RFC3339, text)
		return err == nil
	case "epoch_seconds":
		n, err := strconv.ParseFloat(text, 64)
		return err == nil && n > 1e9 && n < 1e11
	case "epoch_milliseconds":
		n, err := strconv.ParseFloat(text, 64)
		return err == nil && n > 1e12
	case "ratelimit":
		return rateLimit.MatchString(text)
	}
	return number.MatchString(text)
}
