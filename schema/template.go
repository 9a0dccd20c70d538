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

// A Ref is one of the alternatives: the name of a value, such as access_token or
// connection.region, the literal text that was written 'in quotes', or a function
// of other values, such as base64(oauth_client_secret, ':').
type Ref struct {
	Name    string // empty for a literal and a function
	Literal string
	Func    string  // name of a function; see [Functions]
	Args    [][]Ref // what it is given: each the first of its alternatives that has a value
}

// IsLiteral reports whether r is text that stands in the template itself.
func (r Ref) IsLiteral() bool { return r.Name == "" && r.Func == "" }

// Namespaces are the prefixes of names that carry a path or the name of a
// declared field.
var Namespaces = []string{"connection", "credentials", "input", "raw", "request", "steps", "token"}

// PlaceholderNames are the names that stand alone, and whether what they give
// is a credential.
var PlaceholderNames = map[string]bool{
	"access_token":        true,
	"refresh_token":       true,
	"revoked_token":       true,
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
// ${function(a, b || 'text')}, and $${ for a literal ${. It checks the grammar
// only: [Template.Refs] gives the names to whoever knows which exist, and
// [Template.CheckFunctions] looks at functions. The error never quotes literal text.
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
		refs, err := parseExpression(text[i+2 : i+2+end])
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
		texts[i] = r.String()
	}
	return strings.Join(texts, " || ")
}

// String returns r as it is written.
func (r Ref) String() string {
	switch {
	case r.Func != "":
		args := make([]string, len(r.Args))
		for i, a := range r.Args {
			args[i] = joinRefs(a)
		}
		return r.Func + "(" + strings.Join(args, ", ") + ")"
	case r.Name == "":
		return "'" + r.Literal + "'"
	}
	return r.Name
}

// Refs returns the names in t, in order, those that functions are given among
// them. Literals are left out.
func (t Template) Refs() []string {
	var names []string
	for _, p := range t.Parts {
		names = appendNames(names, p.Refs)
	}
	return names
}

func appendNames(names []string, refs []Ref) []string {
	for _, r := range refs {
		if r.Name != "" {
			names = append(names, r.Name)
		}
		for _, a := range r.Args {
			names = appendNames(names, a)
		}
	}
	return names
}

// HostVaries reports whether a placeholder stands in the host of a URL.
func HostVaries(t Template) bool {
	if len(t.Parts) == 0 {
		return false
	}
	if t.Parts[0].Refs != nil {
		return true
	}
	_, rest, _ := strings.Cut(t.Parts[0].Literal, "://")
	return len(t.Parts) > 1 && !strings.Contains(rest, "/")
}

// HostOwners returns the names of the placeholders that decide whose host the one of a URL
// is: those behind which there is no domain of at least two labels, as in
// https://${connection.host}/ and unlike https://${connection.shop}.acme.example/.
func HostOwners(t Template) []string {
	var names []string
	var before strings.Builder
	for i, p := range t.Parts {
		if p.Refs == nil {
			before.WriteString(p.Literal)
			continue
		}
		_, authority, begun := strings.Cut(before.String(), "://")
		if before.Len() > 0 && (!begun || strings.ContainsAny(authority, "/?#")) {
			break
		}
		if strings.Count(authorityAfter(t.Parts[i+1:]), ".") < 2 {
			names = append(names, Template{Parts: []Part{p}}.Refs()...)
		}
		before.WriteString("x")
	}
	return names
}

// authorityAfter returns the rest of a URL's authority, which begins with parts.
func authorityAfter(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Refs != nil {
			b.WriteString("x")
			continue
		}
		if i := strings.IndexAny(p.Literal, "/?#:"); i >= 0 {
			b.WriteString(p.Literal[:i])
			break
		}
		b.WriteString(p.Literal)
	}
	return b.String()
}

// IsCredential reports whether a name gives something that grants access, so
// that it may go to the provider's origin alone. Fields of a connection or of
// credentials count if isSecret says so; a nil isSecret counts all credentials.*
// and no connection.*. What a function makes of a credential is one as well: its
// names are among those of [Template.Refs].
func IsCredential(name string, isSecret func(namespace, field string) bool) bool {
	namespace, field, dotted := strings.Cut(name, ".")
	if !dotted {
		return PlaceholderNames[name]
	}
	switch namespace {
	case "raw", "steps", "token": // request.* repeats what is sent to the same origin anyway
		return true
	case "credentials", "connection":
		if isSecret != nil {
			return isSecret(namespace, field)
		}
		return namespace == "credentials"
	}
	return false
}
