// Package fault is how the engine says that something went wrong: an [Error] of a
// [Kind], in words that are safe to show to a stranger. [Amend] adds to an error on its
// way up, [OfStore] gives a store's errors their kind, and what is named Without takes
// out of a text what must not be shown.
package fault

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
)

// An Error is what the engine returns when something went wrong. Its text is
// safe to show to a stranger: it never holds a token, header, body or query.
type Error struct {
	Op         string         // what was being done, such as "exchange"
	Key        connection.Key // to which connection; may be zero
	Kind       Kind           // what the caller can do
	Status     int            // HTTP status of the provider's answer; 0 if there was none
	Code       string         // the provider's error code, such as RFC 6749's invalid_grant
	RequestID  string         // the provider's name for the request
	Message    string         // the provider's own words, for a person: one line, masked; not part of the text, as they are a stranger's
	Detail     string         // what exactly is wrong, in our words
	Scopes     []string       // those that the resource wants and the token does not have (RFC 6750 3.1): ask the user for them
	Hint       string         // a field note of the blueprint that fits
	RetryAfter time.Duration  // for KindRateLimited: how long the provider wants us to wait
	Err        error          // the cause; may be nil
}

// Error describes the error in one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Key.Integration != "" {
		b.WriteString(" " + strings.TrimSuffix(e.Key.String(), "/"))
	}
	b.WriteString(": ")
	b.WriteString(string(e.Kind))
	for _, part := range []string{e.Detail, e.answer(), errText(e.Err)} {
		if part != "" {
			b.WriteString(": " + part)
		}
	}
	return b.String()
}

// answer says what the provider answered.
func (e *Error) answer() string {
	var parts []string
	if e.Status != 0 {
		parts = append(parts, "status "+strconv.Itoa(e.Status))
	}
	if e.Code != "" {
		parts = append(parts, "code "+e.Code)
	}
	if e.RequestID != "" {
		parts = append(parts, "request "+e.RequestID)
	}
	if len(parts) == 0 {
		return ""
	}
	return "the provider answered with " + strings.Join(parts, ", ")
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrReauthorize) and its like work.
func (e *Error) Is(target error) bool {
	k, ok := target.(kindError)
	return ok && Kind(k) == e.Kind
}

// Amend returns err with its first *Error changed by change, on a copy: whoever else
// holds the error does not see it. What wraps that *Error is left behind. An err
// without one is returned as it is.
func Amend(err error, change func(*Error)) error {
	known, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	amended := *known
	change(&amended)
	return &amended
}

// Within says of a failed part of an operation which part it was.
func Within(part string, err error) error {
	return Amend(err, func(e *Error) { e.Detail = strings.TrimSuffix(part+": "+e.Detail, ": ") })
}

// Mean returns err with another kind and detail: what was refused means something else
// here.
func Mean(err error, kind Kind, detail string) error {
	return Amend(err, func(e *Error) { e.Kind, e.Detail = kind, detail })
}
