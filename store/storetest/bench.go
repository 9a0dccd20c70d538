package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// Typical returns connection i of very many, as most providers give them: with
// tokens of 120 characters, of an hour.
func Typical(i int) *engine.Connection {
	now := time.Now()
	access, refresh := strings.Repeat("a", 120), strings.Repeat("r", 120)
	return &engine.Connection{
		Key:       typicalKey(i),
		Status:    engine.StatusActive,
		CreatedAt: now, UpdatedAt: now,
		Credentials: engine.Credentials{Type: schema.OAuth2, Token: engine.Token{
			AccessToken: schema.NewSecret(access), RefreshToken: schema.NewSecret(refresh),
			TokenType: "bearer", ObtainedAt: now, ExpiresAt: now.Add(time.Hour), Scopes: []string{"read", "write"},
			Raw: schema.NewSecret(`{"access_token":"` + access + `","refresh_token":"` + refresh + `"}`),
		}},
		Fields: map[string]string{"subdomain": "acme"},
	}
}

func typicalKey(i int) engine.Key {
	return engine.Key{Integration: "notion", ConnectionID: fmt.Sprint("user-", i)}
}

// Fill adds n typical connections to s.
func Fill(b testing.TB, s Adder, n int) {
	b.Helper()
	for i := 0; i < n; i += 1000 {
		var conns []*engine.Connection
		for j := i; j < min(n, i+1000); j++ {
			conns = append(conns, Typical(j))
		}
		if err := s.Add(b.Context(), conns); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLookup compares looking a connection up among few, as [Fill] made them,
// and among many: one again and again, and any. The two take turns, lookup by
// lookup, so that whatever else the machine does troubles both; medians are
// reported, and how many times as long the one takes as the other.
func BenchmarkLookup(b *testing.B, few, many engine.ConnectionStore, nFew, nMany int) {
	for _, what := range []string{"one", "any"} {
		b.Run(what, func(b *testing.B) {
			id := func(n int) int {
				if what == "one" {
					return n / 2
				}
				return rand.IntN(n)
			}
			var took [2][]time.Duration
			for b.Loop() {
				for i, s := range []engine.ConnectionStore{few, many} {
					k := typicalKey(id([]int{nFew, nMany}[i]))
					start := time.Now()
					if _, err := s.Get(b.Context(), k); err != nil {
						b.Fatal(err)
					}
					took[i] = append(took[i], time.Since(start))
				}
			}
			short, long := median(took[0]), median(took[1])
			b.ReportMetric(float64(short), "ns/few")
			b.ReportMetric(float64(long), "ns/many")
			b.ReportMetric(float64(long)/float64(short), "times")
		})
	}
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}
