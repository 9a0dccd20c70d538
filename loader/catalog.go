package loader

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/loader/internal/yamltree"
	"github.com/nango-lite/nango-lite/schema"
)

// A Catalog holds blueprints in layers of directories. A version in a later
// layer replaces the one of the same name and version; other versions stay.
//
// Files are read when a blueprint is asked for, so a large catalog costs no more
// than a small one. A Catalog is safe for concurrent use.
type Catalog struct {
	layers []layer

	mu       sync.Mutex
	entries  map[string]*entry
	resolved sync.Map // name:version to *version
}

type layer struct {
	fsys    fs.FS
	dir     string // what origins say before the file's name; "" or ends in /
	bundled bool   // a test holds its files to their schema, so that no run has to
}

// NewCatalog returns a catalog of the <name>.yaml files at the root of each
// layer. Use [Dir] for directories, so that diagnostics can name their files. For
// layers over the bundled blueprints, use [Catalog.Over] of [Builtin].
func NewCatalog(layers ...fs.FS) *Catalog {
	c := &Catalog{entries: map[string]*entry{}}
	for _, fsys := range layers {
		c.layers = append(c.layers, layerOf(fsys))
	}
	return c
}

func layerOf(fsys fs.FS) layer {
	switch fsys := fsys.(type) {
	case directory:
		return layer{fsys: fsys, dir: fsys.label}
	case unindexed:
		return layer{fsys: fsys.FS}
	case embed.FS:
		if fsys == blueprints.FS {
			return layer{fsys: fsys, dir: "blueprints/", bundled: true}
		}
	}
	return layer{fsys: fsys}
}

var builtin = sync.OnceValue(func() *Catalog {
	return NewCatalog(blueprints.FS)
})

// Builtin returns the bundled catalog, which every caller shares. Nothing is
// read yet, so there is nothing to report either.
func Builtin() (*Catalog, Diagnostics) { return builtin(), nil }

// directory is a file system that knows its place.
type directory struct {
	fs.FS
	label string
}

// Dir returns the directory called name as a layer for [NewCatalog] or
// [Options].
func Dir(name string) fs.FS {
	return directory{FS: os.DirFS(name), label: filepath.ToSlash(filepath.Clean(name)) + "/"}
}

// Over returns a catalog of layers over those of c, which stays as it is. Without
// layers it is c.
func (c *Catalog) Over(layers ...fs.FS) *Catalog {
	if len(layers) == 0 {
		return c
	}
	n := NewCatalog(layers...)
	n.layers = slices.Concat(c.layers, n.layers)
	return n
}

// Names returns the names of all blueprints, sorted. It reads directories, not
// files.
func (c *Catalog) Names() []string {
	var names []string
	for _, l := range c.layers {
		files, _ := fs.ReadDir(l.fsys, ".") // Check reports the error
		for _, f := range files {
			if name, ok := strings.CutSuffix(f.Name(), ".yaml"); ok && !f.IsDir() {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Check reports what is wrong with the directories themselves, without reading
// a blueprint: layers that cannot be listed and files that would not be found.
func (c *Catalog) Check() Diagnostics {
	var ds Diagnostics
	for _, l := range c.layers {
		files, err := fs.ReadDir(l.fsys, ".")
		if err != nil {
			ds = append(ds, Diagnostic{Place: Place{File: strings.TrimSuffix(l.dir, "/")}, Severity: Error, Code: "io",
				Message: "the directory of blueprints cannot be read: " + reason(err)})
		}
		for _, f := range files {
			if path.Ext(f.Name()) == ".yml" {
				ds = append(ds, Diagnostic{Place: Place{File: l.dir + f.Name()}, Severity: Warning, Code: "blueprint-extension",
					Message: "this file is not read", Hint: "blueprints end in .yaml"})
			}
		}
	}
	return ds.sorted()
}

// reason says why a file cannot be had, without its path.
func reason(err error) string {
	var pathError *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &pathError):
		return pathError.Err.Error()
	}
	return err.Error()
}

// Lookup returns the blueprint called name with its versions resolved, and
// whether there is one. Versions that are broken are reported and left out.
func (c *Catalog) Lookup(name string) (*schema.Blueprint, Diagnostics, bool) {
	e := c.entry(name)
	if !e.found {
		return nil, nil, false
	}
	ds := slices.Clone(e.problems)
	b := e.meta
	b.Versions = map[string]*schema.Version{}
	for v := range e.versions {
		resolved := c.version(name + ":" + v)
		ds = append(ds, resolved.problems...)
		if resolved.typed != nil {
			b.Versions[v] = resolved.typed
		}
	}
	return &b, ds.sorted(), true
}

// Version returns the version that a reference such as notion:v0 names, with
// what it extends merged in. Without a version it is the newest. It is nil, with
// the reasons, if there is no such version or it is broken.
func (c *Catalog) Version(ref string) (*schema.Version, Diagnostics) {
	name, _, pinned := strings.Cut(ref, ":")
	if !pinned {
		ref = name + ":" + newest(c.versionNames(name))
	}
	v := c.version(ref)
	return v.typed, slices.Clone(v.problems).sorted()
}

// versionNames returns the names of all versions, in natural order.
func (c *Catalog) versionNames(name string) []string {
	var names []string
	for v := range c.entry(name).versions {
		names = append(names, v)
	}
	slices.SortFunc(names, compareVersions)
	return names
}

// entry returns what the files called name say. It reads them once.
func (c *Catalog) entry(name string) *entry {
	c.mu.Lock()
	e := c.entries[name]
	if e == nil {
		e = &entry{versions: map[string]*part{}}
		c.entries[name] = e
	}
	c.mu.Unlock()
	e.once.Do(func() { c.read(name, e) })
	return e
}

func (c *Catalog) read(name string, e *entry) {
	if !blueprintName().MatchString(name) {
		return // not a file name to try
	}
	for _, l := range c.layers {
		data, err := readLimited(l.fsys, name+".yaml")
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			e.found = true
			e.problems = append(e.problems, Diagnostic{Place: Place{File: l.dir + name + ".yaml"}, Severity: Error, Code: "io",
				Message: fmt.Sprintf("blueprint %q cannot be read: %s", name, reason(err))})
		default:
			e.found = true
			e.add(name, l.dir+name+".yaml", data, l.bundled)
		}
	}
}

// readLimited reads no more than a byte above what a file may hold.
func readLimited(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAtMost(f, yamltree.MaxBytes)
}
