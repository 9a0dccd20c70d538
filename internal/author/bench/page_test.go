package bench_test

import (
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/internal/author/bench"
)

const posts = acme + `
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

const following = acme + `
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
	misread(t, "page", posts,
		misreading{"request: after", "request: since", bench.Failed},
		misreading{"request: size", "request: count", bench.Failed},
		misreading{"max: 40", "max: 41", bench.Failed},
		misreading{", in: body", "", bench.Failed})
}

// What is there on each page but the last is where the list says, and ends it.
func TestWhatIsThereOnEachPageButTheLastIsHeld(t *testing.T) {
	misread(t, "page", following,
		misreading{"has_next: paging.next", "has_next: paging.nxt", bench.Failed},
		misreading{"                has_next: paging.next\n", "", bench.Failed})
}

// A page with a gap reaches further than it has items.
func TestAPageThatSaysHowFarItReachesIsHeld(t *testing.T) {
	misread(t, "page", acme+`
            pagination:
                kind: offset
                items: data
                offset: {request: skip, step: limit}
                total: {response: total}
        samples:
            - request: {path: /terns}
              response: {body: {data: [{id: 1}, {id: 2}], limit: 2, total: 3}}
`,
		misreading{"step: limit", "step: length", bench.Failed},
		misreading{", step: limit", "", bench.Failed})
}

// A size of the pages that the blueprint does not name may be asked for by callers.
func TestASizeOfTheCallersIsHeld(t *testing.T) {
	for _, file := range []string{
		strings.Replace(following, "has_next: paging.next", "has_next: paging.next\n                limit: {request: size}", 1),
		strings.Replace(posts, ", max: 40", "", 1),
	} {
		misread(t, "page", file, misreading{"request: size", "request: count", bench.Failed})
	}
}
