package token

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
)

// SetEnd fills in when t ends where the answer did not say: after the declared
// lifetime, else when the access token itself says so. Failing both, the end shows
// when the API refuses the token.
func SetEnd(in *plan.Integration, t *connection.Token, now time.Time) {
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
