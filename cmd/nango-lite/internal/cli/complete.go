package cli

import (
	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/engine"
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
