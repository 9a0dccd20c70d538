package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
)

func connectionsAllow(s *session.Session) *cobra.Command {
	var id string
	all := false
	cmd := &cobra.Command{
		Use:   "allow <integration>",
		Short: "Let a connection that was made for another origin or client be used",
		Long: `A connection knows the origin that its credentials may go to (that of base_url, and of
token_url) and the client that got its tokens. Where the file leads elsewhere by now, or
another project uses the same store and the same name, using it is an error.

Allow lets the connection be used as the file says today, and no longer as it said
before. With --all, so are all connections of the integration. Tokens that another client
got can be used until they end; few providers let them be refreshed.`,
		Args:              arguments{s}.integration,
		ValidArgsFunction: completer{s}.integrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all && id != "" {
				return console.Usagef("--all and --connection exclude each other")
			}
			return connections{s}.allow(cmd.Context(), args[0], id, all)
		},
	}
	cmd.Flags().StringVar(&id, "connection", "", "`ID` of the connection (default: the only one there is)")
	cmd.Flags().BoolVar(&all, "all", false, "all connections of the integration")
	_ = cmd.RegisterFlagCompletionFunc("connection", completer{s}.connections)
	return cmd
}

func (cs connections) allow(ctx context.Context, integration, id string, all bool) error {
	u, err := cs.Use(ctx, integration)
	if err != nil {
		return err
	}
	store, err := cs.Storage().Open(ctx)
	if err != nil {
		return err
	}
	if !all {
		k, err := u.Pick(ctx, id)
		if err != nil {
			return err
		}
		return cs.allowOne(ctx, u.Engine, store, k)
	}
	for q := (engine.Query{Integration: integration}); ; {
		page, err := store.List(ctx, q)
		if err != nil {
			return err
		}
		for _, c := range page.Connections {
			if err := cs.allowOne(ctx, u.Engine, store, c.Key); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}

// allowOne forgets what k's connection was made for, and has the engine write it down
// anew. Where that needs an answer of the provider which does not come, it is written down
// with the next refresh.
func (cs connections) allowOne(ctx context.Context, e *engine.Engine, store engine.ConnectionStore, k engine.Key) error {
	c, err := e.Connection(ctx, k)
	if err != nil {
		return err
	}
	c.MadeFor = connection.MadeFor{}
	if err := store.Replace(ctx, c, c.Generation); err != nil {
		return err
	}
	if _, err := e.SetFields(ctx, k, nil); err != nil {
		cs.Notef("%s: may be used by any file until it is refreshed: %s", k, cs.Explain(err))
	}
	return cs.say(k, "allowed")
}
