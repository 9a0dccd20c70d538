package answer

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Exhausted returns how long nothing more should be sent, if a RateLimit field
// of h says that nothing is left. It reads the list of the current draft,
// "default";r=0;t=30, and the dictionary of earlier ones, limit=9, remaining=0,
// reset=30. Something left is no promise, and says nothing here; neither does an
// answer that comes from a cache.
func Exhausted(h http.Header, name string) (time.Duration, bool) {
	if h.Get("Age") != "" {
		return 0, false
	}
	longest, found := time.Duration(0), false
	for _, value := range h.Values(name) {
		for _, limit := range rateLimits(value) {
			wait, ok := delta(limit.reset, time.Second)
			if remaining, err := strconv.ParseFloat(limit.remaining, 64); err == nil && remaining <= 0 && ok {
				longest, found = max(longest, wait), true
			}
		}
	}
	return longest, found
}

// Remaining returns the least that a RateLimit field says is left.
func Remaining(h http.Header, name string) (float64, bool) {
	if h.Get("Age") != "" {
		return 0, false
	}
	least, found := 0.0, false
	for _, value := range h.Values(name) {
		for _, limit := range rateLimits(value) {
			n, err := strconv.ParseFloat(limit.remaining, 64)
			if err == nil && n >= 0 && (!found || n < least) {
				least, found = n, true
			}
		}
	}
	return least, found
}

// A rateLimit is one limit of the field, as text.
type rateLimit struct{ remaining, reset string }

func rateLimits(value string) []rateLimit {
	var list []rateLimit
	var old rateLimit
	for item := range splitOutside(value, ',') {
		var l rateLimit
		isPair, head := false, true
		for p := range splitOutside(item, ';') {
			p = strings.TrimSpace(p)
			if head && strings.HasPrefix(p, `"`) { // the name of the limit
				head = false
				continue
			}
			key, v, pair := strings.Cut(p, "=")
			isPair, head = isPair || head && pair, false
			switch {
			case isPair && strings.EqualFold(key, "remaining"):
				old.remaining = v
			case isPair && strings.EqualFold(key, "reset"):
				old.reset = v
			case key == "r":
				l.remaining = v
			case key == "t":
				l.reset = v
			}
		}
		if !isPair {
			list = append(list, l)
		}
	}
	if old != (rateLimit{}) {
		list = append(list, old)
	}
	return list
}

// splitOutside splits s at separators that stand outside quotes.
func splitOutside(s string, separator byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		quoted, start := false, 0
		for i := 0; i < len(s); i++ {
			switch {
			case s[i] == '\\' && quoted:
				i++
			case s[i] == '"':
				quoted = !quoted
			case s[i] == separator && !quoted:
				if !yield(s[start:i]) {
					return
				}
				start = i + 1
			}
		}
		yield(s[start:])
	}
}
