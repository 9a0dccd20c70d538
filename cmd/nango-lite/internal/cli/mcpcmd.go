package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/version"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/tools"
)

// mcpFlags are those of mcp.
type mcpFlags struct {
	integrations []string
	connections  []string
	allowWrites  bool
}

func mcpCommand(s *session.Session) *cobra.Command {
	var flags mcpFlags
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Offer the operations of connections to an agent, as tools over stdio",
		Long: `Mcp speaks the Model Context Protocol on stdin and stdout. Each declared operation that
only reads is a tool; --allow-writes offers the others, too. Above 40 operations there are
two tools in their place, search_operations and call_operation.

No credential is in a tool or a result. A connection that is missing or dead is said in
words, with the command that makes it.`,
		Example: `  nango-lite mcp --integration notion
  nango-lite --sandbox mcp --integration notion --allow-writes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return doer{caller{s}}.serveTools(cmd.Context(), flags) },
	}
	f := cmd.Flags()
	f.StringArrayVar(&flags.integrations, "integration", nil, "`NAME` of an integration; may be given more than once (default: all that declare operations)")
	f.StringArrayVar(&flags.connections, "connection", nil, "`ID` of a connection; may be given more than once (default: the only one there is)")
	f.BoolVar(&flags.allowWrites, "allow-writes", false, "offer operations that write and destroy as well")
	_ = cmd.RegisterFlagCompletionFunc("integration", func(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		return completer{s}.integrations(cmd, nil, toComplete)
	})
	return cmd
}

// effects are those that are offered.
func (f mcpFlags) effects() []schema.Effect {
	if !f.allowWrites {
		return nil
	}
	return []schema.Effect{schema.EffectRead, schema.EffectWrite, schema.EffectDestroy}
}

func (d doer) serveTools(ctx context.Context, flags mcpFlags) error {
	names := flags.integrations
	if len(names) == 0 {
		names = d.IntegrationNames(ctx)
	}
	var offers []tools.Offer
	for _, name := range names {
		u, err := d.Use(ctx, name)
		if err != nil {
			return err
		}
		if len(u.Integration.Operations) == 0 {
			if len(flags.integrations) > 0 {
				return unknownOperation(u.Integration, "")
			}
			continue
		}
		more, err := d.offersOf(ctx, u, flags.connections)
		if err != nil {
			return err
		}
		offers = append(offers, more...)
	}
	if len(offers) == 0 {
		return console.Usagef("no integration declares operations; 'nango-lite operations' lists them")
	}
	s := tools.New(tools.Options{
		Offers: offers, Effects: flags.effects(), Version: version.Current().Version,
		Connect: func(k engine.Key) string {
			return "run '" + d.CommandLine("connect", k.Integration, "--connection", k.ConnectionID) + "' in a terminal"
		},
	})
	return tools.Serve(ctx, s, d.In, d.Out)
}

// offersOf returns the connections of an integration that are offered. One that does not
// exist yet is offered as well: the first call says how it is made.
func (d doer) offersOf(ctx context.Context, u *session.Use, ids []string) ([]tools.Offer, error) {
	offer := func(k engine.Key) tools.Offer {
		return tools.Offer{Engine: u.Engine, Integration: u.Integration, Key: k}
	}
	if len(ids) == 0 {
		k, err := d.pickForCall(ctx, u, "")
		if session.IsNoConnection(err) {
			k, err = engine.Key{Integration: u.Integration.Name, ConnectionID: session.DefaultConnection}, nil
		}
		return []tools.Offer{offer(k)}, err
	}
	var offers []tools.Offer
	for _, id := range ids {
		offers = append(offers, offer(engine.Key{Integration: u.Integration.Name, ConnectionID: id}))
	}
	return offers, nil
}
