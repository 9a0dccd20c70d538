package verify

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/loader"
)

// Corrections say which documents describe an entry, and what those have wrong. The zero
// Corrections say nothing.
type Corrections struct {
	// Like is another entry of the bundled catalog, whose corrections and documents count
	// here as well: what an API has in common is said once.
	Like string

	// Documents are their names; nil: the one of the entry's name.
	Documents []string

	// Versions say the same of single versions of the entry.
	Versions map[string]struct {
		Documents []string
		Because   string // where there is none that could be compared
	}

	Corrections []Correction
}

// A Correction is one thing that a document has wrong, or does not have.
type Correction struct {
	Document string // its name; empty: each that it fits
	At       string // JSON pointer; * is every member, and - at the end adds to a list
	Says     any    // what stands there, of an object what counts; nil: nothing, "*": whatever it is
	Is       any    // what is true; nil: nothing
	Because  string
	Source   string // URL of the page that says so

	file string
	line int
}

//go:embed corrections/*.yaml
var bundled embed.FS

// Bundled returns the corrections for an entry of the bundled catalog.
func Bundled(name string) (*Corrections, error) {
	data, err := bundled.ReadFile("corrections/" + name + ".yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return &Corrections{}, nil
	}
	if err != nil {
		return nil, err
	}
	return ReadCorrections("corrections/"+name+".yaml", data)
}

// liken adds what k has in common with another entry.
func (k *Corrections) liken() (*Corrections, error) {
	if k.Like == "" {
		return k, nil
	}
	like, err := Bundled(k.Like)
	if err != nil {
		return nil, err
	}
	if k.Documents == nil {
		k.Documents = like.DocumentsOf(k.Like, "")
	}
	k.Corrections = slices.Concat(like.Corrections, k.Corrections)
	return k, nil
}

// OpenCorrections reads them from a file.
func OpenCorrections(file string) (*Corrections, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return ReadCorrections(file, data)
}

// ReadCorrections reads them from memory; file is what errors call it. Each correction
// has to say why, and which page of the provider says so.
func ReadCorrections(file string, data []byte) (*Corrections, error) {
	k := &Corrections{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(k); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var lines struct{ Corrections []yaml.Node }
	if err := yaml.Unmarshal(data, &lines); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i := range k.Corrections {
		c := &k.Corrections[i]
		c.file, c.line = file, lines.Corrections[i].Line
		u, err := url.Parse(c.Source)
		switch {
		case !strings.HasPrefix(c.At, "/"):
			return nil, fmt.Errorf("%s:%d: at is no JSON pointer: it begins with /", file, c.line)
		case c.Because == "":
			return nil, fmt.Errorf("%s:%d: a correction says because of what", file, c.line)
		case err != nil || u.Scheme != "https" || u.Host == "":
			return nil, fmt.Errorf("%s:%d: a correction has the source that says so, an https URL", file, c.line)
		}
	}
	return k.liken()
}

// DocumentsOf returns the names of the documents that describe a version of an entry.
func (k *Corrections) DocumentsOf(name, version string) []string {
	if v, ok := k.Versions[version]; ok {
		return v.Documents
	}
	if k.Documents != nil {
		return k.Documents
	}
	return []string{name}
}

// Apply corrects documents, each of which is corrected once. A correction whose document
// is not among them is left out; one that fits none is a finding, because the provider may
// have mended it.
func (k *Corrections) Apply(docs []*Document) loader.Diagnostics {
	var ds loader.Diagnostics
	for _, c := range k.Corrections {
		problem := ""
		for i, d := range docs {
			if c.Document != "" && c.Document != d.Name {
				continue
			}
			problem = d.correct(c)
			if problem == "" && c.Document == "" {
				for _, other := range docs[i+1:] {
					_ = other.correct(c) // it need not fit all
				}
			}
			if problem == "" {
				break
			}
			problem += " (" + d.Name + "#" + c.At + ")"
		}
		if problem != "" {
			ds = append(ds, loader.Diagnostic{Place: loader.Place{File: c.file, Line: c.line}, Severity: loader.Error, Code: codeCorrection,
				Message: "this does not fit the document: " + problem})
		}
	}
	return ds
}

// correct changes the document, and says what is in the way.
func (d *Document) correct(c Correction) string {
	all := steps(c.At)
	parents := []node{d.at("")}
	for _, s := range all[:len(all)-1] {
		var next []node
		for _, n := range parents {
			switch {
			case s == "*":
				for _, name := range n.names() {
					next = append(next, n.get(name))
				}
				next = append(next, n.items()...)
			case n.text("$ref") != "":
				return fmt.Sprintf("at %s it refers to %s", n.place, n.text("$ref"))
			default:
				if m, isMap := n.value.(map[string]any); isMap && m[s] == nil && c.Is != nil && !strings.Contains(c.At, "*") {
					m[s] = map[string]any{}
				}
				next = append(next, n.get(s))
			}
		}
		parents = next
	}
	fit := 0
	for _, n := range parents {
		if d.put(n, all[len(all)-1], c) {
			fit++
		}
	}
	if fit == 0 {
		return "it does not say this there"
	}
	return ""
}

// put changes one place. It reports whether the document says what was expected.
func (d *Document) put(parent node, name string, c Correction) bool {
	if list, ok := parent.value.([]any); ok && name == "*" && c.Is == nil {
		kept := slices.DeleteFunc(slices.Clone(list), func(item any) bool { return c.Says == "*" || same(item, c.Says) })
		return len(kept) < len(list) && d.set(parent.place, kept)
	}
	if name == "*" {
		fit := false
		for _, n := range parent.names() {
			fit = d.put(parent, n, c) || fit
		}
		return fit
	}
	if list, ok := parent.value.([]any); ok && name == "-" && c.Is != nil {
		return d.set(parent.place, append(list, plain(c.Is)))
	}
	m, ok := parent.value.(map[string]any)
	if !ok {
		if list, isList := parent.value.([]any); isList {
			return d.putItem(list, parent, name, c)
		}
		return false
	}
	if there := m[name]; c.Says == "*" && there == nil || c.Says != "*" && !same(there, c.Says) {
		return false
	}
	if c.Is == nil {
		delete(m, name)
	} else {
		m[name] = plain(c.Is)
	}
	return true
}

func (d *Document) putItem(list []any, parent node, name string, c Correction) bool {
	for i := range list {
		if fmt.Sprint(i) != name || c.Says != "*" && !same(list[i], c.Says) {
			continue
		}
		if c.Is == nil {
			return d.set(parent.place, slices.Delete(list, i, i+1))
		}
		list[i] = plain(c.Is)
		return true
	}
	return false
}

// set replaces the value at a pointer that exists.
func (d *Document) set(pointer string, value any) bool {
	all := steps(pointer)
	if len(all) == 0 {
		return false
	}
	above := d.at(parent(pointer))
	switch v := above.value.(type) {
	case map[string]any:
		v[all[len(all)-1]] = value
	case []any:
		for i := range v {
			if fmt.Sprint(i) == all[len(all)-1] {
				v[i] = value
			}
		}
	default:
		return false
	}
	return true
}

// same reports whether a document says what a correction expects: of an object, the
// members that are named. Numbers compare by value.
func same(there, says any) bool {
	object, ok := says.(map[string]any)
	if !ok {
		return reflect.DeepEqual(there, plain(says))
	}
	members, ok := there.(map[string]any)
	if !ok {
		return false
	}
	for name, want := range object {
		if !same(members[name], want) {
			return false
		}
	}
	return true
}

// BundledNames are the entries for which there are corrections.
func BundledNames() (names []string) {
	files, _ := bundled.ReadDir("corrections")
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return names
}
