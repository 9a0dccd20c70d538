package server_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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

// awayRecords fail for a while.
type awayRecords struct {
	record.Memory
	away atomic.Bool
	made atomic.Int64
}

func (a *awayRecords) CreateRecord(ctx context.Context, r *record.Record) error {
	if a.away.Load() {
		return errors.New("away")
	}
	a.made.Add(1)
	return a.Memory.CreateRecord(ctx, r)
}

// What is done while the store is away is written later; tokens cost no statement; and
// what has been kept long enough is removed.
func TestAuditWaitsForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := &awayRecords{}
		a := server.NewAuditor(records, 24*time.Hour)
		for range 1000 {
			a.Add(server.AuditToken, "etl", user42)
		}
		if made := records.made.Load(); made != 0 {
			t.Errorf("%d statements on the way of a request", made)
		}
		records.away.Store(true)
		time.Sleep(61 * time.Second) // between two tries to write
		a.Add(server.AuditToken, "etl", user42)
		a.Add(server.AuditRead, "etl", user42)
		records.away.Store(false)
		time.Sleep(3 * time.Second)
		if got, want := audited(t, records, time.Time{}), []string{"read etl tides/user-42 1", "token etl tides/user-42 1001"}; !slices.Equal(got, want) || records.made.Load() != 1 {
			t.Errorf("got %q in %d records", got, records.made.Load())
		}
		s, err := server.New(nil, &server.Options{Records: records})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { s.Run(ctx); close(done) }()
		time.Sleep(23 * time.Hour)
		if got := audited(t, records, time.Time{}); len(got) != 2 {
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
