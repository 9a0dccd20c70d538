package server_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// S55: whoever can write to the database and has no key of the seal widens no API key, adds
// none, and makes no session last longer. What they have changed is refused and named, and
// all else works on.
func TestS55_WhatSomebodyElseWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.db")
	store, err := sqlite.Open(t.Context(), path, seal.NewKeys(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	change := func(statement string, args ...any) {
		t.Helper()
		r, err := db.Exec(statement, args...)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := r.RowsAffected(); n != 1 {
			t.Fatalf("%s: %d rows", statement, n)
		}
	}
	e, err := engine.New(&schema.Config{Integrations: integrations("https://tides.example")}, &engine.Options{Connections: store})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, engine: e, clock: time.Now()}
	h, err := server.New(e, &server.Options{Records: store, APIKey: schema.NewSecret(operator), PublicURL: public, Now: s.now, Logger: slog.New(slog.NewTextHandler(s, nil))})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(h)
	t.Cleanup(front.Close)
	s.url = front.URL
	keys := map[string]string{}
	for _, name := range []string{"good", "narrow"} {
		k, err := server.CreateAPIKey(t.Context(), store, server.APIKey{Name: name, Scopes: []server.Scope{"read"}})
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = k.Reveal()
	}
	session := s.session(`{"connection_id": "user-7"}`)

	change(`UPDATE record SET open = CAST(replace(CAST(open AS TEXT), '"read"', '"connect","read","token"') AS BLOB) WHERE id = 'narrow'`)
	sum := sha256.Sum256([]byte("nlk_of-mallory"))
	change(`INSERT INTO record (kind, id, version, open) VALUES ('api_key', 'mallory', 1, ?)`, []byte(`{"name":"mallory","scopes":["connect","read","token"],"sha256":"`+hex.EncodeToString(sum[:])+`"}`))
	change(`UPDATE record SET expires_at = expires_at + 86400000000 WHERE kind = 'connect_session'`)

	s.want(s.do("GET", "/connections", nil, bearer(keys["good"])...), 200, "")
	for name, text := range map[string]string{"a key that was widened": keys["narrow"], "a key that was added": "nlk_of-mallory"} {
		if a := s.do("GET", "/connections", nil, bearer(text)...); a.StatusCode != 503 || strings.Contains(a.body, "mallory") || strings.Contains(a.body, "narrow") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
	s.want(s.do("GET", "/connect/session", nil, bearer(session)...), 500, "unreadable_record")
	found, err := server.ListAPIKeys(t.Context(), store)
	if len(found) != 1 || found[0].Name != "good" || !errors.Is(err, record.ErrUnreadable) {
		t.Errorf("listed: %+v, %v", found, err)
	}
	for _, want := range []string{"api_key/mallory: unreadable: it is not sealed", "api_key/narrow: unreadable: sealed data does not open"} {
		if strings.Count(s.logged(), want) != 1 {
			t.Errorf("the log does not say once: %s\n%s", want, s.logged())
		}
	}
	for _, name := range []string{"narrow", "mallory"} {
		if err := server.RevokeAPIKey(t.Context(), store, name); err != nil {
			t.Error(err)
		}
	}
	s.advance(time.Minute)
	s.want(s.do("GET", "/connections", nil, bearer(keys["narrow"])...), 401, "unknown_api_key")
}
