package answer

import (
	"net/http"
	"time"
)

// ClockOff says in words how far our clock is from that of the server which wrote h, or
// "" if it is most at most, or the server does not tell the time. Signatures carry the
// time, and servers have many codes for one that they take for old, or for not yet good.
func ClockOff(h http.Header, now time.Time, most time.Duration) string {
	theirs, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return ""
	}
	off, where := now.Sub(theirs).Round(time.Second), "ahead of"
	if off < 0 {
		off, where = -off, "behind"
	}
	if off <= most {
		return ""
	}
	return "our clock is " + off.String() + " " + where + " the server's"
}
