package postgres_test

import (
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func benchStore(b *testing.B, rows int) *postgres.Store {
	s := openStore(b, newURL(b), seal.NewKeys(), nil)
	storetest.Fill(b, s, rows)
	mustExec(b, testDatabase(b), "VACUUM ANALYZE "+quoted(s.Schema())+".connection")
	return s
}

func BenchmarkLookup(b *testing.B) {
	const few, many = 1_000, 1_000_000
	storetest.BenchmarkLookup(b, benchStore(b, few), benchStore(b, many), few, many)
}

func BenchmarkWrites(b *testing.B) { storetest.BenchmarkWrites(b, benchStore(b, 1000)) }

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
		p, err := s.List(b.Context(), connection.Query{ExpiresBefore: time.Now().Add(time.Minute)})
		if err != nil || len(p.Connections) != 10 {
			b.Fatal(len(p.Connections), err)
		}
	}
}
