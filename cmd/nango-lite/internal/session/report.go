package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/storage"
	"github.com/nango-lite/nango-lite/engine"
)

// SetLine is the command that sets fields of a connection.
func (s *Session) SetLine(k engine.Key, set string) string {
	args := []string{"connections", "set", k.Integration}
	if k.ConnectionID != "" && k.ConnectionID != DefaultConnection {
		args = append(args, "--connection", k.ConnectionID)
	}
	if set != "" {
		args = append(args, "--set", set)
	}
	return s.CommandLine(args...)
}

// A ConnectError ends an attempt to connect: to connect again is no advice then.
type ConnectError struct{ Err error }

func (e ConnectError) Error() string { return e.Err.Error() }

func (e ConnectError) Unwrap() error { return e.Err }

// A shownError is what a run that fails says with --format json: one object on
// the last line of stderr. Its words are those for a person.
type shownError struct {
	Kind       engine.Kind `json:"kind"`   // empty: not of the engine
	Status     int         `json:"status"` // of the provider's answer; 0: there was none
	Code       string      `json:"code"`   // the provider's
	Message    string      `json:"message"`
	Said       string      `json:"provider_message"` // its own words; empty: it said nothing
	RequestID  string      `json:"request_id"`
	RetryAfter float64     `json:"retry_after_seconds"` // 0: not stated
	Hint       string      `json:"hint"`
}

// WriteError says on stderr why a run failed.
func (s *Session) WriteError(err error) {
	if !s.JSON() {
		fmt.Fprintf(s.Err, "error: %s\n", s.Explain(err))
		return
	}
	var shown shownError
	var e *engine.Error
	if errors.As(err, &e) {
		bare := *e
		bare.Hint = "" // has a key of its own
		shown = shownError{Kind: e.Kind, Status: e.Status, Code: e.Code, RequestID: e.RequestID, RetryAfter: e.RetryAfter.Seconds(), Hint: console.OneLine(e.Hint)}
		shown.Message, shown.Said = console.OneLine(bare.Error()), providerWords(err)
		if advice := s.advice(e, err); shown.Hint == "" {
			shown.Hint = advice
		}
		if text := s.noSample(err); text != "" {
			shown.Message, shown.Code, shown.Said, shown.Hint = text, "", "", ""
		}
	} else {
		shown.Message = s.Explain(err)
	}
	enc := json.NewEncoder(s.Err)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(shown)
}

// Explain puts an error into one line, with what to do about it. A URL's query
// stays out of it.
func (s *Session) Explain(err error) string {
	var e *engine.Error
	var none noConnectionError
	var u *url.Error
	text := err.Error()
	switch noSample := s.noSample(err); {
	case noSample != "":
		text = noSample
	case errors.As(err, &none):
		text += "; make one with '" + s.CommandLine("connect", none.integration) + "'"
	case errors.As(err, &e):
		text = e.Error() // without net/http's words around it, which quote the URL
		if words := providerWords(err); words != "" {
			text += "; it says " + quoted(words)
		}
		text += hint(e)
		if advice := s.advice(e, err); advice != "" {
			text += "; " + advice
		}
	case errors.Is(err, context.Canceled):
		text = "interrupted"
	case errors.As(err, &u):
		text = u.Op + " " + withoutQuery(u.URL) + ": " + u.Err.Error()
	}
	if s.Sandbox != "" && s.Sandbox != InProcess && errors.Is(err, syscall.ECONNREFUSED) {
		text += "; nothing listens at " + s.Sandbox + ", where 'nango-lite sandbox' should"
	}
	return console.OneLine(text)
}

// NoSample is how the sandbox begins to say that it knows no answer.
const NoSample = "sandbox: the blueprint has no sample"

// noSample returns what is to be said where the sandbox knows no answer: the provider
// has not been asked, and has refused nothing.
func (s *Session) noSample(err error) string {
	words := providerWords(err)
	if s.Sandbox == "" || !strings.HasPrefix(words, NoSample) {
		return ""
	}
	return words + "; the provider itself may know this path"
}

// advice says what to do next, if it is known.
func (s *Session) advice(e *engine.Error, err error) string {
	switch {
	case errors.Is(err, engine.ErrOpenField) && e.Key.Integration != "":
		return "choose with '" + s.SetLine(e.Key, "") + "'"
	case e.Kind == engine.KindReauthorize && e.Key.Integration != "" && !errors.As(err, new(ConnectError)):
		return "connect again with '" + s.reconnect(e.Key) + "'"
	case e.Kind == engine.KindRateLimited && e.RetryAfter > 0:
		return "try again in " + round(e.RetryAfter).String()
	case e.Op != "call" && e.Op != "paginate": // not the provider's doing, perhaps
	case e.Kind == engine.KindRateLimited, e.Kind == engine.KindUnavailable:
		return "try again later"
	case e.Kind == engine.KindInvalidResponse && e.Op == "paginate":
		return "if it stays so, the blueprint does not fit this list; --items and --cursor say for one call where it stands"
	case e.Kind == engine.KindInvalidResponse:
		return "if it stays so, the blueprint does not fit the provider"
	}
	return ""
}

func hint(e *engine.Error) string {
	if e.Hint == "" {
		return ""
	}
	return "; hint: " + strings.TrimSuffix(e.Hint, ".")
}

func (s *Session) reconnect(k engine.Key) string {
	if k.ConnectionID == "" || k.ConnectionID == DefaultConnection {
		return s.CommandLine("connect", k.Integration)
	}
	return s.CommandLine("connect", k.Integration, "--connection", k.ConnectionID)
}

// CommandLine is a command as it is to be typed in this situation.
func (s *Session) CommandLine(args ...string) string {
	words := append([]string{"nango-lite"}, args...)
	if !slices.Equal(s.Files, []string{DefaultFile}) {
		for _, name := range s.Files {
			words = append(words, "-c", name)
		}
	}
	if s.StoreAt != "" {
		words = append(words, "--store", storage.WithoutPassword(s.StoreAt))
	}
	if s.KeyFile != "" && !slices.Contains(args, s.KeyFile) {
		words = append(words, "--keys", s.KeyFile)
	}
	switch s.Sandbox {
	case "":
	case InProcess:
		words = append(words, "--sandbox")
	default:
		words = append(words, "--sandbox="+s.Sandbox)
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
