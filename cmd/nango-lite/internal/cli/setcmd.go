package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
)

func connectionsSet(s *session.Session) *cobra.Command {
	var connection string
	var set []string
	cmd := &cobra.Command{
		Use:   "set <integration>",
		Short: "Set fields of a connection, or choose what is still open",
		Long: `Set changes what a connection carries beside its credentials: what its user typed,
or chose of several sites, tenants or accounts. What is looked up with that is
looked up anew. Without --set it asks for what is still open.`,
		Example: `  nango-lite connections set jira
  nango-lite connections set jira --set cloud_id=1324a887-45db-4bf4-8e99-ef0ff456d421`,
		Args:              arguments{s}.integration,
		ValidArgsFunction: completer{s}.integrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			return connections{s}.set(cmd.Context(), args[0], connection, set)
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "", "`ID` of the connection (default: the only one there is)")
	cmd.Flags().StringArrayVar(&set, "set", nil, "`name=value` of a field; name=- reads stdin; may be given more than once")
	_ = cmd.RegisterFlagCompletionFunc("connection", completer{s}.connections)
	_ = cmd.RegisterFlagCompletionFunc("set", completer{s}.set(false))
	return cmd
}

func (cs connections) set(ctx context.Context, integration, connection string, set []string) error {
	u, k, err := cs.Existing(ctx, integration, connection)
	if err != nil {
		return err
	}
	d, err := u.Engine.Describe(integration)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range slices.Concat(d.Fields, d.Choices) {
		if !f.Credential {
			names = append(names, f.Name)
		}
	}
	fields, err := connector(cs).readSet(integration, names, set)
	if err != nil {
		return err
	}
	c, err := u.Engine.SetFields(ctx, k, fields)
	if err == nil {
		c, err = connector(cs).chooseOpen(ctx, u, c)
	}
	if err != nil {
		return err
	}
	if cs.JSON() {
		return cs.WriteJSON(shownConnectionOf(c))
	}
	return cs.say(k, "set")
}
