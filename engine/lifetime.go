package engine

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// defaultMargin is how long before its end a token is refreshed unless
// refresh_margin_seconds says otherwise.
const defaultMargin = time.Minute

// end fills in when t ends where the answer did not say: after the declared
// lifetime, else when the access token itself says so. Failing both, the end shows
// when the API refuses the token.
func (in *integration) end(t *Token, now time.Time) {
	if !t.ExpiresAt.IsZero() {
		return
	}
	if s := in.Auth.TokenLifetimeSeconds; s > 0 {
		t.ExpiresAt = now.Add(time.Duration(s * float64(time.Second)))
		return
	}
	if t.RefreshToken.Empty() && !in.Auth.Issues() {
		return // a mere hint could only stop calls that the API would have taken
	}
	if exp := jwtExpiry(t.AccessToken.Reveal()); exp.After(now) {
		t.ExpiresAt = exp
	}
}

// jwtExpiry returns the exp of a token that is a JWT (RFC 7519 4.1.4), or the zero
// time. Nothing is verified: the token is another's to judge.
func jwtExpiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return time.Time{}
	}
	var claims struct {
		Exp float64 `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Exp <= 0 || claims.Exp > math.MaxInt32*64 {
		return time.Time{}
	}
	return time.Unix(int64(claims.Exp), 0).UTC()
}

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
