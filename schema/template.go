package schema

import (
	"fmt"
	"regexp"
	"strings"
)

// A Template is text with placeholders that are filled at call time. The zero
// Template is the empty text. Templates are safe for concurrent use.
type Template struct{ Parts []Part }

// A Part of a Template is literal text, or a placeholder: the first of Refs
// that has a value supplies it.
type Part struct {
	Literal string
	Refs    []Ref
}

// A Ref names a value, such as access_token or connection.region. One that was
// written 'in quotes' is the literal text itself.
type Ref struct {
	Name    string // empty for a literal
	Literal string
}

// Namespaces are the prefixes of names that carry a path or the name of a
// declared field.
var Namespaces = []string{"connection", "credentials", "raw", "steps", "token"}

// PlaceholderNames are the names that stand alone, and whether what they give
// is a credential.
var PlaceholderNames = map[string]bool{
	"access_token":        true,
	"api_key":             true,
	"app_api_key":         true,
	"oauth_client_id":     false,
	"oauth_client_secret": true,
	"oauth_private_key":   true,
	"jwt":                 true,
	"key_fingerprint":     false,
	"oauth_token":         true,
	"oauth_token_secret":  true,
	"username":            true,
	"password":            true,
	"basic_auth_encoded":  true,
}

var refName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[A-Za-z0-9_-]+)*$`)

// ParseTemplate reads a template: literal text, ${name}, ${a || b || 'text'},
// and $${ for a literal ${. It checks the grammar only; [Template.Refs] gives
// the names to whoever knows which exist. The error never quotes literal text.
func ParseTemplate(text string) (Template, error) {
	var t Template
	var literal strings.Builder
	for text != "" {
		i := strings.Index(text, "${")
		if i < 0 {
			literal.WriteString(text)
			break
		}
		if i > 0 && text[i-1] == '$' { // $${ is a literal ${
			literal.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		literal.WriteString(text[:i])
		end := closingBrace(text[i+2:])
		if end < 0 {
			return Template{}, fmt.Errorf("placeholder without closing brace")
		}
		refs, err := parseRefs(text[i+2 : i+2+end])
		if err != nil {
			return Template{}, err
		}
		if literal.Len() > 0 {
			t.Parts = append(t.Parts, Part{Literal: literal.String()})
			literal.Reset()
		}
		t.Parts = append(t.Parts, Part{Refs: refs})
		text = text[i+2+end+1:]
	}
	if literal.Len() > 0 {
		t.Parts = append(t.Parts, Part{Literal: literal.String()})
	}
	return t, nil
}

// closingBrace returns the index of the first } outside quotes, or -1.
func closingBrace(s string) int {
	quoted := false
	for i := range len(s) {
		switch s[i] {
		case '\'':
			quoted = !quoted
		case '}':
			if !quoted {
				return i
			}
		}
	}
	return -1
}

func parseRefs(expr string) ([]Ref, error) {
	var refs []Ref
	for _, alternative := range alternatives(expr) {
		a := strings.TrimSpace(alternative)
		switch {
		case len(a) >= 2 && a[0] == '\'' && a[len(a)-1] == '\'' && strings.Count(a, "'") == 2:
			refs = append(refs, Ref{Literal: a[1 : len(a)-1]})
		case refName.MatchString(a):
			refs = append(refs, Ref{Name: a})
		default:
			return nil, fmt.Errorf("placeholder is not a name: names are lower case, such as ${access_token} or ${connection.region}")
		}
	}
	return refs, nil
}

// alternatives splits at every || outside quotes.
func alternatives(expr string) []string {
	var out []string
	quoted, start := false, 0
	for i := range len(expr) {
		switch {
		case expr[i] == '\'':
			quoted = !quoted
		case !quoted && strings.HasPrefix(expr[i:], "||") && i >= start:
			out = append(out, expr[start:i])
			start = i + 2
		}
	}
	return append(out, expr[start:])
}

// EscapeTemplate returns text as a template that yields exactly text.
func EscapeTemplate(text string) string { return strings.ReplaceAll(text, "${", "$${") }

// String returns a text that [ParseTemplate] reads as t, adjacent literals
// joined. Unlike text put together by hand, it cannot make a placeholder out of a
// literal and its neighbour.
func (t Template) String() string {
	var out, literal strings.Builder
	for _, p := range t.Parts {
		if p.Refs == nil {
			literal.WriteString(p.Literal)
			continue
		}
		text := strings.TrimRight(literal.String(), "$")
		out.WriteString(EscapeTemplate(text))
		if dollars := literal.String()[len(text):]; dollars != "" {
			out.WriteString("${'" + dollars + "'}") // a bare $ would escape the placeholder
		}
		literal.Reset()
		out.WriteString("${" + joinRefs(p.Refs) + "}")
	}
	out.WriteString(EscapeTemplate(literal.String()))
	return out.String()
}

func joinRefs(refs []Ref) string {
	texts := make([]string, len(refs))
	for i, r := range refs {
		texts[i] = r.Name
		if r.Name == "" {
			texts[i] = "'" + r.Literal + "'"
		}
	}
	return strings.Join(texts, " || ")
}

// Refs returns the names in t, in order, literals left out.
func (t Template) Refs() []string {
	var names []string
	for _, p := range t.Parts {
		for _, r := range p.Refs {
			if r.Name != "" {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// IsCredential reports whether a name gives something that grants access, so
// that it may go to the provider's origin alone. Fields of a connection or of
// credentials count if isSecret says so; a nil isSecret counts all credentials.*
// and no connection.*.
func IsCredential(name string, isSecret func(namespace, field string) bool) bool {
	namespace, field, dotted := strings.Cut(name, ".")
	if !dotted {
		return PlaceholderNames[name]
	}
	switch namespace {
	case "raw", "steps", "token":
		return true
	case "credentials", "connection":
		if isSecret != nil {
			return isSecret(namespace, field)
		}
		return namespace == "credentials"
	}
	return false
}
