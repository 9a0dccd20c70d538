package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/internal/benchtest"
	"github.com/nango-lite/nango-lite/schema"
)

// Typical returns connection i of very many, as most providers give them: with
// tokens of 120 characters, of an hour.
func Typical(i int) *connection.Connection {
	now := time.Now()
	access, refresh := strings.Repeat("a", 120), strings.Repeat("r", 120)
	return &connection.Connection{
		Key:       typicalKey(i),
		Status:    connection.StatusActive,
		CreatedAt: now, UpdatedAt: now,
		Credentials: connection.Credentials{Type: schema.OAuth2, Token: connection.Token{
			AccessToken: schema.NewSecret(access), RefreshToken: schema.NewSecret(refresh),
			TokenType: "bearer", ObtainedAt: now, ExpiresAt: now.Add(time.Hour), Scopes: []string{"read", "write"},
			Raw: schema.NewSecret(`{"access_token":"` + access + `","refresh_token":"` + refresh + `"}`),
		}},
		Fields: map[string]string{"subdomain": "acme"},
	}
}

func typicalKey(i int) connection.Key {
	return connection.Key{Integration: "notion", ConnectionID: fmt.Sprint("user-", i)}
}

// Fill adds n typical connections to s.
func Fill(b testing.TB, s Adder, n int) {
	b.Helper()
	for i := 0; i < n; i += 1000 {
		var conns []*connection.Connection
		for j := i; j < min(n, i+1000); j++ {
			conns = append(conns, Typical(j))
		}
		if err := s.Add(b.Context(), conns); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLookup compares looking a connection up among few, as [Fill] made them,
// and among many: one again and again, and any. The two take turns; medians are
// reported, and how many times as long the one takes as the other.
func BenchmarkLookup(b *testing.B, few, many connection.Store, nFew, nMany int) {
	one := func(n int) int { return n / 2 }
	for what, id := range map[string]func(n int) int{"one": one, "any": rand.IntN} {
		lookup := func(s connection.Store, n int) func() {
			return func() {
				if _, err := s.Get(b.Context(), typicalKey(id(n))); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(what, func(b *testing.B) {
			benchtest.Turns(b, 1, benchtest.Side{Name: "few", Do: lookup(few, nFew)}, benchtest.Side{Name: "many", Do: lookup(many, nMany)})
		})
	}
}

// BenchmarkWrites replaces a connection, and takes and gives back a lease, as around
// each refresh. s is filled.
func BenchmarkWrites(b *testing.B, s connection.Store) {
	k := typicalKey(0)
	check := func(b *testing.B, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Run("replace", func(b *testing.B) {
		c, err := s.Get(b.Context(), k)
		check(b, err)
		for b.Loop() {
			check(b, s.Replace(b.Context(), c, c.Generation))
		}
	})
	b.Run("lease", func(b *testing.B) {
		for b.Loop() {
			check(b, s.Acquire(b.Context(), k, "a", time.Minute))
			check(b, s.Release(b.Context(), k, "a"))
		}
	})
}
