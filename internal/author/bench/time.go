package bench

import "time"

// Under testing/synctest the clock stands while anyone works, so times are exact.
// On a real clock a busy machine comes late, and checks have to bear it.

// busy is how far a time may be off: by d, and by what a machine may be late.
func busy(d time.Duration) time.Duration {
	if fake() {
		return d
	}
	return d + 30*time.Second
}

// early is how early a request that is due may come: what sums of fractions are
// off by, and on a real clock what its reading is.
func early(due time.Duration) time.Duration {
	if fake() {
		return time.Microsecond
	}
	return due/50 + time.Millisecond
}

// fake reports whether this runs under testing/synctest, which begins in 2000.
func fake() bool { return time.Now().Year() < 2010 }
