package session

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/record"
)

// A session allows what it was made for, once each, for as long as it lives.
func TestSessions(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	records := &record.Memory{}
	s := &Store{Records: records, Now: func() time.Time { return now }}
	token, err := s.create(t.Context(), &Session{ConnectionID: "a", Allowed: []string{"tides", "lamps"}})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := records.Records(t.Context(), recordKind, "", 10)
	if err != nil || len(kept) != 1 || strings.Contains(kept[0].ID+string(kept[0].Sealed), token[len(prefix):]) {
		t.Errorf("the token is kept: %+v, %v", kept, err)
	}
	session, refused := s.ByToken(t.Context(), token)
	if refused != nil {
		t.Fatal(refused)
	}
	for integration, want := range map[string]int{"tides": 0, "lamps": 0, "others": http.StatusForbidden} {
		if got := session.May(integration); (got == nil) != (want == 0) || got != nil && got.Status != want {
			t.Errorf("%s: %v, want %d", integration, got, want)
		}
	}
	s.Made(t.Context(), session.ID(), engine.Key{Integration: "tides", ConnectionID: "a"})
	session, _ = s.ByToken(t.Context(), token)
	if got := session.May("tides"); got == nil || got.Status != http.StatusConflict {
		t.Errorf("a second connection: %v", got)
	}
	if got := session.May("lamps"); got != nil {
		t.Errorf("one of another integration: %v", got)
	}
	now = now.Add(life)
	if _, refused := s.ByToken(t.Context(), token); refused == nil || refused.Code != "unknown_connect_session_token" {
		t.Errorf("when it has run out: %v", refused)
	}
	if _, refused := s.ByID(t.Context(), session.ID()); refused != nil {
		t.Errorf("a flow that began before cannot end: %v", refused)
	}
	if err := s.end(t.Context(), session); err != nil {
		t.Error(err)
	}
	if _, refused := s.ByID(t.Context(), session.ID()); refused == nil {
		t.Error("it lives on after its end")
	}
	if err := s.end(t.Context(), session); err != nil {
		t.Errorf("ended again: %v", err)
	}
}

func TestTokensThatAreNone(t *testing.T) {
	s := &Store{Records: &record.Memory{}, Now: time.Now}
	for token, want := range map[string]string{
		"": "missing_connect_session_token", "nlk_x": "invalid_connect_session_token_format",
		prefix + strings.Repeat("0", 64): "unknown_connect_session_token",
	} {
		if _, refused := s.ByToken(t.Context(), token); refused == nil || refused.Code != want {
			t.Errorf("%q: %v, want %s", token, refused, want)
		}
	}
}
