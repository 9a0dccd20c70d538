package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// catalog returns the bundled blueprints with --blueprints laid over them.
func (a *app) catalog() *loader.Catalog {
	bundled, _ := loader.Builtin() // nothing is read yet
	return bundled.Over(a.layers()...)
}

func (a *app) layers() []fs.FS {
	var layers []fs.FS
	for _, dir := range a.blueprints {
		layers = append(layers, loader.Dir(dir))
	}
	return layers
}

// loadFiles loads the named files. In the sandbox what is missing is made up.
func (a *app) loadFiles(ctx context.Context, files []string, made *inventions) (*schema.Config, loader.Diagnostics) {
	opts := &loader.Options{Blueprints: a.layers(), LookupEnv: a.deps.lookupEnv, EnvFile: a.envFile}
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

// load loads the files of -c for a command that is about to use them.
func (a *app) load(ctx context.Context) (*schema.Config, loader.Diagnostics, *inventions, error) {
	if err := a.checkFiles(); err != nil {
		return nil, nil, nil, err
	}
	var made *inventions
	if a.sandbox != "" {
		made = &inventions{}
	}
	cfg, ds := a.loadFiles(ctx, a.files, made)
	return cfg, ds, made, nil
}

// checkFiles helps someone who has no file yet.
func (a *app) checkFiles() error {
	for _, name := range a.files {
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s; 'nango-lite init' writes one, and -c names another", name)
		}
	}
	return nil
}

// integration loads the one integration that a command needs. What is wrong with
// others does not matter to it.
func (a *app) integration(ctx context.Context, name string) (*schema.Integration, error) {
	cfg, ds, made, err := a.load(ctx)
	if err != nil {
		return nil, err
	}
	about := ds.Of(name)
	_ = about.WriteText(a.io.Err)
	if in := cfg.Integrations[name]; in != nil {
		a.tellInventions(made, name)
		return in, nil
	}
	if about.HasErrors() {
		return nil, fmt.Errorf("integration %q cannot be used: %s", name, count(about, loader.Error))
	}
	return nil, a.unknownIntegration(name, cfg, ds)
}

// unknownIntegration says which integrations there are, the broken ones too.
func (a *app) unknownIntegration(name string, cfg *schema.Config, ds loader.Diagnostics) error {
	names := slices.Collect(maps.Keys(cfg.Integrations))
	for _, d := range ds {
		if d.Integration != "" {
			names = append(names, d.Integration)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	where := strings.Join(a.files, ", ")
	if len(names) == 0 {
		return fmt.Errorf("no integration %q: %s names none", name, where)
	}
	return fmt.Errorf("no integration %q in %s; %s", name, where, didYouMean(name, names))
}

// count says how many findings of a severity there are.
func count(ds loader.Diagnostics, severity loader.Severity) string {
	n := 0
	for _, d := range ds {
		if d.Severity == severity {
			n++
		}
	}
	return plural(n, string(severity))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// completeIntegrations offers the names of integrations as the first argument.
func (a *app) completeIntegrations(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.integrationNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
}
