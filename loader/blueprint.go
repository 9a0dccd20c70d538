package loader

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/loader/internal/check"
	"github.com/nango-lite/nango-lite/loader/internal/rules"
	"github.com/nango-lite/nango-lite/loader/internal/shape"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
	"github.com/nango-lite/nango-lite/schema"
)

var blueprintName = lazyregexp.New(`^[a-z0-9][a-z0-9-]*$`)

// An entry is what the files of one blueprint say, over all layers.
type entry struct {
	once     sync.Once
	found    bool
	meta     schema.Blueprint // of the last layer, without versions
	versions map[string]*part
	problems Diagnostics // of files as a whole
}

// A part is one version as a file states it.
type part struct {
	node     *tree.Node
	key      schema.Origin
	problems Diagnostics
}

// add reads one file. One that is known to meet its schema is not held to it
// again: compiling the schema would be a third of a first load's work.
func (e *entry) add(name, file string, data []byte, known bool) {
	root, problems := yamltree.Parse(file, data)
	for _, p := range problems {
		e.problems = append(e.problems, yamlDiagnostic(file, p))
	}
	if root == nil {
		return
	}
	about := subject{root: root, key: schema.Origin{File: file, Line: 1, Column: 1}}
	if root.Kind != tree.Map {
		e.problems = append(e.problems, about.at(about.key, "wrong-type", "a blueprint is a map", ""))
		return
	}
	if format := root.Get("format"); format != nil && format.Kind == tree.Int && format.Text != "1" {
		e.problems = append(e.problems, about.at(format.Origin, "bad-format",
			fmt.Sprintf("this is written in format %s; this version of nango-lite reads 1", format.Text), "a newer version may read it"))
		return // whatever else differs would be noise
	}
	inVersion := map[string]Diagnostics{}
	var findings []check.Finding
	if !known {
		var err error
		if findings, err = check.Blueprint.Validate(root.JSON()); err != nil {
			e.problems = append(e.problems, about.at(about.key, "internal", err.Error(), ""))
			return
		}
	}
	for _, f := range findings {
		if len(f.Path) > 2 && f.Path[0] == "versions" || len(f.Path) == 2 && f.Keyword != "propertyNames" && f.Path[0] == "versions" {
			of := subject{root: root, key: about.key, skip: 2, shape: shape.Integration()}
			inVersion[f.Path[1]] = append(inVersion[f.Path[1]], of.describe(f)...)
			continue
		}
		e.problems = append(e.problems, about.describe(f)...)
	}
	if n := root.Get("name"); n != nil && n.Kind == tree.String && n.Text != name {
		e.problems = append(e.problems, about.at(n.Origin, "bad-name", fmt.Sprintf("the name must be that of the file, %q", name), ""))
	}
	e.addVersions(name, root, inVersion)
}

func (e *entry) addVersions(name string, root *tree.Node, problems map[string]Diagnostics) {
	meta := root.Clone()
	meta.Remove("versions")
	if b, err := tree.Decode[schema.Blueprint](meta); err == nil {
		e.meta = *b
	}
	versions := root.Get("versions")
	if versions == nil || versions.Kind != tree.Map {
		return
	}
	for _, f := range versions.Fields {
		stamp(f.Value, name+":"+f.Name)
		e.versions[f.Name] = &part{node: f.Value, key: f.At, problems: append(problems[f.Name], diagnosed(rules.DuplicateHeaders(f.Value))...)}
	}
}

// stamp marks all values below n as said by a blueprint.
func stamp(n *tree.Node, blueprint string) {
	n.Origin.Blueprint = blueprint
	for _, item := range n.Items {
		stamp(item, blueprint)
	}
	for i := range n.Fields {
		n.Fields[i].At.Blueprint = blueprint
		stamp(n.Fields[i].Value, blueprint)
	}
}

// A version is a blueprint's version with what it extends merged in.
type version struct {
	node     *tree.Node // keys of schema.Version; nil if broken
	typed    *schema.Version
	meta     schema.Blueprint
	problems Diagnostics
}

// version resolves name:version, once.
func (c *Catalog) version(ref string) *version {
	if v, ok := c.resolved.Load(ref); ok {
		return v.(*version)
	}
	v, _ := c.resolved.LoadOrStore(ref, c.resolve(ref))
	return v.(*version)
}

func (c *Catalog) resolve(ref string) *version {
	name, _, _ := strings.Cut(ref, ":")
	v := &version{meta: c.entry(name).meta}
	chain := c.chain(ref, v)
	v.problems = v.problems.sorted()
	if v.problems.HasErrors() {
		return v
	}
	node := &tree.Node{Kind: tree.Map}
	for i := len(chain) - 1; i >= 0; i-- {
		for _, key := range []string{"comment", "status", "successor", "sunset", "extends"} {
			node.Remove(key) // said of the other version, not of this one
		}
		node = merge(node, chain[i].node, shape.Integration())
	}
	v.problems = checkVersion(node, chain[0].key).sorted()
	if v.problems.HasErrors() {
		return v
	}
	typed, err := tree.Decode[schema.Version](node)
	if err != nil {
		v.problems = Diagnostics{subject{root: node, key: chain[0].key}.undecodable(err)}
		return v
	}
	checkInputs(typed.Operations, node.Get("operations"), func(schema.Origin, string) {}) // lint looks at the schemas
	typed.ConnectionOrder, typed.CredentialOrder = keysOf(node.Get("connection")), keysOf(node.Get("credentials"))
	v.node, v.typed = node, typed
	return v
}

// chain returns ref's part and those it extends, and collects what is wrong with
// them.
func (c *Catalog) chain(ref string, v *version) (parts []*part) {
	seen := map[string]bool{}
	var from schema.Origin
	for ref != "" {
		name, versionName, _ := strings.Cut(ref, ":")
		e := c.entry(name)
		v.problems = append(v.problems, e.problems...)
		p := e.versions[versionName]
		if p == nil {
			if len(e.problems) == 0 {
				v.problems = append(v.problems, c.unknown(ref, from))
			}
			return parts
		}
		if seen[ref] {
			v.problems = append(v.problems, Diagnostic{Place: placeOf(from), Severity: Error, Code: "extends-cycle",
				Message: fmt.Sprintf("%s extends itself", ref)})
			return parts
		}
		seen[ref] = true
		parts = append(parts, p)
		v.problems = append(v.problems, p.problems...)
		ref = ""
		if n := p.node.Get("extends"); n != nil && n.Kind == tree.String {
			ref, from = n.Text, n.Origin
		}
	}
	return parts
}

// unknown says what is wrong with a reference to a blueprint.
func (c *Catalog) unknown(ref string, from schema.Origin) Diagnostic {
	name, versionName, _ := strings.Cut(ref, ":")
	d := Diagnostic{Place: placeOf(from), Severity: Error, Code: "unknown-blueprint"}
	if e := c.entry(name); e.found && len(e.versions) > 0 {
		versions := c.versionNames(name)
		d.Message = fmt.Sprintf("blueprint %q has no version %q", name, versionName)
		d.Hint = "there is " + strings.Join(versions, ", ")
		return d
	}
	d.Message = fmt.Sprintf("there is no blueprint %q", name)
	d.Hint = suggest.DidYouMean(name, c.Names())
	if d.Hint == "" {
		d.Hint = c.byProduct(name)
	}
	return d
}

// byProduct offers the blueprints that a word is a part of: people know a product by its
// own name, or by a part of ours.
func (c *Catalog) byProduct(word string) string {
	var fit []string
	index, _ := c.index()
	for _, e := range index {
		if len(word) > 2 && (strings.Contains(e.Name, word) || strings.Contains(strings.ToLower(e.DisplayName), word)) {
			fit = append(fit, strconv.Quote(e.Name))
		}
	}
	if len(fit) == 0 || len(fit) > 3 {
		return ""
	}
	return "did you mean " + strings.Join(fit, " or ") + "?"
}

// checkVersion holds a version to the full schema, as an integration that adds
// nothing to it would be.
func checkVersion(node *tree.Node, key schema.Origin) (ds Diagnostics) {
	whole := &tree.Node{Kind: tree.Map, Origin: node.Origin}
	for _, name := range []string{"auth", "credentials", "connection", "requests", "operations"} {
		if f := node.Field(name); f != nil {
			whole.Fields = append(whole.Fields, *f)
		}
	}
	about := subject{root: whole, shape: shape.Integration(), key: key}
	return checkWhole(about, rules.Subject{Blueprint: true})
}

// readAtMost reads at most a byte above limit, which is enough to refuse it.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, limit+1))
}
