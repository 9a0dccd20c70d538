package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// everyTemplate checks the placeholders and URLs of the whole.
func (r *checker) everyTemplate() { r.templates(r.Root, r.Shape, nil) }

// templates checks the placeholders and URLs below n.
func (r *checker) templates(n *tree.Node, s *shape.Shape, path []string) {
	switch {
	case n.Kind == tree.Map:
		for _, f := range n.Fields {
			r.templates(f.Value, s.Key(f.Name), append(path[:len(path):len(path)], f.Name))
		}
	case n.Kind == tree.List:
		for i, item := range n.Items {
			r.templates(item, s.Item(), append(path[:len(path):len(path)], strconv.Itoa(i)))
		}
	case n.Kind == tree.String && s.IsTemplate() && !n.Bad:
		t, err := schema.ParseTemplate(n.Text)
		if err != nil {
			r.report(n.Origin, "bad-placeholder", err.Error(), "a literal ${ is written $${")
			return
		}
		r.functions(n, t)
		for _, name := range t.Refs() {
			r.placeholder(n, name, path)
		}
		r.tooEarly(n, t, path)
		if last := path[len(path)-1]; len(path) == 2 && (strings.HasSuffix(last, "_url") || slices.Contains(discovered, last)) || len(path) == 4 && last == "url" { // of a step or a look-up
			r.url(n, t, last)
			if path[0] == "auth" {
				r.chosenHost(n, t, last)
			}
		}
	}
}

func (r *checker) placeholder(n *tree.Node, name string, path []string) {
	unknown := func(message, hint string) {
		r.report(n.Origin, "unknown-placeholder", fmt.Sprintf("${%s}: %s", name, message), hint)
	}
	namespace, field, dotted := strings.Cut(name, ".")
	if path[0] == "operations" && namespace != "input" && (namespace != "connection" || r.isSecretField(field)) {
		unknown("an operation is made of inputs and of fields of the connection that are no secret", "what authorises calls stands under requests")
		return
	}
	if !dotted {
		if _, known := schema.PlaceholderNames[name]; !known {
			hint := suggest.DidYouMean(name, placeholderNames())
			if _, ok := schema.Functions[name]; ok {
				hint = fmt.Sprintf("a function has parentheses: ${%s()}", name)
			}
			unknown("there is no such placeholder", hint)
		} else if reason := r.unsigned(name, path); reason != "" {
			unknown(reason, "")
		} else if !r.fills(name) {
			unknown(fmt.Sprintf("auth_mode %s has no %s", r.mode, name), "")
		}
		return
	}
	declared := func(section string, more []string) {
		names := more
		if m := r.Root.Get(section); m != nil {
			for _, f := range m.Fields {
				names = append(names[:len(names):len(names)], f.Name)
			}
		}
		if !slices.Contains(names, field) {
			unknown(fmt.Sprintf("%q declares no %q", section, field), suggest.DidYouMean(field, names))
		}
	}
	switch namespace {
	case "raw":
		if !r.fills("raw.*") {
			unknown(fmt.Sprintf("auth_mode %s has no token answer", r.mode), "")
		}
	case "steps":
		if reason := r.earlierStep(field, path); reason != "" {
			unknown(reason, "")
		}
	case "request":
		if reason, hint := requestField(field, path); reason != "" {
			unknown(reason, hint)
		}
	case "input":
		if reason, hint := r.input(field, path); reason != "" {
			unknown(reason, hint)
		}
	case "connection":
		declared("connection", nil)
	case "credentials":
		declared("credentials", r.mode.Credentials())
	case "token":
		if r.Root.Get("auth", "token_response", "secondary", field) == nil {
			unknown(fmt.Sprintf("auth.token_response.secondary declares no %q", field), "")
		}
	default:
		unknown("there is no such placeholder", suggest.DidYouMean(namespace, schema.Namespaces))
	}
}

// fills reports whether connections of the mode have a placeholder, as far as that
// goes by mode.
func (r *checker) fills(name string) bool {
	return r.mode == "" || r.mode.Mode().Fills(name) ||
		len(schema.ModesWith(func(m *schema.Mode) bool { return m.Fills(name) })) == 0
}

func placeholderNames() []string {
	var names []string
	for name := range schema.PlaceholderNames {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
