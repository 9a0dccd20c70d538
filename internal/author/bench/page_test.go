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

const gapped = `format: 1
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
                offset: {request: skip, step: limit}
                total: {response: total}
        samples:
            - request: {path: /terns}
              response: {body: {data: [{id: 1}, {id: 2}], limit: 2, total: 3}}
`

// A misreading is a change on the engine's side, and what the step says of it.
type misreading struct {
	was, is string
	want    bench.Status
}

// misreadPages plays the lists of a blueprint that the engine misreads.
func misreadPages(t *testing.T, file string, rows ...misreading) {
	t.Helper()
	misreadIn(t, "page", file, rows...)
}

// misreadIn plays a step of a blueprint that the engine misreads.
func misreadIn(t *testing.T, step, file string, rows ...misreading) {
	t.Helper()
	of := func(file string) *loader.Catalog {
		return loader.NewCatalog(fstest.MapFS{"acme.yaml": {Data: []byte(file)}})
	}
	entry, err := bench.Resolve(t.Context(), of(file), "acme:v0")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
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

// A list that is asked for with POST, and goes on in a way of its own, is walked: what
// the engine misreads there is found out.
func TestPostListOfItsOwnIsWalked(t *testing.T) {
	misreadPages(t, posts,
		misreading{"", "", bench.Passed},
		misreading{"request: after", "request: since", bench.Failed},
		misreading{"request: size", "request: count", bench.Failed},
		misreading{"max: 40", "max: 41", bench.Failed},
		misreading{", in: body", "", bench.Failed})
}

// What is there on each page but the last is where the list says, and ends it.
func TestWhatIsThereOnEachPageButTheLastIsHeld(t *testing.T) {
	misreadPages(t, following,
		misreading{"", "", bench.Passed},
		misreading{"has_next: paging.next", "has_next: paging.nxt", bench.Failed},
		misreading{"                has_next: paging.next\n", "", bench.Failed})
}

// A page with a gap reaches further than it has items.
func TestAPageThatSaysHowFarItReachesIsHeld(t *testing.T) {
	misreadPages(t, gapped,
		misreading{"", "", bench.Passed},
		misreading{"step: limit", "step: length", bench.Failed},
		misreading{", step: limit", "", bench.Failed})
}

// A size of the pages that the blueprint does not name may be asked for by callers.
func TestASizeOfTheCallersIsHeld(t *testing.T) {
	sized := strings.Replace(following, "has_next: paging.next", "has_next: paging.next\n                limit: {request: size}", 1)
	posted := strings.Replace(posts, ", max: 40", "", 1)
	for file, name := range map[string]string{sized: "request: size", posted: "request: size"} {
		misreadPages(t, file, misreading{"", "", bench.Passed}, misreading{name, "request: count", bench.Failed})
	}
}

const texts = `format: 1
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
            errors:
                rules:
                    - {when: {status: 401, body: {".": {contains: key has ended}}}, kind: reauthorize}
                    - {when: {status: 401}, kind: denied}
        samples:
            - kind: error
              response: {status: 401, body: Your key has ended.}
            - kind: error
              response: {status: 401, body: You may not see this.}
`

// A failure may be told apart by a plain text.
func TestATextThatTellsFailuresApartIsHeld(t *testing.T) {
	misreadIn(t, "errors", texts,
		misreading{"", "", bench.Passed},
		misreading{"contains: key has ended", "contains: key is gone", bench.Failed},
		misreading{"contains: key has ended", "prefix: key has ended", bench.Failed},
		misreading{`, body: {".": {contains: key has ended}}`, "", bench.Failed})
}
