package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// kind says in words what a value may be.
func (p *page) kind(n node) string {
	switch {
	case n.has("const"):
		return code(string(compact(n.json["const"])))
	case n.has("enum"):
		var values []json.RawMessage
		_ = json.Unmarshal(n.json["enum"], &values)
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = code(string(compact(v)))
		}
		return strings.Join(texts, ", ")
	case n.has("oneOf"):
		var alternatives []map[string]json.RawMessage
		_ = json.Unmarshal(n.json["oneOf"], &alternatives)
		texts := make([]string, len(alternatives))
		for i, a := range alternatives {
			texts[i] = p.kind(node{n.name, a, n.doc}.target())
		}
		return strings.Join(texts, ", or ")
	}
	return p.kindOfType(n)
}

func (p *page) kindOfType(n node) string {
	switch n.text("type") {
	case "object":
		if n.isObject() {
			return p.link(n, "map")
		}
		v := n.values()
		if v.isObject() {
			return "map of names to " + p.link(v, "maps")
		}
		if v.flag("x-template") && v.texts("type") != nil {
			return "tree, template"
		}
		if v.flag("x-template") {
			return "map of strings, template"
		}
		return "map of " + plural(p.kind(v))
	case "array":
		return "list of " + plural(p.kind(n.items()))
	case "number", "integer":
		return n.text("type") + bounds(n)
	case "":
		if types := n.texts("type"); types != nil {
			return strings.Join(types, ", ")
		}
		return "anything"
	}
	return n.text("type")
}

// link names an object by its section.
func (p *page) link(n node, word string) string {
	if to, ok := p.anchors[n.name]; ok {
		return "[" + word + "](#" + to + ")"
	}
	return word
}

func plural(kind string) string {
	for _, w := range []string{"string", "integer", "number", "boolean"} {
		if kind == w {
			return w + "s"
		}
		if rest, ok := strings.CutPrefix(kind, w+" "); ok {
			return w + "s " + rest
		}
	}
	return strings.Replace(kind, "[map]", "[maps]", 1)
}

func bounds(n node) string {
	low, high, above := n.json["minimum"], n.json["maximum"], n.json["exclusiveMinimum"]
	switch {
	case low != nil && high != nil:
		return " " + string(low) + " to " + string(high)
	case low != nil:
		return " ≥ " + string(low)
	case above != nil:
		return " > " + string(above)
	}
	return ""
}

// compact writes a JSON value as YAML on one line: JSON, but for plain words.
func compact(raw json.RawMessage) []byte {
	var s string
	if json.Unmarshal(raw, &s) == nil && s != "" && s != " " {
		return []byte(s)
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return bytes.ReplaceAll(bytes.ReplaceAll(b.Bytes(), []byte(`":`), []byte(`": `)), []byte(","), []byte(", "))
}

// code puts text in a code span.
func code(text string) string {
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// verbatim is what descriptions say literally: ${name}, and 'text' in quotes.
var verbatim = regexp.MustCompile(`\$\{[^}]*\}|(^|[ (])'([^' ]+( [^' ]+)?)'`)

// prose is a description as Markdown.
func prose(text string) string {
	var b strings.Builder
	last := 0
	escape := strings.NewReplacer("<", `\<`, "*", `\*`, "~", `\~`)
	for _, m := range verbatim.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(escape.Replace(text[last:m[0]]))
		if m[4] < 0 {
			b.WriteString(code(text[m[0]:m[1]]))
		} else {
			b.WriteString(text[m[2]:m[3]] + code(text[m[4]:m[5]]))
		}
		last = m[1]
	}
	return b.String() + escape.Replace(text[last:])
}

// slug is the anchor that GitHub gives a heading.
func slug(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}
