package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/schema"
)

// has_next ends a list by what is not there. A list that names its next page elsewhere is
// another list, and must not end because it lacks what the others have.
func TestHasNextIsNotInheritedWithoutTheCursor(t *testing.T) {
	all := schema.Pagination{Kind: "cursor", HasMore: "more", HasNext: "paging.next", Cursor: &schema.PageCursor{Response: "paging.after", Request: "after"}}
	for name, c := range map[string]struct {
		over schema.Pagination
		want string
	}{
		"a list of another name":         {schema.Pagination{Items: "rows"}, "paging.next"},
		"a parameter of another name":    {schema.Pagination{Cursor: &schema.PageCursor{Request: "from"}}, "paging.next"},
		"a cursor elsewhere":             {schema.Pagination{Cursor: &schema.PageCursor{Response: "next"}}, ""},
		"the last item":                  {schema.Pagination{Cursor: &schema.PageCursor{Item: "id"}}, ""},
		"a cursor elsewhere, and a flag": {schema.Pagination{Cursor: &schema.PageCursor{Response: "next"}, HasNext: "then"}, "then"},
		"another kind":                   {schema.Pagination{Kind: "link"}, ""},
		"a flag elsewhere":               {schema.Pagination{HasNext: "then"}, "then"},
	} {
		if got := all.Over(c.over); got.HasNext != c.want {
			t.Errorf("%s: has_next %q, want %q", name, got.HasNext, c.want)
		}
	}
	links := schema.Pagination{Kind: "link", HasNext: "then", Link: &schema.PageLink{Response: "next"}}
	if got := links.Over(schema.Pagination{Link: &schema.PageLink{Response: "links.next"}}); got.HasNext != "" {
		t.Errorf("a link elsewhere: has_next %q", got.HasNext)
	}
}

// A list with a kind of its own stands alone, also where the others are of that kind: some
// refuse the parameters of the others.
func TestAListWithAKindOfItsOwnStandsAlone(t *testing.T) {
	all := schema.Pagination{
		Kind: "cursor", Items: "data", Cursor: &schema.PageCursor{Response: "next", Request: "after"}, HasMore: "more",
		Limit: &schema.PageLimit{Request: "limit", Max: 100}, In: "body", BodyPath: "page", Empty: []schema.Condition{{}}, Stop: []schema.Condition{{}},
		Total: &schema.PageTotal{Response: "total"}, Last: "last", HasNext: "then",
	}
	for _, alone := range []schema.Pagination{
		{Kind: "cursor", Items: "events", Cursor: &schema.PageCursor{Response: "sync", Request: "sync"}},
		{Kind: "page", Items: "events", Page: &schema.PageCounter{Request: "page"}},
	} {
		if diff := cmp.Diff(alone, all.Over(alone)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", alone.Kind, diff)
		}
	}
}
