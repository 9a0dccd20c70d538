package lint

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// pages: at least one sample must be a list as pagination describes it, and one
// show how the list goes on.
func pages(v *version) {
	p := v.Requests.Pagination
	if p == nil {
		return
	}
	s := &listSamples{v, p, v.lists(p.Items), []string{"requests", "pagination"}}
	s.flags()
	if len(v.of(schema.SampleAPI)) == 0 {
		return
	}
	if len(s.lists) == 0 {
		s.at("sample-page", "items", "no sample's answer "+s.where(), "add a sample of a list, or correct the path")
	} else {
		before := len(v.found)
		s.check()
		if len(v.found) == before && !s.goesOn() {
			s.at("sample-last-page", "kind", "each sample of a list says that there is no more", "let one say that there is, as the provider does")
		}
	}
	v.listPaths()
}

// listPaths holds what is said of single lists to the samples of their paths.
func (v *version) listPaths() {
	p := v.Requests.Pagination
	for _, pattern := range slices.Sorted(maps.Keys(p.Paths)) {
		at := []string{"requests", "pagination", "paths", pattern}
		if strings.ContainsAny(pattern, "{}?#") || strings.Contains(pattern, "/:") {
			v.reportKey("page-path", at, fmt.Sprintf("%q fits no path", pattern), "* stands for one segment, whatever it is")
			continue
		}
		q := p.Over(p.Paths[pattern])
		s := &listSamples{v, &q, map[int]schema.Sample{}, at}
		asked := false
		for i, one := range v.of(schema.SampleAPI) {
			if one.Request == nil || statusOf(one.Response) >= 300 || !reflect.DeepEqual(p.At(method(one.Request.Method), one.Request.Path), q) {
				continue
			}
			_, isList := listAt(one, q.Items)
			if isList {
				s.lists[i] = one
			}
			// What is posted below the path of a list adds to it.
			asked = asked || isList || method(one.Request.Method) == http.MethodGet || q.In == "body" || strings.Contains(pattern, " ")
		}
		switch {
		case asked && len(s.lists) == 0 && q.Empty == nil:
			s.at("sample-page", "items", "no sample of this path "+s.where(), "correct the path of the items, or the sample")
		case len(s.lists) > 0:
			s.check()
		}
	}
}

// listSamples are the samples that are lists, as pagination describes them.
type listSamples struct {
	*version
	pagination *schema.Pagination
	lists      map[int]schema.Sample
	path       []string // of the pagination
}

// at reports something at a dotted path below the pagination.
func (l *listSamples) at(code, key, message, hint string) {
	l.reportAt(code, append(slices.Clone(l.path), strings.Split(key, ".")...), message, hint)
}

func (l *listSamples) where() string {
	if l.pagination.Items == "" {
		return "is a list"
	}
	return fmt.Sprintf("has a list at %q", l.pagination.Items)
}

// check holds the samples to what says how the list goes on.
func (l *listSamples) check() {
	switch p := l.pagination; {
	case p.Kind == "cursor" && p.Cursor != nil && p.Cursor.Item != "":
		l.inItems()
	case p.Kind == "cursor" && p.Cursor != nil:
		l.shown("cursor.response", p.Cursor.Response)
	case p.Kind == "link" && p.Link != nil && p.Link.Response != "":
		l.shown("link.response", p.Link.Response)
	case p.Kind == "link":
		l.linked()
	case p.Kind == "offset" && p.Offset != nil && p.Offset.Step != "":
		l.shown("offset.step", p.Offset.Step)
	}
	l.flag("has_more", l.pagination.HasMore)
	l.flag("last", l.pagination.Last)
	if path := l.pagination.HasNext; path != "" {
		l.shown("has_next", path)
	}
}

// flags: what says whether there is more says it at a path of its own.
func (l *listSamples) flags() {
	const hint = "keep the one that is true"
	p := l.pagination
	if p.Kind == "offset" && p.Offset != nil && p.Offset.Step != "" {
		if lacks := p.Lacks(); lacks != "" {
			l.at("page-end", "offset.step", lacks, "a page without items is not the end; add total, has_more, has_next or last")
		}
	}
	if p.HasMore != "" && p.HasMore == p.Last {
		l.at("page-flags", "last", fmt.Sprintf("has_more and last both look at %q, and one is the other way round", p.Last), hint)
	}
	if p.HasNext == "" {
		return
	}
	if p.HasNext == p.HasMore {
		l.at("page-flags", "has_next", fmt.Sprintf("has_more and has_next both look at %q, and one asks for true, the other for a value that can be left out", p.HasNext), hint)
	}
	if p.HasNext == p.Last {
		l.at("page-flags", "has_next", fmt.Sprintf("last and has_next both look at %q, and one is the other way round", p.HasNext), hint)
	}
	if key, path := p.NextIn(); p.HasNext == path {
		l.at("unused-pagination", "has_next", fmt.Sprintf("\"has_next\" has no effect where %s looks: a page that names no other is the last", key), "")
	}
}

// goesOn reports whether a sample says that there is more, where samples can: counted
// lists, and those whose items are the cursor, do not.
func (l *listSamples) goesOn() bool {
	p := l.pagination
	next := ""
	switch {
	case p.Kind == "cursor" && p.Cursor != nil:
		next = p.Cursor.Response
	case p.Kind == "link" && p.Link != nil:
		next = p.Link.Response
	}
	if next == "" && p.HasMore == "" && p.Last == "" && p.HasNext == "" {
		return true
	}
	for _, s := range l.lists {
		more, hasMore := schema.At(s.Response.Body, p.HasMore)
		last, hasLast := schema.At(s.Response.Body, p.Last)
		following, _ := schema.At(s.Response.Body, p.HasNext)
		switch {
		case p.HasNext != "":
			if schema.Present(following) {
				return true
			}
		case p.HasMore != "" && hasMore:
			if more != false {
				return true
			}
		case p.Last != "" && hasLast:
			if last != true {
				return true
			}
		default:
			if text, _ := schema.TextAt(s.Response.Body, next); next != "" && text != "" && text != "false" {
				return true
			}
		}
	}
	return false
}

// listAt returns the list at a path of a sample's answer.
func listAt(s schema.Sample, path string) ([]any, bool) {
	at, ok := schema.At(s.Response.Body, path)
	list, isList := at.([]any)
	return list, ok && isList
}

// flag: what says whether there is more must say it, by true or false.
func (l *listSamples) flag(key, path string) {
	if path == "" {
		return
	}
	l.shown(key, path)
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
	l.at("sample-page", "cursor.item", fmt.Sprintf("no sample of a list has a last item with anything at %q", p.Cursor.Item), "")
}

// lists returns the good answers with a list at a path.
func (v *version) lists(items string) map[int]schema.Sample {
	out := map[int]schema.Sample{}
	for i, s := range v.of(schema.SampleAPI) {
		if _, isList := listAt(s, items); isList && statusOf(s.Response) < 300 {
			out[i] = s
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
	l.at("sample-page", by, fmt.Sprintf("no sample of a list has anything at %q", path), "")
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
	l.at("sample-page", "kind", "no sample of a list has the header Link", "")
}
