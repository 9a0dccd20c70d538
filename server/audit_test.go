package server_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

func audited(t *testing.T, records record.Store, since time.Time) (lines []string) {
	t.Helper()
	err := server.Audit(t.Context(), records, since, func(e server.AuditEntry) bool {
		lines = append(lines, fmt.Sprintf("%s %s %s/%s %d", e.Action, e.APIKey, e.Integration, e.ConnectionID, e.Count))
		if e.First.IsZero() || e.Last.Before(e.First) {
			t.Errorf("from %s to %s", e.First, e.Last)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return lines
}

// drained ends a server's background, which writes what is left of its audit log.
func (s *stage) drained() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	s.server.Run(ctx)
}

// Who connects, is given credentials and removes a connection is remembered, and nothing
// that grants access.
func TestAudit(t *testing.T) {
	s := newStage(t, nil)
	etl, backend := s.key("etl", []server.Scope{server.ScopeToken}), s.key("backend", []server.Scope{server.ScopeRead, server.ScopeConnect})
	before := s.now()
	for range 3 {
		if a := s.askToken("tides/user-42", etl); a.StatusCode != 200 {
			t.Fatal(a.body)
		}
	}
	s.askToken("tides/nobody", etl)
	s.shown("/connections/user-42?provider_config_key=tides", backend) // without credentials
	s.shown("/connections/user-42?provider_config_key=tides", operator)
	s.send("POST", "/connections", backend, `{"provider_config_key": "lamps", "connection_id": "new", "credentials": {"type": "API_KEY", "apiKey": "s3cret-k"}}`)
	s.do("DELETE", "/connections/new?provider_config_key=lamps", nil, bearer(backend)...)
	s.drained()
	want := []string{
		"connect  lamps/user-42 1", "connect  tides/user-42 1", // by the test itself
		"connect backend lamps/new 1", "delete backend lamps/new 1", "read environment tides/user-42 1", "token etl tides/user-42 3",
	}
	if got := audited(t, s.records, time.Time{}); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := audited(t, s.records, s.now().Add(time.Second)); len(got) != 0 {
		t.Errorf("later: %q", got)
	}
	all, err := s.records.Records(t.Context(), "audit", "", 100)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	for _, r := range all {
		if text := string(r.Open) + string(r.Sealed); strings.Contains(text, "s3cret") || strings.Contains(text, etl) || strings.Contains(text, operator) {
			t.Errorf("the audit log holds what grants access: %s", text)
		}
		if keep := r.ExpiresAt.Sub(before); keep < 89*24*time.Hour || keep > 91*24*time.Hour {
			t.Errorf("it is kept for %s", keep)
		}
	}
}

// What has been kept long enough is removed while a server runs.
func TestTheAuditLogIsSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := &record.Memory{}
		e, err := engine.New(&schema.Config{Integrations: integrations("https://tides.example")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := server.New(e, &server.Options{Records: records, AuditRetention: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Connect(t.Context(), engine.Key{Integration: "lamps", ConnectionID: "a"}, engine.Credentials{APIKey: schema.NewSecret("k")}, nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { s.Run(ctx); close(done) }()
		time.Sleep(23*time.Hour + time.Second)
		if got := audited(t, records, time.Time{}); len(got) != 1 {
			t.Errorf("too early: %q", got)
		}
		time.Sleep(3 * time.Hour)
		if got := audited(t, records, time.Time{}); len(got) != 0 {
			t.Errorf("too late: %q", got)
		}
		cancel()
		<-done
	})
}
