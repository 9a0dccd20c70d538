package match

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/schema"
)

// A Declared value is a name (of a header or a parameter) and the template that
// its value follows.
type Declared struct {
	Name string
	Text string // the template as written
	Form ValueForm
	Type string // in JSON, such as [message.JSONNumber]; empty: any
}

// A ValueForm reads a value by its template.
type ValueForm struct {
	re   *regexp.Regexp
	Refs [][]schema.Ref // of each group
}

func compileForm(text string) (ValueForm, error) {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return ValueForm{}, err
	}
	var f ValueForm
	var re strings.Builder
	for _, part := range t.Parts {
		if part.Refs == nil {
			re.WriteString(regexp.QuoteMeta(part.Literal))
			continue
		}
		re.WriteString("(.*?)")
		f.Refs = append(f.Refs, part.Refs)
	}
	f.re, err = regexp.Compile("(?s)^" + re.String() + "$")
	return f, err
}

// Literal reports whether the value stands in the template in full.
func (f ValueForm) Literal() bool { return len(f.Refs) == 0 }

// Read takes value apart. ok is false if it is not of the template's form.
func (f ValueForm) Read(value string) (values []string, ok bool) {
	m := f.re.FindStringSubmatch(value)
	if m == nil {
		return nil, false
	}
	return m[1:], true
}

// Names returns the names in the template.
func (f ValueForm) Names() []string {
	var names []string
	for _, refs := range f.Refs {
		names = append(names, schema.Template{Parts: []schema.Part{{Refs: refs}}}.Refs()...)
	}
	return names
}

// CompileAll compiles a map of templates, sorted by name.
func CompileAll(m map[string]string) ([]Declared, error) {
	var out []Declared
	for name, text := range m {
		form, err := compileForm(text)
		if err != nil {
			return nil, err
		}
		out = append(out, Declared{Name: name, Text: text, Form: form})
	}
	slices.SortFunc(out, func(a, b Declared) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// compileQuery compiles the query of a declared URL.
func compileQuery(query string) ([]Declared, error) {
	m := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(value); err == nil && !strings.Contains(value, "${") {
			value = schema.EscapeTemplate(plain)
		}
		if name != "" {
			m[name] = value
		}
	}
	return CompileAll(m)
}

// CompileTree compiles the templates of a tree, by their dotted paths. A value that is
// no text is declared as the text of it, with its JSON type.
func CompileTree(t schema.Tree) ([]Declared, error) {
	list, err := CompileAll(t.Leaves())
	if err != nil {
		return nil, err
	}
	types := message.TypesOf(map[string]any(t))
	for i := range list {
		d := &list[i]
		switch is := types[d.Name]; {
		case is != message.JSONText:
			d.Type = is
		case len(d.Form.Refs) == 0 || !d.Form.whole():
			d.Type = message.JSONText
		default:
			d.Type = typeOf(d.Form.Refs[0][0])
		}
	}
	return list, nil
}

// whole reports whether the template is one placeholder.
func (f ValueForm) whole() bool { return f.re.String() == "(?s)^(.*?)$" }

// typeOf returns the type that a placeholder which is all of a value has in JSON, or ""
// where that is not known.
func typeOf(ref schema.Ref) string {
	namespace, _, _ := strings.Cut(ref.Name, ".")
	switch {
	case ref.Func == "now" && ref.NowFormat() != "iso":
		return message.JSONNumber
	case namespace == "raw", namespace == "steps", namespace == "connection", namespace == "credentials":
		return ""
	}
	return message.JSONText
}
