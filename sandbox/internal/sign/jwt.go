package sign

import (
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// jwtSkew is how far apart clocks may be.
const jwtSkew = time.Minute

// CheckJWT checks a token against auth.jwt: how it is signed, by whom, for what and
// for how long.
func (j *Judge) CheckJWT(s string) (signedToken, *message.Refusal) {
	no := func(format string, args ...any) (signedToken, *message.Refusal) {
		return signedToken{}, message.Refused(401, "invalid_client", "the JWT is not in order: "+format, args...)
	}
	f := j.JWT
	if f == nil {
		return no("the blueprint has no auth.jwt")
	}
	key, err := j.SigningKey()
	if err != nil {
		return no("the sandbox cannot read the key: %v", err)
	}
	t, err := verifyJWS(f.Algorithm, key, s)
	if err != nil {
		return no("%v", err)
	}
	header, payload := func(n string) string { return message.Text(t.Header[n]) }, func(n string) string { return message.Text(t.Payload[n]) }
	shown := &match.Seen{Values: map[string][]string{}, Checked: map[string]bool{}}
	j.Take(shown, f.Header, header)
	j.Take(shown, f.Payload, payload)
	if ref := j.CheckShown(shown, f.Header, header, "the JWT's header (auth.jwt.header)"); ref != nil {
		return t, ref
	}
	if ref := j.CheckShown(shown, f.Payload, payload, "the JWT's payload (auth.jwt.payload)"); ref != nil {
		return t, ref
	}
	return t, j.checkTimes(t)
}

func (j *Judge) checkTimes(t signedToken) *message.Refusal {
	for _, d := range j.JWT.Payload {
		if d.Text == "" && t.Payload[d.Name] != nil {
			return message.Refused(401, "invalid_client", "the JWT has %q, which the blueprint leaves out", d.Name)
		}
	}
	issued, hasIssued := t.Payload["iat"].(float64)
	expires, hasExpires := t.Payload["exp"].(float64)
	now := float64(j.Now().Unix())
	wants := func(name string) bool {
		return !slices.ContainsFunc(j.JWT.Payload, func(d match.Declared) bool { return d.Name == name })
	}
	switch {
	case wants("exp") && !hasExpires:
		return message.Refused(401, "invalid_client", "the JWT has no exp")
	case hasExpires && expires <= now:
		return message.Refused(401, message.CodeExpired, "the JWT has expired")
	case hasIssued && issued > now+jwtSkew.Seconds():
		return message.Refused(401, "invalid_client", "the JWT was issued in the future")
	case hasIssued && hasExpires && expires-issued > j.JWT.Lifetime().Seconds():
		return message.Refused(401, "invalid_client", "the JWT lives for %v s, and the blueprint says %v", expires-issued, j.JWT.Lifetime().Seconds())
	}
	return nil
}
