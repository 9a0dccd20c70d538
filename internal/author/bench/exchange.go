package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
		return []check{{"token and steps", connectStep{e}.connects(true)}}, "a code for a token, and the steps after it"
	}
	checks := []check{{"token answer", exchangeStep{e}.exchanges}, {"type of token", exchangeStep{e}.refusesType}}
	r := e.Played.Auth.TokenResponse
	if r == nil {
		r = &schema.TokenResponse{}
	}
	for _, t := range append(slices.Clone(r.TokenTypes), "bearer") {
		checks = append(checks, check{"token_type " + t, exchangeStep{e}.takesType(t)})
	}
	for name, f := range e.Played.Connection {
		if f.From == schema.FromTokenResponse {
			checks = append(checks, check{"with " + name, exchangeStep{e}.takesField(name, f)}, check{"without " + name, exchangeStep{e}.missesField(name, f)})
		}
	}
	base := exchangeStep{e}.tokenError()
	refusals := exchangeStep{e}.tokenErrors(r, base)
	for i, a := range refusals {
		checks = append(checks, check{"token error " + strconv.Itoa(i+1), exchangeStep{e}.refused(a)})
	}
	return checks, "a code for a token, and " + plural(len(refusals), "refusal")
}

// tokenErrors are the refusals that the entry describes.
func (e exchangeStep) tokenErrors(r *schema.TokenResponse, base answer) []answer {
	var list []answer
	for _, s := range e.Played.Samples {
		if s.Kind == schema.SampleTokenError {
			list = append(list, sampled(s.Response))
		}
	}
	at := or(r.ErrorCode, "error")
	if r.Error != nil {
		list = append(list, alternatives(r.Error, base, schema.Paths{at})...)
	}
	if r.Success != nil {
		ok := answer{status: http.StatusOK, header: http.Header{}, body: e.tokenSample()}
		list = append(list, neighbours(r.Success, ok, schema.Paths{at})...)
	}
	if e.Played.Requests.Errors != nil {
		for _, rule := range e.Played.Requests.Errors.Rules {
			if len(rule.When.Code) > 0 && len(rule.When.Body)+len(rule.When.Header) == 0 {
				list = append(list, alternatives(&rule.When, base, schema.Paths{at})...)
			}
			if len(rule.When.Body) > 0 && len(rule.When.Code) == 0 {
				list = append(list, alternatives(&rule.When, base, schema.Paths{at})...)
			}
		}
	}
	return list
}

// tokenError is a refusal in the shape of this provider.
func (e exchangeStep) tokenError() answer {
	for _, s := range e.Played.Samples {
		if s.Kind == schema.SampleTokenError {
			if a := sampled(s.Response); isContainer(a.body) {
				return a
			}
		}
	}
	return answer{status: http.StatusBadRequest, header: http.Header{}, body: map[string]any{"error": "invalid_grant"}}
}

func (e *Entry) tokenSample() any {
	for _, s := range e.Played.Samples {
		if s.Kind == schema.SampleToken {
			return plain(s.Response.Body)
		}
	}
	return map[string]any{"access_token": "bench", "token_type": "bearer"}
}

// refused holds that a refusal is one, and what it means.
func (e exchangeStep) refused(a answer) func(context.Context) error {
	return func(ctx context.Context) error {
		kind, failed := e.tokenKind(&a)
		if !failed {
			return nil // another condition makes it a success
		}
		if kind == engine.KindReauthorize {
			kind = engine.KindClient // a new consent would bring a code that is refused as well
		}
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		st.wire.token = func(got *answer) { *got = a.clone() }
		if _, err = st.connect(ctx, st.key); engine.ErrorKind(err) != kind {
			return fmt.Errorf("%s: got %v, want an error of kind %s", a.describe(), err, kind)
		}
		return st.nothingStored(ctx)
	}
}

// tokenKind says what an answer of the token endpoint means.
func (e exchangeStep) tokenKind(a *answer) (engine.Kind, bool) {
	r := e.Played.Auth.TokenResponse
	if r == nil {
		r = &schema.TokenResponse{}
	}
	at := or(r.ErrorCode, "error")
	code, _ := schema.At(a.body, at)
	switch {
	case a.status < 200 || a.status > 299:
	case r.Error != nil && holds(r.Error, a, schema.Paths{at}):
	case r.Success != nil && !holds(r.Success, a, schema.Paths{at}):
	case r.Success == nil && r.Error == nil && text(code) != "":
	default:
		return "", false
	}
	if e.Played.Requests.Errors != nil {
		for _, rule := range e.Played.Requests.Errors.Rules {
			if aboutBody := len(rule.When.Code)+len(rule.When.Body)+len(rule.When.Header) > 0; !aboutBody {
				continue // by status alone it is about the API
			}
			if rule.Kind != "" && holds(&rule.When, a, schema.Paths{at}) {
				return engine.Kind(rule.Kind), true
			}
		}
	}
	switch text(code) { // RFC 6749 5.2
	case "invalid_grant":
		return engine.KindReauthorize, true
	case "invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request":
		return engine.KindClient, true
	case "temporarily_unavailable", "server_error":
		return engine.KindUnavailable, true
	}
	switch {
	case a.status == http.StatusTooManyRequests:
		return engine.KindRateLimited, true
	case a.status >= 500 || a.status == http.StatusRequestTimeout:
		return engine.KindUnavailable, true
	case a.status >= 400:
		return engine.KindClient, true
	}
	return engine.KindInvalidResponse, true
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
	if n := st.provider.Stats().Exchanges; n != 1 {
		return fmt.Errorf("the sandbox has seen %d exchanges", n)
	}
	if err := st.wire.err(); err != nil {
		return err
	}
	return e.hasFields(c, said.body)
}

// takesField holds that the connection takes a field from the answer that has it.
func (e exchangeStep) takesField(name string, f schema.ConnectionField) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		var said answer
		st.wire.token = func(a *answer) {
			if _, has := schema.At(a.body, or(f.Path, name)); isContainer(a.body) && (!has || at(a.body, or(f.Path, name)) == "") {
				f.Optional = false // so that a value is made up
				a.body = schema.PutAt(a.body, or(f.Path, name), typed(name, f.Field))
			}
			said = a.clone()
		}
		c, err := st.connect(ctx, st.key)
		if err != nil {
			return err
		}
		return e.hasFields(c, said.body)
	}
}

// missesField holds that an answer without a field will do if the field is optional
// and will not do otherwise.
func (e exchangeStep) missesField(name string, f schema.ConnectionField) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		st.wire.token = func(a *answer) { schema.RemoveAt(a.body, or(f.Path, name)) }
		_, err = st.connect(ctx, st.key)
		if will := f.Optional || f.Default != ""; will && err != nil || !will && !errors.Is(err, engine.ErrInvalidResponse) {
			return fmt.Errorf("got %v; the field is optional: %t", err, will)
		}
		return nil
	}
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

// hasFields holds that the connection carries what it takes from the answer.
func (e exchangeStep) hasFields(c *engine.Connection, said any) error {
	for name, f := range e.Played.Connection {
		if f.From != schema.FromTokenResponse {
			continue
		}
		want := at(said, or(f.Path, name))
		got, plain := c.Fields[name]
		secret, sealed := c.Credentials.Fields["connection."+name]
		switch {
		case want == "":
			if plain || sealed {
				return fmt.Errorf("connection.%s has a value that the answer does not have", name)
			}
		case f.Secret && (plain || secret.Reveal() != want), !f.Secret && (sealed || got != want):
			return fmt.Errorf("connection.%s is not what the answer says", name)
		}
	}
	for name := range c.Fields {
		if _, ok := e.Played.Connection[name]; !ok {
			return fmt.Errorf("connection.%s is not declared", name)
		}
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
