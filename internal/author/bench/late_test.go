package bench_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// On a machine that takes seconds for what it should do at once, everything is played as
// it is anywhere: no step fails because time has passed. An entry of each mode goes through
// all steps, and the others through those that are about time.
func TestSlowness(t *testing.T) {
	catalog, _ := loader.Builtin()
	played := map[schema.AuthMode]bool{}
	for _, ref := range bench.Refs(catalog) {
		entry, err := bench.Resolve(t.Context(), catalog, ref)
		if err != nil {
			t.Fatal(err)
		}
		steps := []string{"expire", "budget"}
		if mode := entry.Played.Auth.AuthMode; !played[mode] {
			played[mode], steps = true, bench.Steps()
		}
		entry.Late(3 * time.Second)
		t.Run(ref, func(t *testing.T) {
			t.Parallel()
			for _, step := range steps {
				t.Run(step, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						if r := entry.Run(t.Context(), bench.Options{Step: step}).Step(step); r.Status == bench.Failed {
							t.Error(r.Detail)
						}
					})
				})
			}
		})
	}
	if !slices.Contains(bench.Steps(), "expire") || !slices.Contains(bench.Steps(), "budget") {
		t.Error("the steps have other names now")
	}
}
