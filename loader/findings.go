package loader

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/loader/internal/check"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// A subject is a value being checked, and how to speak about it.
type subject struct {
	root  *tree.Node
	shape *shape.Shape  // of root; nil: unknown
	key   schema.Origin // of root's key in the file
	skip  int           // leading steps of paths that messages leave out
	place func(schema.Origin) (Place, []Place)
}

// describe puts a finding into words, at the place of the key it is about.
func (s subject) describe(f check.Finding) []Diagnostic {
	value, holder := s.find(f.Path)
	if value == nil {
		return nil
	}
	switch f.Keyword {
	case "additionalProperties":
		return s.unknownKeys(f, value)
	case "required":
		return s.missingKeys(f, value, holder)
	case "propertyNames":
		return s.badName(f)
	}
	if value.Bad {
		return nil
	}
	code, message, hint := s.badValue(f, value)
	return []Diagnostic{s.at(s.valuePlace(value, holder), code, message, hint)}
}

func (s subject) at(o schema.Origin, code, message, hint string) Diagnostic {
	place, related := placeOf(o), []Place(nil)
	if s.place != nil {
		place, related = s.place(o)
	}
	return Diagnostic{Place: place, Related: related, Severity: Error, Code: code, Message: message, Hint: hint}
}

func (s subject) find(path []string) (*tree.Node, *tree.Field) { return s.root.Find(path) }

// valuePlace is the value's place if it is a scalar, and its key's otherwise: a
// block begins a line too late.
func (s subject) valuePlace(value *tree.Node, holder *tree.Field) schema.Origin {
	switch {
	case value.IsScalar() && !value.Origin.IsDefault() && value.Kind != tree.Null:
		return value.Origin
	case holder != nil:
		return holder.At
	case value == s.root:
		return s.key
	}
	return value.Origin
}

// name is how messages call the value at path.
func (s subject) name(path []string) string {
	if len(path) <= s.skip {
		return ""
	}
	return strings.Join(path[s.skip:], ".")
}

func (s subject) unknownKeys(f check.Finding, value *tree.Node) (out []Diagnostic) {
	for _, name := range f.Names {
		field := value.Field(name)
		if field == nil || field.Value.Bad {
			continue
		}
		hint := suggest.DidYouMean(name, f.Known)
		if hint == "" {
			hint = s.elsewhere(name, f.Path)
		}
		out = append(out, s.at(field.At, "unknown-key", fmt.Sprintf("unknown key %q", name), hint))
	}
	return out
}

// elsewhere says where a key belongs that stands a level too high or too low.
func (s subject) elsewhere(name string, path []string) string {
	at := s.shape
	here := path[min(s.skip, len(path)):]
	if _, ok := find(at.Names(), name); ok && len(here) > 0 && name != here[0] {
		return fmt.Sprintf("%q belongs beside %q, not below it", name, here[0])
	}
	for _, section := range []string{"auth", "requests"} {
		if _, ok := find(at.Key(section).Names(), name); ok {
			if len(here) == 1 && here[0] == section { // the schema of blueprints lacks it
				return "an operator may say so in integrations.yaml, a blueprint may not"
			}
			return fmt.Sprintf("%q belongs under %q", name, section)
		}
	}
	return ""
}

func find(names []string, name string) (string, bool) {
	for _, n := range names {
		if n == name {
			return n, true
		}
	}
	return "", false
}

func (s subject) missingKeys(f check.Finding, value *tree.Node, holder *tree.Field) (out []Diagnostic) {
	at := value.Origin
	if holder != nil {
		at = holder.At
	} else if value == s.root {
		at = s.key
	}
	for _, name := range f.Names {
		if v := value.Get(name); v != nil && v.Bad {
			continue
		}
		message := fmt.Sprintf("missing key %q", name)
		if where := s.name(f.Path); where != "" {
			message += fmt.Sprintf(" in %q", where)
		}
		hint := ""
		if value == s.root && (name == "auth" || name == "requests") {
			hint = "name a blueprint with extends_blueprint, or give auth and requests"
		}
		out = append(out, s.at(at, "missing-key", message, hint))
	}
	return out
}

func (s subject) badName(f check.Finding) []Diagnostic {
	name := f.Path[len(f.Path)-1]
	_, holder := s.find(f.Path)
	if holder == nil {
		return nil
	}
	return []Diagnostic{s.at(holder.At, "bad-name", fmt.Sprintf("%q is not a name here", name), wordsFor(f.Want))}
}

// badValue words the requirements on a value itself.
func (s subject) badValue(f check.Finding, value *tree.Node) (code, message, hint string) {
	name := fmt.Sprintf("%q", s.name(f.Path))
	if s.name(f.Path) == "" {
		name = "this"
	}
	quotable := value.Origin.Reference == "" && !s.shape.At(f.Path[min(s.skip, len(f.Path)):]).IsSecret()
	switch f.Keyword {
	case "type":
		if col, hint := spaceless(f.Want, value); hint != "" && quotable {
			return "wrong-type", fmt.Sprintf("%s must be a map, and %q is one text", name, col), hint
		}
		return "wrong-type", fmt.Sprintf("%s must be %s, not %s", name, typeNames(f.Want), given(value, f.Want)), typeHint(f.Want, value, quotable)
	case "enum":
		choices := choices(f.Want)
		if value.Kind == tree.String && quotable {
			hint = suggest.DidYouMean(value.Text, choices)
		}
		return "bad-value", fmt.Sprintf("%s must be one of %s", name, strings.Join(choices, ", ")), hint
	case "const":
		return "bad-value", fmt.Sprintf("%s must be %v", name, f.Want), ""
	case "pattern":
		return "bad-value", fmt.Sprintf("%s %s", name, wordsFor(f.Want)), ""
	case "minimum":
		return "bad-value", fmt.Sprintf("%s must be at least %v", name, f.Want), ""
	case "maximum":
		return "bad-value", fmt.Sprintf("%s must be at most %v", name, f.Want), ""
	case "exclusiveMinimum":
		return "bad-value", fmt.Sprintf("%s must be more than %v", name, f.Want), ""
	case "minItems", "minLength", "minProperties":
		return "bad-value", fmt.Sprintf("%s must not be empty", name), ""
	}
	return "bad-value", fmt.Sprintf("%s does not satisfy %s", name, f.Keyword), ""
}

// spaceless says of a text in the place of a map that a space is missing in it: its
// first key, and what to do; else hint is empty.
func spaceless(want any, value *tree.Node) (key, hint string) {
	if typeNames(want) != "a map" || value.Kind != tree.String {
		return "", ""
	}
	key, rest, _ := strings.Cut(value.Text, ":")
	if !isKey(key) || rest == "" {
		return "", ""
	}
	if r, _ := utf8.DecodeRuneInString(rest); unicode.IsSpace(r) {
		return key + ":", fmt.Sprintf("the space behind the ':' is U+%04X, which looks like one; type a plain space", r)
	}
	return key + ":", "put a space behind the ':'"
}

func isKey(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func given(n *tree.Node, want any) string {
	switch n.Kind {
	case tree.Float:
		if want == "integer" {
			return "a fraction"
		}
	case tree.Bool:
		return n.Text
	case tree.String:
		if n.Text == "" {
			return "an empty text"
		}
	}
	return n.Kind.String()
}

func choices(want any) (out []string) {
	list, _ := want.([]any)
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

func typeNames(want any) string {
	if list, ok := want.([]any); ok {
		var out []string
		for _, t := range list {
			if t != "null" {
				out = append(out, typeNames(t))
			}
		}
		return strings.Join(out, " or ")
	}
	switch want {
	case "string":
		return "text"
	case "integer":
		return "a whole number"
	case "number":
		return "a number"
	case "boolean":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "a map"
	}
	return fmt.Sprint(want)
}

func typeHint(want any, value *tree.Node, quotable bool) string {
	wants := func(t string) bool {
		list, ok := want.([]any)
		if !ok {
			return want == t
		}
		for _, w := range list {
			if w == t {
				return true
			}
		}
		return false
	}
	numeric := value.Kind == tree.Int || value.Kind == tree.Float || value.Kind == tree.Bool
	switch {
	case numeric && wants("string") && quotable:
		return fmt.Sprintf("quote it: %q", value.Text)
	case numeric && wants("string"):
		return "quote it"
	case value.Kind == tree.String && value.Origin.Reference == "" && (wants("integer") || wants("number") || wants("boolean")) && isNumber(value.Text):
		return "take the quotes away"
	}
	return ""
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789.") == "" }

// wordsFor says what the definitions have to say of a value that does not match a pattern.
func wordsFor(pattern any) string {
	if words := patternWords()[fmt.Sprint(pattern)]; words != "" {
		return words
	}
	return fmt.Sprintf("must match %v", pattern)
}

var patternWords = sync.OnceValue(func() map[string]string {
	var doc struct {
		Words map[string]string `json:"x-words"`
	}
	if err := json.Unmarshal(schema.DefinitionsJSON, &doc); err != nil {
		panic(fmt.Sprintf("loader: embedded definitions: %v", err))
	}
	return doc.Words
})

// undecodable words what the schema let pass and the Go type did not take: a
// number that is too large.
func (s subject) undecodable(err error) Diagnostic {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		if value, holder := s.find(strings.Split(mismatch.Field, ".")); value != nil {
			return s.at(s.valuePlace(value, holder), "bad-value", fmt.Sprintf("%q is too large", mismatch.Field), "")
		}
	}
	return s.at(s.key, "bad-value", "a number here is too large", "")
}
