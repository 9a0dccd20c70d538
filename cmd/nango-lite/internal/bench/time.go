package bench

import "time"

// late is how late a request may come on a busy machine: hardly at all under
// testing/synctest, which begins in 2000 and where the clock stands while anyone
// works.
func late() time.Duration {
	if time.Now().Year() < 2010 {
		return time.Millisecond
	}
	return 2 * time.Second
}
