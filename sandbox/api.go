package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// A call is a request to the API while it is being answered.
type call struct {
	*http.Request
	at    location
	query url.Values
	body  []byte
	json  any // the body, if it is JSON
	shown *seen
}

// serveAPI plays everything below base_url.
func (p *Provider) serveAPI(w http.ResponseWriter, r *http.Request, at location) {
	if p.challenge(w, r, at) {
		return
	}
	p.stats.add(func(s *counts) { s.calls++ })
	c := &call{Request: r, at: at, query: r.URL.Query(), body: readBody(r)}
	c.json, _ = decode(c.body)
	f, ref := p.faultOf(r)
	if ref != nil {
		p.refuse(w, r, ref)
		return
	}
	if p.playBeforeCall(w, r, f) {
		return
	}
	who, ref := p.checkCall(c)
	if ref == nil {
		ref = p.endByFault(f, who)
	}
	if ref != nil {
		p.refuse(w, r, ref)
		return
	}
	slot := p.limiter.take(who.key, p.now(), p.opts.NoRateLimit)
	defer slot.release()
	if slot.refused {
		p.stats.add(func(s *counts) { s.rateLimited++ })
		p.write(w, r, p.limitedAnswer(p.opts.RateLimitDialect))
		return
	}
	a := p.answerCall(c)
	p.putRemaining(&a, slot)
	p.playAnswer(w, r, f, a)
}

// checkCall checks what a call must have. One that may be a look-up need not have
// what is yet to be found.
func (p *Provider) checkCall(c *call) (caller, *refusal) {
	who, ref := p.checkCredential(p.guards, c.Request, c.query, p.shownBy(c))
	if ref == nil && p.discovers() {
		c.at.rest, ref = p.checkAudience(who.access, c.Request)
	}
	if ref == nil {
		ref = p.checkMembers(c, &who)
	}
	if ref == nil && p.signsCalls() {
		ref = p.checkSignedCall(c, &who)
	}
	if ref == nil {
		ref = p.checkStatic(p.guards, c.Request, c.query)
	}
	if l := p.lookUpBelow(c); ref != nil && l != nil {
		return p.checkLookUp(l, c)
	}
	return who, ref
}

// answerCall answers a call that is in order.
func (p *Provider) answerCall(c *call) answer {
	s, l := p.samples.find(asked{c.Method, c.at.rest, c.query, c.json}), p.lookUpBelow(c)
	switch {
	case s == nil && l != nil:
		return answer{body: clone(l.answer)}
	case s != nil:
		a, ref := p.paginate(c, s)
		if ref != nil {
			return p.refuseCall(ref)
		}
		return a
	case len(p.samples.api) == 0 || p.isVerify(c):
		return p.echo(c)
	}
	return p.refuseCall(refused(http.StatusNotFound, "not_found", "the blueprint has no sample for %s %s; it has %s",
		c.Method, c.at.rest, strings.Join(p.samples.names(), ", ")))
}

func (p *Provider) refuseCall(ref *refusal) answer {
	p.stats.add(func(s *counts) { s.refused++ })
	return p.refusalAnswer(ref)
}

// isVerify reports whether c is the call that proves the credentials: a blueprint
// that names it need not show its answer.
func (p *Provider) isVerify(c *call) bool {
	v := p.integration.Requests.Verify
	if v == nil {
		return false
	}
	path, _, _ := strings.Cut(v.Path, "?")
	method := v.Method
	if method == "" {
		method = http.MethodGet
	}
	return c.Method == method && pathPattern(templateToSegments(path)).MatchString(c.at.rest)
}

// echo answers with the request, credentials left out.
func (p *Provider) echo(c *call) answer {
	h, q := p.withoutCredentials(c.Request, c.query)
	headers := map[string]any{}
	for name := range h {
		headers[name] = strings.Join(h[name], ", ")
	}
	query := map[string]any{}
	for name, v := range q {
		query[name] = strings.Join(v, ",")
	}
	body := p.withoutMembers(c.json)
	if body == nil && utf8.Valid(c.body) && len(c.body) > 0 && len(p.members) == 0 {
		body = string(c.body)
	}
	a := answer{body: map[string]any{
		"method": c.Method, "path": c.at.rest, "query": query, "headers": headers, "body": body,
	}}
	if e := p.integration.Auth.TokenResponse; e != nil && e.Success != nil && p.isVerify(c) {
		p.satisfy(e.Success, &a)
	}
	return a
}

// shortHash tells values apart without showing them.
func shortHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
