package bench_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
)

// acme begins a blueprint: what follows stands under requests.
const acme = `format: 1
name: acme
display_name: Acme
maintainer: nobody
versions:
    v0:
        auth: {auth_mode: API_KEY}
        credentials: {api_key: {title: Key, secret: true}}
        requests:
            base_url: https://api.acme.example
            headers: {X-Key: "${api_key}"}
`

// A misreading is a change on the engine's side, and what the step says of it.
type misreading struct {
	was, is string
	want    bench.Status
}

// misread plays a step of a blueprint as it is, which has to pass, and as the engine misreads it.
func misread(t *testing.T, step, file string, rows ...misreading) {
	t.Helper()
	of := func(file string) *loader.Catalog {
		return loader.NewCatalog(fstest.MapFS{"acme.yaml": {Data: []byte(file)}})
	}
	entry, err := bench.Resolve(t.Context(), of(file), "acme:v0")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range append([]misreading{{"", "", bench.Passed}}, rows...) {
		if !strings.Contains(file, row.was) {
			t.Fatalf("there is no %q to be misread", row.was)
		}
		misread, err := entry.Misread(t.Context(), of(strings.Replace(file, row.was, row.is, 1)))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			if r := misread.Run(t.Context(), bench.Options{Step: step}).Step(step); r.Status != row.want {
				t.Errorf("%q → %q: %v (%s), want %v", row.was, row.is, r.Status, r.Detail, row.want)
			}
		})
	}
}
