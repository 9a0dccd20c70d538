package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// IntegrationNames returns the names of all integrations, the broken ones too.
func (s *Session) IntegrationNames(ctx context.Context) []string {
	cfg, ds := s.LoadFiles(ctx, s.Files, &Inventions{})
	names := slices.Collect(maps.Keys(cfg.Integrations))
	for _, d := range ds {
		if d.Integration != "" {
			names = append(names, d.Integration)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Catalog returns the bundled blueprints with --blueprints laid over them.
func (s *Session) Catalog() *loader.Catalog {
	bundled, _ := loader.Builtin() // nothing is read yet
	return bundled.Over(s.Layers()...)
}

// Layers are the directories of --blueprints.
func (s *Session) Layers() []fs.FS {
	var layers []fs.FS
	for _, dir := range s.BlueprintDirs {
		layers = append(layers, loader.Dir(dir))
	}
	return layers
}

// LoadFiles loads the named files. In the sandbox what is missing is made up.
func (s *Session) LoadFiles(ctx context.Context, files []string, made *Inventions) (*schema.Config, loader.Diagnostics) {
	opts := &loader.Options{Blueprints: s.Layers(), LookupEnv: s.Deps.LookUp, EnvFile: s.EnvFile}
	if made != nil {
		opts.Invent = made.invent
	}
	cfg, ds := loader.LoadFiles(ctx, files, opts)
	if made != nil {
		for _, in := range cfg.Integrations {
			shortTimeout(in)
			inventKey(in)
		}
	}
	return cfg, ds
}

// LoadUnlocked loads the named files with blueprints as they are, and makes up what is
// missing, which does not matter to blueprints.
func (s *Session) LoadUnlocked(ctx context.Context, files []string) (*schema.Config, loader.Diagnostics) {
	return loader.LoadFiles(ctx, files, &loader.Options{
		Blueprints: s.Layers(), LookupEnv: s.Deps.LookUp, EnvFile: s.EnvFile, Invent: (&Inventions{}).invent, Unlocked: true,
	})
}

// Load loads the files of -c for a command that is about to use them.
func (s *Session) Load(ctx context.Context) (*schema.Config, loader.Diagnostics, *Inventions, error) {
	if err := s.CheckFiles(); err != nil {
		return nil, nil, nil, err
	}
	var made *Inventions
	if s.Sandbox != "" {
		made = &Inventions{}
	}
	cfg, ds := s.LoadFiles(ctx, s.Files, made)
	return cfg, ds, made, nil
}

// CheckFiles helps someone who has no file yet.
func (s *Session) CheckFiles() error {
	for _, name := range s.Files {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s; 'nango-lite init' writes one, and -c names another", name)
		}
	}
	return nil
}

// Integration loads the one integration that a command needs. What is wrong with
// others does not matter to it.
func (s *Session) Integration(ctx context.Context, name string) (*schema.Integration, error) {
	if in := s.withoutFile(ctx, name); in != nil {
		return in, nil
	}
	cfg, ds, made, err := s.Load(ctx)
	if err != nil {
		return nil, err
	}
	about := ds.Of(name)
	_ = about.WriteText(s.Err)
	if in := cfg.Integrations[name]; in != nil {
		s.TellInventions(made, name)
		return in, nil
	}
	if about.HasErrors() {
		return nil, fmt.Errorf("integration %q cannot be used: %s", name, Count(about, loader.Error))
	}
	return nil, s.unknownIntegration(name, cfg, ds)
}

// unknownIntegration says which integrations there are, the broken ones too.
func (s *Session) unknownIntegration(name string, cfg *schema.Config, ds loader.Diagnostics) error {
	names := slices.Collect(maps.Keys(cfg.Integrations))
	for _, d := range ds {
		if d.Integration != "" {
			names = append(names, d.Integration)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	where := strings.Join(s.Files, ", ")
	if len(names) == 0 {
		return fmt.Errorf("no integration %q: %s names none", name, where)
	}
	return fmt.Errorf("no integration %q in %s; %s", name, where, console.DidYouMean(name, names))
}

// Count says how many findings of a severity there are.
func Count(ds loader.Diagnostics, severity loader.Severity) string {
	n := 0
	for _, d := range ds {
		if d.Severity == severity {
			n++
		}
	}
	return console.Plural(n, string(severity))
}
