package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/engine"
)

// Tracef writes a line of the explanation that --trace asks for.
func (s *Session) Tracef(kind, format string, args ...any) {
	s.traceAt(s.Deps.Now(), kind, fmt.Sprintf(format, args...))
}

func (s *Session) traceAt(at time.Time, kind, text string) {
	fmt.Fprintf(s.Err, "%+8.3fs  %-9s  %s\n", at.Sub(s.start).Seconds(), kind, console.OneLine(text))
}

// observe is told of what the engine does.
func (s *Session) observe(_ context.Context, ev engine.Event) {
	s.traceAt(ev.Time, string(ev.Kind), eventText(ev))
}

// eventText puts an event into words.
func eventText(ev engine.Event) string {
	var parts []string
	switch ev.Kind {
	case engine.EventAuthorize:
		parts = []string{ev.Reason, ev.URL}
	case engine.EventWait:
		parts = []string{ev.Reason} // which says what for
	case engine.EventAttempt, engine.EventCall, engine.EventBody:
		parts = []string{strings.TrimSpace(ev.Method + " " + ev.URL), answerText(ev), ev.Reason, quoted(ev.Message)}
	default:
		parts = []string{ev.Reason}
	}
	if ev.Operation != "" {
		parts = append([]string{"operation " + ev.Operation}, parts...)
	}
	if ev.Err != nil && ev.Kind == engine.EventRefresh {
		parts = append(parts, "failed")
	}
	if ev.Err != nil {
		parts = append(parts, failureText(ev))
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// failureText leaves out what the line says already: what was being done, to
// which connection, and why.
func failureText(ev engine.Event) string {
	var e *engine.Error
	if !errors.As(ev.Err, &e) {
		return ev.Err.Error()
	}
	short := *e
	short.Op, short.Key = "", engine.Key{}
	if ev.Kind == engine.EventBody || ev.Reason != "" && strings.Contains(ev.Reason, short.Detail) {
		short.Detail = ""
	}
	text := strings.TrimPrefix(short.Error(), ": ")
	if words := providerWords(ev.Err); words != "" {
		text += ": " + quoted(words)
	}
	return text
}

// quoted marks words as another's.
func quoted(words string) string {
	if words == "" {
		return ""
	}
	return `"` + words + `"`
}

// providerWords returns what the provider said of a failure, or of what it comes from.
func providerWords(err error) string {
	for e, ok := errors.AsType[*engine.Error](err); ok; e, ok = errors.AsType[*engine.Error](e.Err) {
		if e.Message != "" {
			return console.OneLine(e.Message)
		}
	}
	return ""
}

// answerText says what came back, when, and after how many attempts.
func answerText(ev engine.Event) string {
	text := "no answer"
	switch kind := engine.ErrorKind(ev.Err); {
	case ev.Status != 0:
		text = strings.TrimSpace(strconv.Itoa(ev.Status) + " " + http.StatusText(ev.Status))
	case ev.Kind == engine.EventCall && kind != "" && kind != engine.KindUnavailable:
		return "not sent"
	}
	if ev.Duration > 0 && ev.Kind != engine.EventBody {
		text += " after " + round(ev.Duration).String()
	}
	switch {
	case ev.Attempt <= 1:
	case ev.Kind == engine.EventCall:
		text += " and " + console.Plural(ev.Attempt, "attempt")
	default:
		text = "attempt " + strconv.Itoa(ev.Attempt) + ": " + text
	}
	return text
}

// round keeps three digits or so.
func round(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(time.Microsecond)
}
