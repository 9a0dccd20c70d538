package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// An exchangeStep takes codes for tokens, in every form that an answer has.
type exchangeStep struct{ *Entry }

func denyChecks(e *Entry, _ Options) ([]check, string) {
	return []check{{"access_denied", exchangeStep{e}.denies}}, "the user's no is of kind denied"
}

func (e exchangeStep) denies(ctx context.Context) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	if _, err := st.consents(ctx, st.key, "deny", e.fields(true)); !errors.Is(err, engine.ErrDenied) {
		return fmt.Errorf("got %v, want an error of kind denied", err)
	}
	return st.nothingStored(ctx)
}

func (st *stage) nothingStored(ctx context.Context) error {
	if _, err := st.engine.Connection(ctx, st.key); !errors.Is(err, engine.ErrNotFound) {
		return errors.New("a connection was stored all the same")
	}
	return nil
}

func exchangeChecks(e *Entry, _ Options) ([]check, string) {
	if e.Played.Auth.AuthMode == schema.OAuth1 {
		return []check{{"token credentials", connectStep{e}.connects(true)}}, "temporary credentials for a token"
	}
	if len(e.Played.Auth.Steps) > 0 {
		checks := append(exchangeStep{e}.fieldChecks(), check{"token and steps", connectStep{e}.connects(true)})
		return checks, "a code for a token, and the steps after it"
	}
	checks := []check{{"token answer", exchangeStep{e}.exchanges}, {"type of token", exchangeStep{e}.refusesType}, {"narrower scopes", exchangeStep{e}.narrows}}
	for _, t := range append(slices.Clone(exchangeStep{e}.shape().TokenTypes), "bearer") {
		checks = append(checks, check{"token_type " + t, exchangeStep{e}.takesType(t)})
	}
	refusals := exchangeStep{e}.refusalChecks()
	checks = append(append(checks, exchangeStep{e}.fieldChecks()...), refusals...)
	return checks, "a code for a token, and " + plural(len(refusals), "refusal")
}

// issueChecks are those of a token that is given for credentials.
func issueChecks(e *Entry) []check {
	if a := &e.Played.Auth; !a.Issues() || a.TokenURL == "" {
		return nil
	}
	return append(exchangeStep{e}.fieldChecks(), exchangeStep{e}.refusalChecks()...)
}

func (e exchangeStep) takesType(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		return e.exchangesType(ctx, name)
	}
}

// refusesType holds that a token of a type that nobody declares is not used
// (RFC 6749 7.1).
func (e exchangeStep) refusesType(ctx context.Context) error {
	if err := e.exchangesType(ctx, "bench_unheard_of"); !errors.Is(err, engine.ErrInvalidResponse) {
		return fmt.Errorf("got %v, want an error of kind invalid_response", err)
	}
	return nil
}

func (e exchangeStep) exchangesType(ctx context.Context, name string) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	st.wire.token = func(a *answer) {
		if isContainer(a.body) && a.status >= 200 && a.status < 300 {
			a.body = schema.PutAt(a.body, "token_type", name)
		}
	}
	_, err = st.connect(ctx, st.key)
	return err
}

// exchanges holds that the connection has what the token answer says.
func (e exchangeStep) exchanges(ctx context.Context) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	var said answer
	st.wire.token = func(a *answer) { said = a.clone() }
	c, err := st.connect(ctx, st.key)
	if err != nil {
		return err
	}
	if form, ok := said.body.(string); ok && form != "" {
		return nil // a form; the engine has read it
	}
	if c.Status != engine.StatusActive {
		return fmt.Errorf("the connection is %s", c.Status)
	}
	if err := e.hasToken(&c.Credentials.Token, said.body, st.clock.now()); err != nil {
		return err
	}
	if seen := st.provider.Stats(); seen.Exchanges != 1 || seen.Refused > 0 && !e.Played.Auth.DeviceOnly() { // it refuses who polls too early
		return fmt.Errorf("the sandbox has seen %s, and refused %s", plural(seen.Exchanges, "exchange"), plural(seen.Refused, "request"))
	}
	if err := st.wire.err(); err != nil {
		return err
	}
	return e.hasFields(c, said.body)
}

func (e exchangeStep) hasToken(t *engine.Token, said any, now time.Time) error {
	r := e.Played.Auth.TokenResponse
	if r == nil {
		r = &schema.TokenResponse{}
	}
	for _, want := range []struct{ name, path, got string }{
		{"access token", or(r.AccessToken, "access_token"), t.AccessToken.Reveal()},
		{"refresh token", or(r.RefreshToken, "refresh_token"), t.RefreshToken.Reveal()},
	} {
		if v, _ := schema.At(said, want.path); text(v) != want.got {
			return fmt.Errorf("the %s is not that of the answer", want.name)
		}
	}
	for name, second := range r.Secondary {
		for _, want := range []struct{ path, got string }{
			{second.AccessToken, t.Secondary[name].AccessToken.Reveal()},
			{second.RefreshToken, t.Secondary[name].RefreshToken.Reveal()},
		} {
			if v := at(said, want.path); v != want.got {
				return fmt.Errorf("the secondary token %q is not that of the answer", name)
			}
		}
	}
	if len(t.Secondary) > len(r.Secondary) {
		return errors.New("there are more secondary tokens than are declared")
	}
	if scope, has := schema.At(said, or(r.Scope, "scope")); has && text(scope) != "" && len(t.Scopes) == 0 {
		return errors.New("the granted scopes are missing")
	}
	return e.ends(t, said, now)
}

// ends holds that the token ends when the answer, or the blueprint, says.
func (e exchangeStep) ends(t *engine.Token, said any, now time.Time) error {
	x := schema.Expires{Path: "expires_in"}
	if r := e.Played.Auth.TokenResponse; r != nil && r.Expires != nil {
		x = *r.Expires
	}
	unit := time.Second
	if x.Unit == "ms" {
		unit = time.Millisecond
	}
	v, _ := schema.At(said, x.Path)
	n, err := strconv.ParseFloat(text(v), 64)
	var want time.Time
	switch {
	case err == nil && x.Kind == "at":
		want = time.Unix(0, int64(n*float64(unit)))
	case err == nil:
		want = now.Add(time.Duration(n * float64(unit)))
	case text(v) != "":
		want, _ = time.Parse(time.RFC3339, text(v))
	case e.Played.Auth.TokenLifetimeSeconds > 0:
		want = now.Add(time.Duration(e.Played.Auth.TokenLifetimeSeconds * float64(time.Second)))
	case e.Played.Auth.IntrospectionURL != "":
		want = now.Add(time.Hour) // as the sandbox says when it is asked
	}
	if want.IsZero() != t.ExpiresAt.IsZero() || want.Sub(t.ExpiresAt).Abs() > 5*time.Second {
		return fmt.Errorf("the token ends at %s; the answer and the blueprint give %s", t.ExpiresAt.UTC(), want.UTC())
	}
	return nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if strings.HasSuffix(what, "sh") {
		what += "e"
	}
	return strconv.Itoa(n) + " " + what + "s"
}
