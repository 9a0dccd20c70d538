package loader_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

var update = flag.Bool("update", false, "rewrite the .out files")

const testdata = "../testdata"

// environ is what the files in testdata find outside.
var environ = map[string]string{
	"CLIENT_ID":     "id-from-outside",
	"CLIENT_SECRET": "secret-from-outside",
	"REGION":        "eu",
	"RETRIES":       "7",
	"TIMEOUT":       "2.5",
	"OFF":           "false",
	"EMPTY":         "",
	"WORD":          "word-from-outside",
	"LEFT_OVER":     "<YOUR CLIENT SECRET>",
	"BREAK":         "one-from-outside\ntwo",
	"PLAIN_HTTP":    "http://from-outside.example/token",
}

func lookup(name string) (string, bool) { v, ok := environ[name]; return v, ok }

func readFile(path string) ([]byte, error) {
	switch path {
	case "/run/secrets/acme":
		return []byte("secret-from-outside\n"), nil
	case "/run/secrets/empty":
		return []byte("\n"), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

func options() *loader.Options {
	return &loader.Options{Catalog: catalog, LookupEnv: lookup, ReadFile: readFile}
}

var catalog = loader.NewCatalog(loader.Dir(testdata+"/blueprints"), loader.Dir(testdata+"/invalid/blueprints"))

// load reads a file under the name that its golden file shows.
func load(t *testing.T, path string) (*schema.Config, loader.Diagnostics) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return loader.LoadBytes(context.Background(), filepath.Base(path), data, options())
}

// golden compares got with the file beside path.
func golden(t *testing.T, path, got string) {
	t.Helper()
	path = strings.TrimSuffix(path, ".yaml") + ".out"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files in %s (%v)", pattern, err)
	}
	return paths
}

func text(ds loader.Diagnostics) string {
	var b strings.Builder
	_ = ds.WriteText(&b)
	return strings.ReplaceAll(b.String(), testdata+"/", "")
}

// TestInvalid holds every diagnostic to its golden file, twenty times over, so
// that no map decides the order.
func TestInvalid(t *testing.T) {
	for _, path := range files(t, "invalid/*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			_, ds := load(t, path)
			got := text(ds)
			if got == "" {
				t.Errorf("nothing was found in %s", path)
			}
			if strings.Contains(got, "from-outside") {
				t.Errorf("a value from outside is quoted:\n%s", got)
			}
			golden(t, path, got)
			for range 19 {
				if _, ds := load(t, path); text(ds) != got {
					t.Fatalf("another run found something else:\n%s\nbefore:\n%s", text(ds), got)
				}
			}
		})
	}
}

// TestValid shows what is in force for every file that is accepted.
func TestValid(t *testing.T) {
	for _, path := range files(t, "valid/*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			cfg, ds := load(t, path)
			if ds.HasErrors() {
				t.Errorf("errors:\n%s", text(ds))
			}
			golden(t, path, inForce(cfg, ds))
		})
	}
}

func inForce(cfg *schema.Config, ds loader.Diagnostics) string {
	var b strings.Builder
	b.WriteString(text(ds))
	var names []string
	for name := range cfg.Integrations {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s:\n", name)
		for _, v := range cfg.Integrations[name].Values {
			fmt.Fprintf(&b, "    %s: %s # %s\n", v.Path, v.Text, strings.ReplaceAll(v.Origin.String(), testdata+"/", ""))
		}
	}
	if cfg.Server != nil {
		server, _ := json.Marshal(cfg.Server)
		fmt.Fprintf(&b, "server: %s\n", server)
	}
	return b.String()
}

// TestInvalidBlueprints holds what is found in blueprints to golden files.
func TestInvalidBlueprints(t *testing.T) {
	for _, path := range files(t, "invalid/blueprints/*.yaml") {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, ds, ok := catalog.Lookup(name)
			if !ok || !ds.HasErrors() {
				t.Errorf("nothing was found in %s", path)
			}
			golden(t, path, text(ds))
		})
	}
}
