package loader

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/check"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// checkInputs gives operations what their inputs are held to. Of an operation that the
// file itself declares or changes, the schema is looked at now; those of blueprints were
// looked at by lint, and are compiled when they are first used.
func checkInputs(operations map[string]*schema.Operation, declared *tree.Node, report func(schema.Origin, string)) {
	if declared == nil {
		return
	}
	for _, f := range declared.Fields {
		o := operations[f.Name]
		if o == nil || o.Input == nil {
			continue
		}
		input := check.NewInput(o.Input)
		o.Checker = input
		node := f.Value.Get("input")
		if node == nil || !ofFile(node) {
			continue
		}
		path, err := input.Problem()
		if err == nil {
			continue
		}
		at := node.Origin
		name := "operations." + f.Name + ".input"
		if v, _ := node.Find(strings.FieldsFunc(path, func(r rune) bool { return r == '.' })); v != nil {
			at = v.Origin
			if path != "" {
				name += "." + path
			}
		}
		report(at, fmt.Sprintf("%q is no JSON Schema: %s", name, err))
	}
}

// ofFile reports whether something at or below n was written in an integrations file.
func ofFile(n *tree.Node) bool {
	if n.IsScalar() && n.Origin.Blueprint == "" {
		return true
	}
	return slices.ContainsFunc(n.Items, ofFile) ||
		slices.ContainsFunc(n.Fields, func(f tree.Field) bool { return ofFile(f.Value) })
}
