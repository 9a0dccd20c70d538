package sandbox_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// What the blueprint says of the end of a list is played: the page behind the last ends
// it by status, the last by its body, and a list without items is left out.
func TestEndsOfLists(t *testing.T) {
	t.Parallel()
	gone, done, none := schema.Condition{Status: schema.OneOrMany[int]{404}}, schema.Condition{Body: map[string]any{"done": true}}, schema.Condition{Body: map[string]any{"count": 0}}
	for name, row := range map[string]struct {
		stop, empty []schema.Condition
		offset      string
		status      int
		done        any
		left        bool // the list is there
	}{
		"the first page":                {[]schema.Condition{gone}, []schema.Condition{none}, "0", 200, nil, true},
		"the last, ended by a status":   {[]schema.Condition{gone}, nil, "2", 200, nil, true},
		"behind it":                     {[]schema.Condition{gone}, nil, "4", 404, nil, true},
		"the last, ended by its body":   {[]schema.Condition{done}, nil, "2", 200, true, true},
		"one before, ended by its body": {[]schema.Condition{done}, nil, "0", 200, nil, true},
		"nothing is left out":           {nil, []schema.Condition{none}, "4", 200, nil, false},
	} {
		in := notionLike("n")
		in.Requests.Pagination = &schema.Pagination{Kind: "offset", Items: "results", Offset: &schema.PageOffset{Request: "offset"},
			Limit: &schema.PageLimit{Request: "page_size", Max: 2}, Stop: row.stop, Empty: row.empty}
		f := newFlow(t, in, &sandbox.Options{NoRateLimit: true, Items: 4})
		resp, body := f.get("/v1/users?page_size=2&offset="+row.offset, f.connect().text("access_token"), nil)
		_, left := body["results"]
		if resp.StatusCode != row.status || body["done"] != row.done || left != row.left {
			t.Errorf("%s: %s, %v", name, resp.Status, body)
		}
	}
}
