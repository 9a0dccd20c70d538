package grant

import (
	"strings"
	"sync"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// deviceSlower is what a device that asks too often has to wait longer (RFC 8628 3.5).
const deviceSlower = 5 * time.Second

// userCodeLetters are no digits and spell no words (RFC 8628 6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

// Devices are the device authorizations that this process has begun.
type Devices struct {
	Mu     sync.Mutex
	byUser map[string]*device // by user code, without dashes
	byID   map[string]*device // by the ID of the device code
}

// A device waits for its user.
type device struct {
	Claims   Claims
	Decision string // allow, deny; empty: none yet
	interval time.Duration
	polled   time.Time
	redeemed bool
}

// Add remembers a device and returns its user code.
func (ds *Devices) Add(c Claims, interval time.Duration, random func(int) string) string {
	var code strings.Builder
	for i, digit := range random(4) {
		if i == 4 {
			code.WriteByte('-')
		}
		code.WriteByte(userCodeLetters[strings.IndexRune("0123456789abcdef", digit)])
	}
	ds.Mu.Lock()
	defer ds.Mu.Unlock()
	if ds.byUser == nil {
		ds.byUser, ds.byID = map[string]*device{}, map[string]*device{}
	}
	d := &device{Claims: c, interval: interval}
	ds.byUser[plainCode(code.String())], ds.byID[c.ID] = d, d
	return code.String()
}

// plainCode is what counts of a user code: people type it with dashes and without,
// in any case (RFC 8628 6.1).
func plainCode(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(userCodeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(s))
}

// Of returns the device of a user code that still waits.
func (ds *Devices) Of(userCode string, now time.Time) *device {
	d := ds.byUser[plainCode(userCode)]
	if d == nil || d.Decision != "" || !now.Before(time.UnixMilli(d.Claims.Expires)) {
		return nil
	}
	return d
}

// Redeem takes a device code if its user has allowed it, and refuses one that is
// shown too often.
func (ds *Devices) Redeem(c Claims, now time.Time) *message.Refusal {
	ds.Mu.Lock()
	defer ds.Mu.Unlock()
	d := ds.byID[c.ID]
	if d == nil {
		return message.Refused(400, "invalid_grant", "the device code was begun at another sandbox")
	}
	last := d.polled
	d.polled = now
	switch {
	case d.redeemed:
		return message.Refused(400, "invalid_grant", "the device code was used before")
	case !last.IsZero() && now.Sub(last) < d.interval:
		d.interval += deviceSlower
		return message.Refused(400, "slow_down", "the device asked again after %s; from now on it has to wait %s", now.Sub(last).Round(time.Millisecond), d.interval)
	case d.Decision == "deny":
		return message.Refused(400, "access_denied", "the user pressed Deny in the sandbox")
	case d.Decision == "":
		return message.Refused(400, "authorization_pending", "the user has not decided yet")
	}
	d.redeemed = true
	return nil
}
