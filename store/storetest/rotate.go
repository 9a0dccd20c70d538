package storetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// rotatable returns s as rows; stores that are none are not asked to rotate.
func rotatable(t *testing.T, s connection.Store) seal.Rows {
	t.Helper()
	rows, ok := s.(seal.Rows)
	if !ok {
		t.Skip("the store keeps nothing that is sealed anew: it is no seal.Rows")
	}
	return rows
}

func numbered(i int) connection.Key {
	return connection.Key{Integration: "a", ConnectionID: fmt.Sprintf("%04d", i)}
}

func keyFile(t *testing.T) (name string, open func() *seal.KeyFile) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "keys")
	if _, err := seal.CreateFile(name); err != nil {
		t.Fatal(err)
	}
	return name, func() *seal.KeyFile {
		f, err := seal.OpenKeyFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
}

// testRotateAlive rotates keys while two other processes read and write.
func testRotateAlive(t *testing.T, m Medium) {
	ctx, total := t.Context(), 250 // more than one batch
	name, open := keyFile(t)
	old := open().Active()
	s := m.Open(t, open())
	rows := rotatable(t, s)
	want := map[connection.Key]*connection.Connection{}
	var conns []*connection.Connection
	for i := range total {
		c := Connection(numbered(i))
		conns, want[c.Key] = append(conns, c), c
	}
	addAll(t, s, conns)
	stop := make(chan struct{})
	var others sync.WaitGroup
	for w := range 2 {
		other := m.Open(t, open())
		mine := numbered(w * 240)
		others.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				c, err := other.Get(ctx, mine)
				if err != nil {
					t.Errorf("Get while keys are rotated: %v", err)
					return
				}
				c.Generation++
				if err := other.Replace(ctx, c, c.Generation-1); err != nil {
					t.Errorf("Replace while keys are rotated: %v", err)
					return
				}
				if _, err := other.Get(ctx, numbered(i%total)); err != nil {
					t.Errorf("Get while keys are rotated: %v", err)
					return
				}
			}
		})
	}
	id, err := seal.AddKey(name)
	if err != nil {
		t.Fatal(err)
	}
	count, err := seal.Rotate(ctx, rows, open(), nil)
	close(stop)
	others.Wait()
	if err != nil || count.Rows != total || count.ByKey[id] != total || len(count.Broken) != 0 || count.Resealed < total-2 {
		t.Errorf("Rotate: got %+v, %v; want %d rows, all with %s", count, err, total, id)
	}
	checkError(t, "RemoveKeys", seal.RemoveKeys(name, []string{old, id}), nil)
	fresh := open()
	if got := fresh.Keys().IDs(); !slices.Equal(got, []string{id}) {
		t.Errorf("got the keys %v, want %s alone", got, id)
	}
	s = m.Open(t, fresh)
	for k, c := range want {
		c.Generation = mustGet(t, s, k).Generation
		checkKept(t, s, c)
	}
}

// testRotateAgain breaks a rotation off and begins it anew.
func testRotateAgain(t *testing.T, m Medium) {
	name, open := keyFile(t)
	s := m.Open(t, open())
	rows := rotatable(t, s)
	var conns []*connection.Connection
	for i := range 450 {
		conns = append(conns, &connection.Connection{Key: numbered(i)})
	}
	addAll(t, s, conns)
	id, err := seal.AddKey(name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	count, err := seal.Rotate(ctx, rows, open(), func(seal.Count) { cancel() })
	checkError(t, "Rotate broken off", err, context.Canceled)
	if count.Resealed == 0 || count.Resealed == 450 {
		t.Errorf("broken off after %d connections", count.Resealed)
	}
	rest, err := seal.Rotate(t.Context(), rows, open(), nil)
	if err != nil || rest.Resealed+count.Resealed != 450 || rest.ByKey[id] != 450 {
		t.Errorf("after %+v: got %+v, %v; want the rest of 450", count, rest, err)
	}
	again, err := seal.Rotate(t.Context(), rows, open(), nil)
	if err != nil || again.Resealed != 0 {
		t.Errorf("nothing to do: got %+v, %v", again, err)
	}
}

// testRotateBroken: what nobody can open is left as it is, and counted.
func testRotateBroken(t *testing.T, m Medium) {
	lost, keys := seal.NewKeys(), seal.NewKeys()
	s := m.Open(t, keys)
	rows := rotatable(t, s)
	mustPut(t, s, Connection(numbered(1)))
	stranger := Connection(numbered(2))
	mustPut(t, m.Open(t, lost), stranger)
	mustPut(t, s, Connection(numbered(3)))

	next := keys.Rotated()
	count, err := seal.Rotate(t.Context(), rows, next, nil)
	if err != nil || count.Resealed != 2 || count.ByKey[lost.Active()] != 1 || !slices.Equal(count.Broken, []connection.Key{numbered(2)}) ||
		!errors.Is(count.Causes[0], seal.ErrUnknownKey) {
		t.Errorf("Rotate: got %+v, %v", count, err)
	}
	checkKept(t, m.Open(t, lost), stranger)
	count, err = seal.CountRows(t.Context(), rows, next)
	if err != nil || count.Rows != 3 || count.ByKey[next.Active()] != 2 || len(count.Broken) != 1 {
		t.Errorf("CountRows: got %+v, %v", count, err)
	}
}

// testRotateStubborn: another process does not know of the new key.
func testRotateStubborn(t *testing.T, m Medium) {
	old := seal.NewKeys()
	next := old.Rotated()
	s := m.Open(t, old)
	rows := rotatable(t, m.Open(t, next))
	mustPut(t, s, Connection(key))
	count, err := seal.Rotate(t.Context(), rows, next, func(seal.Count) { mustPut(t, s, Connection(key)) })
	if err == nil || count.ByKey[old.Active()] != 1 {
		t.Errorf("got %+v, %v; want an error", count, err)
	}
}

// testSwapRow: what has changed meanwhile is not overwritten.
func testSwapRow(t *testing.T, m Medium) {
	ctx, keys := t.Context(), seal.NewKeys()
	s := m.Open(t, keys)
	rows := rotatable(t, s)
	c := Connection(key)
	mustPut(t, s, c)
	old := row(t, rows, key)
	c.Reason = "changed"
	checkError(t, "Replace", s.Replace(ctx, c, c.Generation), nil)
	checkError(t, "SwapRow of what has changed", rows.SwapRow(ctx, old, old.Data), connection.ErrConflict)
	checkKept(t, s, c)
	checkError(t, "Delete", s.Delete(ctx, key), nil)
	checkError(t, "SwapRow of what is gone", rows.SwapRow(ctx, old, old.Data), connection.ErrNoConnection)
	_, err := s.Get(ctx, key)
	checkError(t, "Get", err, connection.ErrNoConnection)
}
