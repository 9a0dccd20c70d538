package loader

import (
	"fmt"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/loader/internal/rules"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// integration takes one entry of a file the whole way; nil if it is broken.
func (l *run) integration(doc *document, f tree.Field) *schema.Integration {
	if f.Value.Kind != tree.Map {
		return nil // the schema has said so
	}
	before := len(l.found)
	report := func(d Diagnostic) { d.Integration = f.Name; l.report(d) }
	n := f.Value.Clone()
	l.substitute(doc, f.Name, n, shape.Integration(), nil)
	modernLevel(n)
	v, ok := l.blueprint(n, f.Name)
	if doc.broken[f.Name] || !ok {
		return nil // what else might be found would follow from that
	}
	moveShortForms(n, report)
	for _, d := range diagnosed(rules.DuplicateHeaders(n)) {
		report(d)
	}
	whole := l.merged(doc, v, n)
	about := subject{root: whole, shape: shape.Integration(), key: f.At, place: places(n, f.At)}
	for _, d := range checkWhole(about, rules.Subject{Invented: l.opts.Invent != nil, Now: l.opts.Now()}) {
		report(d)
	}
	if l.found[before:].HasErrors() {
		return nil
	}
	i, err := tree.Decode[schema.Integration](whole)
	if err != nil {
		report(about.undecodable(err))
		return nil
	}
	leftBehind(v, n, whole, report)
	if d, ok := scopesWarning(i, n.Get("oauth_scopes")); ok {
		report(d)
	}
	i.Name, i.DisplayName = f.Name, f.Name
	if v != nil {
		i.DisplayName, i.DocsURL = v.meta.DisplayName, v.meta.DocsURL
		i.Samples, i.Notes = v.typed.Samples, v.typed.Notes
	}
	checkInputs(i.Operations, whole.Get("operations"), func(at schema.Origin, message string) {
		report(about.at(at, "bad-schema", message, ""))
	})
	if l.found[before:].HasErrors() {
		return nil
	}
	i.ConnectionOrder, i.CredentialOrder = keysOf(whole.Get("connection")), keysOf(whole.Get("credentials"))
	i.Values = values(whole, shape.Integration())
	return i
}

// merged lays the integration over the file's defaults, those over the
// blueprint, and all over what the schema states.
func (l *run) merged(doc *document, v *version, n *tree.Node) *tree.Node {
	base := &tree.Node{Kind: tree.Map}
	if v != nil {
		for _, name := range []string{"auth", "credentials", "connection", "requests", "operations"} {
			if f := v.node.Field(name); f != nil {
				base.Fields = append(base.Fields, tree.Field{Name: f.Name, At: f.At, Value: f.Value.Clone()})
			}
		}
	}
	base = merge(base, doc.defaults, shape.Integration())
	whole := merge(base, n, shape.Integration())
	fillDefaults(whole)
	return whole
}

// places says where to point for a value in force: at a blueprint's value from
// the line that brought the blueprint in.
func places(n *tree.Node, key schema.Origin) func(schema.Origin) (Place, []Place) {
	user := key
	if ref := n.Get("extends_blueprint"); ref != nil {
		user = ref.Origin
	}
	return func(o schema.Origin) (Place, []Place) {
		switch {
		case o.Blueprint != "":
			return placeOf(user), []Place{placeOf(o)}
		case o.IsDefault():
			return placeOf(key), nil
		}
		return placeOf(o), nil
	}
}

// blueprint resolves extends_blueprint. The version is nil if there is none to
// extend; ok is false if there should be one.
func (l *run) blueprint(n *tree.Node, integration string) (v *version, ok bool) {
	ref := n.Get("extends_blueprint")
	if ref == nil || ref.Kind == tree.Null {
		return nil, true
	}
	if ref.Bad || ref.Kind != tree.String {
		return nil, false
	}
	report := func(severity Severity, code, message, hint string) {
		l.report(Diagnostic{Place: placeOf(ref.Origin), Severity: severity, Code: code, Message: message, Hint: hint, Integration: integration})
	}
	name, wanted, pinned := strings.Cut(ref.Text, ":")
	if !blueprintName().MatchString(name) || pinned && wanted == "" {
		if ref.Origin.Reference != "" { // else the schema has said so
			report(Error, "bad-value", `"extends_blueprint" must name a blueprint and a version, such as notion:v0`, "")
		}
		return nil, false
	}
	versions := l.catalog.versionNames(name)
	if !pinned && len(versions) > 0 {
		wanted = newest(versions)
		report(Warning, "unpinned-blueprint", fmt.Sprintf("no version is pinned; this is %s:%s today and may be another tomorrow", name, wanted),
			fmt.Sprintf("write %s:%s", name, wanted))
		ref.Text = name + ":" + wanted
	}
	v, ok = l.versionOf(ref, integration, wanted, report)
	return v, ok && l.unchanged(ref, pinned, report)
}

func (l *run) versionOf(ref *tree.Node, integration, wanted string, report func(Severity, string, string, string)) (*version, bool) {
	name, _, _ := strings.Cut(ref.Text, ":")
	e := l.catalog.entry(name)
	if e.versions[wanted] == nil && !e.problems.HasErrors() {
		d := l.catalog.unknown(name+":"+wanted, ref.Origin)
		if ref.Origin.Reference != "" {
			d.Message, d.Hint = "there is no blueprint of the name and version that "+ref.Origin.Reference+" holds", ""
		}
		report(Error, d.Code, d.Message, d.Hint)
		return nil, false
	}
	v := l.catalog.version(name + ":" + wanted)
	for _, d := range v.problems {
		d.Integration = integration
		d.Related = append([]Place{placeOf(ref.Origin)}, d.Related...)
		l.report(d)
	}
	if v.node == nil {
		return nil, false
	}
	if v.typed.Status == "deprecated" {
		hint := ""
		if v.typed.Successor != "" {
			hint = "use " + v.typed.Successor
		}
		report(Warning, "deprecated-blueprint", fmt.Sprintf("%s:%s is deprecated", name, wanted)+sunset(v.typed, l.opts.Now().Format(time.DateOnly)), hint)
	}
	return v, true
}

// keysOf returns the keys of a map, in the order of the file.
func keysOf(n *tree.Node) (out []string) {
	if n != nil {
		for _, f := range n.Fields {
			out = append(out, f.Name)
		}
	}
	return out
}
