package engine

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A Kind says what a caller can do about an error.
type Kind string

// The kinds of errors.
const (
	KindNotFound        Kind = "not_found"        // fix the name, or connect first
	KindReauthorize     Kind = "reauthorize"      // ask the user to connect again
	KindDenied          Kind = "denied"           // tell the user: they, or the provider, said no
	KindState           Kind = "state"            // start over; log it as suspicious
	KindClient          Kind = "client"           // page the operator: configuration or credentials of the app are wrong
	KindRateLimited     Kind = "rate_limited"     // wait RetryAfter
	KindUnavailable     Kind = "unavailable"      // try later
	KindInvalidResponse Kind = "invalid_response" // the provider's answer is not what the blueprint says: report a bug
	KindUnsupported     Kind = "unsupported"      // choose another way
)

// For errors.Is.
var (
	ErrNotFound        = sentinel(KindNotFound)
	ErrReauthorize     = sentinel(KindReauthorize)
	ErrDenied          = sentinel(KindDenied)
	ErrState           = sentinel(KindState)
	ErrClient          = sentinel(KindClient)
	ErrRateLimited     = sentinel(KindRateLimited)
	ErrUnavailable     = sentinel(KindUnavailable)
	ErrInvalidResponse = sentinel(KindInvalidResponse)
	ErrUnsupported     = sentinel(KindUnsupported)
)

type kindError Kind

func sentinel(k Kind) error       { return kindError(k) }
func (k kindError) Error() string { return string(k) }

// An Error is what the engine returns when something went wrong. Its text is
// safe to show to a stranger: it never holds a token, header, body or query.
type Error struct {
	Op         string        // what was being done, such as "exchange"
	Key        Key           // to which connection; may be zero
	Kind       Kind          // what the caller can do
	Status     int           // HTTP status of the provider's answer; 0 if there was none
	Code       string        // the provider's error code, such as RFC 6749's invalid_grant
	RequestID  string        // the provider's name for the request
	Message    string        // the provider's own words, for a person; not part of the text, as they may repeat what was sent
	Detail     string        // what exactly is wrong, in our words
	Scopes     []string      // that the resource wants and the token does not have (RFC 6750 3.1): ask the user for them
	Hint       string        // a field note of the blueprint that fits
	RetryAfter time.Duration // for KindRateLimited: how long the provider wants us to wait
	Err        error         // the cause; may be nil
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

// ErrorKind returns the kind of the first *Error in err's chain, or "".
func ErrorKind(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// scrubError takes the URL out of net/http's errors: its query may hold a
// credential.
func scrubError(err error) error {
	var u *url.Error
	if !errors.As(err, &u) {
		return err
	}
	host := "?"
	if parsed, perr := url.Parse(u.URL); perr == nil {
		host = parsed.Host
	}
	return fmt.Errorf("%s %s: %w", strings.ToUpper(u.Op), host, scrubError(u.Err))
}

// scrubCode returns a provider's error code if it looks like one, and
// "(unreadable)" otherwise: a code is shown, so it must not be a place to smuggle
// other text through.
func scrubCode(code string) string {
	if code == "" || len(code) <= 80 && strings.IndexFunc(code, notCode) < 0 {
		return code
	}
	return "(unreadable)"
}

func notCode(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.:/", r))
}
