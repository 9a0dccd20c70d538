package cli

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func connectionsCommand(s *session.Session) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connections",
		Short: "List, show, set, verify, refresh, allow and remove connections",
		Args:  cobra.NoArgs,
		RunE:  help,
	}
	remove := connections{s}.connectionCommand("rm", "Remove a connection; the provider is told if it has a way to", connections{s}.remove)
	remove.Aliases = []string{"remove", "delete"}
	cmd.AddCommand(
		connectionsList(s),
		connections{s}.connectionCommand("show", "Show a connection, without its secrets", connections{s}.show),
		connectionsSet(s),
		connections{s}.connectionCommand("verify", "Prove a connection with the integration's verify call", connections{s}.verify),
		connections{s}.connectionCommand("refresh", "Refresh a connection's token now", connections{s}.refresh),
		connectionsAllow(s),
		remove,
	)
	return cmd
}

// connectionCommand makes a command about one connection.
func (cs connections) connectionCommand(name, short string, run func(ctx context.Context, integration, connection string) error) *cobra.Command {
	var connection string
	cmd := &cobra.Command{
		Use:               name + " <integration>",
		Short:             short,
		Args:              arguments(cs).integration,
		ValidArgsFunction: completer(cs).integrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), args[0], connection)
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "", "`ID` of the connection (default: the only one there is)")
	_ = cmd.RegisterFlagCompletionFunc("connection", completer(cs).connections)
	return cmd
}

func connectionsList(s *session.Session) *cobra.Command {
	return &cobra.Command{
		Use:               "list [integration]",
		Aliases:           []string{"ls"},
		Short:             "List connections, those that need their user first",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completer{s}.integrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			q := engine.Query{}
			if len(args) > 0 {
				q.Integration = args[0]
			}
			e, err := s.WithoutConfig(cmd.Context())
			if err != nil {
				return err
			}
			return connections{s}.list(cmd.Context(), e, q)
		},
	}
}

func (cs connections) list(ctx context.Context, e *engine.Engine, q engine.Query) error {
	shown := []shownConnection{}
	var found error
	for {
		page, err := e.Connections(ctx, q)
		if err != nil {
			return err
		}
		for _, c := range page.Connections {
			shown = append(shown, shownConnectionOf(c))
		}
		for _, u := range page.Unreadable {
			found = console.ErrReported // with the others
			shown = append(shown, unreadableConnection(u))
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	slices.SortFunc(shown, func(a, b shownConnection) int {
		return cmp.Or(cmp.Compare(a.trouble(), b.trouble()), cmp.Compare(a.Integration, b.Integration), cmp.Compare(a.ConnectionID, b.ConnectionID))
	})
	if cs.JSON() {
		return cmp.Or(cs.WriteJSON(shown), found)
	}
	if len(shown) == 0 {
		cs.Notef("no connections")
		return nil
	}
	var rows [][]string
	for _, c := range shown {
		rows = append(rows, []string{c.Integration, c.ConnectionID, string(c.Status), whenever(c.ExpiresAt), when(c.UpdatedAt), c.Reason})
	}
	if err := cs.WriteTable(console.Table{
		Head: []string{"INTEGRATION", "CONNECTION", "STATUS", "TOKEN UNTIL", "UPDATED", "REASON"}, Rows: rows, Style: console.InColumn(2, statusStyles),
	}); err != nil {
		return err
	}
	for _, c := range shown {
		if c.Warning != "" {
			cs.Notef("%s/%s: %s", c.Integration, c.ConnectionID, c.Warning)
		}
		if c.Status == statusUnreadable {
			cs.Notef("%s/%s cannot be read: %s; %s", c.Integration, c.ConnectionID, c.Reason, c.advice)
		}
	}
	return found
}

var statusStyles = map[string]console.Style{
	string(engine.StatusActive): console.Good, string(engine.StatusNeedsReauthorization): console.Bad, statusUnreadable: console.Bad,
}

// show needs no configuration; with one it knows what is still open.
func (cs connections) show(ctx context.Context, integration, connection string) error {
	e, err := cs.EngineFor(ctx, integration)
	if err != nil {
		return err
	}
	k, err := session.Pick(ctx, e, integration, connection)
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
	if cs.JSON() {
		return cs.WriteJSON(shown)
	}
	return cs.WriteTable(console.Table{Rows: shown.rows()})
}

func (cs connections) verify(ctx context.Context, integration, connection string) error {
	u, k, err := cs.Existing(ctx, integration, connection)
	if err != nil {
		return err
	}
	if err := u.Engine.Verify(ctx, k); err != nil {
		return err
	}
	return cs.say(k, "ok")
}

func (cs connections) refresh(ctx context.Context, integration, connection string) error {
	u, k, err := cs.Existing(ctx, integration, connection)
	if err != nil {
		return err
	}
	c, err := u.Engine.Refresh(ctx, k)
	if err != nil {
		return err
	}
	if c.Credentials.Token.ExpiresAt.IsZero() {
		return cs.say(k, "refreshed; no end of the token is stated")
	}
	return cs.say(k, "refreshed, token until "+when(c.Credentials.Token.ExpiresAt))
}

// remove needs no configuration, for an integration that is gone leaves
// connections behind. With one, the provider is told.
func (cs connections) remove(ctx context.Context, integration, connection string) error {
	var e *engine.Engine
	u, untold := cs.Use(ctx, integration)
	if untold == nil {
		e = u.Engine
	} else {
		var err error
		if e, err = cs.WithoutConfig(ctx); err != nil {
			return err
		}
	}
	k, err := session.Pick(ctx, e, integration, connection)
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
		cs.Notef("the provider was not told: %s", cs.Explain(untold))
	} else if c != nil && c.Credentials.Type.Consents() {
		cs.tellRevoked(e, c)
	}
	return cs.say(k, "removed")
}

// tellRevoked says what the provider knows of a grant that is removed here.
func (cs connections) tellRevoked(e *engine.Engine, c *engine.Connection) {
	d, err := e.Describe(c.Key.Integration)
	switch {
	case err == nil && d.Revokes:
		cs.Notef("the provider was told")
	case c.Credentials.Type == schema.MCPOAuth2: // it depends on what the server offers
	default:
		cs.Notef("the provider was not told: %s declares no way (auth.revocation_url); its page of connected apps takes the grant back", c.Key.Integration)
	}
}
