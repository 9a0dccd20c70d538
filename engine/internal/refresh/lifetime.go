package refresh

import (
	"fmt"
	"math"
	"time"

	"github.com/nango-lite/nango-lite/connection"
)

// Stale reports whether c's token should be refreshed before it is used.
func (s *Source) Stale(c *connection.Connection, now time.Time) bool {
	if s.Foreign != nil && s.Foreign(c) {
		return true
	}
	t := &c.Credentials.Token
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt.Add(-s.margin(t)))
}

// Good returns how long c's token, which is not stale, will not be.
func (s *Source) Good(c *connection.Connection, now time.Time) time.Duration {
	t := &c.Credentials.Token
	if t.ExpiresAt.IsZero() {
		return math.MaxInt64 / 4
	}
	return t.ExpiresAt.Add(-s.margin(t)).Sub(now)
}

// Ended reports whether c's token is of no use any more.
func Ended(c *connection.Connection, now time.Time) bool {
	t := &c.Credentials.Token
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// margin is how long before its end a token is refreshed: never more than a quarter of
// the token's life, so that short-lived tokens are not refreshed at every call.
func (s *Source) margin(t *connection.Token) time.Duration {
	if t.ObtainedAt.IsZero() {
		return s.Margin
	}
	return max(0, min(s.Margin, t.ExpiresAt.Sub(t.ObtainedAt)/4))
}

// DescribeToken says for a trace what a token is good for; it follows the word
// "token".
func DescribeToken(t *connection.Token, now time.Time) string {
	text := DescribeEnd(t, now)
	if t.RefreshToken.Empty() {
		text += " and no refresh token"
	}
	return text
}

// DescribeEnd is [DescribeToken] without a word of the refresh token.
func DescribeEnd(t *connection.Token, now time.Time) string {
	if t.ExpiresAt.IsZero() {
		return " without a stated end"
	}
	return fmt.Sprintf(" good for %s", t.ExpiresAt.Sub(now).Round(time.Second))
}
