package sqlite_test

import (
	"fmt"
	"math/rand/v2"
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
	for i := 0; i < rows; i += 1000 {
		var conns []*engine.Connection
		for j := i; j < min(rows, i+1000); j++ {
			conns = append(conns, typical(fmt.Sprint("user-", j)))
		}
		if err := s.Add(b.Context(), conns); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkGet looks connections up among few and among many: one again and again,
// and any.
func BenchmarkGet(b *testing.B) {
	for _, rows := range []int{1_000, 1_000_000} {
		s := benchStore(b, rows)
		for what, id := range map[string]func() int{
			"one": func() int { return rows / 2 },
			"any": func() int { return rand.IntN(rows) },
		} {
			b.Run(fmt.Sprint(what, " of ", rows), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					k := engine.Key{Integration: "notion", ConnectionID: fmt.Sprint("user-", id())}
					if _, err := s.Get(b.Context(), k); err != nil {
						b.Fatal(err)
					}
				}
			})
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
