package sandbox_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A list has its items, its pages and its length where the blueprint says for its path.
func TestListsArePlayedAsTheirPathSays(t *testing.T) {
	t.Parallel()
	count := &schema.PageCounter{Request: "p"}
	pages := &schema.Pagination{
		Kind: "cursor", Items: "elsewhere", Cursor: &schema.PageCursor{Response: "next", Request: "after"},
		Paths: map[string]schema.Pagination{
			"/items":          {Kind: "page", Items: "rows", Page: count, Total: &schema.PageTotal{Response: "meta.pages", Counts: "pages"}},
			"GET /teams/*/of": {Kind: "page", Items: "rows", Page: count, Total: &schema.PageTotal{Header: "X-Total"}},
			"/deep":           {Items: "rows"},
		},
	}
	rows := map[string]any{"rows": two(), "meta": map[string]any{"pages": 1, "count": "2"}}
	for _, row := range []struct {
		path, query, header, pages string
	}{
		{"/items", "?p=4", "", "4"}, // 7 items, by two
		{"/teams/{id}/of", "?p=2", "7", "1"},
		{"/deep", "", "", "1"},
	} {
		i := listing(pages, row.path, rows)
		rt := sandbox.NewMux(newProvider(t, i, &sandbox.Options{Items: 7})).Transport()
		at := "/items"
		switch row.path {
		case "/teams/{id}/of":
			at = "/teams/a/of"
		case "/deep":
			at = row.path
		}
		key := "?key=k"
		if row.query != "" {
			key = row.query + "&key=k"
		}
		r, _ := http.NewRequest("GET", "https://list.example.com/api"+at+key, nil)
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		var body struct {
			Rows []any
			Next string
			Meta struct{ Pages json.Number }
		}
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		want := 2
		if row.query == "?p=4" {
			want = 1
		}
		if len(body.Rows) != want || body.Meta.Pages.String() != row.pages || resp.Header.Get("X-Total") != row.header || (body.Next != "") != (row.path == "/deep") {
			t.Errorf("%s: %d items, next %q, pages %s, header %q", row.path, len(body.Rows), body.Next, body.Meta.Pages, resp.Header.Get("X-Total"))
		}
	}
}
