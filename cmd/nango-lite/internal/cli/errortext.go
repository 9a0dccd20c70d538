package cli

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
)

// A connectError ends an attempt to connect: to connect again is no advice then.
type connectError struct{ error }

func (e connectError) Unwrap() error { return e.error }

// explain puts an error into one line, with what to do about it. A URL's query
// stays out of it.
func (a *app) explain(err error) string {
	var e *engine.Error
	var none noConnectionError
	var u *url.Error
	text := err.Error()
	switch {
	case errors.As(err, &none):
		text += "; make one with '" + a.commandLine("connect", none.integration) + "'"
	case errors.As(err, &e):
		text = e.Error() + hint(e) // without net/http's words around it, which quote the URL
		if e.Kind == engine.KindReauthorize && e.Key.Integration != "" && !errors.As(err, new(connectError)) {
			text += "; connect again with '" + a.reconnect(e.Key) + "'"
		}
	case errors.Is(err, context.Canceled):
		text = "interrupted"
	case errors.As(err, &u):
		text = u.Op + " " + withoutQuery(u.URL) + ": " + u.Err.Error()
	}
	return oneLine(text)
}

func hint(e *engine.Error) string {
	if e.Hint == "" {
		return ""
	}
	return "; hint: " + e.Hint
}

func (a *app) reconnect(k engine.Key) string {
	if k.ConnectionID == "" || k.ConnectionID == defaultConnection {
		return a.commandLine("connect", k.Integration)
	}
	return a.commandLine("connect", k.Integration, "--connection", k.ConnectionID)
}

// commandLine is a command as it is to be typed in this situation.
func (a *app) commandLine(args ...string) string {
	words := append([]string{"nango-lite"}, args...)
	if !slices.Equal(a.files, []string{defaultFile}) {
		for _, name := range a.files {
			words = append(words, "-c", name)
		}
	}
	if a.store != "" {
		words = append(words, "--store", a.store)
	}
	switch a.sandbox {
	case "":
	case inProcess:
		words = append(words, "--sandbox")
	default:
		words = append(words, "--sandbox="+a.sandbox)
	}
	for i, word := range words {
		if strings.ContainsAny(word, " '\"\\$&;|<>*?()`") {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

func withoutQuery(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "?"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
