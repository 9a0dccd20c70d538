package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
	"github.com/nango-lite/nango-lite/store/storetest"
)

func benchStore(b *testing.B, rows int) *sqlite.Store {
	s := openStore(b, newPath(b), seal.NewKeys(), nil)
	for i := range rows {
		c := storetest.Connection(engine.Key{Integration: "notion", ConnectionID: fmt.Sprint("user-", i)})
		if err := s.Put(b.Context(), c); err != nil {
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
