package engine

import "github.com/nango-lite/nango-lite/engine/internal/fault"

// A Kind says what a caller can do about an error.
type Kind = fault.Kind

// The kinds of errors.
const (
	KindNotFound        = fault.KindNotFound        // fix the name, or connect first
	KindReauthorize     = fault.KindReauthorize     // ask the user to connect again
	KindDenied          = fault.KindDenied          // tell the user: they, or the provider, said no
	KindState           = fault.KindState           // start over; log it as suspicious
	KindClient          = fault.KindClient          // page the operator: configuration or credentials of the app are wrong
	KindRateLimited     = fault.KindRateLimited     // wait RetryAfter
	KindUnavailable     = fault.KindUnavailable     // try later
	KindInvalidResponse = fault.KindInvalidResponse // the provider's answer is not what the blueprint says: report a bug
	KindUnsupported     = fault.KindUnsupported     // choose another way
	KindInvalidInput    = fault.KindInvalidInput    // mend what was given to the operation; nothing was sent
)

// For errors.Is.
var (
	ErrNotFound        = fault.ErrNotFound
	ErrReauthorize     = fault.ErrReauthorize
	ErrDenied          = fault.ErrDenied
	ErrState           = fault.ErrState
	ErrClient          = fault.ErrClient
	ErrRateLimited     = fault.ErrRateLimited
	ErrUnavailable     = fault.ErrUnavailable
	ErrInvalidResponse = fault.ErrInvalidResponse
	ErrUnsupported     = fault.ErrUnsupported
	ErrInvalidInput    = fault.ErrInvalidInput
)

// An Error is what the engine returns when something went wrong. Its text is
// safe to show to a stranger: it never holds a token, header, body or query. Its
// fields are
//
//	Op         string        // what was being done, such as "exchange"
//	Key        Key           // to which connection; may be zero
//	Kind       Kind          // what the caller can do
//	Status     int           // HTTP status of the provider's answer; 0 if there was none
//	Code       string        // the provider's error code, such as RFC 6749's invalid_grant
//	RequestID  string        // the provider's name for the request
//	Message    string        // the provider's own words, for a person: one line, masked; not part of the text, as they are a stranger's
//	Detail     string        // what exactly is wrong, in our words
//	Scopes     []string      // that the resource wants and the token does not have (RFC 6750 3.1): ask the user for them
//	Hint       string        // a field note of the blueprint that fits
//	RetryAfter time.Duration // for KindRateLimited: how long the provider wants us to wait
//	Err        error         // the cause; may be nil
type Error = fault.Error

// ErrorKind returns the kind of the first *Error in err's chain, or "".
func ErrorKind(err error) Kind { return fault.KindOf(err) }
