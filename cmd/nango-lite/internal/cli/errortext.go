package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/nango-lite/nango-lite/engine"
)

// A connectError ends an attempt to connect: to connect again is no advice then.
type connectError struct{ error }

func (e connectError) Unwrap() error { return e.error }

// A shownError is what a run that fails says with --format json: one object on
// the last line of stderr. Its words are those for a person.
type shownError struct {
	Kind       engine.Kind `json:"kind"`   // empty: not of the engine
	Status     int         `json:"status"` // of the provider's answer; 0: there was none
	Code       string      `json:"code"`   // the provider's
	Message    string      `json:"message"`
	RequestID  string      `json:"request_id"`
	RetryAfter float64     `json:"retry_after_seconds"` // 0: not stated
	Hint       string      `json:"hint"`
}

// writeError says on stderr why a run failed.
func (a *app) writeError(err error) {
	if !a.json() {
		fmt.Fprintf(a.io.Err, "error: %s\n", a.explain(err))
		return
	}
	var shown shownError
	var e *engine.Error
	if errors.As(err, &e) {
		bare := *e
		bare.Hint = "" // has a key of its own
		shown = shownError{Kind: e.Kind, Status: e.Status, Code: e.Code, RequestID: e.RequestID, RetryAfter: e.RetryAfter.Seconds(), Hint: oneLine(e.Hint)}
		shown.Message = oneLine(bare.Error())
		if advice := a.advice(e, err); shown.Hint == "" {
			shown.Hint = advice
		}
	} else {
		shown.Message = a.explain(err)
	}
	enc := json.NewEncoder(a.io.Err)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(shown)
}

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
		if advice := a.advice(e, err); advice != "" {
			text += "; " + advice
		}
	case errors.Is(err, context.Canceled):
		text = "interrupted"
	case errors.As(err, &u):
		text = u.Op + " " + withoutQuery(u.URL) + ": " + u.Err.Error()
	}
	if a.sandbox != "" && a.sandbox != inProcess && errors.Is(err, syscall.ECONNREFUSED) {
		text += "; nothing listens at " + a.sandbox + ", where 'nango-lite sandbox' should"
	}
	return oneLine(text)
}

// advice says what to do next, if it is known.
func (a *app) advice(e *engine.Error, err error) string {
	switch {
	case errors.Is(err, engine.ErrOpenField) && e.Key.Integration != "":
		return "choose with '" + a.setLine(e.Key, "") + "'"
	case e.Kind == engine.KindReauthorize && e.Key.Integration != "" && !errors.As(err, new(connectError)):
		return "connect again with '" + a.reconnect(e.Key) + "'"
	case e.Kind == engine.KindRateLimited && e.RetryAfter > 0:
		return "try again in " + round(e.RetryAfter).String()
	case e.Op != "call" && e.Op != "paginate": // not the provider's doing, perhaps
	case e.Kind == engine.KindRateLimited, e.Kind == engine.KindUnavailable:
		return "try again later"
	case e.Kind == engine.KindInvalidResponse:
		return "if it stays so, the blueprint does not fit the provider"
	}
	return ""
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
		words = append(words, "--store", withoutPassword(a.store))
	}
	if a.keys != "" && !slices.Contains(args, a.keys) {
		words = append(words, "--keys", a.keys)
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
