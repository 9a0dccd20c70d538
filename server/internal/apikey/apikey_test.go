package apikey_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/store/record"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, integration, id string
		want                     bool
	}{
		{"notion/user-42", "notion", "user-42", true},
		{"notion/user-42", "notion", "user-421", false},
		{"notion/user-42", "notion2", "user-42", false},
		{"notion/*", "notion", "a/b", true},
		{"notion/*", "github", "a", false},
		{"*/user-42", "github", "user-42", true},
		{"*/user-42", "github", "x/user-42", false},
		{"notion/team-*", "notion", "team-", true},
		{"notion/team-*", "notion", "teams", false},
		{"notion/*-x-*", "notion", "a-x-b", true},
		{"notion/*-x-*", "notion", "a-x", false},
		{"notion/a*a", "notion", "a", false},
		{"n*n/**", "notion", "any", true},
	} {
		k := apikey.Key{Connections: []string{c.pattern}}
		if got := k.Reaches(connection.Key{Integration: c.integration, ConnectionID: c.id}); got != c.want {
			t.Errorf("%s reaches %s/%s: got %v", c.pattern, c.integration, c.id, got)
		}
	}
	if !(&apikey.Key{}).Reaches(connection.Key{Integration: "a", ConnectionID: "b"}) {
		t.Error("a key that is not bound reaches all")
	}
}

func TestAPIKeysAreCheckedBeforeTheyAreMade(t *testing.T) {
	for want, k := range map[string]apikey.Key{
		"name":                {Name: "with space"},
		"environment":         {Name: "environment"},
		`no scope "nonsense"`: {Name: "a", Scopes: []apikey.Scope{"nonsense"}},
		"no pattern":          {Name: "a", Connections: []string{"notion"}},
	} {
		_, err := apikey.Create(t.Context(), &record.Memory{}, k)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want something about %s", k, err, want)
		}
	}
	if _, err := apikey.NewRing(&record.Memory{}, schema.NewSecret("too-short"), time.Now); err == nil {
		t.Error("a short key of the operator's is taken")
	}
}

// Only the hash is kept, the key is told once, and two names are two keys.
func TestAPIKeysAtRest(t *testing.T) {
	records := &record.Memory{}
	key, err := apikey.Create(t.Context(), records, apikey.Key{Name: "mine", Connections: []string{"notion/*"}})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := records.Record(t.Context(), "api_key", "mine")
	if err != nil || strings.Contains(string(kept.Open), key.Reveal()[4:]) {
		t.Errorf("the key itself is kept: %s, %v", kept.Open, err)
	}
	if _, err := apikey.Create(t.Context(), records, apikey.Key{Name: "mine"}); !errors.Is(err, apikey.ErrExists) {
		t.Errorf("a second of that name: %v", err)
	}
	keys, err := apikey.List(t.Context(), records)
	if err != nil || len(keys) != 1 || keys[0].Name != "mine" || keys[0].May(apikey.ScopeToken) || !keys[0].May(apikey.ScopeProxy) {
		t.Errorf("listed: %+v, %v", keys, err)
	}
	if err := apikey.Revoke(t.Context(), records, "mine"); err != nil {
		t.Error(err)
	}
	if err := apikey.Revoke(t.Context(), records, "mine"); !errors.Is(err, apikey.ErrNone) {
		t.Errorf("revoked again: %v", err)
	}
}

func TestTheFirstKeyIsMadeOnce(t *testing.T) {
	records := &record.Memory{}
	key, err := apikey.EnsureFirst(t.Context(), records, time.Now())
	if err != nil || key.Empty() {
		t.Fatalf("got %v, %v", key, err)
	}
	if again, err := apikey.EnsureFirst(t.Context(), records, time.Now()); err != nil || !again.Empty() {
		t.Errorf("made again: %v", err)
	}
	keys, _ := apikey.List(t.Context(), records)
	if len(keys) != 1 || len(keys[0].Scopes) != len(apikey.Scopes) {
		t.Errorf("the first key has %+v, want every scope", keys)
	}
}

// A key is found by its text alone; the operator's own needs no store.
func TestRing(t *testing.T) {
	records, own := &record.Memory{}, "the-operators-own-key-of-32-or-more-characters"
	text, err := apikey.Create(t.Context(), records, apikey.Key{Name: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := apikey.NewRing(records, schema.NewSecret(own), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for shown, want := range map[string]string{text.Reveal(): "mine", own: "environment", "": "", text.Reveal() + "x": "", "mine": ""} {
		k, err := ring.Find(t.Context(), shown)
		if err != nil || (k == nil) != (want == "") || k != nil && k.Name != want {
			t.Errorf("%q: got %+v, %v, want %q", shown, k, err, want)
		}
	}
}

// A hash that cannot be read is no key that is unknown: nobody may be told that a good key
// is bad.
func TestARingThatCannotBeRead(t *testing.T) {
	records := &record.Memory{}
	if err := records.CreateRecord(t.Context(), &record.Record{Kind: apikey.RecordKind, ID: "odd", Open: []byte(`{"name": "odd", "sha256": "zz"}`)}); err != nil {
		t.Fatal(err)
	}
	ring, err := apikey.NewRing(records, schema.Secret{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := ring.Find(t.Context(), "any"); k != nil || err == nil {
		t.Errorf("got %+v, %v", k, err)
	}
}

func TestParseScopes(t *testing.T) {
	got, err := apikey.ParseScopes("read, proxy read")
	if err != nil || len(got) != 2 || got[0] != apikey.ScopeRead || got[1] != apikey.ScopeProxy {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := apikey.ParseScopes("read write"); err == nil {
		t.Error("a scope that there is not is taken")
	}
}
