package bench_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// The step that counts how often operations reach the provider (TestCatalog, over all
// of them and all faults) would see a double write: an engine that takes every
// operation for repeatable is found out at each entry that has one which is not.
func TestEngineThatRepeatsEveryOperationIsFoundOut(t *testing.T) {
	catalog, _ := loader.Builtin()
	found := 0
	for _, ref := range bench.Refs(catalog) {
		entry, err := bench.Resolve(t.Context(), catalog, ref)
		if err != nil {
			t.Fatal(err)
		}
		keyed := entry.Played.Requests.Retries != nil && entry.Played.Requests.Retries.IdempotencyKey != ""
		never := func(o *schema.Operation) bool { return o.Repeats(keyed) == schema.RepeatNever }
		if !slices.ContainsFunc(slices.Collect(maps.Values(entry.Played.Operations)), never) {
			continue
		}
		found++
		client := *entry.Client
		client.Operations = maps.Clone(client.Operations)
		for name, o := range client.Operations {
			repeated := *o
			repeated.Repeat = schema.RepeatIdempotent
			client.Operations[name] = &repeated
		}
		ablated := *entry
		ablated.Client = &client
		synctest.Test(t, func(t *testing.T) {
			r := ablated.Run(t.Context(), bench.Options{Patient: true, Step: "operations"}).Step("operations")
			if r.Status != bench.Failed || !strings.Contains(r.Detail, "it is not declared repeatable") {
				t.Errorf("%s: %s: %s", ref, r.Status, r.Detail)
			}
		})
	}
	if found < 10 {
		t.Errorf("%d entries have an operation that is not declared repeatable", found)
	}
}
