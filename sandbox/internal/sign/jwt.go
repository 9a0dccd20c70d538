package sign

import (
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
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
	header, payload := leavesOf(t.Header), leavesOf(t.Payload)
	shown := &match.Seen{Values: map[string][]string{}, Checked: map[string]bool{}}
	j.Take(shown, f.Header, header)
	j.Take(shown, f.Payload, payload)
	if ref := j.CheckShown(shown, f.Header, header, "the JWT's header (auth.jwt.header)"); ref != nil {
		return t, ref
	}
	if ref := j.CheckShown(shown, f.Payload, payload, "the JWT's payload (auth.jwt.payload)"); ref != nil {
		return t, ref
	}
	for _, part := range []struct {
		list  []match.Declared
		doc   map[string]any
		where string
	}{{f.Header, t.Header, "the JWT's header (auth.jwt.header)"}, {notTimes(f.Payload), t.Payload, "the JWT's payload (auth.jwt.payload)"}} {
		if ref := match.CheckTypes(part.list, message.TypesOf(part.doc), part.where); ref != nil {
			return t, ref
		}
	}
	return t, j.checkTimes(t)
}

// leavesOf gives what stands in a document at a dotted path, as text.
func leavesOf(doc map[string]any) func(path string) string {
	leaves := schema.LeavesOf(doc)
	return func(path string) string {
		text, _ := schema.Scalar(leaves[path])
		return text
	}
}

// times are the claims that are numbers whatever they are made of (RFC 7519 4.1.4 to
// 4.1.6).
var times = []string{"exp", "nbf", "iat"}

func notTimes(list []match.Declared) []match.Declared {
	return slices.DeleteFunc(slices.Clone(list), func(d match.Declared) bool { return slices.Contains(times, d.Name) })
}

func (j *Judge) checkTimes(t signedToken) *message.Refusal {
	for _, d := range j.JWT.Payload {
		if d.Text == "" && t.Payload[d.Name] != nil {
			return message.Refused(401, "invalid_client", "the JWT has %q, which the blueprint leaves out", d.Name)
		}
	}
	for _, name := range times {
		if _, isNumber := t.Payload[name].(float64); t.Payload[name] != nil && !isNumber {
			return message.Refused(401, "invalid_client", "%s of the JWT is no number (RFC 7519 2)", name)
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
