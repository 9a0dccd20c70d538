package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/nango-lite/nango-lite/engine"
)

// mostChoices is how many an error lists.
const mostChoices = 20

func (a *app) connectionsSet() *cobra.Command {
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
		Args:              a.wantsIntegration,
		ValidArgsFunction: a.completeIntegrations,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runSet(cmd.Context(), args[0], connection, set)
		},
	}
	cmd.Flags().StringVar(&connection, "connection", "", "`ID` of the connection (default: the only one there is)")
	cmd.Flags().StringArrayVar(&set, "set", nil, "`name=value` of a field; name=- reads stdin; may be given more than once")
	_ = cmd.RegisterFlagCompletionFunc("connection", a.completeConnections)
	_ = cmd.RegisterFlagCompletionFunc("set", a.completeSet(false))
	return cmd
}

func (a *app) runSet(ctx context.Context, integration, connection string, set []string) error {
	u, k, err := a.existing(ctx, integration, connection)
	if err != nil {
		return err
	}
	d, err := u.engine.Describe(integration)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range slices.Concat(d.Fields, d.Choices) {
		if !f.Credential {
			names = append(names, f.Name)
		}
	}
	fields, err := a.readSet(integration, names, set)
	if err != nil {
		return err
	}
	c, err := u.engine.SetFields(ctx, k, fields)
	if err == nil {
		c, err = a.chooseOpen(ctx, u, c)
	}
	if err != nil {
		return err
	}
	if a.json() {
		return a.writeJSON(shownConnectionOf(c))
	}
	return a.say(k, "set")
}

// chooseOpen has what is open chosen, one field after the other, because a later one
// may depend on it, and then makes the verify call, which had to wait.
func (a *app) chooseOpen(ctx context.Context, u *use, c *engine.Connection) (*engine.Connection, error) {
	for chosen := false; ; chosen = true {
		f, choices, err := a.nextChoice(ctx, u, c)
		if err != nil {
			return nil, err
		}
		if f == nil {
			if chosen {
				return a.verified(ctx, u, c)
			}
			return c, nil
		}
		v, err := a.chooseOne(ctx, c.Key, *f, choices)
		if err != nil {
			return nil, err
		}
		if c, err = u.engine.SetFields(ctx, c.Key, map[string]string{f.Name: v}); err != nil {
			return nil, err
		}
	}
}

// nextChoice returns the first open field that can be chosen now, or nil.
func (a *app) nextChoice(ctx context.Context, u *use, c *engine.Connection) (*engine.InputField, []engine.Choice, error) {
	open, err := u.engine.OpenFields(c)
	if err != nil {
		return nil, nil, err
	}
	for i := range open {
		if !open[i].Choice {
			continue
		}
		choices, err := u.engine.Choices(ctx, c.Key, open[i].Name)
		switch {
		case errors.Is(err, engine.ErrOpenField): // another comes first
		case err != nil:
			return nil, nil, err
		case len(choices) > 0:
			return &open[i], choices, nil
		}
	}
	return nil, nil, nil
}

// chooseOne asks which of several it is. In the sandbox the first is.
func (a *app) chooseOne(ctx context.Context, k engine.Key, f engine.InputField, choices []engine.Choice) (string, error) {
	switch {
	case a.sandbox != "":
		a.notef("%s: the first of %s is taken: %s", oneLine(f.Title), plural(len(choices), "choice"), choiceText(f, choices[0]))
		return choices[0].Value, nil
	case !a.canAsk():
		return "", undecidedError{a, k, f, choices}
	}
	a.notef("%s is one of these:", oneLine(f.Title))
	for i, c := range choices {
		a.notef("%3d  %s", i+1, choiceText(f, c))
	}
	for range tries {
		text, err := a.askLine(ctx, fmt.Sprintf("Which one? (1 to %d): ", len(choices)), openLine)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(text)
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(choices) {
			return choices[n-1].Value, nil
		}
		for _, c := range choices {
			if text == c.Value || text == c.Title {
				return c.Value, nil
			}
		}
		a.notef("%q is none of them", oneLine(text))
	}
	return "", undecidedError{a, k, f, choices}
}

// choiceText is a choice for a person, by its title first. One that is a secret is
// known by that alone.
func choiceText(f engine.InputField, c engine.Choice) string {
	switch {
	case f.Secret && c.Title == c.Value:
		return "(a secret)"
	case f.Secret:
		return oneLine(c.Title)
	case c.Title == c.Value:
		return oneLine(c.Value)
	}
	return oneLine(c.Title) + " (" + oneLine(c.Value) + ")"
}

// An undecidedError says that a connection is stored and waits for a choice.
type undecidedError struct {
	app     *app
	key     engine.Key
	field   engine.InputField
	choices []engine.Choice
}

func (e undecidedError) Error() string {
	var list []string
	for _, c := range e.choices[:min(len(e.choices), mostChoices)] {
		list = append(list, choiceText(e.field, c))
	}
	if len(e.choices) > mostChoices {
		list = append(list, "…")
	}
	return fmt.Sprintf("%s is connected, and %s is still to be chosen: say which with '%s': %s", e.key, oneLine(e.field.Title),
		e.app.setLine(e.key, e.field.Name+"=…"), strings.Join(list, ", "))
}

// setLine is the command that sets fields of a connection.
func (a *app) setLine(k engine.Key, set string) string {
	args := []string{"connections", "set", k.Integration}
	if k.ConnectionID != "" && k.ConnectionID != defaultConnection {
		args = append(args, "--connection", k.ConnectionID)
	}
	if set != "" {
		args = append(args, "--set", set)
	}
	return a.commandLine(args...)
}
