package storetest

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
)

// Plain is a [connection.Sealer] that seals nothing: what it encodes can be read and
// compared.
type Plain struct{}

// Seal returns plaintext.
func (Plain) Seal(plaintext, _ []byte) ([]byte, error) { return plaintext, nil }

// Open returns sealed.
func (Plain) Open(sealed, _ []byte) ([]byte, error) { return sealed, nil }

// CheckGolden compares all connections of s with what the file called golden
// says, a connection on each line. With update it writes the file.
func CheckGolden(t *testing.T, s connection.Store, golden string, update bool) {
	t.Helper()
	var got bytes.Buffer
	for q := (connection.Query{}); ; {
		p, err := s.List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range p.Unreadable {
			t.Error(u)
		}
		for _, c := range p.Connections {
			line, err := readable(c)
			if err != nil {
				t.Fatal(err)
			}
			got.Write(append(line, '\n'))
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	if update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if sorted(t, got.Bytes()) != sorted(t, want) {
		t.Errorf("connections differ from %s. Got:\n%s", golden, &got)
	}
}

// sorted returns lines of JSON with their members in order.
func sorted(t *testing.T, lines []byte) string {
	t.Helper()
	var b strings.Builder
	for d := json.NewDecoder(bytes.NewReader(lines)); ; {
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err == io.EOF {
			return b.String()
		} else if err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
}

// readable returns c as JSON with its secrets.
func readable(c *connection.Connection) ([]byte, error) {
	encoded, err := connection.Encode(c, Plain{})
	if err != nil {
		return nil, err
	}
	secrets, err := connection.SealedPart(encoded)
	if err != nil {
		return nil, err
	}
	open, err := without(encoded, "v", "sealed")
	if err != nil {
		return nil, err
	}
	open["sealed"], err = withoutOpen(secrets)
	if err != nil {
		return nil, err
	}
	return json.Marshal(open)
}

// withoutOpen returns what is sealed without what can be read as well.
func withoutOpen(secrets []byte) ([]byte, error) {
	m, err := without(secrets, "open", "made_for")
	if err != nil {
		return nil, err
	}
	return json.Marshal(m)
}

func without(b []byte, members ...string) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	err := json.Unmarshal(b, &m)
	for _, name := range members {
		delete(m, name)
	}
	return m, err
}

// A Keeper is a store of this module.
type Keeper interface {
	connection.Store
	seal.Rows
}

// CheckBinds checks that the connections of s, which an older version has written and
// keys have sealed, are bound to their seal when they are written: that of k, which has
// the given generation, by Replace, and the others when keys are rotated.
func CheckBinds(t *testing.T, s Keeper, keys *seal.Keys, k connection.Key, generation int64) {
	t.Helper()
	before, err := seal.CountRows(t.Context(), s, keys)
	if err != nil || before.Unbound != before.Rows || before.Rows == 0 || len(before.Broken) > 0 {
		t.Errorf("got %+v, %v; want rows that open and of which none is bound", before, err)
	}
	c := mustGet(t, s, k)
	checkError(t, "Replace", s.Replace(t.Context(), c, generation), nil)
	checkKept(t, s, c)
	if !connection.IsBound(row(t, s, k).Data) {
		t.Error("it was written, and is not bound")
	}
	after, err := seal.Rotate(t.Context(), s, keys, nil)
	if err != nil || after.Unbound != 0 || after.Resealed != before.Rows-1 {
		t.Errorf("Rotate: got %+v, %v; want all bound, and all but one sealed anew", after, err)
	}
	checkKept(t, s, c)
}
