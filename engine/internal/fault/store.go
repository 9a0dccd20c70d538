package fault

import (
	"context"
	"errors"

	"github.com/nango-lite/nango-lite/connection"
)

// OfStore gives an error of a store its kind. The context's errors pass through.
func OfStore(op string, k connection.Key, err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, connection.ErrNoConnection):
		return &Error{Op: op, Key: k, Kind: KindNotFound, Detail: "no such connection; connect first", Err: WithText("", connection.ErrNoConnection)}
	case errors.Is(err, connection.ErrUnreadable) && errors.Is(err, connection.ErrUnknownKey):
		// Not the user's to mend: a program with another key set must not send everybody
		// to consent.
		return &Error{Op: op, Key: k, Kind: KindClient, Detail: "the key that sealed the connection is not at hand; give it back, or connect again", Err: err}
	case errors.Is(err, connection.ErrUnreadable):
		return &Error{Op: op, Key: k, Kind: KindReauthorize, Detail: "the stored connection cannot be read; connect again", Err: err}
	}
	return &Error{Op: op, Key: k, Kind: KindUnavailable, Detail: "the connection store failed", Err: err}
}

// OfStoreInTime is [OfStore] for work that is nobody's: that its time is up is the
// store's failure, not the caller's.
func OfStoreInTime(op string, k connection.Key, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return &Error{Op: op, Key: k, Kind: KindUnavailable, Detail: "the connection store did not answer in time"}
	}
	return OfStore(op, k, err)
}
