// Package label gives events labels of few values: what a user or a provider can
// make up must not become a time series.
package label

import (
	"context"
	"errors"
	"strconv"

	"github.com/nango-lite/nango-lite/engine"
)

// Other stands for all values that are not known.
const Other = "_OTHER"

// Method returns the method of a request if it is a known one.
func Method(ev engine.Event) string {
	switch ev.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY":
		return ev.Method
	}
	return Other
}

// Status returns the status of an answer, or "" if there was none.
func Status(ev engine.Event) string {
	switch {
	case ev.Status == 0:
		return ""
	case ev.Status < 100 || ev.Status > 599:
		return Other
	}
	return strconv.Itoa(ev.Status)
}

// Kind returns what went wrong, in one word: the kind of an engine's error, or
// canceled, timeout, other; "" if nothing did.
func Kind(ev engine.Event) string {
	kind := engine.ErrorKind(ev.Err)
	switch {
	case ev.Err == nil:
		return ""
	case kind != "":
		return string(kind)
	case errors.Is(ev.Err, context.Canceled):
		return "canceled"
	case errors.Is(ev.Err, context.DeadlineExceeded):
		return "timeout"
	}
	return "other"
}
