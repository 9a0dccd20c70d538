package main

import (
	"bytes"
	"embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
)

//go:embed configuration.md.tmpl examples
var files embed.FS

// roots are the files that users write: the definition that describes each, and
// an example that uses every key of it.
var roots = []struct{ definition, example string }{
	{"file", "examples/integrations.yaml"},
	{"blueprint", "examples/harbour.yaml"},
}

// A page is the reference while it is written.
type page struct {
	defs     *definitions
	examples examples
	anchors  map[string]string // of objects that have a section
	tables   map[string]bool   // objects whose keys have been listed
}

// Configuration returns the reference, for the checkout at root. The error says
// which key has no section or no example.
func Configuration(root string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(root, "schema/definitions.json"))
	if err != nil {
		return nil, err
	}
	p := &page{examples: examples{}, anchors: map[string]string{}}
	if p.defs, err = parseDefinitions(data); err != nil {
		return nil, err
	}
	for _, r := range roots {
		if err := p.examples.read(p.defs, files, r.example, r.definition); err != nil {
			return nil, err
		}
	}
	if _, err := p.write(); err != nil { // learns the anchors that tables link to
		return nil, err
	}
	out, err := p.write()
	if err != nil {
		return nil, err
	}
	return out, p.complete()
}

func (p *page) write() ([]byte, error) {
	p.tables = map[string]bool{}
	t, err := template.New("configuration.md.tmpl").
		Funcs(template.FuncMap{"anchor": p.anchor, "section": p.section, "keys": p.keys, "modes": modesWith, "credentials": ownCredentials}).
		ParseFS(files, "configuration.md.tmpl")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, nil)
	return b.Bytes(), err
}

// anchor notes that name is described under a heading of the template.
func (p *page) anchor(name, heading string) string {
	p.anchors[name] = slug(heading)
	return heading
}

// section describes an object: what it is, and its keys.
func (p *page) section(name string) (string, error) {
	n, err := p.defs.at(name)
	if err != nil {
		return "", err
	}
	table, err := p.keys(name)
	return prose(n.text("description")) + "\n\n" + table, err
}

// keys is a table of the keys of an object.
func (p *page) keys(name string) (string, error) {
	n, err := p.defs.at(name)
	if err != nil {
		return "", err
	}
	if !n.isObject() {
		return "", fmt.Errorf("%s has no keys", name)
	}
	var b strings.Builder
	b.WriteString("| Key | What it says | Type | Default | Example |\n|---|---|---|---|---|\n")
	for _, key := range n.keys() {
		row, err := p.row(n, key)
		if err != nil {
			return "", err
		}
		b.WriteString(row)
	}
	p.tables[n.name] = true
	return strings.TrimRight(b.String(), "\n"), nil
}

func (p *page) row(n node, key string) (string, error) {
	property, _ := n.property(key)
	k := property.target()
	kind := p.kind(k)
	var marks []string
	if k.flag("x-template") {
		marks = append(marks, "template")
	}
	if k.flag("x-secret") {
		marks = append(marks, "secret")
	}
	if len(marks) > 0 {
		kind += ", " + strings.Join(marks, ", ")
	}
	if modes := k.texts("x-modes"); modes != nil {
		kind += "<br>(" + strings.Join(modes, ", ") + ")"
	}
	example := p.example(n, key, k)
	if example == "" {
		return "", fmt.Errorf("no example uses %s.%s", n.name, key)
	}
	cells := []string{code(key), prose(k.text("description")), kind, state(n, key, k), example}
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(c, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n", nil
}

// state is the default, or that there must be a value.
func state(n node, key string, k node) string {
	if r := n.required(key); r != "" {
		return r
	}
	if k.has("default") {
		return code(string(compact(k.json["default"])))
	}
	return ""
}

// example is how the key is written; objects with a section of their own show
// theirs there.
func (p *page) example(n node, key string, k node) string {
	text := p.examples[n.name+"."+key]
	if text == "" {
		return ""
	}
	if len(text) > 90 {
		for _, inner := range []node{k, k.items(), k.values()} {
			if to, ok := p.anchors[inner.name]; ok {
				return "[below](#" + to + ")"
			}
		}
	}
	return code(text)
}

// complete reports whether everything that a user may write has been listed.
func (p *page) complete() error {
	seen := map[string]bool{}
	var visit func(n node)
	visit = func(n node) {
		if n.json == nil || seen[n.name] {
			return
		}
		seen[n.name] = true
		visit(n.items())
		visit(n.values())
		for _, key := range n.keys() {
			child, _ := n.property(key)
			visit(child.target())
		}
		if !n.isObject() {
			delete(seen, n.name)
		}
	}
	for _, r := range roots {
		n, err := p.defs.at(r.definition)
		if err != nil {
			return err
		}
		visit(n)
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if !p.tables[name] {
			return fmt.Errorf("the template has no section %q", name)
		}
	}
	return nil
}
