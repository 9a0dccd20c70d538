//go:build mutation

package mutate

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
)

// entries are those whose every value is changed: a body in JSON, a failure with
// status 200, links and budgets, cursors and a calendar's quota, a user name
// without a password.
var entries = []string{"notion:v0", "slack:v0", "github:v0", "google-calendar:v0", "airtable:v1", "close:v0"}

const survivorsFile = "../../../docs/decisions/0003-mutation-survivors.md"

// With -all the values of all other versions are changed; see 0054. That takes minutes:
//
//	go test -tags mutation -timeout 60m ./internal/author/mutate -all
var all = flag.Bool("all", false, "change the values of every other version of the catalog, and not those of the six")

// With -section auth, say, only the values of that section are changed.
var section = flag.String("section", "", "change the values of one section alone, such as auth")

// inSection reports whether a value is one of those that are changed.
func inSection(path string) bool { return *section == "" || strings.HasPrefix(path, *section+".") }

// TestMutation is the named command; see the package's comment.
func TestMutation(t *testing.T) {
	refs, file := entries, survivorsFile
	if *all {
		refs, file = otherVersions(t), openFile
	}
	listed, err := ReadSurvivors(file)
	if err != nil {
		t.Fatal(err)
	}
	survived := mutate(t, refs)
	if *all {
		leaveOutKinds(t, survived)
	}
	known := map[string]bool{}
	for _, s := range listed {
		known[s.key()] = true
		if _, ok := survived[s.key()]; !ok && inSection(s.Path) {
			t.Errorf("does not survive, or is no mutant any more, but is listed: | %s |", s.key())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(survived)) {
		if !known[key] {
			t.Errorf("survives and is not listed: | %s |", key)
		}
	}
}

// mutate changes the values of versions, and returns what survives.
func mutate(t *testing.T, refs []string) map[string]Survivor {
	var mu sync.Mutex
	survived := map[string]Survivor{}
	killers := map[string]map[string]int{}
	for _, ref := range refs {
		killers[ref] = map[string]int{}
		t.Run(ref, func(t *testing.T) { // one version after another: each mutant is a whole file
			name, version, _ := strings.Cut(ref, ":")
			data, err := fs.ReadFile(blueprints.FS, name+".yaml")
			if err != nil {
				t.Fatal(err)
			}
			mutants, err := Mutants(data, version)
			if err != nil {
				t.Fatal(err)
			}
			before := lintCodes(t, name, data)
			catalog, _ := loader.Builtin()
			original, err := bench.Resolve(t.Context(), catalog, ref)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mutants {
				if !inSection(m.Path) {
					continue
				}
				t.Run(m.Path+"/"+m.Change, func(t *testing.T) {
					t.Parallel()
					killer := kill(t, original, name, m, before)
					mu.Lock()
					defer mu.Unlock()
					killers[ref][killer]++
					if s := (Survivor{Entry: ref, Path: m.Path, Change: m.Change}); killer == "" {
						survived[s.key()] = s
					}
					t.Logf("killed by %q", killer)
				})
			}
		})
	}
	for _, ref := range refs {
		t.Log(summary(ref, killers[ref]))
	}
	return survived
}

// kill returns who objects to a mutant, or "".
func kill(t *testing.T, original *bench.Entry, name string, m Mutant, before map[string]int) string {
	mutated := catalogOf(name, m.Data)
	entry, err := original.Misread(t.Context(), mutated)
	if err != nil {
		return "loader"
	}
	for finding, n := range lintCodes(t, name, m.Data) {
		if n > before[finding] {
			code, _, _ := strings.Cut(finding, " ")
			return "lint " + code
		}
	}
	killer := ""
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		for _, step := range stepsFor(m) {
			if entry.Run(ctx, bench.Options{Patient: true, Step: step}).Step(step).Status == bench.Failed {
				killer = "bench " + step
				return
			}
		}
	})
	return killer
}

// stepsFor are the steps that may notice a mutant, in the order in which they are asked:
// what an operation declares is nobody's business but that of the operations.
func stepsFor(m Mutant) []string {
	if strings.HasPrefix(m.Path, "operations.") {
		return []string{"operations"}
	}
	return bench.Steps()
}

func catalogOf(name string, data []byte) *loader.Catalog {
	return loader.NewCatalog(blueprints.FS, fstest.MapFS{name + ".yaml": {Data: data}})
}

// lintCodes counts findings by what they say.
func lintCodes(t *testing.T, name string, data []byte) map[string]int {
	same := data
	if !bytes.Contains(data, []byte("\n")) {
		t.Fatal("no file")
	}
	counts := map[string]int{}
	for _, d := range lint.Check(catalogOf(name, same), name+".yaml", same) {
		counts[d.Code+" "+d.Message]++
	}
	return counts
}

func summary(ref string, killers map[string]int) string {
	total := 0
	by := map[string]int{}
	for killer, n := range killers {
		total += n
		who, _, _ := strings.Cut(killer, " ")
		by[who] += n
	}
	return fmt.Sprintf("%-20s %4d mutants: %d by the loader, %d by lint, %d by the bench, %d survive",
		ref, total, by["loader"], by["lint"], by["bench"], by[""])
}
