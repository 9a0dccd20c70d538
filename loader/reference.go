package loader

import (
	"strings"

	"github.com/a8m/envsubst/parse"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
)

// token is all that ever reaches envsubst, which hangs on some of what else it
// could be given and swallows parts of the rest.
//
//	1 an escape   2 ${NAME} or ${env:NAME}   3 its default   4 ${file:…}   5 $<NAME>   6 $<…> that is no name
var token = lazyregexp.New(`(\$\$\{)` +
	`|\$\{(?:env:)?([A-Z_][A-Z0-9_]*)(:-[^${}\r\n]*)?\}` +
	`|\$\{file:([^${}\r\n]+)\}` +
	`|\$<(?:env:)?([A-Z_][A-Z0-9_]*)>` +
	`|\$<([A-Za-z_][A-Za-z0-9_.:]*)>`)

// whole is $NAME, which is a reference only where it is the whole value: within
// a text it is more often a password than a name.
var whole = lazyregexp.New(`^\$([A-Z_][A-Z0-9_]*)$`)

// A piece is a part of a text: what the file says, or a reference in it.
type piece struct {
	text     string // literal text; of references as they are written
	ref      bool
	escape   bool   // $${
	badName  bool   // a reference whose name is none
	variable string // name of the variable; empty: file is given
	file     string // path of the file; empty: variable is given
	fallback string
	optional bool // fallback is given, be it empty
}

// source names what supplies the text, for [schema.Origin].
func (p piece) source() string {
	if p.file != "" {
		return "file:" + p.file
	}
	return "env:" + p.variable
}

// pieces cuts text at its references.
func pieces(text string) []piece {
	if m := whole().FindStringSubmatch(text); m != nil {
		return []piece{{text: text, ref: true, variable: m[1]}}
	}
	var out []piece
	last := 0
	for _, m := range token().FindAllStringSubmatchIndex(text, -1) {
		if m[0] > last {
			out = append(out, piece{text: text[last:m[0]]})
		}
		last = m[1]
		group := func(i int) (string, bool) {
			if m[2*i] < 0 {
				return "", false
			}
			return text[m[2*i]:m[2*i+1]], true
		}
		p := piece{text: text[m[0]:m[1]], ref: true}
		if _, ok := group(1); ok {
			p.ref, p.escape = false, true
		} else if name, ok := group(2); ok {
			p.variable = name
			p.fallback, p.optional = group(3)
			p.fallback = strings.TrimPrefix(p.fallback, ":-")
		} else if path, ok := group(4); ok {
			p.file = path
		} else if name, ok := group(5); ok {
			p.variable = name
		} else {
			p.badName = true
		}
		out = append(out, p)
	}
	if last < len(text) {
		out = append(out, piece{text: text[last:]})
	}
	return out
}

// expand gives ${name} its value by envsubst, which is shown that one variable
// and no other.
func expand(name, value string) (string, error) {
	p := parse.New(name, []string{name + "=" + value}, &parse.Restrictions{NoUnset: true, NoDigit: true})
	return p.Parse("${" + name + "}")
}
