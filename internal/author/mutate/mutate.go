// Package mutate changes a blueprint, one value at a time, to see whether anything
// notices. A value that can be changed unnoticed is a value that nobody checks.
//
// The named command is
//
//	go test -tags mutation ./internal/author/mutate
//
// For each entry of its list it puts every mutant on the engine's side of the test
// bench, and the original on the sandbox's. Loader, lint or bench must object. What
// survives stands, with the reason, in docs/decisions; the command fails if another
// survives, and if one that is listed does not.
//
// Start with [Mutants].
package mutate

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/schema"
)

// A Mutant is a blueprint file with one value changed.
type Mutant struct {
	Path   string // in the version, or in the file for format and name
	Change string // was → is, or "removed"
	Data   []byte // the file
}

// Documentation names the keys whose values are for people: nothing but a reader can
// tell whether they are right. Samples are among them, because the engine does not
// read them; they are what the sandbox plays.
var Documentation = []string{
	"comment", "text", "docs_url", "app_url", "title", "summary", "description", "example", "display_name", "maintainer", "categories", "samples",
}

// choices are the values of keys that take one of few.
var choices = map[string][]string{
	"auth_mode":            {"OAUTH2", "API_KEY", "USERNAME_PASSWORD", "NONE"},
	"authorization_method": {"header", "body", "none"},
	"body_format":          {"form", "json", "query"},
	"effect":               {"read", "write", "destroy"},
	"from":                 {"user", "callback", "token_response"},
	"in":                   {"query", "body"},
	"method":               {"GET", "POST"},
	"repeat":               {"safe", "idempotent", "never"},
	"scopes":               {"none", "app", "required"},
	"unsafe_methods":       {"never", "when_not_sent", "always"},
	"unit":                 {"s", "ms"},
}

// choicesAt are those of keys whose name alone does not tell.
func choicesAt(path string) []string {
	key := path[strings.LastIndexByte(path, '.')+1:]
	switch {
	case path == "status":
		return []string{"deprecated", "beta"}
	case strings.HasSuffix(path, "budget.scope"):
		return []string{"integration", "connection"}
	case key == "kind" && strings.HasSuffix(path, "pagination.kind"):
		return schema.PaginationKinds
	case key == "kind" && strings.HasSuffix(path, "expires.kind"):
		return []string{"in", "at"}
	case key == "kind":
		return []string{"not_found", "reauthorize", "denied", "client", "rate_limited", "unavailable", "invalid_response"}
	case key == "format" && (strings.Contains(path, "rate_limit")):
		return []string{"seconds_or_date", "seconds", "milliseconds", "date", "epoch_seconds", "epoch_milliseconds", "iso_date", "ratelimit"}
	case key == "format" && strings.Contains(path, ".input."):
		return []string{"hostname", "uri", "email", "uuid", "date", "date-time"}
	case key == "format" && strings.Contains(path, "."):
		return []string{"hostname", "uri", "email", "uuid", "integer"}
	case strings.HasSuffix(path, "auth.pkce"):
		return []string{"S256", "plain", "false"}
	}
	return choices[key]
}

// freeMaps are the maps whose keys are values, too.
var freeMaps = []string{
	"headers", "params", "authorization_params", "token_params", "refresh_params", "token_headers", "rename",
	"body", "header", "connection", "credentials", "secondary", "fields",
}

// Mutants returns every mutant of a version of a blueprint file.
func Mutants(data []byte, version string) ([]Mutant, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	m := &mutator{doc: &doc, seen: map[*yaml.Node]bool{}}
	file := doc.Content[0]
	v := child(child(file, "versions"), version)
	if v == nil {
		return nil, fmt.Errorf("there is no version %s", version)
	}
	m.node("format", child(file, "format"))
	m.node("name", child(file, "name"))
	m.node("", v)
	return m.list, m.err
}

// Same returns the file as a mutant would be written that changes nothing.
func Same(data []byte) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	return write(&doc)
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// A mutator goes through a file and keeps what it makes of it.
type mutator struct {
	doc  *yaml.Node
	seen map[*yaml.Node]bool // an anchor may be met twice
	list []Mutant
	err  error
}

// keep writes the file as it is now, and undoes the change.
func (m *mutator) keep(path, change string, undo func()) {
	data, err := write(m.doc)
	if err != nil && m.err == nil {
		m.err = err
	}
	m.list = append(m.list, Mutant{path, change, data})
	undo()
}

func write(doc *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(4)
	err := e.Encode(doc)
	return b.Bytes(), err
}

func (m *mutator) node(path string, n *yaml.Node) {
	if n = resolve(n); n == nil || m.seen[n] {
		return
	}
	m.seen[n] = true
	switch n.Kind {
	case yaml.MappingNode:
		m.mapping(path, n)
	case yaml.SequenceNode:
		m.sequence(path, n)
	case yaml.ScalarNode:
		m.scalar(path, n)
	}
}

func (m *mutator) mapping(path string, n *yaml.Node) {
	last := path[strings.LastIndexByte(path, '.')+1:]
	free := slices.Contains(freeMaps, last) && !strings.Contains(path, ".input.properties.") // there it is the name of an input
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if slices.Contains(Documentation, key.Value) && !free {
			continue
		}
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		if free {
			was := key.Value
			key.Value = was + "x"
			m.keep(at, "key "+was+" → "+key.Value, func() { key.Value = was })
		}
		m.node(at, n.Content[i+1])
	}
}

func (m *mutator) sequence(path string, n *yaml.Node) {
	all := n.Content
	for i, item := range all {
		at := path + "." + strconv.Itoa(i)
		if !strings.HasPrefix(path, "notes") {
			n.Content = slices.Delete(slices.Clone(all), i, i+1)
			m.keep(at, "removed", func() { n.Content = all })
		}
		m.node(at, item)
	}
}

func (m *mutator) scalar(path string, n *yaml.Node) {
	was := *n
	for _, value := range others(path, n) {
		n.Value = value
		if n.Tag == "!!str" {
			n.Style = yaml.DoubleQuotedStyle
		}
		if path == "auth.pkce" && value == "false" || was.Tag == "!!bool" && path == "auth.pkce" {
			n.Tag, n.Style = "", 0 // a word or a boolean
		}
		m.keep(path, show(was.Value)+" → "+show(value), func() { *n = was })
	}
}

func show(value string) string {
	if value == "" || strings.TrimSpace(value) != value {
		return strconv.Quote(value)
	}
	return value
}

// others returns the values to try in the place of n's.
func others(path string, n *yaml.Node) []string {
	if list := choicesAt(path); list != nil {
		return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return v == n.Value })
	}
	switch n.Tag {
	case "!!bool":
		return []string{strconv.FormatBool(n.Value != "true")}
	case "!!int", "!!float":
		if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
			return slices.DeleteFunc([]string{number(f + 1), number(f - 1), number(f * 2)}, func(v string) bool { return v == number(f) })
		}
	case "!!null":
		return nil
	}
	list := []string{n.Value + "x"}
	switch {
	case strings.HasPrefix(n.Value, "https://"):
		list = append(list, "https://x"+n.Value[len("https://"):], strings.TrimSuffix(n.Value[:strings.LastIndexByte(n.Value, '/')], "/"))
	case n.Value == "":
		list = append(list, " ")
	default:
		list = append(list, "x"+n.Value, "")
	}
	if strings.HasSuffix(path, "scope_separator") {
		list = []string{" ", ",", "+", ";"}
	}
	if swapped := swapCase(n.Value); swapped != n.Value {
		list = append(list, swapped)
	}
	return slices.DeleteFunc(list, func(v string) bool { return v == n.Value })
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// swapCase writes the first letter in the other case: names of headers compare
// without it, and nothing else does.
func swapCase(s string) string {
	if s == "" {
		return s
	}
	first := s[:1]
	if upper := strings.ToUpper(first); upper != first {
		return upper + s[1:]
	}
	return strings.ToLower(first) + s[1:]
}
