package verify

import (
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/schema"
)

// A pattern is a URL in which * stands for what is filled in: by a template of ours, or
// by a variable of the document.
type pattern struct {
	host     string // with the port; * alone is any
	segments []string
}

var (
	variable = lazyregexp.New(`\{[^{}]*\}`)
	filling  = lazyregexp.New(`\*+`)
)

// templatePattern reads a URL or a path of an entry.
func templatePattern(text string) pattern {
	var plain strings.Builder
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return parsePattern(text)
	}
	for _, part := range t.Parts {
		if part.Refs == nil {
			plain.WriteString(part.Literal)
			continue
		}
		if plain.Len() == 0 { // a whole origin
			plain.WriteString("https://")
		}
		plain.WriteString("*")
	}
	return parsePattern(plain.String())
}

// parsePattern reads a URL or a path in which {names} stand.
func parsePattern(text string) pattern {
	text = filling().ReplaceAllString(variable().ReplaceAllString(text, "*"), "*")
	text, _, _ = strings.Cut(text, "?")
	text, _, _ = strings.Cut(text, "#")
	p := pattern{host: "*"}
	if _, rest, ok := strings.Cut(text, "://"); ok {
		host, path, _ := strings.Cut(rest, "/")
		p.host, text = strings.ToLower(host), path
	}
	for _, s := range strings.Split(text, "/") {
		if s != "" {
			p.segments = append(p.segments, s)
		}
	}
	return p
}

// below returns p with the segments of q at its end.
func (p pattern) below(q pattern) pattern {
	return pattern{p.host, append(append([]string{}, p.segments...), q.segments...)}
}

func (p pattern) path() string { return "/" + strings.Join(p.segments, "/") }

func (p pattern) String() string { return "https://" + p.host + p.path() }

// equal reports whether both may be the same URL.
func (p pattern) equal(q pattern) bool {
	return overlap(p.host, q.host) && len(p.segments) == len(q.segments) && p.begins(q)
}

// begins reports whether q may begin with the segments of p.
func (p pattern) begins(q pattern) bool {
	if len(p.segments) > len(q.segments) {
		return false
	}
	for i, s := range p.segments {
		if !overlap(s, q.segments[i]) {
			return false
		}
	}
	return true
}

// overlap reports whether two texts with * may be the same.
func overlap(a, b string) bool { return a == b || fits(a, b) || fits(b, a) }

// fits reports whether text is what glob says; a * is one character at least.
func fits(glob, text string) bool {
	before, after, star := strings.Cut(glob, "*")
	if !star {
		return glob == text
	}
	rest, ok := strings.CutPrefix(text, before)
	if !ok {
		return false
	}
	for i := 1; i <= len(rest); i++ {
		if fits(after, rest[i:]) {
			return true
		}
	}
	return false
}
