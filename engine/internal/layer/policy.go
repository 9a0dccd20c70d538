package layer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// A Policy says which attempts are made again, and when. Of go-retryablehttp it has
// what others have learned over the years: which failures are the same next time, and
// a back-off that doubles without overflowing. What that library does with answers and
// bodies is left out: it would repeat any method, wait without limit and read streams
// into memory.
type Policy struct {
	Max            int           // attempts after the first
	First          time.Duration // bound of the first wait; doubles each time
	MaxWait        time.Duration // a longer wait ends the call
	Statuses       []int         // statuses that are retried
	Unsafe         string        // when_not_sent, never or always
	Safe           []Pattern     // safe whatever the method
	IdempotencyKey string        // header that makes a repetition harmless

	// Limited reports whether an answer means "too many requests", so that
	// nothing was done. If nil, none does.
	Limited func(*http.Response) bool

	// Stated returns what the API's own rules say about a retry. If nil, nothing.
	Stated func(*http.Response) (again, ok bool)

	// Asked returns how long an answer asks us to wait, and where it says so. If
	// nil, none does.
	Asked func(*http.Response) (wait time.Duration, where string, ok bool)

	// Rand returns a number in [0, 1). If nil, math/rand is used.
	Rand func() float64
}

// Away returns the policy for where a redirect leads: the statuses and waits of HTTP,
// and nothing that is the API's own.
func (p *Policy) Away() *Policy {
	q := *p
	q.IdempotencyKey, q.Limited, q.Stated = "", nil, nil
	return &q
}

// A verdict says whether there is another attempt, and why or why not.
type verdict struct {
	again  bool
	wait   time.Duration
	reason string // empty: there is nothing to say
}

func stop(reason string) verdict { return verdict{reason: reason} }

// judge decides what follows an attempt that ended with resp or err. safe says
// that r may be repeated whatever became of it.
func (p *Policy) judge(call *Call, r *http.Request, safe bool, resp *http.Response, err error) verdict {
	var v verdict
	if err != nil {
		v = p.judgeError(call, r, safe, err)
	} else {
		v = p.judgeAnswer(call, r, safe, resp)
	}
	switch {
	case !v.again:
		return v
	case call.attempt.number > p.Max:
		if p.Max == 0 {
			return stop(v.reason)
		}
		return stop(fmt.Sprintf("%s: gave up after %d attempts", v.reason, call.attempt.number))
	case !replayable(r):
		return stop(v.reason + ": not tried again, because the body cannot be sent twice")
	case v.wait > p.MaxWait:
		return stop(fmt.Sprintf("%s: that is longer than max_wait_seconds (%s): retry in %s", v.reason, inWords(p.MaxWait), inWords(v.wait)))
	}
	if deadline, ok := r.Context().Deadline(); ok && v.wait >= time.Until(deadline) {
		return stop(fmt.Sprintf("%s: a wait of %s would pass the deadline", v.reason, inWords(v.wait)))
	}
	return v
}

func (p *Policy) judgeError(call *Call, r *http.Request, safe bool, err error) verdict {
	var failed *TransportError
	if !errors.As(err, &failed) {
		return verdict{} // refused, not authorised, or the caller has left: it says so itself
	}
	what := "connection failed"
	switch {
	case permanent(failed.Err):
		return verdict{} // as it will be the next time
	case failed.NotSent:
		what = "connection failed before the request was sent"
	case failed.Timeout:
		what = "no answer in the time allowed"
	}
	if safe || failed.NotSent && p.Unsafe != "never" {
		return verdict{true, p.jitter(call.attempt.number), what}
	}
	return stop(what + ": not tried again, because " + r.Method + " may have been done")
}

func (p *Policy) judgeAnswer(call *Call, r *http.Request, safe bool, resp *http.Response) verdict {
	limited := p.Limited != nil && p.Limited(resp)
	again := limited || slices.Contains(p.Statuses, resp.StatusCode)
	if p.Stated != nil {
		if stated, ok := p.Stated(resp); ok {
			again = stated
		}
	}
	if !limited && !again {
		return verdict{}
	}
	status := statusText(resp.StatusCode)
	if limited && !again { // a day's quota: no wait that anyone would sit out helps
		return stop(status + ": not tried again, as this API says that it would not help")
	}
	if !limited && !safe {
		return stop(status + ": not tried again, because " + r.Method + " may have been done")
	}
	if p.Asked != nil {
		if wait, where, ok := p.Asked(resp); ok && wait > 0 { // "at once" is no answer to who was refused just now
			return verdict{true, wait, status + ", " + where}
		}
	}
	if limited { // with nothing said, half of the wait is not left to chance
		ceiling := p.ceiling(call.attempt.number)
		return verdict{true, ceiling/2 + time.Duration(p.random()*float64(ceiling/2)), status}
	}
	return verdict{true, p.jitter(call.attempt.number), status}
}

// permanent reports whether err will be the same next time.
func permanent(err error) bool {
	again, _ := retryablehttp.DefaultRetryPolicy(context.Background(), nil, &url.Error{Op: "send", Err: err})
	return !again || nobody(err)
}

// repeatable reports whether r may be repeated although it may have been done.
func (p *Policy) repeatable(call *Call, r *http.Request) bool {
	switch call.Repeat {
	case RepeatAlways:
		return true
	case RepeatNever:
		return false
	}
	if idempotent(r.Method) || p.Unsafe == "always" || p.IdempotencyKey != "" && has(r.Header, p.IdempotencyKey) {
		return true
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), strings.TrimSuffix(call.base.EscapedPath(), "/"))
	return slices.ContainsFunc(p.Safe, func(s Pattern) bool { return s.matches(r.Method, path) })
}

// idempotent reports whether a method is by definition (RFC 9110 9.2.2).
func idempotent(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// ceiling is the longest wait after so many attempts.
func (p *Policy) ceiling(attempts int) time.Duration {
	return retryablehttp.DefaultBackoff(p.First, p.MaxWait, attempts-1, nil)
}

// Pause draws the wait after so many attempts.
func (p *Policy) Pause(attempts int) time.Duration { return p.jitter(attempts) }

// jitter draws a wait below the ceiling (full jitter), so that those who failed
// together do not come back together.
func (p *Policy) jitter(attempts int) time.Duration {
	return time.Duration(p.random() * float64(p.ceiling(attempts)))
}

func (p *Policy) random() float64 {
	if p.Rand != nil {
		return p.Rand()
	}
	return rand.Float64()
}

// A Pattern is a method and a path below the base URL, in which * stands for one
// segment.
type Pattern struct {
	method   string
	segments []string
}

// ParsePattern reads text such as "POST /v1/databases/*/query".
func ParsePattern(text string) Pattern {
	method, path, _ := strings.Cut(text, " ")
	return Pattern{method, strings.Split(strings.Trim(path, "/"), "/")}
}

func (p Pattern) matches(method, path string) bool {
	if method != p.method {
		return false
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	return slices.EqualFunc(segments, p.segments, func(got, want string) bool { return want == "*" || got == want })
}

// statusText gives a status as people know it: "429 Too Many Requests".
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

// inWords writes a duration as people do: "1 s", "0.25 s", "2 m 5 s".
func inWords(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < time.Minute:
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(d.Seconds(), 'f', 2, 64), "0"), ".") + " s"
	}
	d = d.Round(time.Second)
	var parts []string
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / u.unit; n > 0 {
			parts = append(parts, strconv.Itoa(int(n))+" "+u.name)
			d -= n * u.unit
		}
	}
	return strings.Join(parts, " ")
}
