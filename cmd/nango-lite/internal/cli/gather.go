package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
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
func (con connector) gather(ctx context.Context, d *engine.Description, set []string) (*answers, error) {
	given, err := con.readSet(d.Integration, settable(d), set)
	if err != nil {
		return nil, err
	}
	out := &answers{fields: map[string]string{}, credentials: engine.Credentials{Fields: map[string]schema.Secret{}}}
	if out.credentials.Token, err = con.takeToken(given); err != nil {
		return nil, err
	}
	var missing []string
	for _, f := range requiredFirst(d.Fields) {
		text, ok := given[f.Name]
		switch {
		case ok:
		case con.Sandbox != "":
			text = session.ExampleOf(d.Integration, f.Name, f.Field)
		case con.CanAsk():
			if text, err = con.askUntilRight(ctx, f); err != nil {
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
		return nil, console.Usagef("stdin is no terminal to ask at; say %s (with =- the value is read from stdin)", strings.Join(missing, " "))
	}
	return out, nil
}

// requiredFirst returns fields in the order in which a person is asked: the blueprint's,
// with what may be left out at the end.
func requiredFirst(fields []engine.InputField) []engine.InputField {
	sorted := slices.Clone(fields)
	slices.SortStableFunc(sorted, func(a, b engine.InputField) int {
		switch {
		case a.Optional == b.Optional:
			return 0
		case a.Optional:
			return 1
		}
		return -1
	})
	return sorted
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
func (con connector) readSet(integration string, names, set []string) (map[string]string, error) {
	given := map[string]string{}
	var fromStdin []string
	for _, s := range set {
		name, text, found := strings.Cut(s, "=")
		if !found || name == "" {
			return nil, console.Usagef("--set wants name=value, or name=- to read the value from stdin")
		}
		if !slices.Contains(names, name) {
			return nil, console.Usagef("%s takes no %q: %s", integration, name, takes(names))
		}
		if text == "-" && !slices.Contains(fromStdin, name) {
			fromStdin = append(fromStdin, name)
		}
		given[name] = text
	}
	if len(fromStdin) == 0 {
		return given, nil
	}
	b, err := io.ReadAll(io.LimitReader(con.In, 64<<10))
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
		return nil, console.Usagef("%s are to be read from stdin, a line each, and it holds %s", strings.Join(fromStdin, ", "), console.Plural(len(lines), "line"))
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
func (con connector) takeToken(given map[string]string) (engine.Token, error) {
	var t engine.Token
	text, limited := given[setExpiresIn]
	t.AccessToken, t.RefreshToken = schema.NewSecret(given[setAccessToken]), schema.NewSecret(given[setRefreshToken])
	for _, name := range []string{setAccessToken, setRefreshToken} {
		if text, ok := given[name]; ok && text == "" {
			return t, console.Usagef("--set %s= is empty", name)
		}
	}
	if !limited {
		return t, nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds >= 0 && seconds <= mostSeconds) {
		return t, console.Usagef("--set expires_in= wants the seconds that the access token is still good for, such as 3600")
	}
	if t.AccessToken.Empty() {
		return t, console.Usagef("--set expires_in goes with access_token")
	}
	t.ObtainedAt = con.Deps.Now()
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
