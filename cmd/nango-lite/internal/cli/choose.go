package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
)

// mostChoices is how many an error lists.
const mostChoices = 20

// chooseOpen has what is open chosen, one field after the other, because a later one
// may depend on it, and then makes the verify call, which had to wait.
func (con connector) chooseOpen(ctx context.Context, u *session.Use, c *engine.Connection) (*engine.Connection, error) {
	for chosen := false; ; chosen = true {
		f, choices, err := con.nextChoice(ctx, u, c)
		if err != nil {
			return nil, err
		}
		if f == nil {
			if chosen {
				return con.verified(ctx, u, c)
			}
			return c, nil
		}
		v, err := con.chooseOne(ctx, c.Key, *f, choices)
		if err != nil {
			return nil, err
		}
		if c, err = u.Engine.SetFields(ctx, c.Key, map[string]string{f.Name: v}); err != nil {
			return nil, err
		}
	}
}

// nextChoice returns the first open field that can be chosen now, or nil.
func (con connector) nextChoice(ctx context.Context, u *session.Use, c *engine.Connection) (*engine.InputField, []engine.Choice, error) {
	open, err := u.Engine.OpenFields(c)
	if err != nil {
		return nil, nil, err
	}
	for i := range open {
		if !open[i].Choice {
			continue
		}
		choices, err := u.Engine.Choices(ctx, c.Key, open[i].Name)
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
func (con connector) chooseOne(ctx context.Context, k engine.Key, f engine.InputField, choices []engine.Choice) (string, error) {
	switch {
	case con.Sandbox != "":
		con.Notef("%s: the first of %s is taken: %s", console.OneLine(f.Title), console.Plural(len(choices), "choice"), choiceText(f, choices[0]))
		return choices[0].Value, nil
	case !con.CanAsk():
		return "", undecidedError{con.SetLine(k, f.Name+"=…"), k, f, choices}
	}
	con.Notef("%s is one of these:", console.OneLine(f.Title))
	for i, c := range choices {
		con.Notef("%3d  %s", i+1, choiceText(f, c))
	}
	for range tries {
		text, err := con.AskLine(ctx, fmt.Sprintf("Which one? (1 to %d): ", len(choices)), console.OpenLine)
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
		con.Notef("%q is none of them", console.OneLine(text))
	}
	return "", undecidedError{con.SetLine(k, f.Name+"=…"), k, f, choices}
}

// choiceText is a choice for a person, by its title first. One that is a secret is
// known by that alone.
func choiceText(f engine.InputField, c engine.Choice) string {
	switch {
	case f.Secret && c.Title == c.Value:
		return "(a secret)"
	case f.Secret:
		return console.OneLine(c.Title)
	case c.Title == c.Value:
		return console.OneLine(c.Value)
	}
	return console.OneLine(c.Title) + " (" + console.OneLine(c.Value) + ")"
}

// An undecidedError says that a connection is stored and waits for a choice.
type undecidedError struct {
	line    string // that says which
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
	return fmt.Sprintf("%s is connected, and %s is still to be chosen: say which with '%s': %s", e.key, console.OneLine(e.field.Title),
		e.line, strings.Join(list, ", "))
}
