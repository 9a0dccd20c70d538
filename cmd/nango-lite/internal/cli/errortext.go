package cli

import (
	"context"
	"errors"
	"net/url"

	"github.com/nango-lite/nango-lite/engine"
)

// explain puts an error into one line, with what to do about it. An answer of a
// provider and its URL's query stay out of it.
func explain(err error) string {
	var e *engine.Error
	var u *url.Error
	switch {
	case errors.As(err, &e):
		return oneLine(e.Error() + advice(e))
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.As(err, &u):
		return oneLine(u.Op + " " + withoutQuery(u.URL) + ": " + u.Err.Error())
	}
	return oneLine(err.Error())
}

func advice(e *engine.Error) string {
	text := ""
	if e.Hint != "" {
		text = "; hint: " + e.Hint
	}
	if e.Kind == engine.KindReauthorize && e.Key.Integration != "" {
		text += "; connect again: nango-lite connect " + e.Key.Integration
		if e.Key.ConnectionID != "" && e.Key.ConnectionID != defaultConnection {
			text += " --connection " + e.Key.ConnectionID
		}
	}
	return text
}

func withoutQuery(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "?"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
