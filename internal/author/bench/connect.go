package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A connectStep makes connections, and looks at what is asked for and what is kept.
type connectStep struct{ *Entry }

func connectChecks(e *Entry, _ Options) ([]check, string) {
	checks := []check{{"what the user must bring", connectStep{e}.describes}, {"all fields", connectStep{e}.connects(true)}, {"required fields only", connectStep{e}.connects(false)}}
	about := "with what the user types"
	if e.Played.Auth.DeviceAuthorizationURL != "" {
		checks = append(checks, check{"on another device", connectStep{e}.connectsDevice})
		about = "the strict sandbox took the device code"
	}
	if e.Played.Auth.AuthMode.Codes() && !e.Played.Auth.DeviceOnly() {
		checks = append(checks, check{"authorization URL", connectStep{e}.authorizes}, check{"scopes of the host's choice", connectStep{e}.authorizesScopes})
		about = "the strict sandbox took the authorization URL"
	}
	if e.Played.Auth.AuthMode == schema.OAuth1 {
		checks = append(checks, check{"scopes of the authorization URL", connectStep{e}.sendsScopes})
		about = "the strict sandbox took the signature and the authorization URL"
	}
	for _, f := range e.asked() {
		if f.required {
			checks = append(checks, check{"without " + f.name, connectStep{e}.misses(f.name)})
		}
	}
	if !e.Played.Auth.AuthMode.Consents() {
		checks = append(checks, issueChecks(e)...)
	}
	return append(checks, lookUpStep{e}.lookUpChecks()...), about
}

// An askedField is one that the user types.
type askedField struct {
	name       string
	credential bool
	required   bool
	schema.Field
}

func (e *Entry) asked() []askedField {
	var list []askedField
	add := func(name string, credential bool, f schema.Field) {
		list = append(list, askedField{name, credential, !f.Optional && f.Default == "", f})
	}
	in := e.Played
	for _, name := range slices.Sorted(maps.Keys(in.Connection)) {
		if f := in.Connection[name]; f.From == schema.FromUser {
			add(name, false, f.Field)
		}
	}
	for _, name := range in.UserCredentials() {
		f := in.Auth.OwnField(name, in.Credentials[name])
		add(name, true, f)
	}
	return list
}

// describes compares what the engine would ask a user for with what is declared.
func (e connectStep) describes(context.Context) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	d, err := st.engine.Describe(integration)
	if err != nil {
		return err
	}
	var got, want []string
	line := func(name string, credential bool, f schema.Field) string {
		return fmt.Sprintf("%s credential=%t optional=%t secret=%t format=%q pattern=%q enum=%q default=%q", name, credential, f.Optional, f.Secret, f.Format, f.Pattern, f.Enum, f.Default)
	}
	for _, f := range d.Fields {
		got = append(got, line(f.Name, f.Credential, f.Field))
	}
	for _, f := range e.asked() {
		want = append(want, line(f.name, f.credential, f.Field))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		return fmt.Errorf("the user is asked for %q, and %q is declared", got, want)
	}
	if d.AuthMode != e.Played.Auth.AuthMode {
		return fmt.Errorf("the mode is %s, and %s is declared", d.AuthMode, e.Played.Auth.AuthMode)
	}
	return nil
}

// connects makes a connection and a call with it, with optional fields or without.
func (e connectStep) connects(optional bool) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{bare: !optional})
		if err != nil {
			return err
		}
		given := e.credentials()
		if !optional {
			e.strip(&given)
		}
		st.wire.connecting.Store(true)
		c, err := st.make(ctx, st.key, e.fields(optional), given, true)
		if err != nil {
			return err
		}
		if c, err = st.choose(ctx, c, ""); err != nil {
			return err
		}
		st.wire.connecting.Store(false)
		if err := errors.Join(e.keeps(c, optional), e.hasCallbackFields(c, st.callback)); err != nil {
			return err
		}
		if _, err := st.succeed(ctx, e.probe()); err != nil {
			return err
		}
		return st.wire.err()
	}
}

// connectsDevice holds that a user who consents on another device is connected.
func (e connectStep) connectsDevice(ctx context.Context) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	if _, err := st.consentsOnDevice(ctx, st.key, "allow", e.fields(true)); err != nil {
		return err
	}
	if _, err := st.succeed(ctx, e.probe()); err != nil {
		return err
	}
	return st.wire.err()
}

// strip takes out what need not be there.
func (e connectStep) strip(given *engine.Credentials) {
	for _, f := range e.asked() {
		if f.credential && !f.required {
			given.SetField(f.name, schema.Secret{})
			delete(given.Fields, f.name)
		}
	}
}

// keeps holds that what the user typed about the connection is there, secrets
// apart from the rest.
func (e connectStep) keeps(c *engine.Connection, optional bool) error {
	for name, want := range e.fields(optional) {
		got, plain := c.Fields[name]
		if e.Played.Connection[name].Secret {
			got = c.Credentials.Fields["connection."+name].Reveal()
			if plain {
				return fmt.Errorf("connection.%s is a secret and is not kept as one", name)
			}
		}
		if got != want {
			return fmt.Errorf("connection.%s is not what the user typed", name)
		}
	}
	return nil
}

// misses holds that a required value is missed before anything is sent.
func (e connectStep) misses(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		st, err := e.stage(setup{})
		if err != nil {
			return err
		}
		fields, given := e.fields(true), e.credentials()
		delete(fields, name)
		given.SetField(name, schema.Secret{})
		delete(given.Fields, name)
		if e.Played.Auth.DeviceOnly() {
			_, err = st.engine.DeviceAuth(ctx, st.key, &engine.AuthCodeOptions{Fields: fields, Credentials: given.Fields})
		} else if e.Played.Auth.AuthMode.Consents() {
			_, err = st.engine.AuthCodeURL(ctx, st.key, redirectURL, &engine.AuthCodeOptions{Fields: fields, Credentials: given.Fields})
		} else {
			_, err = st.engine.Connect(ctx, st.key, given, &engine.ConnectOptions{Fields: fields})
		}
		if !errors.Is(err, engine.ErrClient) {
			return fmt.Errorf("got %v, want an error of kind client", err)
		}
		return nil
	}
}

// standard parameters of an authorization request.
var standard = []string{"response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "resource"}

// authorizes holds that the authorization URL has the parameters that are declared
// and no others; the sandbox holds that their values are right.
func (e connectStep) authorizes(ctx context.Context) error {
	return e.authorizesWith(ctx, nil, e.scope(nil))
}

// sendsScopes holds that the user is asked for the declared scopes (OAuth 1.0a has no word
// for them; providers take the parameter of OAuth 2.0).
func (e connectStep) sendsScopes(ctx context.Context) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	p, err := st.engine.AuthCodeURL(ctx, st.key, redirectURL, &engine.AuthCodeOptions{Fields: e.fields(true), Credentials: e.credentials().Fields})
	if err != nil {
		return err
	}
	u, err := url.Parse(p.URL.Reveal())
	if err != nil {
		return err
	}
	if got, want := u.Query().Get("scope"), e.scope(nil); got != want {
		return fmt.Errorf("scope is %q, and %q is declared", got, want)
	}
	return nil
}

func (e connectStep) authorizesScopes(ctx context.Context) error {
	if e.Played.Auth.AsksNoScopes() {
		return nil
	}
	return e.authorizesWith(ctx, benchScopes, e.scope(benchScopes))
}

// scope is the scope parameter that the entry asks for.
func (e *Entry) scope(chosen []string) string {
	a := &e.Played.Auth
	switch {
	case chosen != nil:
		return strings.Join(chosen, a.Separator())
	case e.Played.OAuthScopes != nil:
		return e.Played.OAuthScopes.Join(a.Separator())
	}
	if a.AuthMode == schema.MCPOAuth2 && len(a.DefaultScopes) == 0 && !a.AsksNoScopes() {
		return "sandbox:use" // what the sandbox's resource asks for
	}
	return strings.Join(a.DefaultScopes, a.Separator())
}

func (e connectStep) authorizesWith(ctx context.Context, scopes []string, want string) error {
	st, err := e.stage(setup{})
	if err != nil {
		return err
	}
	p, _, err := st.consent(ctx, st.key, "allow", &engine.AuthCodeOptions{Fields: e.fields(true), Credentials: e.credentials().Fields, Scopes: scopes})
	if scopes == nil && err != nil {
		return err
	}
	if p == nil { // the sandbox knows the configured scopes alone
		if p, err = st.engine.AuthCodeURL(ctx, st.key, redirectURL, &engine.AuthCodeOptions{Fields: e.fields(true), Credentials: e.credentials().Fields, Scopes: scopes}); err != nil {
			return err
		}
	}
	u, err := url.Parse(p.URL.Reveal())
	if err != nil {
		return err
	}
	if where := u.Scheme + "://" + u.Host + u.EscapedPath(); e.Played.Auth.AuthorizationURL != "" && !urlPattern(e.Played.Auth.AuthorizationURL).MatchString(where) {
		return fmt.Errorf("the user is sent to %s, and %s is declared", where, e.Played.Auth.AuthorizationURL)
	}
	if got := u.Query().Get("scope"); got != want {
		return fmt.Errorf("scope is %q, and %q is declared", got, want)
	}
	_, own, _ := strings.Cut(e.Played.Auth.AuthorizationURL, "?")
	known, _ := url.ParseQuery(own)
	for name := range u.Query() {
		_, declared := e.Played.Auth.AuthorizationParams[name]
		if !declared && !known.Has(name) && !slices.Contains(standard, name) {
			return fmt.Errorf("the authorization URL has the parameter %s, which nobody declares", name)
		}
	}
	return nil
}
