package answer

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// absurd is a wait that nobody means: a wrong unit, or nonsense.
const absurd = 365 * 24 * time.Hour

// RetryAfter returns the wait that h's Retry-After asks for (RFC 9110 10.2.3),
// in seconds, which may have a fraction, or as one of the three HTTP dates.
func RetryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	return parse(h.Get("Retry-After"), "seconds_or_date", clock(h, now))
}

// Wait returns how long resp asks us to wait, and where it says so, in words
// that are safe to show. Retry-After counts first, then the declared places in
// their order; where Retry-After is declared with a form of its own, it is read so.
// Then comes a RateLimit field with nothing left. A point in time that has
// passed means now; what is absurd is passed over: negative, more than a year, or
// no number. Conditions of the places are the caller's to judge.
func Wait(resp *http.Response, declared []schema.Wait, now time.Time) (wait time.Duration, where string, ok bool) {
	now = clock(resp.Header, now)
	byItself := slices.IndexFunc(declared, func(w schema.Wait) bool { return w.Format != "" && strings.EqualFold(w.Header, "Retry-After") })
	first := schema.Wait{Header: "Retry-After"}
	if byItself >= 0 {
		first = declared[byItself]
	}
	if wait, where, ok = waitIn(resp, first, now); ok {
		return wait, where, true
	}
	for _, w := range declared {
		if wait, where, ok = waitIn(resp, w, now); ok {
			return wait, where, true
		}
	}
	return waitIn(resp, schema.Wait{Header: "RateLimit", Format: "ratelimit"}, now)
}

func waitIn(resp *http.Response, w schema.Wait, now time.Time) (time.Duration, string, bool) {
	format := w.Format
	if format == "" {
		format = "seconds_or_date"
	}
	switch {
	case w.Header != "" && format == "ratelimit":
		wait, ok := Exhausted(resp.Header, w.Header)
		return wait, w.Header + " says that nothing is left", ok
	case w.Header != "":
		text := strings.TrimSpace(resp.Header.Get(w.Header))
		wait, ok := parse(text, format, now)
		return wait, w.Header + ": " + text, ok
	case w.Body != "":
		text, _ := schema.TextAt(JSON(resp), w.Body)
		wait, ok := parse(text, format, now)
		return wait, w.Body + " is " + strings.TrimSpace(text), ok
	}
	return 0, "", false
}

// Reset returns how long it is until the count of requests starts anew: where a header
// lists several, that of number i.
func Reset(resp *http.Response, w schema.Wait, i int, now time.Time) (time.Duration, string, bool) {
	now = clock(resp.Header, now)
	list := strings.Split(strings.Join(resp.Header.Values(w.Header), ","), ",")
	if dated := w.Format == "date" || w.Format == "ratelimit"; w.Header == "" || dated || len(list) < 2 {
		return waitIn(resp, w, now)
	}
	if i >= len(list) {
		return 0, "", false
	}
	alone := *resp
	alone.Header = resp.Header.Clone()
	alone.Header.Set(w.Header, strings.TrimSpace(list[i]))
	if wait, where, ok := waitIn(&alone, w, now); ok || w.Format != "" {
		return wait, where, ok
	}
	return waitIn(resp, w, now) // a date, which has a comma
}

// Left returns the least that a header says is left, and which of its list that is: some
// APIs name the windows of a second and of a month in one field, as in "0, 1999". An
// answer that comes out of a cache says nothing.
func Left(h http.Header, name string) (n float64, i int, ok bool) {
	if h.Get("Age") != "" {
		return 0, 0, false
	}
	for at, text := range strings.Split(strings.Join(h.Values(name), ","), ",") {
		one, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err == nil && !math.IsNaN(one) && (!ok || one < n) {
			n, i, ok = one, at, true
		}
	}
	return n, i, ok
}

// clock returns the provider's time if the answer states it and it is near ours,
// so that a clock which is a few minutes off does not shift what it says.
func clock(h http.Header, now time.Time) time.Time {
	if h.Get("Age") != "" { // out of a cache
		return now
	}
	if t, err := http.ParseTime(h.Get("Date")); err == nil && t.Sub(now).Abs() < time.Hour {
		return t
	}
	return now
}

func parse(text, format string, now time.Time) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, false
	}
	switch format {
	case "seconds":
		return delta(text, time.Second)
	case "milliseconds":
		return delta(text, time.Millisecond)
	case "epoch_seconds":
		return epoch(text, time.Second, now)
	case "epoch_milliseconds":
		return epoch(text, time.Millisecond, now)
	case "date":
		return date(text, now)
	case "iso_date":
		return isoDate(text, now)
	}
	if wait, ok := delta(text, time.Second); ok {
		return wait, true
	}
	return date(text, now)
}

// delta reads a number of units, without the overflow of int64 arithmetic.
func delta(text string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || n < 0 || n*float64(unit) > float64(absurd) {
		return 0, false
	}
	return time.Duration(n * float64(unit)), true
}

func epoch(text string, unit time.Duration, now time.Time) (time.Duration, bool) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n >= 0 && n < 1e15) {
		return 0, false
	}
	whole, fraction := math.Modf(n * unit.Seconds())
	return until(time.Unix(int64(whole), int64(fraction*1e9)), now)
}

// date reads the HTTP dates (RFC 9110 5.6.7), and "UTC" for "GMT".
func date(text string, now time.Time) (time.Duration, bool) {
	if zone, ok := strings.CutSuffix(text, " UTC"); ok {
		text = zone + " GMT"
	}
	t, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return until(t, now)
}

// isoDate reads RFC 3339, and what lacks its zone as UTC.
func isoDate(text string, now time.Time) (time.Duration, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil {
			return until(t, now)
		}
	}
	return 0, false
}

func until(t, now time.Time) (time.Duration, bool) {
	wait := t.Sub(now)
	if wait > absurd {
		return 0, false
	}
	return max(wait, 0), true
}
