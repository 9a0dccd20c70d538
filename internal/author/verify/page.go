package verify

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// What the entry says of lists is said once for many of them. So a place is wrong if no
// list that the entry shows bears it out, and one does not.

// A pageFact is something that a list says of one place.
type pageFact struct {
	at      []string
	code    string
	message string
	where   string
	good    bool
}

// pages holds how lists go on.
func (k *checker) pages() {
	p := k.Requests.Pagination
	if p == nil {
		return
	}
	facts := map[string][]pageFact{}
	for _, u := range slices.Concat(k.uses, k.pageUses()) {
		u := &u
		if q, ok := k.listOf(u); ok {
			l := listCall{k, u, q, k.pageRoot(u)}
			for _, f := range l.facts() {
				key := strings.Join(f.at, "\x00")
				facts[key] = append(facts[key], f)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(facts)) {
		if all := facts[key]; !slices.ContainsFunc(all, func(f pageFact) bool { return f.good }) {
			k.report(all[0].code, all[0].at, all[0].message, all[0].where)
		}
	}
}

// listOf returns how the list of a use goes on, if it is one.
func (k *checker) listOf(u *use) (schema.Pagination, bool) {
	if u.call == nil {
		return schema.Pagination{}, false
	}
	p := k.Requests.Pagination.At(u.method, u.path)
	switch {
	case u.op != nil && u.op.Pages != nil:
		return p.Over(u.op.Pages.Pagination), true
	case u.list:
		return p, true
	case u.sample != nil && (u.sample.Kind == "" || u.sample.Kind == schema.SampleAPI) && u.sample.Response.Status < 300:
		list, _ := schema.At(u.sample.Response.Body, p.Items)
		_, isList := list.([]any)
		return p, isList || slices.ContainsFunc(pageParams(p), func(name string) bool {
			_, takes := u.call.takes("query", name)
			return takes && u.method == "GET"
		})
	}
	return p, false
}

// pageRoot is the place of what holds for a list: a pattern of paths, or the whole.
func (k *checker) pageRoot(u *use) []string {
	root := []string{"requests", "pagination"}
	for pattern := range k.Requests.Pagination.Paths {
		probe := schema.Pagination{Paths: map[string]schema.Pagination{pattern: {Kind: "fits"}}}
		if probe.At(u.method, u.path).Kind == "fits" {
			return below(root, "paths", pattern)
		}
	}
	return root
}

// pageUses are the lists of which pagination.paths speaks. A pattern that no path of the
// documents fits is reported.
func (k *checker) pageUses() (uses []use) {
	for _, pattern := range slices.Sorted(maps.Keys(k.Requests.Pagination.Paths)) {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok {
			method, path = "GET", pattern
		}
		u := use{at: []string{"requests", "pagination", "paths", pattern}, method: method, path: path, list: true}
		u.call = k.find(method, k.full(&u))
		if u.call == nil && !ok { // a list that is asked for by POST
			u.method = "POST"
			u.call = k.find("POST", k.full(&u))
		}
		// A version that extends this one may be elsewhere, where the pattern fits nothing.
		said, _, _ := k.catalog.Where(k.ref, u.at...)
		if u.call == nil && !k.lost && len(k.calls) > 0 && said.Blueprint == k.ref {
			k.reportName(codePath, u.at, fmt.Sprintf("no path %s in %s", k.full(&u).path(), k.documents()), "")
		}
		uses = append(uses, u)
	}
	return uses
}

// pageParams are the names of the parameters that go on with a list.
func pageParams(p schema.Pagination) (names []string) {
	if p.Cursor != nil {
		names = append(names, p.Cursor.Request)
	}
	for _, c := range []*schema.PageCounter{p.Offset.Counter(), p.Page} {
		if c != nil {
			names = append(names, c.Request)
		}
	}
	if p.Limit != nil {
		names = append(names, p.Limit.Request)
	}
	return names
}

// A listCall is a list that the entry shows, and how it says that it goes on.
type listCall struct {
	*checker
	u    *use
	p    schema.Pagination
	root []string
}

// at is the place of a key: in what holds for the path, or else in what holds for all.
func (l *listCall) at(keys ...string) []string {
	if path := below(l.root, keys...); l.says(path...) {
		return path
	}
	if path := below(l.u.root, below([]string{"pages"}, keys...)...); l.u.op != nil && l.says(path...) {
		return path
	}
	return below([]string{"requests", "pagination"}, keys...)
}

func (l *listCall) facts() (facts []pageFact) {
	p := l.p
	add := func(f pageFact, ok bool) {
		if ok {
			facts = append(facts, f)
		}
	}
	if c := p.Cursor; c != nil && p.Kind == "cursor" {
		add(l.request(c.Request, "cursor", "request"))
		add(l.response(c.Response, "cursor", "response"))
		if c.Item != "" {
			add(l.item(c.Item))
		}
	}
	if p.Link != nil && p.Kind == "link" {
		add(l.response(p.Link.Response, "link", "response"))
	}
	if p.Offset != nil && p.Kind == "offset" {
		add(l.request(p.Offset.Request, "offset", "request"))
		add(l.response(p.Offset.Step, "offset", "step"))
	}
	if p.Page != nil && p.Kind == "page" {
		add(l.request(p.Page.Request, "page", "request"))
	}
	add(l.response(p.HasMore, "has_more"))
	add(l.response(p.HasNext, "has_next"))
	add(l.response(p.Last, "last"))
	if p.Total != nil {
		add(l.response(p.Total.Response, "total", "response"))
	}
	if p.Limit != nil {
		add(l.request(p.Limit.Request, "limit", "request"))
		add(l.largest(p.Limit))
	}
	add(l.items())
	return facts
}

// parameter finds a parameter of the list, in the query or in the body.
func (l *listCall) parameter(name string) (n node, is presence) {
	if l.p.In == "body" && l.u.method != "GET" {
		body, ok := l.u.call.body()
		if !ok {
			return node{}, unknown
		}
		if l.p.BodyPath != "" {
			name = l.p.BodyPath + "." + name
		}
		return lookAt(body, name)
	}
	if p, ok := l.u.call.takes("query", name); ok {
		return p.n, present
	}
	return l.u.call.n, absent
}

func (l *listCall) request(name string, keys ...string) (pageFact, bool) {
	if name == "" {
		return pageFact{}, false
	}
	_, is := l.parameter(name)
	return pageFact{at: l.at(keys...), code: codePagination, where: l.u.call.n.where(), good: is == present,
		message: fmt.Sprintf("%s %s takes no parameter %s", l.u.method, l.u.path, name)}, is != unknown
}

func (l *listCall) answer() (node, bool) { return l.u.call.answer(l.u.call.success()) }

func (l *listCall) response(path string, keys ...string) (pageFact, bool) {
	answer, ok := l.answer()
	if path == "" || !ok {
		return pageFact{}, false
	}
	_, is := lookAt(answer, path)
	return pageFact{at: l.at(keys...), code: codePagination, where: where(answer), good: is == present,
		message: fmt.Sprintf("the answer to %s %s has nothing at %q", l.u.method, l.u.path, path)}, is != unknown
}

func (l *listCall) items() (pageFact, bool) {
	answer, ok := l.answer()
	if !ok {
		return pageFact{}, false
	}
	n, is := lookAt(answer, l.p.Items)
	if is == present {
		is = isList(n)
	}
	return pageFact{at: l.at("items"), code: codePagination, where: where(answer), good: is == present,
		message: fmt.Sprintf("the answer to %s %s has no list at %q", l.u.method, l.u.path, l.p.Items)}, is != unknown
}

// item holds a cursor that is a member of the last item.
func (l *listCall) item(path string) (pageFact, bool) {
	answer, ok := l.answer()
	if !ok {
		return pageFact{}, false
	}
	first := "0." + path
	if l.p.Items != "" && l.p.Items != "." {
		first = l.p.Items + "." + first
	}
	_, is := lookAt(answer, first)
	return pageFact{at: l.at("cursor", "item"), code: codePagination, where: where(answer), good: is == present,
		message: fmt.Sprintf("items of %s %s have nothing at %q", l.u.method, l.u.path, path)}, is != unknown
}

// largestTexts find the largest page in a description, for want of a maximum.
var largestTexts = []func() *regexp.Regexp{
	lazyregexp.New(`(?i)\b(?:max(?:imum)?|up to|at most|no more than|(?:not|cannot|can't) exceed|less than or equal to|larger than|greater than|more than)\b[^.0-9]{0,45}?\b([0-9][0-9,]*)\b`),
	lazyregexp.New(`(?i)\b1 ?(?:-|–|to|and|through) ?([0-9][0-9,]*)\b`),
	lazyregexp.New(`(?i)\b([0-9][0-9,]*) (?:is the max|max)`),
}

// largest holds the largest page: by the document's maximum, or by what its text says.
func (l *listCall) largest(limit *schema.PageLimit) (pageFact, bool) {
	if limit.Max == 0 || limit.Request == "" {
		return pageFact{}, false
	}
	n, is := l.parameter(limit.Request)
	if is != present {
		return pageFact{}, false
	}
	most, ok := largestOf(n)
	return pageFact{at: l.at("limit", "max"), code: codePageSize, where: n.where(), good: most == float64(limit.Max),
		message: fmt.Sprintf("the largest page of %s %s is %v in the document, not %v", l.u.method, l.u.path, most, limit.Max)}, ok
}

func largestOf(n node) (float64, bool) {
	places := []node{n}
	if s, ok := n.get("schema").resolved(); ok {
		places = append(places, s)
	}
	for _, p := range places {
		for _, v := range variants(p) {
			for _, part := range v.parts {
				if most, ok := part.number("maximum"); ok {
					return most, true
				}
				if most, err := strconv.ParseFloat(part.text("maximum"), 64); err == nil { // discovery documents
					return most, true
				}
			}
		}
	}
	for _, p := range places {
		for _, re := range largestTexts {
			if m := re().FindStringSubmatch(p.text("description")); m != nil {
				most, err := strconv.ParseFloat(strings.ReplaceAll(m[1], ",", ""), 64)
				return most, err == nil
			}
		}
	}
	return 0, false
}
