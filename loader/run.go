package loader

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/loader/internal/check"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
	"github.com/nango-lite/nango-lite/schema"
)

// A run loads one or several files into one Config.
type run struct {
	ctx     context.Context // of the call that the run is
	opts    Options         // with its defaults
	catalog *Catalog
	cfg     *schema.Config
	found   Diagnostics
	names   map[string]schema.Origin // of integrations, whole or not
	server  *schema.Origin
	named   []*tree.Node // integrations that the settings of the server name
	beside  besideFile   // the file of variables of the file at hand

	lock     *Lock // of the file at hand; nil: none
	lockName string
}

func newRun(ctx context.Context, opts *Options) *run {

	l := &run{ctx: ctx, cfg: &schema.Config{Integrations: map[string]*schema.Integration{}}, names: map[string]schema.Origin{}}
	if opts != nil {
		l.opts = *opts
	}
	if l.opts.LookupEnv == nil {
		l.opts.LookupEnv = os.LookupEnv
	}
	if l.opts.Now == nil {
		l.opts.Now = time.Now
	}
	if l.opts.ReadFile == nil {
		l.opts.ReadFile = func(path string) ([]byte, error) { return readFile(path, maxReferencedFile) }
	}
	l.catalog = l.opts.Catalog
	if l.catalog == nil {
		l.catalog = builtin()
	}
	if len(l.opts.Blueprints) > 0 {
		l.found = append(l.found, NewCatalog(l.opts.Blueprints...).Check()...)
		l.catalog = l.catalog.Over(l.opts.Blueprints...)
	}
	return l
}

func (l *run) report(d Diagnostic) { l.found = append(l.found, d) }

func (l *run) finish() (*schema.Config, Diagnostics) {
	if err := l.ctx.Err(); err != nil {
		l.report(Diagnostic{Severity: Error, Code: "canceled", Message: "loading was given up: " + err.Error()})
	}
	l.strangers()
	return l.cfg, l.found.sorted()
}

// strangers reports integrations that the settings of the server name and no file has:
// a slip there would else change nothing, in silence.
func (l *run) strangers() {
	for _, n := range l.named {
		if _, ok := l.names[n.Text]; ok || n.Kind != tree.String {
			continue
		}
		l.report(Diagnostic{Place: placeOf(n.Origin), Severity: Error, Code: "unknown-integration",
			Message: fmt.Sprintf("there is no integration %q", n.Text), Hint: suggest.DidYouMean(n.Text, slices.Collect(maps.Keys(l.names)))})
	}
}

// A document is an integrations file that could be parsed.
type document struct {
	root     *tree.Node
	lookup   func(string) (string, bool)
	broken   map[string]bool // names of integrations with findings
	defaults *tree.Node      // as a part of an integration, to lay over blueprints; nil: none
}

// file reads one file into the Config.
func (l *run) file(name string, data []byte, lookup func(string) (string, bool)) {
	root, problems := yamltree.Parse(name, data)
	broken := map[string]bool{}
	for _, p := range problems {
		d := yamlDiagnostic(name, p)
		if len(p.Path) > 1 && p.Path[0] == "integrations" {
			d.Integration = p.Path[1]
			broken[d.Integration] = true
		}
		l.report(d)
	}
	if root == nil {
		return
	}
	top := schema.Origin{File: name, Line: root.Origin.Line, Column: root.Origin.Column}
	if root.Kind != tree.Map {
		message := "an integrations file is a map with the key \"integrations\""
		if root.Kind == tree.Null {
			l.report(Diagnostic{Place: placeOf(top), Severity: Error, Code: "empty-file", Message: "the file is empty"})
			return
		}
		l.report(Diagnostic{Place: placeOf(top), Severity: Error, Code: "wrong-type", Message: message})
		return
	}
	doc := &document{root: root, lookup: lookup, broken: broken}
	l.shallow(root)
	defaultsWhole := l.checkFile(doc, top)
	defaultsWhole = l.defaults(doc) && defaultsWhole
	if !defaultsWhole {
		doc.defaults = nil // reported once, not by each integration
	}
	l.serverSection(doc)
	integrations := root.Get("integrations")
	if integrations == nil || integrations.Kind != tree.Map {
		return
	}
	for _, f := range integrations.Fields {
		if l.ctx.Err() != nil {
			return
		}
		if f.Value.Bad {
			continue // it is none
		}
		if first, twice := l.names[f.Name]; twice {
			l.twice(f, first)
			continue
		}
		l.names[f.Name] = f.At
		if i := l.integration(doc, f); i != nil && defaultsWhole {
			l.cfg.Integrations[f.Name] = i
		}
	}
}

func (l *run) twice(f tree.Field, first schema.Origin) {
	delete(l.cfg.Integrations, f.Name) // which one is meant, nobody knows
	l.report(Diagnostic{Place: placeOf(f.At), Severity: Error, Code: "duplicate-integration", Integration: f.Name,
		Message: fmt.Sprintf("integration %q stands in another file already", f.Name), Related: []Place{placeOf(first)}})
}

// checkFile holds the file to its schema and notes which integrations are
// broken. It reports whether the defaults are whole.
func (l *run) checkFile(doc *document, top schema.Origin) bool {
	findings, err := check.Integrations.Validate(doc.root.JSON())
	if err != nil {
		l.report(Diagnostic{Place: placeOf(top), Severity: Error, Code: "internal", Message: err.Error()})
		return false
	}
	whole := true
	for _, f := range findings {
		about := subject{root: doc.root, key: top}
		switch {
		case len(f.Path) >= 2 && f.Path[0] == "integrations":
			if f := doc.root.Get("integrations").Field(f.Path[1]); f != nil && f.Value.Bad {
				continue // it is none; see shallow
			}
			about.skip, about.shape = 2, shape.Integration()
			if f.Keyword == "propertyNames" {
				about.skip = 0
			}
			doc.broken[f.Path[1]] = true
			for _, d := range about.describe(f) {
				d.Integration = f.Path[1]
				l.report(d)
			}
			continue
		case len(f.Path) >= 1 && f.Path[0] == "defaults":
			whole = false
		}
		l.found = append(l.found, about.describe(f)...)
	}
	return whole
}

// defaults reads the section of that name and reports whether it is whole.
func (l *run) defaults(doc *document) bool {
	d := doc.root.Get("defaults")
	if d == nil || d.Kind != tree.Map {
		return true
	}
	before := len(l.found)
	l.substitute(doc, "", d, shape.File("defaults"), []string{"defaults"})
	modernLevel(d)
	if l.found[before:].HasErrors() {
		return false
	}
	part := d.Clone()
	moveShortForms(part, l.report)
	doc.defaults = part
	return !l.found[before:].HasErrors()
}

// serverSection decodes the settings of the server. Only one file may have them.
func (l *run) serverSection(doc *document) {
	f := doc.root.Field("server")
	if f == nil || f.Value.Kind != tree.Map {
		return
	}
	if l.server != nil {
		l.report(Diagnostic{Place: placeOf(f.At), Severity: Error, Code: "duplicate-key",
			Message: `"server" stands in another file already`, Related: []Place{placeOf(*l.server)}})
		return
	}
	l.server = &f.At
	before := len(l.found)
	s := shape.File("server")
	l.substitute(doc, "", f.Value, s, []string{"server"})
	if l.found[before:].HasErrors() {
		return
	}
	for _, key := range []string{"open_connect", "shared_callback"} {
		if list := f.Value.Get(key); list != nil {
			l.named = append(l.named, list.Items...)
		}
	}
	server, err := tree.Decode[schema.Server](dropNulls(f.Value.Clone(), nil))
	if err != nil {
		return // the schema has said so
	}
	l.cfg.Server = server
}

func (l *run) substitute(doc *document, integration string, n *tree.Node, s *shape.Shape, path []string) {
	sub := substituter{integration: integration, lookup: doc.lookup, readFile: l.opts.ReadFile, invent: l.opts.Invent,
		report: func(d Diagnostic) { d.Integration = integration; l.report(d) }, beside: l.beside}
	sub.tree(n, s, path)
}

func yamlDiagnostic(file string, p yamltree.Problem) Diagnostic {
	return Diagnostic{Place: Place{file, p.Line, p.Column}, Severity: Error, Code: p.Code, Message: p.Message, Hint: p.Hint}
}
