package expiring_test

import (
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/expiring"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }

func TestAValueCountsUntilItsEnd(t *testing.T) {
	var m expiring.Map[string, int]
	if _, ok := m.Get("a", start); ok {
		t.Error("an empty map holds something")
	}
	m.Put("a", 1, start, at(10))
	if v, ok := m.Get("a", at(10)); v != 1 || !ok {
		t.Errorf("at its end: got %d, %t", v, ok)
	}
	if v, ok := m.Get("a", at(11)); v != 0 || ok {
		t.Errorf("after its end: got %d, %t", v, ok)
	}
	if m.PutNew("a", 2, at(10), at(20)) {
		t.Error("a value that still counts was replaced")
	}
	if !m.PutNew("a", 3, at(11), at(20)) {
		t.Error("a value that has ended stood in the way of another")
	}
	m.Drop(func(k string, v int) bool { return k == "a" && v == 3 })
	if m.Len() != 0 {
		t.Error("Drop left what was unwanted")
	}
}

// What has ended does not pile up, and what counts is never swept away.
func TestWhatHasEndedIsDropped(t *testing.T) {
	var m expiring.Map[int, int]
	for i := range 10_000 {
		m.Put(i, i, at(i), at(i+100))
		if m.Len() > 300 {
			t.Fatalf("%d values are held after %d", m.Len(), i)
		}
		for _, back := range []int{0, 99} {
			if _, ok := m.Get(i-back, at(i)); i >= back && !ok {
				t.Fatalf("value %d is gone at %d", i-back, i)
			}
		}
	}
}

func TestAMapIsBounded(t *testing.T) {
	m := expiring.Map[int, int]{Most: 100}
	for i := range 1000 {
		m.Put(i, i, start, at(100))
		if m.Len() > 100 {
			t.Fatalf("%d values are held", m.Len())
		}
		if _, ok := m.Get(i, start); !ok {
			t.Fatalf("what was put last is gone")
		}
	}
}
