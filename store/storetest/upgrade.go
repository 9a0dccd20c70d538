package storetest

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/nango-lite/nango-lite/connection"
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
	if got.String() != string(want) {
		t.Errorf("connections differ from %s. Got:\n%s", golden, &got)
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
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &fields); err != nil {
		return nil, err
	}
	fields["sealed"] = secrets
	return json.Marshal(fields)
}
