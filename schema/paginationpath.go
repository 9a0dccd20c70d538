package schema

import (
	"cmp"
	"slices"
	"strings"
)

// At returns what holds for the list at path: p, with the keys of the pattern in
// Paths that fits best laid over it. A pattern with a kind of its own stands alone.
// Of several that fit, one with a method counts before one without, then the one
// with more segments that are written out.
func (p Pagination) At(method, path string) Pagination {
	best, fits := "", false
	for text := range p.Paths {
		if !parsePagePattern(text).matches(method, path) {
			continue
		}
		if !fits || comparePagePatterns(text, best) > 0 {
			best, fits = text, true
		}
	}
	out := p
	out.Paths = nil
	if !fits {
		return out
	}
	return out.Over(p.Paths[best])
}

// A pagePattern is a path in which * stands for one segment, for one method or
// for any.
type pagePattern struct {
	method   string
	segments []string
}

func parsePagePattern(text string) pagePattern {
	method, path, ok := strings.Cut(text, " ")
	if !ok {
		method, path = "", text
	}
	return pagePattern{method, strings.Split(strings.Trim(path, "/"), "/")}
}

func (p pagePattern) matches(method, path string) bool {
	if p.method != "" && p.method != method {
		return false
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	return slices.EqualFunc(p.segments, segments, func(want, got string) bool { return want == "*" || want == got })
}

// comparePagePatterns orders patterns that fit the same path: the closer one is
// greater.
func comparePagePatterns(a, b string) int {
	p, q := parsePagePattern(a), parsePagePattern(b)
	named := func(p pagePattern) int {
		if p.method == "" {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(named(p), named(q)),
		cmp.Compare(p.written(), q.written()),
		strings.Compare(b, a),
	)
}

// written counts the segments that are written out.
func (p pagePattern) written() int {
	n := 0
	for _, s := range p.segments {
		if s != "*" {
			n++
		}
	}
	return n
}
