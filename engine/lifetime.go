package engine

import (
	"math"
	"time"
)

// defaultMargin is how long before its end a token is refreshed unless
// refresh_margin_seconds says otherwise.
const defaultMargin = time.Minute

// stale reports whether c's token should be refreshed before it is used.
func (in *integration) stale(c *Connection, now time.Time) bool {
	t := &c.Credentials.Token
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt.Add(-in.margin(t)))
}

// good returns how long c's token, which is not stale, will not be.
func (in *integration) good(c *Connection, now time.Time) time.Duration {
	t := &c.Credentials.Token
	if t.ExpiresAt.IsZero() {
		return math.MaxInt64 / 4
	}
	return t.ExpiresAt.Add(-in.margin(t)).Sub(now)
}

// ended reports whether c's token is of no use any more.
func ended(c *Connection, now time.Time) bool {
	t := &c.Credentials.Token
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// margin is how long before its end a token is refreshed: what is declared, or a
// minute, but never more than a quarter of the token's life, so that short-lived
// tokens are not refreshed at every call.
func (in *integration) margin(t *Token) time.Duration {
	margin := seconds(in.Auth.RefreshMarginSeconds, defaultMargin)
	if t.ObtainedAt.IsZero() {
		return margin
	}
	return max(0, min(margin, t.ExpiresAt.Sub(t.ObtainedAt)/4))
}
