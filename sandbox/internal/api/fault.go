package api

import (
	"net/http"
	"strconv"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

// playBeforeCall plays the faults that leave nothing to answer.
func (p *API) playBeforeCall(w http.ResponseWriter, r *http.Request, f string) bool {
	name, detail := play.CutFault(f)
	p.CountFault(name)
	switch name {
	case play.FaultRateLimited:
		if detail == "" {
			detail = p.Opts.RateLimitDialect
		}
		p.Stats.Add(func(s *play.Counts) { s.RateLimited++ })
		p.Write(w, r, p.shapes.limitedAnswer(detail))
	case play.FaultTimeout:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case play.FaultReset:
		play.Reset(w)
	case play.FaultUnavailable:
		p.Write(w, r, p.shapes.refusalAnswer(message.Refused(http.StatusServiceUnavailable, "service_unavailable", "the provider is down")))
	default:
		return false
	}
	return true
}

// endByFault ends the caller's token or grant.
func (p *API) endByFault(f string, who caller) *message.Refusal {
	switch f {
	case play.FaultExpired:
		p.Grants.Spend(who.access)
		return message.Refused(401, message.CodeExpired, "the access token has expired")
	case play.FaultRevoked:
		if who.access.Family != "" {
			p.Grants.Revoke(who.access.Family, "the user withdrew it")
		}
		return message.Refused(401, message.CodeRevoked, "the grant is revoked: the user withdrew it")
	}
	return nil
}

// playAnswer sends an answer, slowly or in part if that is the fault.
func (p *API) playAnswer(w http.ResponseWriter, r *http.Request, f string, a message.Answer) {
	switch name, detail := play.CutFault(f); name {
	case play.FaultSlow:
		p.Wait(r.Context(), detail)
	case play.FaultTruncated:
		p.writeTruncated(w, a)
	}
	p.Write(w, r, a)
}

// writeTruncated announces the whole body, sends half of it and breaks off.
func (p *API) writeTruncated(w http.ResponseWriter, a message.Answer) {
	body, media := p.Head(w, a)
	w.Header().Set("Content-Length", strconv.Itoa(max(len(body), 2)))
	if media != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", media)
	}
	w.WriteHeader(a.Code())
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
