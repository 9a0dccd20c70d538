package sqlite_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func benchStore(b *testing.B, rows int) *sqlite.Store {
	s := openStore(b, newPath(b), seal.NewKeys(), nil)
	storetest.Fill(b, s, rows)
	return s
}

func BenchmarkLookup(b *testing.B) {
	const few, many = 1_000, 1_000_000
	storetest.BenchmarkLookup(b, benchStore(b, few), benchStore(b, many), few, many)
}

// BenchmarkDecode is the part of Get that is not SQLite's.
func BenchmarkDecode(b *testing.B) {
	keys := seal.NewKeys()
	encoded, err := connection.Encode(storetest.Typical(42), keys)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := connection.Decode(encoded, keys); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrites(b *testing.B) { storetest.BenchmarkWrites(b, benchStore(b, 1000)) }
