package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// completeConnections offers the connections of the integration that the command
// line names. It makes no store where there is none.
func (a *app) completeConnections(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	const none = cobra.ShellCompDirectiveNoFileComp
	p, err := a.storePlace()
	if err != nil || len(args) == 0 {
		return nil, none
	}
	if empty, err := isEmpty(cmd.Context(), p); empty || err != nil {
		return nil, none
	}
	store, err := a.openStore(cmd.Context())
	if err != nil {
		return nil, none
	}
	page, err := store.List(cmd.Context(), engine.Query{Integration: args[0]})
	if err != nil {
		return nil, none
	}
	var ids []string
	for _, c := range page.Connections {
		ids = append(ids, c.Key.ConnectionID)
	}
	return ids, none
}

// completeSet offers what --set takes for the integration that the command line
// names, whether or not its file is filled in; credentials are for connect alone.
func (a *app) completeSet(credentials bool) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		const none = cobra.ShellCompDirectiveNoFileComp
		if len(args) == 0 || a.checkFiles() != nil {
			return nil, none
		}
		var files []string // cobra reads the flags twice when it completes
		for _, name := range a.files {
			if !slices.Contains(files, name) {
				files = append(files, name)
			}
		}
		cfg, _ := a.loadFiles(cmd.Context(), files, &inventions{})
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
				names = append(names, f.Name+"=\t"+oneLine(f.Title))
			}
		}
		return names, none | cobra.ShellCompDirectiveNoSpace
	}
}
