package sqlite_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// Deletions are forgotten in the end, and whoever has not heard starts over.
func TestForgotten(t *testing.T) {
	path := newPath(t)
	s := openStore(t, path, seal.NewKeys(), nil)
	db := raw(t, path)
	at := func(id string) connection.Key { return connection.Key{Integration: "a", ConnectionID: id} }
	put := func(id string) {
		t.Helper()
		if err := s.Put(t.Context(), &connection.Connection{Key: at(id)}); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(id string) {
		t.Helper()
		if err := s.Delete(t.Context(), at(id)); err != nil {
			t.Fatal(err)
		}
	}
	put("1")
	remove("1") // revision 2
	mustExec(t, db, "UPDATE deletion SET deleted_at = deleted_at - 61 * 60 * 1000000")
	put("2")
	put("3")
	mustExec(t, db, "UPDATE counter SET revision = 255")
	remove("2") // revision 256: what is old goes
	var left int
	if err := db.QueryRow("SELECT count(*) FROM deletion").Scan(&left); err != nil || left != 1 {
		t.Errorf("%d deletions are kept, %v; want 1", left, err)
	}
	if c, err := s.Changes(t.Context(), 1); err != nil || !c.All {
		t.Errorf("who has not heard: got %+v, %v; want all", c, err)
	}
	if c, err := s.Changes(t.Context(), 2); err != nil || c.All || len(c.Keys) != 2 {
		t.Errorf("who has heard: got %+v, %v; want 2 keys", c, err)
	}
}
