// Package expiring remembers things for a while: see [Map].
package expiring

import (
	"sync"
	"time"
)

// A Map holds values until they end. The zero Map is ready for use, and safe for
// concurrent use. What has ended is dropped from time to time, as the map grows.
type Map[K comparable, V any] struct {
	// Most, if not 0, is how many values are held at most. With one more, all are
	// forgotten: so many at once are somebody's game, and each costs a request at worst.
	Most int

	mu    sync.Mutex
	by    map[K]entry[V]
	sweep int // at this size
}

type entry[V any] struct {
	value V
	until time.Time
}

// Get returns the value of k, which counts up to and at its end.
func (m *Map[K, V]) Get(k K, now time.Time) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.get(k, now)
}

func (m *Map[K, V]) get(k K, now time.Time) (v V, ok bool) {
	e, ok := m.by[k]
	if !ok || now.After(e.until) {
		return v, false
	}
	return e.value, true
}

// Put gives k a value that ends at until.
func (m *Map[K, V]) Put(k K, v V, now, until time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(k, v, now, until)
}

// PutNew is Put if k has no value, and reports whether it had none.
func (m *Map[K, V]) PutNew(k K, v V, now, until time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.get(k, now); ok {
		return false
	}
	m.put(k, v, now, until)
	return true
}

func (m *Map[K, V]) put(k K, v V, now, until time.Time) {
	const first = 64
	if len(m.by) >= max(m.sweep, first) {
		m.drop(func(_ K, e entry[V]) bool { return now.After(e.until) })
		m.sweep = 2 * len(m.by)
	}
	if m.by == nil || m.Most > 0 && len(m.by) >= m.Most {
		m.by, m.sweep = map[K]entry[V]{}, 0
	}
	m.by[k] = entry[V]{v, until}
}

// Drop forgets the values that unwanted says.
func (m *Map[K, V]) Drop(unwanted func(K, V) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(func(k K, e entry[V]) bool { return unwanted(k, e.value) })
}

func (m *Map[K, V]) drop(unwanted func(K, entry[V]) bool) {
	for k, e := range m.by {
		if unwanted(k, e) {
			delete(m.by, k)
		}
	}
}

// Len returns how many values are held, some of which may have ended.
func (m *Map[K, V]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.by)
}
