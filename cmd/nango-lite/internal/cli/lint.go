package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
)

func lintBlueprintsCommand(s *session.Session) *cobra.Command {
	var strict, fix bool
	cmd := &cobra.Command{
		Use:   "lint [name|file...]",
		Short: "Judge blueprints: complete, consistent, well written",
		Long: `Lint reports everything that is wrong with blueprints, at its place, on stdout.
It takes files and names from the catalog; without any, it looks at what the
directories of --blueprints hold, or else at the bundled catalog.

The exit code is 1 if there are errors. Warnings alone do not fail.`,
		Example:           "  nango-lite blueprints lint blueprints/acme.yaml\n  nango-lite blueprints lint --fix blueprints/*.yaml",
		Annotations:       map[string]string{formatsKey: console.FormatGitHub},
		ValidArgsFunction: completer{s}.blueprints,
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := blueprintFiles(s, args)
			if err != nil {
				return err
			}
			return lintBlueprints(s, files, strict, fix)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "take warnings for errors")
	cmd.Flags().BoolVar(&fix, "fix", false, "put keys and versions into their order; comments stay")
	return cmd
}

// A blueprintFile is a file to judge, and how it is found.
type blueprintFile struct {
	name string // as diagnostics call it; a path unless bundled
	dir  string // "" if bundled
}

const bundledDir = "blueprints/" // as origins call it

// blueprintFiles finds what args name.
func blueprintFiles(s *session.Session, args []string) ([]blueprintFile, error) {
	if len(args) == 0 {
		return allBlueprintFiles(s)
	}
	var files []blueprintFile
	for _, arg := range args {
		if ext := filepath.Ext(arg); strings.ContainsAny(arg, `/\`) || ext == ".yaml" || ext == ".yml" {
			files = append(files, fileIn(filepath.Dir(arg), filepath.Base(arg)))
			continue
		}
		f, ok := namedFile(s, arg)
		if !ok {
			return nil, fmt.Errorf("there is no blueprint %q; %s", arg, suggestBlueprint(arg, s.Catalog()))
		}
		files = append(files, f)
	}
	return files, nil
}

func fileIn(dir, base string) blueprintFile {
	return blueprintFile{filepath.ToSlash(filepath.Join(dir, base)), dir}
}

// namedFile finds the file that has the last word about a name.
func namedFile(s *session.Session, name string) (blueprintFile, bool) {
	for _, dir := range slices.Backward(s.BlueprintDirs) {
		if _, err := os.Stat(filepath.Join(dir, name+".yaml")); err == nil {
			return fileIn(dir, name+".yaml"), true
		}
	}
	_, err := fs.Stat(blueprints.FS, name+".yaml")
	return blueprintFile{name: bundledDir + name + ".yaml"}, err == nil
}

func allBlueprintFiles(s *session.Session) (files []blueprintFile, err error) {
	if len(s.BlueprintDirs) == 0 {
		for _, name := range s.Catalog().Names() {
			files = append(files, blueprintFile{name: bundledDir + name + ".yaml"})
		}
		return files, nil
	}
	for _, dir := range s.BlueprintDirs {
		found, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if ext := filepath.Ext(f.Name()); !f.IsDir() && (ext == ".yaml" || ext == ".yml") {
				files = append(files, fileIn(dir, f.Name()))
			}
		}
	}
	return files, nil
}

func lintBlueprints(s *session.Session, files []blueprintFile, strict, fix bool) error {
	var found loader.Diagnostics
	for _, f := range files {
		if fix {
			if err := fixBlueprint(s, f); err != nil {
				return err
			}
		}
		found = append(found, lintFile(s, f)...)
	}
	found = found.Sorted()
	for i := range found {
		if strict {
			found[i].Severity = loader.Error
		}
	}
	if err := writeDiagnostics(s, found); err != nil {
		return err
	}
	s.Notef("%s", lintSummary(len(files), found))
	if found.HasErrors() {
		return console.ErrReported
	}
	return nil
}

func lintSummary(files int, found loader.Diagnostics) string {
	var counts []string
	for _, s := range []loader.Severity{loader.Error, loader.Warning} {
		if !noneOf(found, s) {
			counts = append(counts, session.Count(found, s))
		}
	}
	if counts == nil {
		return console.Plural(files, "blueprint") + " ok"
	}
	return strings.Join(counts, " and ") + " in " + console.Plural(files, "blueprint")
}

func lintFile(s *session.Session, f blueprintFile) loader.Diagnostics {
	catalog, data, err := read(s, f)
	if err != nil {
		reason := err
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			reason = e.Err
		}
		return loader.Diagnostics{{Place: loader.Place{File: f.name}, Severity: loader.Error, Code: "io", Message: "the file cannot be read: " + reason.Error()}}
	}
	return lint.Check(catalog, f.name, data)
}

// read returns what a file holds, and the catalog with its directory on top.
func read(s *session.Session, f blueprintFile) (*loader.Catalog, []byte, error) {
	if f.dir == "" {
		data, err := blueprints.FS.ReadFile(strings.TrimPrefix(f.name, bundledDir))
		bundled, _ := loader.Builtin()
		return bundled, data, err
	}
	top := loader.Dir(f.dir)
	if filepath.Clean(f.dir) == "." {
		top = os.DirFS(".") // so that names stay as short as they were typed
	}
	data, err := os.ReadFile(f.name)
	return loader.NewCatalog(slices.Concat([]fs.FS{blueprints.FS}, s.Layers(), []fs.FS{top})...), data, err
}

// fixBlueprint rewrites a file if there is something to move.
func fixBlueprint(s *session.Session, f blueprintFile) error {
	if f.dir == "" {
		return console.Usagef("--fix changes files, and %s is part of the program: name a file or --blueprints DIR", f.name)
	}
	data, err := os.ReadFile(f.name)
	if err != nil {
		return nil // reported as a finding
	}
	fixed := lint.Fix(data)
	if bytes.Equal(fixed, data) {
		return nil
	}
	if err := os.WriteFile(f.name, fixed, 0o644); err != nil { // an existing file keeps its mode
		return err
	}
	s.Notef("fixed %s", f.name)
	return nil
}
