package apikey_test

import (
	"context"
	"errors"
	"log/slog"
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
	if _, err := apikey.NewRing(&record.Memory{}, schema.NewSecret("too-short"), time.Now, nil); err == nil {
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
	ring, err := apikey.NewRing(records, schema.NewSecret(own), time.Now, nil)
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
	ring, err := apikey.NewRing(records, schema.Secret{}, time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := ring.Find(t.Context(), "any"); k != nil || err == nil {
		t.Errorf("got %+v, %v", k, err)
	}
}

// S55: an API key that somebody without the key of the seal has changed counts for nothing,
// is named, and costs itself alone. Whoever shows another key that is not known is not told
// that it is bad.
func TestS55_AKeyThatCannotBeRead(t *testing.T) {
	records := &broken{bad: "widened"}
	good, err := apikey.Create(t.Context(), records, apikey.Key{Name: "good"})
	if err != nil {
		t.Fatal(err)
	}
	widened, err := apikey.Create(t.Context(), records, apikey.Key{Name: "widened"})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	now := time.Now()
	ring, err := apikey.NewRing(records, schema.Secret{}, func() time.Time { return now }, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if k, err := ring.Find(t.Context(), good.Reveal()); err != nil || k == nil || k.Name != "good" {
			t.Errorf("the other key: got %+v, %v", k, err)
		}
		if k, err := ring.Find(t.Context(), widened.Reveal()); k != nil || err == nil || strings.Contains(err.Error(), "widened") {
			t.Errorf("got %+v, %v", k, err)
		}
		now = now.Add(2 * time.Second)
	}
	if strings.Count(log.String(), "api_key/widened") != 1 {
		t.Errorf("logged, and not once: %s", &log)
	}
	keys, err := apikey.List(t.Context(), records)
	if len(keys) != 1 || keys[0].Name != "good" || !errors.Is(err, record.ErrUnreadable) || !strings.Contains(err.Error(), "api_key/widened") {
		t.Errorf("List: got %+v, %v", keys, err)
	}
	if err := apikey.Revoke(t.Context(), records, "widened"); err != nil {
		t.Error(err)
	}
	if k, err := ring.Find(t.Context(), widened.Reveal()); k != nil || err != nil {
		t.Errorf("when it is revoked: got %+v, %v", k, err)
	}
}

// broken has a record that does not open.
type broken struct {
	record.Memory
	bad string
}

func (b *broken) Records(ctx context.Context, kind, after string, limit int) ([]*record.Record, error) {
	found, err := b.Memory.Records(ctx, kind, after, limit)
	for _, r := range found {
		if r.ID == b.bad {
			r.Refuse(errors.New("sealed data does not open"))
		}
	}
	return found, err
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
