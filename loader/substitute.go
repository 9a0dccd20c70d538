package loader

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// An Invention is a value that somebody must make up: of a variable that is
// unset or empty, or of a placeholder such as <YOUR CLIENT ID> that was left.
type Invention struct {
	Integration string
	Key         string // dotted path, such as oauth_client_id
	Variable    string // empty for a placeholder or a file
	Placeholder string // empty for a variable

	// What the file says around the gap, such as https:// and /v1 of
	// https://${API_HOST}/v1. Other references stand there as they are written.
	Before, After string

	// What the schema wants of the value that the gap is in.
	Types   []string // JSON types; empty: any
	Pattern string   // RE2 that a text must match; empty: any text
	Enum    []string // texts that it may be; empty: any
}

// Whole reports whether the gap is all of its value.
func (i Invention) Whole() bool { return i.Before == "" && i.After == "" }

// A substituter fills in what the file takes from outside. It works on parsed
// values, so that whatever a variable holds stays text.
type substituter struct {
	integration string
	lookup      func(string) (string, bool)
	readFile    func(string) ([]byte, error)
	invent      func(Invention) (string, bool)
	report      func(Diagnostic)
	beside      besideFile
}

// left is what `init` and examples write where a value is wanted.
var left = lazyregexp.New(`(?i)^\s*<your\s[^<>]*>\s*$`)

// tree substitutes below n in place. Keys are left alone.
func (s *substituter) tree(n *tree.Node, sh *shape.Shape, path []string) {
	switch n.Kind {
	case tree.Map:
		for _, f := range n.Fields {
			s.tree(f.Value, sh.Key(f.Name), append(path[:len(path):len(path)], f.Name))
		}
	case tree.List:
		for i, item := range n.Items {
			s.tree(item, sh.Item(), append(path[:len(path):len(path)], strconv.Itoa(i)))
		}
	case tree.String:
		if !n.Bad {
			s.scalar(n, sh, strings.Join(path, "."))
		}
	}
}

func (s *substituter) scalar(n *tree.Node, sh *shape.Shape, key string) {
	var out schema.Template
	var sources []string
	at := 0
	for _, p := range pieces(n.Text) {
		gap := s.gap(sh, key)
		gap.Before, gap.After = n.Text[:at], n.Text[at+len(p.text):]
		at += len(p.text)
		switch {
		case p.badName:
			s.fail(n, "bad-reference", fmt.Sprintf("%s is not a reference: names of variables are upper case", p.text), "placeholders for call time are written ${name}")
		case p.ref:
			sources = append(sources, p.source())
			if value, ok := s.resolve(n, p, gap); ok {
				n.Supplied = append(n.Supplied, tree.Supplied{Before: textOf(out, sh), Text: value})
				out.Parts = append(out.Parts, schema.Part{Literal: value})
			}
		case p.escape:
			out.Parts = append(out.Parts, schema.Part{Literal: "${"})
		default:
			out.Parts = append(out.Parts, s.literal(n, p.text, sh)...)
		}
	}
	n.Origin.Reference = strings.Join(sources, ", ")
	if n.Bad {
		return
	}
	if text := literalText(out); left().MatchString(text) {
		s.placeholder(n, &out, s.gap(sh, key), text)
	}
	n.Text = textOf(out, sh)
	if n.Origin.Reference != "" {
		coerce(n, sh)
	}
}

// textOf writes parts as the text of a node.
func textOf(t schema.Template, sh *shape.Shape) string {
	if sh.IsTemplate() {
		return t.String()
	}
	return literalText(t)
}

// literalText joins parts; a text that is no template has nothing but literals.
func literalText(t schema.Template) string {
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
	}
	return b.String()
}

func (s *substituter) fail(n *tree.Node, code, message, hint string) {
	n.Bad = true
	s.report(Diagnostic{Place: placeOf(n.Origin), Severity: Error, Code: code, Message: message, Hint: hint})
}

// literal reads what the file itself says between references.
func (s *substituter) literal(n *tree.Node, text string, sh *shape.Shape) []schema.Part {
	if sh.IsTemplate() {
		t, err := schema.ParseTemplate(text)
		if err != nil {
			s.fail(n, "bad-placeholder", err.Error(), referenceHint(text))
		}
		return t.Parts
	}
	if strings.Contains(text, "${") {
		if t, err := schema.ParseTemplate(text); err == nil && len(t.Refs()) > 0 {
			s.fail(n, "bad-placeholder", fmt.Sprintf("${%s} is filled at call time and cannot stand here", t.Refs()[0]),
				"names of variables are upper case; a literal ${ is written $${")
		} else {
			s.fail(n, "bad-reference", "this ${ begins no reference", "write ${NAME}, or $${ for a literal ${")
		}
	}
	return []schema.Part{{Literal: text}}
}

func referenceHint(text string) string {
	if strings.Contains(text, "${") {
		return "a reference is written ${NAME}; a literal ${ is written $${"
	}
	return ""
}

// resolve returns the text behind a reference, or reports why there is none.
func (s *substituter) resolve(n *tree.Node, p piece, gap Invention) (string, bool) {
	if p.file != "" {
		return s.file(n, p, gap)
	}
	value, set := s.lookup(p.variable)
	if !set {
		value = "" // whatever came with it
	}
	switch {
	case !utf8.ValidString(value):
		s.fail(n, "bad-reference", "variable "+p.variable+" holds bytes that are not UTF-8", notText)
		return "", false
	case value != "":
		expanded, err := expand(p.variable, value)
		if err != nil || expanded != value {
			s.fail(n, "bad-reference", "variable "+p.variable+" cannot be read", "")
			return "", false
		}
		return expanded, true
	case p.optional:
		return p.fallback, true
	}
	gap.Variable = p.variable
	if made, ok := s.made(gap); ok {
		return made, true
	}
	if set {
		s.fail(n, "empty-variable", "variable "+p.variable+" is empty", "")
	} else {
		s.fail(n, "unset-variable", "variable "+p.variable+" is not set", s.beside.hint(p.variable))
	}
	return "", false
}

// gap describes what may have to be made up under a key.
func (s *substituter) gap(sh *shape.Shape, key string) Invention {
	gap := Invention{Integration: s.integration, Key: key}
	if sh != nil {
		gap.Types, gap.Pattern, gap.Enum = sh.Types, sh.Pattern, sh.Enum
	}
	return gap
}

func (s *substituter) made(gap Invention) (string, bool) {
	if s.invent == nil {
		return "", false
	}
	return s.invent(gap)
}

// notText: what is no text would be changed on its way, and refused as another secret.
const notText = "save it as UTF-8; keep bytes that are no text in Base64"

const maxReferencedFile = 64 << 10

func (s *substituter) file(n *tree.Node, p piece, gap Invention) (string, bool) {
	data, err := s.readFile(p.file)
	var reason string
	switch {
	case errors.Is(err, fs.ErrNotExist):
		reason = "does not exist"
	case errors.Is(err, fs.ErrPermission):
		reason = "may not be read"
	case err != nil:
		reason = "cannot be read"
	case len(data) > maxReferencedFile:
		reason = fmt.Sprintf("is larger than %d KiB", maxReferencedFile>>10)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if reason == "" && !utf8.Valid(data) {
		s.fail(n, "unreadable-file", "file "+p.file+" holds bytes that are not UTF-8", notText)
		return "", false
	}
	if reason == "" && text != "" {
		return text, true
	}
	if made, ok := s.made(gap); ok {
		return made, true
	}
	if reason != "" {
		s.fail(n, "unreadable-file", "file "+p.file+" "+reason, "")
	} else {
		s.fail(n, "empty-file-reference", "file "+p.file+" is empty", "")
	}
	return "", false
}

// placeholder deals with a value that nobody has filled in.
func (s *substituter) placeholder(n *tree.Node, out *schema.Template, gap Invention, text string) {
	literal := n.Origin.Reference == ""
	if literal {
		gap.Placeholder = strings.TrimSpace(text)
	}
	if made, ok := s.made(gap); ok {
		out.Parts = []schema.Part{{Literal: made}}
		return
	}
	if literal {
		s.fail(n, "placeholder-left", fmt.Sprintf("%s still stands where your own value belongs", strings.TrimSpace(text)), "")
	} else {
		s.fail(n, "placeholder-left", n.Origin.Reference+" still holds a placeholder where your own value belongs", "")
	}
}

var number = lazyregexp.New(`^[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// coerce reads text from outside as a number or a boolean where the key is one.
func coerce(n *tree.Node, sh *shape.Shape) {
	text := strings.TrimSpace(n.Text)
	isText, isNumber := sh.Has("string"), sh.Has("number") || sh.Has("integer")
	switch {
	case sh.Has("boolean") && !(isText && isNumber) && (text == "true" || text == "false"):
		n.Kind, n.Text = tree.Bool, text
	case isNumber && !isText && number().MatchString(text):
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			n.Kind, n.Text = tree.Int, text
		} else if f, err := strconv.ParseFloat(text, 64); err == nil && f-f == 0 {
			n.Kind, n.Text = tree.Float, text
		}
	}
}
