package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
)

// typical is a connection as most providers give them.
func typical(i int) *engine.Connection {
	now := time.Now()
	return &engine.Connection{
		Key:       engine.Key{Integration: "notion", ConnectionID: fmt.Sprint("user-", i)},
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

func benchStore(b *testing.B, rows int) *postgres.Store {
	s := openStore(b, newURL(b), seal.NewKeys(), nil)
	for i := 0; i < rows; i += 1000 {
		var conns []*engine.Connection
		for j := i; j < min(rows, i+1000); j++ {
			conns = append(conns, typical(j))
		}
		if err := s.Add(b.Context(), conns); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkGet looks connections up among few and among many: one again and again,
// and any, which among a million are more than the server's memory holds.
func BenchmarkGet(b *testing.B) {
	for _, rows := range []int{1_000, 1_000_000} {
		s := benchStore(b, rows)
		mustExec(b, testDatabase(b), "VACUUM ANALYZE "+quoted(s.Schema())+".connection")
		for what, id := range map[string]func() int{
			"one": func() int { return rows / 2 },
			"any": func() int { return rand.IntN(rows) },
		} {
			b.Run(fmt.Sprint(what, " of ", rows), func(b *testing.B) {
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

func BenchmarkReplace(b *testing.B) {
	s := benchStore(b, 1000)
	c, err := s.Get(b.Context(), engine.Key{Integration: "notion", ConnectionID: "user-42"})
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

// BenchmarkChanges asks when nothing is new, as each cache does twice a second.
func BenchmarkChanges(b *testing.B) {
	s := benchStore(b, 1000)
	c, err := s.Changes(b.Context(), -1)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Changes(b.Context(), c.Revision); err != nil {
			b.Fatal(err)
		}
	}
}

// Which tokens end soon: ten of very many.
func BenchmarkExpiring(b *testing.B) {
	s := benchStore(b, 100_000)
	schema := quoted(s.Schema())
	mustExec(b, testDatabase(b), "UPDATE "+schema+".connection SET expires_at = now() WHERE connection_id LIKE 'user-1234_'")
	mustExec(b, testDatabase(b), "VACUUM ANALYZE "+schema+".connection")
	for b.Loop() {
		p, err := s.List(b.Context(), engine.Query{ExpiresBefore: time.Now().Add(time.Minute)})
		if err != nil || len(p.Connections) != 10 {
			b.Fatal(len(p.Connections), err)
		}
	}
}
