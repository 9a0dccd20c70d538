package play

import (
	"context"
	"net/http"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

// PlayBeforeToken plays what stands in front of the provider.
func (p *Stage) PlayBeforeToken(w http.ResponseWriter, r *http.Request, f string) bool {
	name, _ := CutFault(f)
	p.CountFault(name)
	switch name {
	case FaultTokenHTML:
		a := message.Answer{Body: "<!DOCTYPE html><title>Just a moment</title><p>Checking your browser.</p>\n"}
		a.Set("Content-Type", "text/html; charset=utf-8")
		p.Write(w, r, a)
	case FaultTokenEmpty:
		p.Write(w, r, message.Answer{})
	case FaultToken5xx:
		p.Write(w, r, message.Answer{Status: http.StatusServiceUnavailable, Body: "upstream connect error\n"})
	default:
		return false
	}
	return true
}

// PlayAfterToken plays what happens to an answer after the grant was redeemed.
func (p *Stage) PlayAfterToken(w http.ResponseWriter, r *http.Request, f string) (broken bool) {
	switch name, detail := CutFault(f); name {
	case FaultLostAnswer:
		Reset(w)
		return true
	case FaultSlowToken:
		p.Wait(r.Context(), detail)
	}
	return false
}

// Wait holds the answer back. A client that gives up meanwhile gets none.
func (p *Stage) Wait(ctx context.Context, detail string) {
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

// Reset breaks the connection off; over TCP the client sees a reset.
func Reset(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
		return
	}
	panic(http.ErrAbortHandler)
}

func (p *Stage) CountFault(f string) {
	if f == "" {
		return
	}
	p.Stats.Add(func(s *Counts) {
		if s.Faults == nil {
			s.Faults = map[string]int{}
		}
		s.Faults[f]++
	})
}

func (p *Stage) slowBy() time.Duration {
	if p.Opts.SlowBy > 0 {
		return p.Opts.SlowBy
	}
	return 500 * time.Millisecond
}
