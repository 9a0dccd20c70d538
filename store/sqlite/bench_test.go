package sqlite_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// typical is a connection as most providers give them.
func typical(id string) *engine.Connection {
	now := time.Now()
	return &engine.Connection{
		Key:       engine.Key{Integration: "notion", ConnectionID: id},
		Status:    engine.StatusActive,
		CreatedAt: now, UpdatedAt: now,
		Credentials: engine.Credentials{Type: schema.OAuth2, Token: engine.Token{
			AccessToken: schema.NewSecret(strings.Repeat("a", 120)), RefreshToken: schema.NewSecret(strings.Repeat("r", 120)),
			TokenType: "bearer", ObtainedAt: now, ExpiresAt: now.Add(time.Hour), Scopes: []string{"read", "write"},
			Raw: schema.NewSecret(`{"access_token":"` + strings.Repeat("a", 120) + `","refresh_token":"` + strings.Repeat("r", 120) + `"}`),
		}},
		Fields: map[string]string{"subdomain": "acme"},
	}
}

func benchStore(b *testing.B, rows int) *sqlite.Store {
	s := openStore(b, newPath(b), seal.NewKeys(), nil)
	for i := range rows {
		if err := s.Put(b.Context(), typical(fmt.Sprint("user-", i))); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func BenchmarkGet(b *testing.B) {
	s := benchStore(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(b.Context(), testKey); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is the part of Get that is not SQLite's.
func BenchmarkDecode(b *testing.B) {
	keys := seal.NewKeys()
	encoded, err := engine.EncodeConnection(typical("user-42"), keys)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engine.DecodeConnection(encoded, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplace(b *testing.B) {
	s := benchStore(b, 1000)
	c, err := s.Get(b.Context(), testKey)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Replace(b.Context(), c, c.Generation); err != nil {
			b.Fatal(err)
		}
	}
}

// A lease taken and given back, as around each refresh.
func BenchmarkLease(b *testing.B) {
	s := benchStore(b, 1)
	for b.Loop() {
		if err := s.Acquire(b.Context(), testKey, "a", time.Minute); err != nil {
			b.Fatal(err)
		}
		if err := s.Release(b.Context(), testKey, "a"); err != nil {
			b.Fatal(err)
		}
	}
}
