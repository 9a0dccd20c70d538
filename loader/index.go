package loader

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/blueprints"
)

// An IndexEntry is what a list of blueprints says of one.
type IndexEntry struct {
	Name        string         `json:"name"`
	DisplayName string         `json:"display_name"`
	Categories  []string       `json:"categories,omitempty"`
	Versions    []IndexVersion `json:"versions"` // in natural order
}

// An IndexVersion is what a list says of a version.
type IndexVersion struct {
	Name     string `json:"name"`
	AuthMode string `json:"auth_mode"`
	Comment  string `json:"comment,omitempty"`

	extends string // where it says no mode itself
}

// Index returns an entry for each blueprint of which a version can be listed, by name.
// For the bundled ones it parses an index that was generated, and of directories it reads
// each file once. It does not hold them to their schema, as [Catalog.Lookup] does: what is
// wrong with a blueprint is reported only if nothing can be said of it.
func (c *Catalog) Index() ([]IndexEntry, Diagnostics) {
	entries, empty := c.index()
	problems := c.Check()
	for _, name := range empty {
		_, ds, _ := c.Lookup(name)
		problems = append(problems, ds...)
	}
	return entries, problems.sorted()
}

// index returns the entries, and the names of blueprints of which nothing can be said.
func (c *Catalog) index() (entries []IndexEntry, empty []string) {
	found := map[string]IndexEntry{}
	for _, l := range c.layers {
		read := bundledIndex
		if !l.bundled {
			read = func() []IndexEntry { return readIndex(l.fsys) }
		}
		for _, e := range read() {
			found[e.Name] = e.over(found[e.Name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		e := found[name]
		e.Versions = slices.DeleteFunc(slices.Clone(e.Versions), func(v IndexVersion) bool { return modeOf(found, v) == "" })
		for i, v := range e.Versions {
			e.Versions[i].AuthMode, e.Versions[i].extends = modeOf(found, v), ""
		}
		if len(e.Versions) == 0 {
			empty = append(empty, name)
			continue
		}
		entries = append(entries, e)
	}
	return entries, empty
}

// bundledIndex decodes the index of the bundled catalog; a test holds it to the files.
var bundledIndex = sync.OnceValue(func() []IndexEntry {
	var entries []IndexEntry
	if err := json.Unmarshal(blueprints.Index, &entries); err != nil {
		return readIndex(blueprints.FS) // while it is generated for the first time
	}
	return entries
})

// EncodeIndex returns the index of a directory of blueprints, as [Catalog.Index] parses it
// for the bundled ones: a line a blueprint, so that versions of it can be compared.
func EncodeIndex(fsys fs.FS) ([]byte, error) {
	entries, problems := NewCatalog(unindexed{fsys}).Index()
	if err := problems.Err(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("[\n")
	for i, e := range entries {
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		b.Write(line)
		if i < len(entries)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("]\n")
	return b.Bytes(), nil
}

// unindexed hides that a file system is the bundled one.
type unindexed struct{ fs.FS }

// over lays an entry over one of a lower layer: its versions replace those of their name.
func (e IndexEntry) over(below IndexEntry) IndexEntry {
	e.Versions = slices.Clone(e.Versions)
	for _, v := range below.Versions {
		if !slices.ContainsFunc(e.Versions, func(o IndexVersion) bool { return o.Name == v.Name }) {
			e.Versions = append(e.Versions, v)
		}
	}
	slices.SortFunc(e.Versions, func(a, b IndexVersion) int { return compareVersions(a.Name, b.Name) })
	return e
}

// modeOf follows what a version extends until one says how to authorise.
func modeOf(all map[string]IndexEntry, v IndexVersion) string {
	for range 20 { // a cycle is no mode
		if v.AuthMode != "" || v.extends == "" {
			return v.AuthMode
		}
		name, version, _ := strings.Cut(v.extends, ":")
		i := slices.IndexFunc(all[name].Versions, func(o IndexVersion) bool { return o.Name == version })
		if i < 0 {
			return ""
		}
		v = all[name].Versions[i]
	}
	return ""
}

// readIndex reads each file of a directory once, several at a time.
func readIndex(fsys fs.FS) []IndexEntry {
	var names []string
	files, _ := fs.ReadDir(fsys, ".") // Check reports the error
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), ".yaml"); ok && !f.IsDir() && blueprintName().MatchString(name) {
			names = append(names, name)
		}
	}
	entries := make([]IndexEntry, len(names))
	var next sync.Mutex
	at := 0
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		workers.Go(func() {
			for {
				next.Lock()
				i := at
				at++
				next.Unlock()
				if i >= len(names) {
					return
				}
				entries[i] = indexFile(fsys, names[i])
			}
		})
	}
	workers.Wait()
	return entries
}

// indexFile reads what a list says of one blueprint. A file that cannot be parsed has no
// versions.
func indexFile(fsys fs.FS, name string) IndexEntry {
	e := IndexEntry{Name: name}
	data, err := readLimited(fsys, name+".yaml")
	if err != nil {
		return e
	}
	var file struct {
		DisplayName string `yaml:"display_name"`
		Categories  []string
		Versions    map[string]struct {
			Comment, Extends string
			Auth             struct {
				AuthMode string `yaml:"auth_mode"`
			}
		}
	}
	_ = yaml.Unmarshal(data, &file) // what is of another type is left out
	e.DisplayName, e.Categories = cmp.Or(file.DisplayName, name), file.Categories
	for v, said := range file.Versions {
		e.Versions = append(e.Versions, IndexVersion{Name: v, AuthMode: said.Auth.AuthMode, Comment: said.Comment, extends: said.Extends})
	}
	return e
}
