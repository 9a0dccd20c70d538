package bench

import "time"

// late is how late a request may come on a busy machine: hardly at all under
// testing/synctest, which begins in 2000 and where the clock stands while anyone
// works.
func late() time.Duration {
	if fake() {
		return 0
	}
	return 2 * time.Second
}

// early is how early a request that is due may come: what sums of fractions are
// off by, and on a real clock what its reading is.
func early(due time.Duration) time.Duration {
	if fake() {
		return time.Microsecond
	}
	return due/50 + time.Millisecond
}

func fake() bool { return time.Now().Year() < 2010 }
