package consent

import (
	"errors"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// slowPace is the longest pace that outages alone lead to.
const slowPace = time.Minute

// A StillPendingError is what a poll returns while the user has not decided. Ask again after RetryAfter.
type StillPendingError struct {
	Key        connection.Key
	RetryAfter time.Duration
	Err        error // why the provider could not be asked; nil if it said that the user has not decided
}

// Error describes the error in one line.
func (e *StillPendingError) Error() string {
	text := "connect " + e.Key.String() + ": the user has not consented yet"
	if e.Err != nil {
		text += ", as far as is known: " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *StillPendingError) Unwrap() error { return e.Err }

// Undecided returns a [*StillPendingError] where err leaves hope, and says when to
// ask again (RFC 8628 3.5); else what err means here.
func (d *DeviceAuth) Undecided(err error, now time.Time) error {
	refused, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return err // the context's own
	}
	var cause error
	d.Interval = max(leastPace, d.Interval) // it may have been sealed with less
	wait := d.Interval
	switch {
	case refused.Code == "authorization_pending":
	case refused.Code == "slow_down":
		d.Interval = min(d.Interval+Pace, LongestPace)
		wait = max(d.Interval, refused.RetryAfter)
	case fault.Declined(refused.Code):
		return fault.Mean(err, fault.KindDenied, "the user or the provider said no")
	case refused.Code == "expired_token":
		return fault.Mean(err, fault.KindState, "the user did not consent in time")
	case refused.Kind == fault.KindRateLimited:
		cause, wait = err, max(d.Interval, refused.RetryAfter)
	case refused.Kind == fault.KindUnavailable:
		d.Interval = max(d.Interval, min(2*d.Interval, slowPace))
		cause, wait = err, d.Interval
	default:
		return err
	}
	d.NextPoll = now.Add(wait)
	return &StillPendingError{Key: d.Key, RetryAfter: wait, Err: cause}
}
