package lint

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// pages: at least one sample must be a list as pagination describes it, and one
// show how the list goes on.
func pages(v *version) {
	p := v.Requests.Pagination
	if p == nil || len(v.of(schema.SampleAPI)) == 0 {
		return
	}
	s := &listSamples{v, p, v.lists(p.Items)}
	if len(s.lists) == 0 {
		where := fmt.Sprintf("has a list at %q", p.Items)
		if p.Items == "" {
			where = "is a list"
		}
		v.report("sample-page", "requests.pagination.items", "no sample's answer "+where, "add a sample of a list, or correct the path")
		return
	}
	switch {
	case p.Kind == "cursor" && p.Cursor != nil && p.Cursor.Item != "":
		s.inItems()
	case p.Kind == "link" && (p.Link == nil || p.Link.Response == ""):
		s.linked()
	}
	if key, path := p.NextIn(); key != "" {
		s.shown("requests.pagination."+key, path)
	}
	s.flag("has_more", p.HasMore)
	s.flag("last", p.Last)
}

// listSamples are the samples that are lists, as pagination describes them.
type listSamples struct {
	*version
	pagination *schema.Pagination
	lists      map[int]schema.Sample
}

// flag: what says whether there is more must say it, by true or false.
func (l *listSamples) flag(key, path string) {
	if path == "" {
		return
	}
	l.shown("requests.pagination."+key, path)
	for i, s := range l.lists {
		if value, ok := schema.At(s.Response.Body, path); ok {
			if _, isBool := value.(bool); !isBool {
				l.report("sample-page", sampleAt(i, ".response.body"), fmt.Sprintf("%q, where %s looks, is neither true nor false", path, key), "")
			}
		}
	}
}

// inItems: an item must have what takes the place of a cursor.
func (l *listSamples) inItems() {
	p := l.pagination
	for _, s := range l.lists {
		list, _ := schema.At(s.Response.Body, p.Items)
		items, _ := list.([]any)
		if len(items) == 0 {
			continue
		}
		if _, ok := schema.TextAt(items[len(items)-1], p.Cursor.Item); ok {
			return
		}
	}
	l.report("sample-page", "requests.pagination.cursor.item", fmt.Sprintf("no sample of a list has a last item with anything at %q", p.Cursor.Item), "")
}

// lists returns the good answers with a list at a path.
func (v *version) lists(items string) map[int]schema.Sample {
	out := map[int]schema.Sample{}
	for i, s := range v.of(schema.SampleAPI) {
		if list, ok := schema.At(s.Response.Body, items); ok && statusOf(s.Response) < 300 {
			if _, isList := list.([]any); isList {
				out[i] = s
			}
		}
	}
	return out
}

func (l *listSamples) shown(by, path string) {
	for _, s := range l.lists {
		if shows(s.Response.Body, path) {
			return
		}
	}
	l.report("sample-page", by, fmt.Sprintf("no sample of a list has anything at %q", path), "")
}

// shows reports whether a body has something at a path, or null on the way: many
// APIs end a list with next: null instead of next: {cursor: …}.
func shows(body any, path string) bool {
	for {
		if _, ok := schema.At(body, path); ok {
			return true
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			return false
		}
		path = path[:i]
		if value, ok := schema.At(body, path); ok && value != nil {
			return false
		}
	}
}

func (l *listSamples) linked() {
	for _, s := range l.lists {
		if _, ok := headerOf(s.Response.Headers, "Link"); ok {
			return
		}
	}
	l.report("sample-page", "requests.pagination.kind", "no sample of a list has the header Link", "")
}
