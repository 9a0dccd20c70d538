// Package lint judges blueprint files: whether they are complete, whether their
// parts fit each other, and whether they read like the rest of the catalog. What
// makes a blueprint unusable is the loader's to say; this package passes that on
// and asks for more.
//
// Start with [Check]. The rules stand in [Rules], and each theme is a file of this
// package.
package lint

import (
	"path"
	"strings"

	"github.com/nango-lite/nango-lite/internal/lazyregexp"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
	"github.com/nango-lite/nango-lite/schema"
)

// Check returns what the loader and the rules find in a blueprint file, sorted by
// place. The file is called as the catalog's places call it, and stands in the
// catalog's uppermost layer that has one of its name; data is what it holds.
func Check(c *loader.Catalog, file string, data []byte) loader.Diagnostics {
	l := &linter{catalog: c, file: file, name: strings.TrimSuffix(path.Base(file), path.Ext(file))}
	if !l.stem() {
		return l.found
	}
	_, ds, _ := c.Lookup(l.name)
	for _, d := range ds {
		if d.File == file {
			l.found = append(l.found, d)
		}
	}
	root, _ := yamltree.Parse(file, data)
	if root == nil || root.Kind != tree.Map {
		return l.found.Sorted()
	}
	l.aboutFile(root)
	if versions := root.Get("versions"); versions != nil {
		for _, f := range versions.Fields {
			l.version(f)
		}
	}
	return l.found.Sorted()
}

// A linter looks at one file.
type linter struct {
	catalog *loader.Catalog
	file    string
	name    string // of the blueprint, by the file
	found   loader.Diagnostics
}

var fileStem = lazyregexp.New(`^[a-z0-9][a-z0-9-]*$`)

// stem reports whether the catalog would find the file.
func (l *linter) stem() bool {
	at := schema.Origin{File: l.file}
	switch {
	case path.Ext(l.file) != ".yaml":
		l.report("file-name", at, "this file is not read", "blueprints end in .yaml")
	case !fileStem().MatchString(l.name):
		l.report("file-name", at, "this file is not read: its name holds more than lower-case letters, digits and '-'", "")
	default:
		return true
	}
	return false
}

func (l *linter) report(code string, at schema.Origin, message, hint string) {
	l.found = append(l.found, finding(code, at, message, hint))
}

// version checks one version of the file, what it extends merged in. What is
// wrong with that already is left to the file that says it.
func (l *linter) version(f tree.Field) {
	ref := l.name + ":" + f.Name
	v, ds := l.catalog.Version(ref)
	if v == nil {
		l.found = append(l.found, ds...)
		return
	}
	inherited := map[string]bool{}
	if v.Extends != "" {
		for _, d := range l.checked(v.Extends, schema.Origin{}) {
			inherited[key(d)] = true
		}
	}
	for _, d := range l.checked(ref, f.At) {
		if inherited[key(d)] {
			continue
		}
		if d.File != l.file { // two files disagree; this one is the one to change
			d.Related = []loader.Place{d.Place}
			at := f.At
			if e := f.Value.Get("extends"); e != nil {
				at = e.Origin
			}
			d.Place = loader.Place{File: at.File, Line: at.Line, Column: at.Column}
		}
		l.found = append(l.found, d)
	}
}

// key makes a finding comparable.
func key(d loader.Diagnostic) string { return d.Place.String() + " " + d.Code + " " + d.Message }

func (l *linter) checked(ref string, at schema.Origin) loader.Diagnostics {
	typed, _ := l.catalog.Version(ref)
	if typed == nil {
		return nil
	}
	v := newVersion(typed, ref, at, l.catalog)
	for _, theme := range themes {
		theme(v)
	}
	return v.found
}

// themes are the rules about a version.
var themes = []func(*version){
	status,
	urls,
	placeholders,
	optionalValues,
	headers,
	authorization,
	fields,
	conditionRules,
	calls,
	samples,
	tokenSamples,
	lookUps,
	errorSamples,
	pages,
	operations,
	notes,
}
