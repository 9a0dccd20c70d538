package bench_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/loader"
)

const posts = `format: 1
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
            pagination:
                kind: offset
                items: data
                offset: {request: skip}
                paths:
                    POST /search: {kind: cursor, items: found, cursor: {response: next, request: after}, limit: {request: size, max: 40}, in: body}
        samples:
            - request: {method: POST, path: /search, body: {text: tern}}
              response: {body: {found: [{id: 1}], next: later}}
`

const following = `format: 1
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
            pagination:
                kind: cursor
                items: data
                cursor: {response: paging.after, request: after}
                has_next: paging.next
        samples:
            - request: {path: /terns}
              response: {body: {data: [{id: 1}, {id: 2}], paging: {after: b, next: "https://api.acme.example/terns?after=b"}}}
`

// A list that is asked for with POST, and goes on in a way of its own, is walked: what
// the engine misreads there is found out.
func TestPostListOfItsOwnIsWalked(t *testing.T) {
	of := func(file string) *loader.Catalog {
		return loader.NewCatalog(fstest.MapFS{"acme.yaml": {Data: []byte(file)}})
	}
	entry, err := bench.Resolve(t.Context(), of(posts), "acme:v0")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		was, is string
		want    bench.Status
	}{
		{"", "", bench.Passed},
		{"request: after", "request: since", bench.Failed},
		{"request: size", "request: count", bench.Failed},
		{"max: 40", "max: 41", bench.Failed},
		{", in: body", "", bench.Failed},
	} {
		misread, err := entry.Misread(t.Context(), of(strings.Replace(posts, row.was, row.is, 1)))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			if r := misread.Run(t.Context(), bench.Options{Step: "page"}).Step("page"); r.Status != row.want {
				t.Errorf("%q → %q: %v (%s), want %v", row.was, row.is, r.Status, r.Detail, row.want)
			}
		})
	}
}

// What is there on each page but the last is where the list says, and ends it.
func TestWhatIsThereOnEachPageButTheLastIsHeld(t *testing.T) {
	of := func(file string) *loader.Catalog {
		return loader.NewCatalog(fstest.MapFS{"acme.yaml": {Data: []byte(file)}})
	}
	entry, err := bench.Resolve(t.Context(), of(following), "acme:v0")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		was, is string
		want    bench.Status
	}{
		{"", "", bench.Passed},
		{"has_next: paging.next", "has_next: paging.nxt", bench.Failed},
		{"                has_next: paging.next\n", "", bench.Failed},
	} {
		misread, err := entry.Misread(t.Context(), of(strings.Replace(following, row.was, row.is, 1)))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			if r := misread.Run(t.Context(), bench.Options{Step: "page"}).Step("page"); r.Status != row.want {
				t.Errorf("%q → %q: %v (%s), want %v", row.was, row.is, r.Status, r.Detail, row.want)
			}
		})
	}
}
