package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A completer offers words to a shell.
type completer struct{ *session.Session }

// integrations offers the names of integrations as the first argument.
func (c completer) integrations(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.IntegrationNames(cmd.Context()), cobra.ShellCompDirectiveNoFileComp
}

// blueprints offers the names of blueprints.
func (c completer) blueprints(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return c.Catalog().Names(), cobra.ShellCompDirectiveNoFileComp
}

// connections offers the connections of the integration that the command
// line names. It makes no store where there is none.
func (c completer) connections(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	p, err := c.Storage().Place()
	if err != nil || len(args) == 0 {
		return nil, none
	}
	if empty, err := storage.IsEmpty(cmd.Context(), p); empty || err != nil {
		return nil, none
	}
	store, err := c.Storage().Open(cmd.Context())
	if err != nil {
		return nil, none
	}
	page, err := store.List(cmd.Context(), engine.Query{Integration: args[0]})
	if err != nil {
		return nil, none
	}
	return page.IDs(), none
}

// set offers what --set takes for the integration that the command line
// names, whether or not its file is filled in; credentials are for connect alone.
func (c completer) set(credentials bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		const none = cobra.ShellCompDirectiveNoFileComp
		if len(args) == 0 || c.CheckFiles() != nil {
			return nil, none
		}
		var files []string // cobra reads the flags twice when it completes
		for _, name := range c.Files {
			if !slices.Contains(files, name) {
				files = append(files, name)
			}
		}
		cfg, _ := c.LoadFiles(cmd.Context(), files, &session.Inventions{})
		if cfg == nil || cfg.Integrations[args[0]] == nil {
			return nil, none
		}
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{args[0]: cfg.Integrations[args[0]]}}, nil)
		if err != nil {
			return nil, none
		}
		d, err := e.Describe(args[0])
		if err != nil {
			return nil, none
		}
		var names []string
		for _, f := range slices.Concat(d.Fields, d.Choices) {
			if credentials || !f.Credential {
				names = append(names, f.Name+"=\t"+console.OneLine(f.Title))
			}
		}
		return names, none | cobra.ShellCompDirectiveNoSpace
	}
}
