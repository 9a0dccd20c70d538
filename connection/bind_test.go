package connection_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// Whoever can write to the database, and has no key, changes no field, status, time,
// type or scope of a connection: what counts is sealed.
func TestWhatCanBeReadIsBound_S40(t *testing.T) {
	keys, want := seal.NewKeys(), storetest.Connection(codecKey)
	good, err := connection.Encode(want, keys)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for path := range leaves("", decodeAny(t, good)) {
		tampered := decodeAny(t, good)
		spoil(tampered, strings.Split(path[1:], "\x00"))
		b, _ := json.Marshal(tampered)
		changed++
		got, err := connection.Decode(b, keys)
		if err != nil {
			continue
		}
		if diff := storetest.Diff(want, got); diff != "" {
			t.Errorf("%q was changed, and so is the connection (-want +got):\n%s", path, diff)
		}
	}
	if changed < 20 {
		t.Errorf("only %d values were changed: the test looks elsewhere", changed)
	}

	// All that can be read is another's, but for its name.
	other := storetest.Connection(codecKey)
	other.Fields, other.Status, other.Credentials.Token.ExpiresAt = map[string]string{"domain": "evil.example"}, "x", time.Time{}
	b, err := connection.Encode(other, keys)
	if err != nil {
		t.Fatal(err)
	}
	mixed := decodeAny(t, b)
	mixed["sealed"] = decodeAny(t, good)["sealed"]
	b, _ = json.Marshal(mixed)
	got, err := connection.Decode(b, keys)
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func decodeAny(t *testing.T, b []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// leaves returns the paths of all members below v that hold no members themselves.
func leaves(path string, v map[string]any) map[string]bool {
	all := map[string]bool{}
	for name, x := range v {
		m, ok := x.(map[string]any)
		if ok && len(m) > 0 {
			maps.Copy(all, leaves(path+"\x00"+name, m))
			continue
		}
		all[path+"\x00"+name] = true
	}
	return all
}

// spoil changes the value at path to another of its type.
func spoil(m map[string]any, path []string) {
	if len(path) > 1 {
		spoil(m[path[0]].(map[string]any), path[1:])
		return
	}
	switch x := m[path[0]].(type) {
	case string:
		if at, err := time.Parse(time.RFC3339Nano, x); err == nil {
			m[path[0]] = at.Add(time.Microsecond)
		} else {
			m[path[0]] = x + "x"
		}
	case json.Number:
		m[path[0]] = json.Number("9" + string(x))
	case bool:
		m[path[0]] = !x
	case []any:
		m[path[0]] = append(x, "more")
	default:
		m[path[0]] = "something"
	}
}

// A bit that has changed anywhere is noticed, or changes nothing.
func TestFlippedBits_S40(t *testing.T) {
	keys := seal.NewKeys()
	want := codecSample()
	good, err := connection.Encode(want, keys)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for i := range good {
		for bit := range 8 {
			b := []byte(string(good))
			b[i] ^= 1 << bit
			got, err := connection.DecodeStored(codecKey, want.Generation, b, keys)
			if err != nil {
				if !errors.Is(err, connection.ErrUnreadable) {
					t.Fatalf("byte %d, bit %d: got %v, want %v", i, bit, err, connection.ErrUnreadable)
				}
				refused++
			} else if diff := storetest.Diff(want, got); diff != "" {
				t.Fatalf("byte %d, bit %d: accepted, and changed (-want +got):\n%s", i, bit, diff)
			}
		}
	}
	if refused < 8*len(good)/2 { // the rest are copies that nothing believes
		t.Errorf("%d of %d changes were refused", refused, 8*len(good))
	}
}

// What JSON cannot hold as it is does not lose the connection.
func TestTextThatIsNotUTF8StillOpens(t *testing.T) {
	keys := seal.NewKeys()
	c := &connection.Connection{Key: codecKey, Reason: "a\xffb", Fields: map[string]string{"a": "\xc3", "\xff": "b"}}
	b, err := connection.Encode(c, keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Decode(b, keys); err != nil {
		t.Error(err)
	}
}
