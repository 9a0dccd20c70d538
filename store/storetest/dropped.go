package storetest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"sync"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// A dropping sealer is a key file that is rotated and pruned by somebody else when
// something has just been sealed with it, and is not written yet.
type dropping struct {
	*seal.KeyFile
	once sync.Once
	drop func()
}

func (d *dropping) Seal(plaintext, aad []byte) ([]byte, error) {
	sealed, err := d.KeyFile.Seal(plaintext, aad)
	d.once.Do(d.drop)
	return sealed, err
}

// testDroppedMeanwhile: a write that waited while its key was dropped is not lost: what
// was confirmed opens with the keys that there are.
func testDroppedMeanwhile(t *testing.T, m Medium) {
	for name, write := range map[string]func(t *testing.T, s connection.Store, c *connection.Connection) error{
		"Put": func(t *testing.T, s connection.Store, c *connection.Connection) error { return s.Put(t.Context(), c) },
		"Replace": func(t *testing.T, s connection.Store, c *connection.Connection) error {
			return s.Replace(t.Context(), c, c.Generation)
		},
		"Add": func(t *testing.T, s connection.Store, c *connection.Connection) error {
			adder, ok := s.(Adder)
			if !ok {
				return s.Put(t.Context(), c)
			}
			checkError(t, "Delete", s.Delete(t.Context(), c.Key), nil)
			return adder.Add(t.Context(), []*connection.Connection{c})
		},
	} {
		t.Run(name, func(t *testing.T) {
			file, open := keyFile(t)
			rotatable(t, m.Open(t, open()))
			old := open().Active()
			c := Connection(key)
			mustPut(t, m.Open(t, open()), c)
			s := m.Open(t, &dropping{KeyFile: open(), drop: func() {
				if _, err := seal.AddKey(file); err != nil {
					t.Error(err)
				}
				if err := seal.RemoveKeys(file, []string{old}); err != nil {
					t.Error(err)
				}
			}})
			c.Reason = "changed"
			checkError(t, name, write(t, s, c), nil)
			checkKept(t, m.Open(t, open()), c)
			if open().Has(old) {
				t.Error("the old key is still there: the test proves nothing")
			}
		})
	}
}

// testIdleKeys: the keys that nothing is sealed with are named, and never the active one.
func testIdleKeys(t *testing.T, m Medium) {
	old := seal.NewKeys()
	next := old.Rotated()
	s := m.Open(t, old)
	rows := rotatable(t, s)
	mustPut(t, s, Connection(numbered(1)))
	mustPut(t, m.Open(t, next), Connection(numbered(2)))
	idle, count, err := seal.Idle(t.Context(), rows, next.IDs()[1:])
	if err != nil || len(idle) != 0 || count.ByKey[old.Active()] != 1 || count.Rows != 2 {
		t.Errorf("one is sealed with the old key: got %v, %+v, %v", idle, count, err)
	}
	change(t, rows, numbered(1), func([]byte) []byte { return []byte("{") }) // which no key opens
	idle, count, err = seal.Idle(t.Context(), rows, next.IDs()[1:])
	if err != nil || fmt.Sprint(idle) != fmt.Sprint(old.IDs()) || len(count.Broken) != 1 {
		t.Errorf("nothing is sealed with the old key: got %v, %+v, %v", idle, count, err)
	}
}

// testNothingLeft: a key that may have been seen opens nothing in the medium once keys are
// rotated, neither in free space nor in a log, be it of connections that are deleted. It
// is a promise of a [seal.Compacter].
func testNothingLeft(t *testing.T, m Medium) {
	ctx := t.Context()
	file, open := keyFile(t)
	old := open().Keys() // which whoever has seen it has
	s := m.Open(t, open())
	rows := rotatable(t, s)
	if _, ok := s.(seal.Compacter); !ok {
		return
	}
	for i := range 40 {
		c := Connection(numbered(i))
		mustPut(t, s, c)
		c.Reason = fmt.Sprintf("%0900d", i) // it gets longer and moves
		mustPut(t, s, c)
	}
	checkError(t, "Delete", s.Delete(ctx, numbered(7)), nil)
	if n := openable(m.Raw(t), old); n == 0 {
		t.Fatal("nothing in the medium was sealed with the old key: the test looks elsewhere")
	}
	if _, err := seal.AddKey(file); err != nil {
		t.Fatal(err)
	}
	count, err := seal.Rotate(ctx, rows, open(), nil)
	if err != nil || count.Leftover != nil {
		t.Fatalf("Rotate: got %+v, %v", count, err)
	}
	if n := openable(m.Raw(t), old); n > 0 {
		t.Errorf("the old key opens %d things that are left in the medium", n)
	}
	if n := openable(m.Raw(t), open().Keys()); n == 0 {
		t.Error("nothing in the medium was sealed with the new key: the test looks elsewhere")
	}
}

// openable counts what one of keys has sealed in raw.
func openable(raw []byte, keys *seal.Keys) (n int) {
	for {
		i := bytes.Index(raw, []byte(`"sealed":"`))
		if i < 0 {
			return n
		}
		raw = raw[i+len(`"sealed":"`):]
		head := raw[:min(len(raw), 64)] // the key's id is at the beginning
		if end := bytes.IndexByte(head, '"'); end >= 0 {
			head = head[:end]
		}
		b, _ := base64.RawStdEncoding.DecodeString(string(head[:len(head)/4*4]))
		for _, id := range keys.IDs()[:1] {
			if len(b) > 2+len(id) && string(b[2:2+len(id)]) == id {
				n++
			}
		}
	}
}
