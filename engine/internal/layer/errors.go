package layer

import "time"

// A RefusedError says that a request was not sent, because of where it would
// have gone. Its text holds no part of the request's URL.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string { return e.Reason }

// A LimitError says that a request was not sent, because it would have had to
// wait for too long.
type LimitError struct {
	Wait   time.Duration
	Reason string
}

func (e *LimitError) Error() string { return e.Reason }

// A TransportError is a failure to get an answer. The text is the cause's, which
// may hold a URL.
type TransportError struct {
	Err     error
	NotSent bool // surely: the provider cannot have acted
	Timeout bool // no answer in the time allowed
}

func (e *TransportError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }
