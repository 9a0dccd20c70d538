package storetest

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
)

var key = connection.Key{Integration: "notion", ConnectionID: "user-42"}

func testRoundTrip(t *testing.T, s connection.Store) {
	empty := schema.NewSecret("")
	for name, c := range map[string]connection.Connection{
		"everything": *Connection(key),
		"nothing":    {},
		"set but empty": {Credentials: connection.Credentials{
			APIKey: empty, Username: empty, Password: empty, Fields: map[string]schema.Secret{"a": empty, "b": {}},
			Token: connection.Token{AccessToken: empty, RefreshToken: empty, Raw: empty, Scopes: []string{}},
		}},
		"a password that is not UTF-8": {Credentials: connection.Credentials{
			Type: schema.UsernamePassword, Username: schema.NewSecret("u"), Password: schema.NewSecret("\xff\x00{"),
		}},
		"long": {Status: connection.StatusNeedsReauthorization, Credentials: connection.Credentials{
			Token: connection.Token{Raw: schema.NewSecret(string(make([]byte, 300_000)))},
		}},
	} {
		c.Key = key
		mustPut(t, s, &c)
		t.Run(name, func(t *testing.T) { checkKept(t, s, &c) })
	}
}

func testTimes(t *testing.T, s connection.Store) {
	zone := time.FixedZone("elsewhere", 2*60*60)
	at := time.Date(2026, 3, 29, 2, 30, 0, 123456789, zone)
	c := &connection.Connection{Key: key, CreatedAt: at, UpdatedAt: time.Now(), RefreshStarted: at}
	c.Credentials.Token = connection.Token{ObtainedAt: at, ExpiresAt: at, Secondary: map[string]connection.Token{"b": {ExpiresAt: at}}}
	mustPut(t, s, c)

	want := c.Clone()
	cut := at.UTC().Truncate(time.Microsecond)
	want.CreatedAt, want.RefreshStarted = cut, cut
	want.UpdatedAt = c.UpdatedAt.UTC().Truncate(time.Microsecond)
	want.Credentials.Token = connection.Token{ObtainedAt: cut, ExpiresAt: cut, Secondary: map[string]connection.Token{"b": {ExpiresAt: cut}}}
	checkKept(t, s, want)

	// A provider's nonsense is no reason to lose its token.
	for _, end := range []time.Time{time.Unix(math.MaxInt32*10000, 0), time.Unix(-math.MaxInt32*10000, 0)} {
		c.Credentials.Token.ExpiresAt = end
		mustPut(t, s, c)
		got := mustGet(t, s, key).Credentials.Token.ExpiresAt
		if got.IsZero() || got.After(at) != end.After(at) {
			t.Errorf("end of year %d came back as %v", end.Year(), got)
		}
	}
}

// What comes back is what JSON makes of it, whatever the store.
func testMetadata(t *testing.T, s connection.Store) {
	c := &connection.Connection{Key: key, Metadata: map[string]any{
		"int": 7, "int64": int64(1)<<62 + 1, "strings": []string{"a"}, "struct": struct{ A int }{1}, "edge": int64(1) << 53, "huge": json.Number("1e999"),
	}}
	mustPut(t, s, c)
	want := c.Clone()
	want.Metadata = map[string]any{
		"int": 7.0, "int64": json.Number("4611686018427387905"), "strings": []any{"a"}, "struct": map[string]any{"A": 1.0},
		"edge": json.Number("9007199254740992"), "huge": json.Number("1e999"),
	}
	checkKept(t, s, want)

	c.Metadata = map[string]any{"a": make(chan int)}
	if err := s.Put(t.Context(), c); err == nil || c.Generation != want.Generation {
		t.Errorf("Put of metadata that JSON cannot hold: got %v and the generation %d, want an error and no change", err, c.Generation)
	}
	checkKept(t, s, want)
}

// ids that are easily taken for one another, or for something else.
var ids = []string{
	"1", "01", "A", "a", "Ä", "A\u0308", "user/42", "a b", "%41", "'; DROP TABLE connection; --", "*", "日本", "😀", "\uffff",
	"a\nb", `a"b`, "a,b", `\`, " ", "null",
}

func testIDs(t *testing.T, s connection.Store) {
	var kept []*connection.Connection
	for _, integration := range []string{"a", "A", "a/1"} {
		for _, id := range ids {
			c := &connection.Connection{Key: connection.Key{Integration: integration, ConnectionID: id}, Reason: integration + "|" + id}
			mustPut(t, s, c)
			kept = append(kept, c)
		}
	}
	for _, c := range kept {
		checkKept(t, s, c)
	}
	p, err := s.List(t.Context(), connection.Query{Integration: "a"})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Clone(ids)
	slices.Sort(want)
	var got []string
	for _, c := range p.Connections {
		got = append(got, c.Key.ConnectionID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q, want %q", got, want)
	}
}

// The longest key is kept; keys that not every store can keep are taken by none.
func testKeyRules(t *testing.T, s connection.Store) {
	ctx := t.Context()
	long := make([]byte, connection.MaxKeyPart)
	rand.NewChaCha8([32]byte{}).Read(long) // nothing that could be compressed
	for i := range long {
		long[i] = 'a' + long[i]%26
	}
	longest := connection.Key{Integration: string(long), ConnectionID: string(long)}
	c := Connection(longest)
	mustPut(t, s, c)
	checkKept(t, s, c)
	checkError(t, "Acquire of the longest key", s.Acquire(ctx, longest, string(long), time.Minute), nil)
	checkError(t, "Delete of the longest key", s.Delete(ctx, longest), nil)

	for _, k := range []connection.Key{
		{Integration: "a"}, {ConnectionID: "a"}, {}, {Integration: "a", ConnectionID: "\xff"}, {Integration: "a\x00", ConnectionID: "a"},
		{Integration: "a", ConnectionID: string(long) + "a"}, {Integration: string(long) + "a", ConnectionID: "a"},
	} {
		for what, err := range map[string]error{
			"Put":     s.Put(ctx, &connection.Connection{Key: k}),
			"Replace": s.Replace(ctx, &connection.Connection{Key: k}, 1),
			"Acquire": s.Acquire(ctx, k, "a", time.Minute),
		} {
			if err == nil {
				t.Errorf("%s took the key %.20q, which not every store can keep", what, k)
			}
		}
		_, err := s.Get(ctx, k)
		checkError(t, "Get of a key that cannot be", err, connection.ErrNoConnection)
		checkError(t, "Delete of a key that cannot be", s.Delete(ctx, k), connection.ErrNoConnection)
		checkError(t, "Release of a key that cannot be", s.Release(ctx, k, "a"), nil)
		p, err := s.List(ctx, connection.Query{Integration: k.Integration + "\x00"})
		if err != nil || len(p.Connections) != 0 {
			t.Errorf("List of an integration that cannot be: got %d connections, %v", len(p.Connections), err)
		}
	}
	for _, holder := range []string{"", "\xff", "a\x00", string(long) + "a"} {
		if err := s.Acquire(ctx, key, holder, time.Minute); err == nil {
			t.Errorf("Acquire took the holder %.20q", holder)
		}
		checkError(t, "Release by a holder that cannot be", s.Release(ctx, key, holder), nil)
	}
}

func testNotFound(t *testing.T, s connection.Store) {
	c := Connection(key)
	_, err := s.Get(t.Context(), key)
	checkError(t, "Get", err, connection.ErrNoConnection)
	checkError(t, "Replace", s.Replace(t.Context(), c, c.Generation), connection.ErrNoConnection)
	checkError(t, "Delete", s.Delete(t.Context(), key), connection.ErrNoConnection)
	p, err := s.List(t.Context(), connection.Query{})
	if err != nil || len(p.Connections) != 0 || p.Next != "" {
		t.Errorf("List of nothing: got %v, %v", p, err)
	}
}

func testSnapshots(t *testing.T, s connection.Store) {
	c := Connection(key)
	mustPut(t, s, c)
	want := Connection(key)
	want.Generation = c.Generation
	spoil := func(c *connection.Connection) {
		c.Reason = "spoilt"
		c.Fields["x"] = "spoilt"
		c.Metadata["map"].(map[string]any)["deep"] = "spoilt"
		c.Metadata["list"].([]any)[0] = "spoilt"
		c.Credentials.Token.Scopes[0] = "spoilt"
		c.Credentials.Fields["x"] = schema.NewSecret("spoilt")
		for _, second := range c.Credentials.Token.Secondary {
			second.Scopes[0] = "spoilt"
		}
		clear(c.Credentials.Token.Secondary)
	}
	spoil(c)
	checkKept(t, s, want)
	spoil(mustGet(t, s, key))
	checkKept(t, s, want)
	p, err := s.List(t.Context(), connection.Query{})
	if err != nil || len(p.Connections) != 1 {
		t.Fatalf("List: got %d, %v", len(p.Connections), err)
	}
	spoil(p.Connections[0])
	checkKept(t, s, want)
}

func testPutAgain(t *testing.T, s connection.Store) {
	first := Connection(key)
	mustPut(t, s, first)
	checkKept(t, s, first) // with the generation that Put has set
	second := &connection.Connection{Key: key, Generation: 7, Reason: "second"}
	mustPut(t, s, second)
	if second.Generation != first.Generation+1 {
		t.Errorf("connected again: got generation %d, want %d", second.Generation, first.Generation+1)
	}
	checkKept(t, s, second) // nothing is left of the first
}

func testReplace(t *testing.T, s connection.Store) {
	ctx := t.Context()
	c := Connection(key)
	mustPut(t, s, c)
	was := c.Generation

	c.Reason = "same credentials"
	checkError(t, "Replace within the generation", s.Replace(ctx, c, was), nil)
	checkKept(t, s, c)

	c.Generation = was + 1
	c.Credentials.Token.AccessToken = schema.NewSecret("refreshed")
	checkError(t, "Replace by the next", s.Replace(ctx, c, was), nil)
	checkKept(t, s, c)

	late := Connection(key)
	for _, g := range []int64{was, was - 1, was + 2, 0} {
		late.Generation = g + 1
		checkError(t, "Replace of another generation", s.Replace(ctx, late, g), connection.ErrConflict)
	}
	checkKept(t, s, c)
}

func testDeleted(t *testing.T, s connection.Store) {
	ctx := t.Context()
	old := Connection(key)
	mustPut(t, s, old)
	bystander := Connection(connection.Key{Integration: key.Integration, ConnectionID: "other"})
	mustPut(t, s, bystander)
	checkError(t, "Delete", s.Delete(ctx, key), nil)
	_, err := s.Get(ctx, key)
	checkError(t, "Get of a deleted one", err, connection.ErrNoConnection)
	checkError(t, "Delete of a deleted one", s.Delete(ctx, key), connection.ErrNoConnection)
	checkError(t, "Replace of a deleted one", s.Replace(ctx, old, old.Generation), connection.ErrNoConnection)
	checkKept(t, s, bystander)

	// A refresh that began before must not take the new connection for its own.
	fresh := &connection.Connection{Key: key}
	mustPut(t, s, fresh)
	checkError(t, "late Replace", s.Replace(ctx, old, old.Generation), connection.ErrConflict)
	checkKept(t, s, fresh)
}
