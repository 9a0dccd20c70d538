package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func (a *app) connectionsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connections",
		Short: "List, show, set, verify, refresh and remove connections",
		Args:  cobra.NoArgs,
		RunE:  help,
	}
	cmd.AddCommand(
		a.connectionsList(),
		a.connectionCommand("show", "Show a connection, without its secrets", a.showConnection),
		a.connectionsSet(),
		a.connectionCommand("verify", "Prove a connection with the integration's verify call", a.verifyConnection),
		a.connectionCommand("refresh", "Refresh a connection's token now", a.refreshConnection),
		a.connectionCommand("rm", "Remove a connection; the provider is told if it has a way to", a.removeConnection),
	)
	return cmd
}

// connectionCommand makes a command about one connection.
func (a *app) connectionCommand(name, short string, run func(ctx context.Context, integration, connection string) error) *cobra.Command {
	var connection string
	cmd := &cobra.Command{
		Use:               name + " <integration>",
		Short:             short,
		Args:              a.wantsIntegration,
		ValidArgsFunction: a.completeIntegrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), args[0], connection)
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "", "`ID` of the connection (default: the only one there is)")
	_ = cmd.RegisterFlagCompletionFunc("connection", a.completeConnections)
	return cmd
}

func (a *app) connectionsList() *cobra.Command {
	return &cobra.Command{
		Use:               "list [integration]",
		Short:             "List connections",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeIntegrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			q := engine.Query{}
			if len(args) > 0 {
				q.Integration = args[0]
			}
			e, err := a.withoutConfig(cmd.Context())
			if err != nil {
				return err
			}
			return a.list(cmd.Context(), e, q)
		},
	}
}

// withoutConfig returns an engine for what needs no integration.
func (a *app) withoutConfig(ctx context.Context) (*engine.Engine, error) {
	return a.engineOf(ctx, &schema.Config{})
}

func (a *app) engineOf(ctx context.Context, cfg *schema.Config) (*engine.Engine, error) {
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	return engine.New(cfg, a.engineOptions(store, nil))
}

func (a *app) list(ctx context.Context, e *engine.Engine, q engine.Query) error {
	rows := [][]string{{"INTEGRATION", "CONNECTION", "STATUS", "TOKEN UNTIL", "UPDATED"}}
	shown := []shownConnection{}
	for {
		page, err := e.Connections(ctx, q)
		if err != nil {
			return err
		}
		for _, c := range page.Connections {
			shown = append(shown, shownConnectionOf(c))
			rows = append(rows, []string{c.Key.Integration, c.Key.ConnectionID, string(c.Status), when(c.Credentials.Token.ExpiresAt), when(c.UpdatedAt)})
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	if a.json() {
		return a.writeJSON(shown)
	}
	if len(shown) == 0 {
		a.notef("no connections")
		return nil
	}
	return writeColumns(a.io.Out, rows)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateTime + "Z")
}

// showConnection needs no configuration; with one it knows what is still open.
func (a *app) showConnection(ctx context.Context, integration, connection string) error {
	e, err := a.engineFor(ctx, integration)
	if err != nil {
		return err
	}
	k, err := pick(ctx, e, integration, connection)
	if err != nil {
		return err
	}
	c, err := e.Connection(ctx, k)
	if err != nil {
		return err
	}
	shown := shownConnectionOf(c)
	if open, err := e.OpenFields(c); err == nil {
		for _, f := range open {
			shown.Open = append(shown.Open, f.Name)
		}
	}
	if a.json() {
		return a.writeJSON(shown)
	}
	return writeColumns(a.io.Out, shown.rows())
}

// engineFor returns an engine that knows what the integration declares, if that can
// be had, for what calls nobody: variables need not be set.
func (a *app) engineFor(ctx context.Context, integration string) (*engine.Engine, error) {
	if a.checkFiles() == nil {
		cfg, _ := a.loadFiles(ctx, a.files, &inventions{})
		if in := cfg.Integrations[integration]; in != nil {
			return a.engineOf(ctx, &schema.Config{Integrations: map[string]*schema.Integration{integration: in}})
		}
	}
	return a.withoutConfig(ctx)
}

func (a *app) verifyConnection(ctx context.Context, integration, connection string) error {
	u, k, err := a.existing(ctx, integration, connection)
	if err != nil {
		return err
	}
	if err := u.engine.Verify(ctx, k); err != nil {
		return err
	}
	return a.say(k, "ok")
}

func (a *app) refreshConnection(ctx context.Context, integration, connection string) error {
	u, k, err := a.existing(ctx, integration, connection)
	if err != nil {
		return err
	}
	c, err := u.engine.Refresh(ctx, k)
	if err != nil {
		return err
	}
	if c.Credentials.Token.ExpiresAt.IsZero() {
		return a.say(k, "refreshed; no end of the token is stated")
	}
	return a.say(k, "refreshed, token until "+when(c.Credentials.Token.ExpiresAt))
}

// say writes what became of a connection, as data.
func (a *app) say(k engine.Key, what string) error {
	if a.json() {
		return a.writeJSON(map[string]string{"integration": k.Integration, "connection_id": k.ConnectionID, "result": what})
	}
	_, err := fmt.Fprintf(a.io.Out, "%s: %s\n", k, what)
	return err
}

func (a *app) existing(ctx context.Context, integration, connection string) (*use, engine.Key, error) {
	u, err := a.use(ctx, integration)
	if err != nil {
		return nil, engine.Key{}, err
	}
	k, err := u.pick(ctx, connection)
	return u, k, err
}

// removeConnection needs no configuration, for an integration that is gone leaves
// connections behind. With one, the provider is told.
func (a *app) removeConnection(ctx context.Context, integration, connection string) error {
	var e *engine.Engine
	u, untold := a.use(ctx, integration)
	if untold == nil {
		e = u.engine
	} else {
		var err error
		if e, err = a.withoutConfig(ctx); err != nil {
			return err
		}
	}
	k, err := pick(ctx, e, integration, connection)
	if err != nil {
		return err
	}
	c, err := e.Connection(ctx, k)
	if engine.ErrorKind(err) == engine.KindNotFound {
		return err
	}
	if err := e.Revoke(ctx, k); err != nil {
		untold = err
	}
	if _, err := e.Connection(ctx, k); engine.ErrorKind(err) != engine.KindNotFound {
		return untold // it is still there
	}
	if untold != nil {
		a.notef("the provider was not told: %s", a.explain(untold))
	} else if c != nil && c.Credentials.Type.Consents() {
		a.tellRevoked(e, c)
	}
	return a.say(k, "removed")
}

// tellRevoked says what the provider knows of a grant that is removed here.
func (a *app) tellRevoked(e *engine.Engine, c *engine.Connection) {
	d, err := e.Describe(c.Key.Integration)
	switch {
	case err == nil && d.Revokes:
		a.notef("the provider was told")
	case c.Credentials.Type == schema.MCPOAuth2: // it depends on what the server offers
	default:
		a.notef("the provider was not told: %s declares no way (auth.revocation_url); its page of connected apps takes the grant back", c.Key.Integration)
	}
}
