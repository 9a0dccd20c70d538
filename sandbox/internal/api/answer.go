package api

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
	"github.com/nango-lite/nango-lite/sandbox/internal/sample"
)

// checkCall checks what a call must have. One that may be a look-up need not have
// what is yet to be found.
func (p *API) checkCall(c *call) (caller, *message.Refusal) {
	who, ref := p.gate.checkCredential(p.gate.guards, c.Request, c.query, p.gate.shownBy(c))
	if ref == nil && p.Discovers() {
		c.at.Rest, ref = p.gate.checkAudience(who.access, c.Request)
	}
	if ref == nil {
		ref = p.gate.checkMembers(c, &who)
	}
	if ref == nil && p.gate.signsCalls() {
		ref = p.gate.checkSignedCall(c, &who)
	}
	if ref == nil {
		ref = p.gate.checkStatic(p.gate.guards, c.Request, c.query)
	}
	if l := p.lookUpBelow(c); ref != nil && l != nil {
		return p.checkLookUp(l, c)
	}
	return who, ref
}

// answerCall answers a call that is in order.
func (p *API) answerCall(c *call) message.Answer {
	s, l := p.Samples.Find(sample.Asked{Method: c.Method, Rest: c.at.Rest, Query: c.query, JSON: c.json}), p.lookUpBelow(c)
	switch {
	case s == nil && l != nil:
		return message.Answer{Body: message.Clone(l.answer)}
	case s != nil:
		a, ref := p.paginate(c, s)
		if ref != nil {
			return p.refuseCall(ref)
		}
		return a
	case len(p.Samples.Api) == 0 || p.isVerify(c):
		return p.echo(c)
	}
	p.Stats.Add(func(s *play.Counts) { s.Refused++ })
	return p.shapes.noSample(c.Method+" "+c.at.Rest, p.Samples.Names())
}

// isVerify reports whether c is the call that proves the credentials: a blueprint
// that names it need not show its answer.
func (p *API) isVerify(c *call) bool {
	v := p.Integration.Requests.Verify
	if v == nil {
		return false
	}
	path, _, _ := strings.Cut(v.Path, "?")
	method := v.Method
	if method == "" {
		method = http.MethodGet
	}
	return c.Method == method && match.PathPattern(match.TemplateToSegments(path)).MatchString(c.at.Rest)
}

// echo answers with the request, credentials left out.
func (p *API) echo(c *call) message.Answer {
	h, q := p.gate.withoutCredentials(c.Request, c.query)
	headers := map[string]any{}
	for name := range h {
		headers[name] = strings.Join(h[name], ", ")
	}
	query := map[string]any{}
	for name, v := range q {
		query[name] = strings.Join(v, ",")
	}
	body := p.gate.withoutMembers(c.json)
	if body == nil && utf8.Valid(c.body) && len(c.body) > 0 && len(p.gate.members) == 0 {
		body = string(c.body)
	}
	a := message.Answer{Body: map[string]any{
		"method": c.Method, "path": c.at.Rest, "query": query, "headers": headers, "body": body,
	}}
	if e := p.Integration.Auth.TokenResponse; e != nil && e.Success != nil && p.isVerify(c) {
		p.Satisfy(e.Success, &a)
	}
	return a
}
