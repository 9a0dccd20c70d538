package loader_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nango-lite/nango-lite/loader"
)

func keel(version string) *loader.Catalog {
	return loader.NewCatalog(fstest.MapFS{"keel.yaml": blueprint("keel", "    v0:\n        "+version+"\n")})
}

const lockedKeel = `{auth: {auth_mode: NONE}, requests: {base_url: "https://a.example", params: {n: "7"}, retries: {statuses: [502, 503]}, errors: {rules: [{when: {status: 401}, kind: denied}]}}, notes: [{text: One.}]}`

// TestLockSaysWhatChanged: each change in words, and none for what decides nothing.
func TestLockSaysWhatChanged(t *testing.T) {
	was, ok := keel(lockedKeel).Lock("keel:v0")
	if !ok || !strings.HasPrefix(was.Digest, "sha256:") {
		t.Fatalf("%v, %v", was, ok)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"value", "https://a.example", "https://b.example", "requests.base_url changed from https://a.example to https://b.example"},
		{"list", "[502, 503]", "[503]", "requests.retries.statuses changed from [502,503] to [503]"},
		{"deep", "kind: denied", "kind: client", "requests.errors.rules.0.kind changed from denied to client"},
		{"new", "params: {n", "headers: {Accept: text/plain}, params: {n", "requests.headers.Accept is new: text/plain"},
		{"gone", `, params: {n: "7"}`, "", "requests.params.n is gone, which was 7"},
		{"emptied", `n: "7"`, `n: ""`, "requests.params.n changed from 7 to an empty text"},
		{"note", "text: One.", "text: Two.", ""},
	} {
		now, ok := keel(strings.Replace(lockedKeel, c.old, c.new, 1)).Lock("keel:v0")
		if got := strings.Join(was.Changes(now), "; "); !ok || got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	if _, ok := keel(lockedKeel).Lock("keel:v1"); ok {
		t.Error("a version that is not there was locked")
	}
}

// TestLockOfAFile: Load heeds the lock beside a file, unless it is told not to.
func TestLockOfAFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "i.yaml")
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(name, []byte("integrations:\n    a: {extends_blueprint: keel:v0}\n    b: {extends_blueprint: \"${WORD}\"}\n"))
	was, _ := keel(lockedKeel).Lock("keel:v0")
	lock := &loader.Lock{Format: loader.LockFormat, Blueprints: map[string]loader.LockedBlueprint{"keel:v0": was}}
	data, err := lock.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write(loader.LockName(name), data)
	read, err := loader.ReadLock(loader.LockName(name))
	if err != nil || read.Blueprints["keel:v0"].Changes(was) != nil {
		t.Fatalf("%v, %v", read, err)
	}
	opts := func(catalog *loader.Catalog, unlocked bool) *loader.Options {
		return &loader.Options{Catalog: catalog, Unlocked: unlocked, LookupEnv: func(string) (string, bool) { return "keel:v0", true }}
	}
	if _, ds := loader.Load(context.Background(), name, opts(keel(lockedKeel), false)); len(ds) > 0 {
		t.Errorf("unchanged: %v", ds)
	}
	changed := keel(strings.Replace(lockedKeel, "a.example", "b.example", 1))
	cfg, ds := loader.Load(context.Background(), name, opts(changed, false))
	if len(ds) != 2 || len(cfg.Integrations) != 0 {
		t.Fatalf("changed: %v", ds)
	}
	for i, want := range []string{"keel:v0 is not what i.lock has: requests.base_url changed from", "what env:WORD names is not what i.lock has"} {
		if !strings.Contains(ds[i].String(), want) || ds[i].Code != "changed-blueprint" {
			t.Errorf("got %s, want %s", ds[i], want)
		}
	}
	if cfg, ds := loader.Load(context.Background(), name, opts(changed, true)); len(ds) > 0 || len(cfg.Integrations) != 2 {
		t.Errorf("unlocked: %v", ds)
	}
	write(loader.LockName(name), []byte("format: 2\n"))
	cfg, ds = loader.Load(context.Background(), name, opts(changed, false))
	if len(ds) != 1 || len(cfg.Integrations) != 0 || !strings.Contains(ds[0].String(), "it has the format 2, and this version of nango-lite reads 1") {
		t.Errorf("a lock of a later format: %v, %d integrations", ds, len(cfg.Integrations))
	}
	if _, err := loader.ReadLock(filepath.Join(dir, "none.lock")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no lock: %v", err)
	}
}

// TestSunset: the day on which a version ends is told, before and after.
func TestSunset(t *testing.T) {
	c := loader.NewCatalog(fstest.MapFS{"keel.yaml": blueprint("keel",
		"    v0: {status: deprecated, successor: \"keel:v1\", sunset: \"2026-08-31\", auth: {auth_mode: NONE}, requests: {base_url: \"https://x.example\"}}\n"+version("v1", "https://x.example"))})
	var said []string
	for _, day := range []string{"2026-08-31", "2026-09-01"} {
		now, _ := time.Parse(time.DateOnly, day)
		_, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: keel:v0}\n"), &loader.Options{Catalog: c, Now: func() time.Time { return now }})
		said = append(said, ds[0].Message+"; "+ds[0].Hint)
	}
	if want := []string{"keel:v0 is deprecated, and ends on 2026-08-31; use keel:v1", "keel:v0 is deprecated, and ended on 2026-08-31; use keel:v1"}; !slices.Equal(said, want) {
		t.Errorf("got %q, want %q", said, want)
	}
}
