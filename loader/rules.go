package loader

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader/internal/check"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// checkWhole holds a resolved integration to the schema and to the rules that
// join several keys. A blueprint is checked without what operators add.
func checkWhole(about subject, blueprint bool, now time.Time) (ds Diagnostics) {
	findings, err := check.Integration.Validate(about.root.JSON())
	if err != nil {
		return Diagnostics{about.at(about.key, "internal", err.Error(), "")}
	}
	for _, f := range findings {
		ds = append(ds, about.describe(f)...)
	}
	r := rules{subject: about, mode: schema.AuthMode(about.root.Str("auth", "auth_mode")), blueprint: blueprint}
	if !r.mode.Known() {
		r.mode = "" // the schema has said so; it may be text from a variable
	}
	if !blueprint {
		r.client()
		r.noPrivateKey()
		r.scopes()
		r.certificate(now)
	}
	r.clientOfConnection()
	r.modes()
	r.discovery()
	r.privateKey()
	r.clientKey()
	r.aws()
	r.signature()
	r.refreshRequest()
	r.revocationRequest()
	r.headers()
	r.patterns()
	r.lookUps()
	r.templates(about.root, about.shape, nil)
	return append(ds, r.found...)
}

// rules are checks that JSON Schema cannot express, or not in words that help.
type rules struct {
	subject
	mode      schema.AuthMode // "" if there is none that is known
	blueprint bool            // without what operators add
	found     Diagnostics
}

func (r *rules) report(o schema.Origin, code, message, hint string) {
	r.found = append(r.found, r.at(o, code, message, hint))
}

// modes: a key of another auth mode would be ignored in silence.
func (r *rules) modes() {
	if r.mode == "" {
		return
	}
	check := func(m *tree.Node, s *shape.Shape) {
		if m == nil || m.Kind != tree.Map {
			return
		}
		for _, f := range m.Fields {
			if sh := s.Key(f.Name); sh != nil && !sh.Fits(string(r.mode)) {
				r.report(f.At, "wrong-mode", fmt.Sprintf("%q belongs to auth_mode %s, and this is %s", f.Name, alternatives(sh.Modes), r.mode), "")
			}
		}
	}
	check(r.root, r.shape)
	check(r.root.Get("auth"), r.shape.Key("auth"))
}

// alternatives writes "a, b or c".
func alternatives(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

var headerName = lazyregexp.New("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// headerMaps are the maps whose keys are names of headers.
var headerMaps = [][]string{{"requests", "headers"}, {"auth", "token_headers"}, {"auth", "signature", "headers"}, {"auth", "revocation_request", "headers"}}

// duplicateHeaders reports headers that one map names twice. It looks at a file
// as it is written, since merging would let the last one win.
func duplicateHeaders(n *tree.Node) (ds []Diagnostic) {
	for _, path := range headerMaps {
		m := n.Get(path...)
		if m == nil {
			continue
		}
		seen := map[string]string{}
		for _, f := range m.Fields {
			lower := strings.ToLower(f.Name)
			if first, twice := seen[lower]; twice {
				ds = append(ds, Diagnostic{Place: placeOf(f.At), Severity: Error, Code: "duplicate-key",
					Message: fmt.Sprintf("%q and %q are the same header", f.Name, first)})
			}
			seen[lower] = f.Name
		}
	}
	return ds
}

func (r *rules) headers() {
	for _, path := range headerMaps {
		m := r.root.Get(path...)
		if m == nil || m.Kind != tree.Map {
			continue
		}
		for _, f := range m.Fields {
			if !headerName().MatchString(f.Name) {
				r.report(f.At, "bad-header", fmt.Sprintf("%q is not a header name", f.Name), "")
			}
			if f.Value.Kind == tree.String && !f.Value.Bad && strings.ContainsAny(spoken(f.Value.Text), "\r\n\x00") {
				r.report(f.Value.Origin, "bad-header", fmt.Sprintf("the value of header %q holds a line break", f.Name), "")
			}
		}
	}
}

// patterns are RE2, which knows no look-ahead.
func (r *rules) patterns() {
	for _, section := range []string{"connection", "credentials"} {
		m := r.root.Get(section)
		if m == nil {
			continue
		}
		for _, f := range m.Fields {
			p := f.Value.Get("pattern")
			if p == nil || p.Kind != tree.String || p.Bad {
				continue
			}
			if _, err := regexp.Compile(p.Text); err != nil {
				r.report(p.Origin, "bad-pattern", "this is not a pattern that RE2 reads", "")
			}
		}
	}
}

// templates checks the placeholders and URLs below n.
func (r *rules) templates(n *tree.Node, s *shape.Shape, path []string) {
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

func (r *rules) placeholder(n *tree.Node, name string, path []string) {
	unknown := func(message, hint string) {
		r.report(n.Origin, "unknown-placeholder", fmt.Sprintf("${%s}: %s", name, message), hint)
	}
	namespace, field, dotted := strings.Cut(name, ".")
	if !dotted {
		if _, known := schema.PlaceholderNames[name]; !known {
			hint := didYouMean(name, placeholderNames())
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
		if m := r.root.Get(section); m != nil {
			for _, f := range m.Fields {
				names = append(names[:len(names):len(names)], f.Name)
			}
		}
		if !slices.Contains(names, field) {
			unknown(fmt.Sprintf("%q declares no %q", section, field), didYouMean(field, names))
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
	case "connection":
		declared("connection", nil)
	case "credentials":
		declared("credentials", r.mode.Credentials())
	case "token":
		if r.root.Get("auth", "token_response", "secondary", field) == nil {
			unknown(fmt.Sprintf("auth.token_response.secondary declares no %q", field), "")
		}
	default:
		unknown("there is no such placeholder", didYouMean(namespace, schema.Namespaces))
	}
}

// fills reports whether connections of the mode have a placeholder, as far as that
// goes by mode.
func (r *rules) fills(name string) bool {
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

// carriesSecrets are the endpoints that are sent a code, a token or a secret.
var carriesSecrets = []string{"url", "token_url", "refresh_url", "revocation_url", "request_url", "device_authorization_url", "introspection_url", "authorization_server"}

// url checks what can be known of a URL before its placeholders are filled.
func (r *rules) url(n *tree.Node, t schema.Template, key string) {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Refs == nil {
			b.WriteString(p.Literal)
		} else if b.Len() == 0 {
			return // a whole origin, known at call time only
		} else {
			b.WriteString("x")
		}
	}
	u, err := url.Parse(b.String())
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http":
		if err != nil {
			r.report(n.Origin, "bad-url", fmt.Sprintf("%q is not a URL", key), "")
		}
		return // the schema asks for the scheme
	case u.Hostname() == "":
		r.report(n.Origin, "bad-url", fmt.Sprintf("%q has no host", key), "")
	case u.User != nil:
		r.report(n.Origin, "bad-url", fmt.Sprintf("%q holds a user name or password", key), "put credentials into the headers or the credentials of the integration")
	case key == "base_url" && (u.RawQuery != "" || u.Fragment != "" || u.ForceQuery):
		r.report(n.Origin, "bad-url", `"base_url" has a query or a fragment`, "put parameters for every call under requests.params")
	}
	if u.Scheme == "http" && (slices.Contains(carriesSecrets, key) || key == "resource") && !schema.IsLoopback(u.Hostname()) {
		r.report(n.Origin, "insecure-url", fmt.Sprintf("%q must be https: secrets are sent there", key), "http is fine on loopback only")
	}
}
