package connection_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/storetest"
)

// Whoever can write to the database, and has no key, changes no field, status, time,
// type or scope of a connection: it no longer opens.
func TestWhatCanBeReadIsBound_S40(t *testing.T) {
	keys := seal.NewKeys()
	good, err := connection.Encode(storetest.Connection(codecKey), keys)
	if err != nil {
		t.Fatal(err)
	}
	var whole struct {
		Open map[string]any `json:"open"`
	}
	if err := json.Unmarshal(good, &whole); err != nil {
		t.Fatal(err)
	}
	changed := 0
	for path := range leaves("", whole.Open) {
		tampered := decodeAny(t, good)
		spoil(tampered["open"].(map[string]any), strings.Split(path[1:], "\x00"))
		b, _ := json.Marshal(tampered)
		changed++
		if _, err := connection.Decode(b, keys); !errors.Is(err, seal.ErrSealed) && !errors.Is(err, connection.ErrEncoding) {
			t.Errorf("%q was changed, and the connection opens: %v", path, err)
		}
	}
	if changed < 20 {
		t.Errorf("only %d values were changed: the test looks elsewhere", changed)
	}

	// What lies beside it counts for nothing.
	beside := decodeAny(t, good)
	beside["fields"], beside["status"] = map[string]string{"domain": "evil.example"}, "active"
	b, _ := json.Marshal(beside)
	got, err := connection.Decode(b, keys)
	if err != nil {
		t.Fatal(err)
	}
	if diff := storetest.Diff(storetest.Connection(codecKey), got); diff != "" {
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
	if refused < 8*len(good)*9/10 {
		t.Errorf("%d of %d changes were refused", refused, 8*len(good))
	}
}

// No two connections have the same text to be bound to, however their values run into
// one another.
func TestBoundTextIsUnambiguous(t *testing.T) {
	keys := seal.NewKeys()
	connections := map[string]*connection.Connection{
		"one field":         {Fields: map[string]string{"a": "b"}},
		"another":           {Fields: map[string]string{"ab": ""}},
		"none":              {},
		"empty":             {Fields: map[string]string{}},
		"two scopes":        {Credentials: connection.Credentials{Token: connection.Token{Scopes: []string{"a", "b"}}}},
		"one scope":         {Credentials: connection.Credentials{Token: connection.Token{Scopes: []string{"as1:b"}}}},
		"no scope":          {Credentials: connection.Credentials{Token: connection.Token{Scopes: []string{}}}},
		"a reason":          {Reason: "x"},
		"a status":          {Status: "x"},
		"a type":            {Credentials: connection.Credentials{Type: schema.OAuth2}},
		"text in metadata":  {Metadata: map[string]any{"a": "1"}},
		"number":            {Metadata: map[string]any{"a": 1}},
		"bool":              {Metadata: map[string]any{"a": true}},
		"nothing":           {Metadata: map[string]any{"a": nil}},
		"list":              {Metadata: map[string]any{"a": []any{1}}},
		"list of a list":    {Metadata: map[string]any{"a": []any{[]any{1}}}},
		"map":               {Metadata: map[string]any{"a": map[string]any{}}},
		"a large number":    {Metadata: map[string]any{"a": json.Number("12345678901234567890")}},
		"the same, as text": {Metadata: map[string]any{"a": "12345678901234567890"}},
	}
	encoded := map[string]map[string]json.RawMessage{}
	for name, c := range connections {
		c.Key = codecKey
		b, err := connection.Encode(c, keys)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]json.RawMessage
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		encoded[name] = m
	}
	for a, from := range encoded {
		for b, to := range encoded {
			mixed, _ := json.Marshal(map[string]json.RawMessage{"v": to["v"], "open": to["open"], "sealed": from["sealed"]})
			if _, err := connection.Decode(mixed, keys); (err == nil) != (a == b) {
				t.Errorf("the seal of %q beside what can be read of %q: got %v", a, b, err)
			}
		}
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
