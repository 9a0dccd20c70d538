package sandbox

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// playBeforeCall plays the faults that leave nothing to answer.
func (p *Provider) playBeforeCall(w http.ResponseWriter, r *http.Request, f string) bool {
	name, detail := cutFault(f)
	p.countFault(name)
	switch name {
	case faultRateLimited:
		if detail == "" {
			detail = p.opts.RateLimitDialect
		}
		p.stats.add(func(s *counts) { s.rateLimited++ })
		p.write(w, r, p.limitedAnswer(detail))
	case faultTimeout:
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case faultReset:
		reset(w)
	case faultUnavailable:
		p.write(w, r, p.refusalAnswer(refused(http.StatusServiceUnavailable, "service_unavailable", "the provider is down")))
	default:
		return false
	}
	return true
}

// endByFault ends the caller's token or grant.
func (p *Provider) endByFault(f string, who caller) *refusal {
	switch f {
	case faultExpired:
		p.grants.spend(who.access)
		return refused(401, codeExpired, "the access token has expired")
	case faultRevoked:
		if who.access.Family != "" {
			p.grants.revoke(who.access.Family, "the user withdrew it")
		}
		return refused(401, codeRevoked, "the grant is revoked: the user withdrew it")
	}
	return nil
}

// playAnswer sends an answer, slowly or in part if that is the fault.
func (p *Provider) playAnswer(w http.ResponseWriter, r *http.Request, f string, a answer) {
	switch name, detail := cutFault(f); name {
	case faultSlow:
		p.wait(r.Context(), detail)
	case faultTruncated:
		p.writeTruncated(w, a)
	}
	p.write(w, r, a)
}

// writeTruncated announces the whole body, sends half of it and breaks off.
func (p *Provider) writeTruncated(w http.ResponseWriter, a answer) {
	body, media := p.head(w, a)
	w.Header().Set("Content-Length", strconv.Itoa(max(len(body), 2)))
	if media != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", media)
	}
	w.WriteHeader(a.code())
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// playBeforeToken plays what stands in front of the provider.
func (p *Provider) playBeforeToken(w http.ResponseWriter, r *http.Request, f string) bool {
	name, _ := cutFault(f)
	p.countFault(name)
	switch name {
	case faultTokenHTML:
		a := answer{body: "<!DOCTYPE html><title>Just a moment</title><p>Checking your browser.</p>\n"}
		a.set("Content-Type", "text/html; charset=utf-8")
		p.write(w, r, a)
	case faultTokenEmpty:
		p.write(w, r, answer{})
	case faultToken5xx:
		p.write(w, r, answer{status: http.StatusServiceUnavailable, body: "upstream connect error\n"})
	default:
		return false
	}
	return true
}

// playAfterToken plays what happens to an answer after the grant was redeemed.
func (p *Provider) playAfterToken(w http.ResponseWriter, r *http.Request, f string) (broken bool) {
	switch name, detail := cutFault(f); name {
	case faultLostAnswer:
		reset(w)
		return true
	case faultSlowToken:
		p.wait(r.Context(), detail)
	}
	return false
}

// wait holds the answer back. A client that gives up meanwhile gets none.
func (p *Provider) wait(ctx context.Context, detail string) {
	d, err := time.ParseDuration(detail)
	if err != nil {
		d = p.slowBy()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		panic(http.ErrAbortHandler)
	}
}

// reset breaks the connection off; over TCP the client sees a reset.
func reset(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
		return
	}
	panic(http.ErrAbortHandler)
}

func (p *Provider) countFault(f string) {
	if f == "" {
		return
	}
	p.stats.add(func(s *counts) {
		if s.faults == nil {
			s.faults = map[string]int{}
		}
		s.faults[f]++
	})
}
