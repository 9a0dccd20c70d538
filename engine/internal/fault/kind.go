package fault

import "errors"

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
	KindInvalidInput    Kind = "invalid_input"    // mend what was given to the operation; nothing was sent
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
	ErrInvalidInput    = sentinel(KindInvalidInput)
)

type kindError Kind

func sentinel(k Kind) error       { return kindError(k) }
func (k kindError) Error() string { return string(k) }

// KindOf returns the kind of the first *Error in err's chain, or "".
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}

// Declined reports whether a code says that the user, or the provider for them, said no:
// RFC 6749 4.1.2.1 has one name for it, and servers have others.
func Declined(code string) bool {
	switch code {
	case "access_denied", "user_cancelled_login", "user_cancelled_authorize", "authorization_declined", "user_refused", "permission_denied":
		return true
	}
	return false
}

// OutcomeOpen reports whether what was asked of the provider may or may not have been
// done: there was no answer, or a failure. A success that cannot be read was done (see
// [AnswerLost]), and a redirect was not.
func OutcomeOpen(err error) bool {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return true
	case AnswerLost(err) || e.Status >= 300 && e.Status < 400:
		return false
	}
	return e.Kind == KindUnavailable || e.Kind == KindInvalidResponse
}

// AnswerLost reports whether the provider did what it was asked, and what it answered
// is of no use or broke off.
func AnswerLost(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status >= 200 && e.Status < 300 && e.Code == "" && (e.Kind == KindUnavailable || e.Kind == KindInvalidResponse)
}
