package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// answers are what a person brings to a connection: by the flags, by stdin, or
// asked for. Those of connection fields stand in fields.
type answers struct {
	fields      map[string]string
	credentials engine.Credentials
}

// gather takes what --set gives and asks for the rest. In the sandbox nobody is
// asked: examples do.
func (a *app) gather(ctx context.Context, d *engine.Description, set []string) (*answers, error) {
	given, err := a.readSet(d.Integration, settable(d), set)
	if err != nil {
		return nil, err
	}
	out := &answers{fields: map[string]string{}, credentials: engine.Credentials{Fields: map[string]schema.Secret{}}}
	if out.credentials.Token, err = a.takeToken(given); err != nil {
		return nil, err
	}
	var missing []string
	for _, f := range d.Fields {
		text, ok := given[f.Name]
		switch {
		case ok:
		case a.sandbox != "":
			text = exampleOf(d.Integration, f.Name, f.Field)
		case a.canAsk():
			if text, err = a.askUntilRight(ctx, f); err != nil {
				return nil, err
			}
		case !f.Optional && f.Default == "":
			missing = append(missing, "--set "+f.Name+"=…")
		}
		out.put(f, text)
	}
	for _, f := range d.Choices {
		if text, ok := given[f.Name]; ok {
			out.put(f, text)
		}
	}
	if len(missing) > 0 {
		return nil, usagef("stdin is no terminal to ask at; say %s (with =- the value is read from stdin)", strings.Join(missing, " "))
	}
	return out, nil
}

// consent is what goes with the user to the provider.
func (g *answers) consent() *engine.AuthCodeOptions {
	return &engine.AuthCodeOptions{Fields: g.fields, Credentials: g.credentials.Fields}
}

func (g *answers) put(f engine.InputField, text string) {
	if !f.Credential {
		g.fields[f.Name] = text
		return
	}
	secret := schema.NewSecret(text)
	switch f.Name {
	case "api_key":
		g.credentials.APIKey = secret
	case "username":
		g.credentials.Username = secret
	case "password":
		g.credentials.Password = secret
	default:
		g.credentials.Fields[f.Name] = secret
	}
}

// readSet reads --set name=value. The value - stands for stdin: for all of it, or,
// where several names have it, for a line each.
func (a *app) readSet(integration string, names, set []string) (map[string]string, error) {
	given := map[string]string{}
	var fromStdin []string
	for _, s := range set {
		name, text, found := strings.Cut(s, "=")
		if !found || name == "" {
			return nil, usagef("--set wants name=value, or name=- to read the value from stdin")
		}
		if !slices.Contains(names, name) {
			return nil, usagef("%s takes no %q: %s", integration, name, takes(names))
		}
		if text == "-" && !slices.Contains(fromStdin, name) {
			fromStdin = append(fromStdin, name)
		}
		given[name] = text
	}
	if len(fromStdin) == 0 {
		return given, nil
	}
	b, err := io.ReadAll(io.LimitReader(a.io.In, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("read %s from stdin: %w", strings.Join(fromStdin, ", "), err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if len(fromStdin) == 1 {
		given[fromStdin[0]] = text
		return given, nil
	}
	lines := strings.Split(text, "\n")
	if len(lines) != len(fromStdin) {
		return nil, usagef("%s are to be read from stdin, a line each, and it holds %s", strings.Join(fromStdin, ", "), plural(len(lines), "line"))
	}
	for i, name := range fromStdin {
		given[name] = strings.TrimSuffix(lines[i], "\r")
	}
	return given, nil
}

// The parts of a token from elsewhere, as token answers call them (RFC 6749 5.1).
const (
	setAccessToken  = "access_token"
	setRefreshToken = "refresh_token"
	setExpiresIn    = "expires_in"
)

// settable returns the names that --set takes.
func settable(d *engine.Description) []string {
	var names []string
	for _, f := range slices.Concat(d.Fields, d.Choices) {
		names = append(names, f.Name)
	}
	if d.AuthMode.Codes() {
		names = append(names, setAccessToken, setRefreshToken, setExpiresIn)
	}
	return names
}

// takeToken takes a token from elsewhere out of what was given.
func (a *app) takeToken(given map[string]string) (engine.Token, error) {
	var t engine.Token
	text, limited := given[setExpiresIn]
	t.AccessToken, t.RefreshToken = schema.NewSecret(given[setAccessToken]), schema.NewSecret(given[setRefreshToken])
	for _, name := range []string{setAccessToken, setRefreshToken} {
		if text, ok := given[name]; ok && text == "" {
			return t, usagef("--set %s= is empty", name)
		}
	}
	if !limited {
		return t, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds <= mostSeconds) {
		return t, usagef("--set expires_in= wants the seconds that the access token is still good for, such as 3600")
	}
	if t.AccessToken.Empty() {
		return t, usagef("--set expires_in goes with access_token")
	}
	t.ObtainedAt = a.deps.Now()
	t.ExpiresAt = t.ObtainedAt.Add(time.Duration(seconds * float64(time.Second)))
	return t, nil
}

const mostSeconds = 100 * 365 * 24 * 3600

// hasToken reports whether a token from elsewhere was given.
func (g *answers) hasToken() bool {
	return !g.credentials.Token.AccessToken.Empty() || !g.credentials.Token.RefreshToken.Empty()
}

func takes(names []string) string {
	if len(names) == 0 {
		return "it takes nothing that a user types"
	}
	return "it takes " + strings.Join(names, ", ")
}

func (a *app) canAsk() bool { return a.deps.Ask != nil || isTerminal(a.io.In) && isTerminal(a.io.Err) }

// tries is how often a person is asked for the same value.
const tries = 3

// askUntilRight asks for a value, and again with the reason if it cannot be the
// one. The last answer is left to the engine to refuse.
func (a *app) askUntilRight(ctx context.Context, f engine.InputField) (string, error) {
	for try := 1; ; try++ {
		text, err := a.ask(ctx, f.Field)
		if err != nil {
			return text, err
		}
		var reason error
		if isKey(f.Field) {
			text, reason = keyText(text)
		}
		if reason == nil && try < tries {
			reason = f.Check(text)
		}
		switch {
		case reason == nil:
			return text, nil
		case try == tries:
			return "", fmt.Errorf("%s %w", oneLine(f.Title), reason)
		}
		a.notef("%s %v", oneLine(f.Title), reason)
	}
}

// ask asks for one field, under its title.
func (a *app) ask(ctx context.Context, f schema.Field) (string, error) {
	if f.Description != "" {
		a.notef("%s", oneLine(f.Description))
	}
	return a.askLine(ctx, question(f), readingOf(f))
}

// A reading is how an answer is read from a terminal.
type reading int

const (
	openLine   reading = iota
	secretLine         // not echoed
	keyLines           // not echoed either, and maybe several
)

func readingOf(f schema.Field) reading {
	switch {
	case isKey(f):
		return keyLines
	case f.Secret:
		return secretLine
	}
	return openLine
}

func question(f schema.Field) string {
	var about []string
	if isKey(f) {
		about = append(about, "PEM, or the path of its file")
	} else if len(f.Enum) > 0 {
		about = append(about, strings.Join(f.Enum, " or "))
	} else if f.Format != "" {
		about = append(about, f.Format)
	}
	if f.Example != "" && !f.Secret {
		about = append(about, "such as "+f.Example)
	}
	if f.Default != "" {
		about = append(about, "empty for "+f.Default)
	} else if f.Optional {
		about = append(about, "may be empty")
	}
	q := f.Title
	if len(about) > 0 {
		q += " (" + strings.Join(about, ", ") + ")"
	}
	return oneLine(q) + ": "
}

// askLine reads a line from the terminal. A secret is not echoed. An interrupt
// gives the terminal its echo back.
func (a *app) askLine(ctx context.Context, question string, how reading) (string, error) {
	if a.deps.Ask != nil {
		return a.deps.Ask(question, how != openLine)
	}
	fmt.Fprint(a.io.Err, question)
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	in, isFile := a.io.In.(*os.File)
	if isFile {
		if state, err := term.GetState(int(in.Fd())); err == nil {
			defer func() { _ = term.Restore(int(in.Fd()), state) }()
		}
	}
	go func() {
		var r result
		switch {
		case how == keyLines && isFile:
			r.text, r.err = readKey(in)
			fmt.Fprintln(a.io.Err)
		case how == secretLine && isFile:
			var b []byte
			b, r.err = term.ReadPassword(int(in.Fd()))
			fmt.Fprintln(a.io.Err)
			r.text = string(b)
		default:
			r.text, r.err = a.readLine()
		}
		done <- r
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		fmt.Fprintln(a.io.Err)
		return "", ctx.Err()
	}
}

func (a *app) readLine() (string, error) {
	if a.lines == nil {
		a.lines = bufio.NewReader(a.io.In)
	}
	line, err := a.lines.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}
