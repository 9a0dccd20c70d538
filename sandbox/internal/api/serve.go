package api

import (
	"net/http"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// Serve plays everything below base_url.
func (p *API) Serve(w http.ResponseWriter, r *http.Request, at match.Location) {
	if strings.HasPrefix(at.Name, match.PlaceLookUp) {
		p.serveLookUp(w, r, at)
		return
	}
	if p.challenge(w, r, at) {
		return
	}
	p.Stats.Add(func(s *play.Counts) { s.Calls++ })
	c := &call{Request: r, at: at, query: r.URL.Query(), body: message.ReadBody(r)}
	c.json, _ = message.Decode(c.body)
	f, ref := p.faultOf(r)
	if ref != nil {
		p.Refuse(w, r, ref)
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
		p.Refuse(w, r, ref)
		return
	}
	slot := p.limiter.take(who.key, p.Now(), p.Opts.NoRateLimit)
	defer slot.release()
	if slot.refused {
		p.Stats.Add(func(s *play.Counts) { s.RateLimited++ })
		p.Write(w, r, p.shapes.limitedAnswer(p.Opts.RateLimitDialect))
		return
	}
	a := p.answerCall(c)
	p.shapes.putRemaining(&a, slot)
	p.playAnswer(w, r, f, a)
}

func (p *API) refuseCall(ref *message.Refusal) message.Answer {
	p.Stats.Add(func(s *play.Counts) { s.Refused++ })
	return p.shapes.refusalAnswer(ref)
}

// Refuse answers an API request in the provider's error shape.
func (p *API) Refuse(w http.ResponseWriter, r *http.Request, ref *message.Refusal) {
	p.Write(w, r, p.refuseCall(ref))
}
