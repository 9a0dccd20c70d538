package bench_test

import (
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
)

// TestCatalog plays every version of the bundled catalog through every step that
// it has. Time is fake, so the checks that wait for minutes are among them.
func TestCatalog(t *testing.T) {
	catalog, _ := loader.Builtin()
	for _, ref := range bench.Refs(catalog) {
		t.Run(ref, func(t *testing.T) {
			t.Parallel()
			entry, err := bench.Resolve(t.Context(), catalog, ref)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range bench.Steps() {
				t.Run(step, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := entry.Run(t.Context(), bench.Options{Patient: true, Step: step}).Step(step)
						switch r.Status {
						case bench.Failed:
							t.Error(r.Detail)
						case bench.Absent:
							t.Logf("absent: %s", r.Detail)
						}
					})
				})
			}
		})
	}
}
