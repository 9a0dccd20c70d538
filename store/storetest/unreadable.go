package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// listed returns why k is listed as unreadable, or nil.
func listed(t *testing.T, s connection.Store, k connection.Key) error {
	t.Helper()
	var found error
	for q := (connection.Query{}); ; {
		p, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		for _, u := range p.Unreadable {
			if u.Key == k {
				found = u
			}
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			return found
		}
	}
}

// change puts other bytes in the place of k's row, as who can write to the medium and
// has no key may.
func change(t *testing.T, s seal.Rows, k connection.Key, to func(data []byte) []byte) {
	t.Helper()
	old := row(t, s, k)
	checkError(t, "SwapRow", s.SwapRow(t.Context(), old, to(bytes.Clone(old.Data))), nil)
}

// testBound: a field that somebody without the key has changed sends no credentials
// anywhere: what counts is sealed.
func testBound(t *testing.T, m Medium) {
	s := m.Open(t, seal.NewKeys())
	rows := rotatable(t, s)
	c := Connection(key)
	c.Fields = map[string]string{"domain": "good.example"}
	mustPut(t, s, c)
	change(t, rows, key, func(data []byte) []byte {
		return bytes.ReplaceAll(data, []byte("good.example"), []byte("evil.example"))
	})
	if !bytes.Contains(row(t, rows, key).Data, []byte("evil.example")) {
		t.Fatal("nothing was changed: the test looks elsewhere")
	}
	checkKept(t, s, c)
	checkError(t, "Replace", s.Replace(t.Context(), c, c.Generation), nil)
	if bytes.Contains(row(t, rows, key).Data, []byte("evil.example")) {
		t.Error("what was changed is still there after a write")
	}
}

// damages are ways in which a row stops to open.
var damages = map[string]func(t *testing.T, data []byte) []byte{
	"a flipped bit": func(_ *testing.T, data []byte) []byte {
		return flip(data, bytes.LastIndex(data, []byte(`"sealed":"`))+60)
	},
	"cut":            func(_ *testing.T, data []byte) []byte { return data[:len(data)/2] },
	"nothing":        func(*testing.T, []byte) []byte { return []byte{} },
	"not JSON":       func(*testing.T, []byte) []byte { return []byte("{") },
	"a newer format": func(_ *testing.T, data []byte) []byte { return bytes.Replace(data, []byte(`"v":`), []byte(`"v":9`), 1) },
	"an unknown key": func(t *testing.T, data []byte) []byte {
		c, err := connection.Encode(Connection(numbered(2)), seal.NewKeys())
		if err != nil {
			t.Fatal(err)
		}
		return c
	},
	"another's": func(t *testing.T, data []byte) []byte {
		return bytes.Replace(data, []byte(numbered(2).ConnectionID), []byte(numbered(3).ConnectionID), 1)
	},
}

func flip(data []byte, at int) []byte {
	if data[at] == 'A' {
		data[at] = 'B'
	} else {
		data[at] = 'A'
	}
	return data
}

// testUnreadable: it is listed with the reason, and neither the others nor its own user
// are kept from anything.
func testUnreadable(t *testing.T, m Medium) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			ctx, bad := t.Context(), numbered(2)
			s := m.Open(t, seal.NewKeys())
			rows := rotatable(t, s)
			var well []*connection.Connection
			for _, i := range []int{1, 2, 3, 4} {
				c := Connection(numbered(i))
				mustPut(t, s, c)
				well = append(well, c)
			}
			change(t, rows, bad, func(data []byte) []byte { return damage(t, data) })

			_, err := s.Get(ctx, bad)
			checkError(t, "Get", err, connection.ErrUnreadable)
			if errors.Is(err, connection.ErrNoConnection) || strings.Contains(fmt.Sprint(err), Marker) || !strings.Contains(fmt.Sprint(err), bad.String()) {
				t.Errorf("Get: got the error %v, want one that names %s and quotes nothing", err, bad)
			}
			checkError(t, "List", listed(t, s, bad), connection.ErrUnreadable)
			for _, limit := range []int{0, 1, 2} {
				checkListed(t, s, limit, []connection.Key{numbered(1), numbered(3), numbered(4)}, []connection.Key{bad})
			}
			checkKept(t, s, well[0])
			checkKept(t, s, well[3])

			was := well[1].Generation
			mustPut(t, s, well[1]) // its user connects again
			if well[1].Generation != was+1 {
				t.Errorf("connected again: got generation %d, want %d", well[1].Generation, was+1)
			}
			checkKept(t, s, well[1])
			change(t, rows, bad, func(data []byte) []byte { return damage(t, data) })
			checkError(t, "Delete", s.Delete(ctx, bad), nil)
			_, err = s.Get(ctx, bad)
			checkError(t, "Get of what is gone", err, connection.ErrNoConnection)
		})
	}
}

func checkListed(t *testing.T, s connection.Store, limit int, readable, unreadable []connection.Key) {
	t.Helper()
	var got, broken []connection.Key
	for q := (connection.Query{Limit: limit}); ; {
		p, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if n := len(p.Connections) + len(p.Unreadable); limit > 0 && n > limit {
			t.Errorf("List: got %d on a page of %d", n, limit)
		}
		for _, c := range p.Connections {
			got = append(got, c.Key)
		}
		for _, u := range p.Unreadable {
			broken = append(broken, u.Key)
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, readable) || !slices.Equal(broken, unreadable) {
		t.Errorf("List by %d: got %v and %v unreadable, want %v and %v", limit, got, broken, readable, unreadable)
	}
}

// notBound returns c as versions up to November 2026 wrote it: what can be read lay
// beside the seal, which knew of the key alone.
func notBound(t *testing.T, c *connection.Connection, s connection.Sealer) []byte {
	t.Helper()
	plain, err := connection.Encode(c, Plain{})
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := connection.SealedPart(plain)
	if err == nil {
		secrets, err = withoutOpen(secrets)
	}
	if err != nil {
		t.Fatal(err)
	}
	open, err := without(plain)
	if err != nil {
		t.Fatal(err)
	}
	aad := fmt.Sprintf("connection/1 %d:%s/%s", len(c.Key.Integration), c.Key.Integration, c.Key.ConnectionID)
	sealed, err := s.Seal(secrets, []byte(aad))
	if err != nil {
		t.Fatal(err)
	}
	open["v"] = json.RawMessage("1")
	open["sealed"], _ = json.Marshal(sealed)
	old, err := json.Marshal(open)
	if err != nil {
		t.Fatal(err)
	}
	return old
}

func testNotBound(t *testing.T, m Medium) {
	keys := seal.NewKeys()
	s := m.Open(t, keys)
	rows := rotatable(t, s)
	c := Connection(key)
	c.MadeFor = connection.MadeFor{} // which was not kept then
	mustPut(t, s, c)
	change(t, rows, key, func([]byte) []byte { return notBound(t, c, keys) })
	checkKept(t, s, c)
	checkError(t, "Replace", s.Replace(t.Context(), c, c.Generation), nil)
	checkKept(t, s, c)
	if !connection.IsBound(row(t, rows, key).Data) {
		t.Error("it was written, and is not bound")
	}
}

func testRotateBinds(t *testing.T, m Medium) {
	keys := seal.NewKeys()
	s := m.Open(t, keys)
	rows := rotatable(t, s)
	c := Connection(key)
	c.MadeFor = connection.MadeFor{} // which was not kept then
	mustPut(t, s, c)
	change(t, rows, key, func([]byte) []byte { return notBound(t, c, keys) })
	before, err := seal.CountRows(t.Context(), rows, keys)
	if err != nil || before.Unbound != 1 || before.ByKey[keys.Active()] != 1 {
		t.Errorf("CountRows: got %+v, %v; want one that is not bound", before, err)
	}
	count, err := seal.Rotate(t.Context(), rows, keys, nil)
	if err != nil || count.Resealed != 1 || count.Unbound != 0 {
		t.Errorf("Rotate: got %+v, %v; want one sealed anew, and none that is not bound", count, err)
	}
	if !connection.IsBound(row(t, rows, key).Data) {
		t.Error("it is not bound")
	}
	checkKept(t, s, c)
}
