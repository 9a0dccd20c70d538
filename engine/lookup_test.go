package engine_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

const goodToken = `{"access_token":"at","token_type":"bearer","refresh_token":"rt","expires_in":3600}`

// withSites makes fjord an API whose calls name a site, which is looked up.
func withSites(in *schema.Integration) {
	in.Requests.BaseURL = "https://api.fjord.test/sites/${connection.site}"
	in.Connection = map[string]schema.ConnectionField{"site": {
		From:    schema.FromRequest,
		Request: &schema.LookUp{URL: "https://api.fjord.test/me/sites"},
		List:    &schema.Choices{Items: "sites", Value: "id", Title: "name", When: map[string]any{"kind": "quay"}},
	}}
}

const (
	oneSite  = `{"sites":[{"id":"s1","name":"Slipway","kind":"quay"},{"id":"s9","kind":"crane"}]}`
	twoSites = `{"sites":[{"id":"s1","name":"Slipway","kind":"quay"},{"id":"s2","name":"Jetty","kind":"quay"}]}`
)

// lookUps returns a provider whose look-ups are answered with body, and what its
// API was asked.
func lookUps(status int, body string) (*provider, *[]*http.Request) {
	var asked []*http.Request
	p := &provider{token: answers(goodToken)}
	p.api = func(r *http.Request) (int, string) {
		asked = append(asked, r)
		if r.URL.Path == "/me/sites" {
			return status, body
		}
		return 200, `{}`
	}
	return p, &asked
}

func consented(t *testing.T, e *engine.Engine, opts *engine.AuthCodeOptions) (*engine.Connection, error) {
	t.Helper()
	p, err := e.AuthCodeURL(t.Context(), alice, callbackURL, opts)
	if err != nil {
		return nil, err
	}
	return e.Exchange(t.Context(), p, url.Values{"code": {"the-code"}, "state": {p.State.Reveal()}})
}

func called(t *testing.T, e *engine.Engine, path string) error {
	t.Helper()
	client, err := e.Client(alice)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get(path)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	return engine.CheckResponse(resp)
}

func TestLookUpTakesTheOnlyOne(t *testing.T) {
	p, asked := lookUps(200, oneSite)
	e := newEngine(t, p, nil, withSites)
	c, err := consented(t, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Fields["site"] != "s1" {
		t.Errorf("site is %q, want s1", c.Fields["site"])
	}
	if got := (*asked)[0].Header.Get("Authorization"); got != "Bearer at" {
		t.Errorf("the look-up was authorised with %q", got)
	}
	if err := called(t, e, "/cranes"); err != nil {
		t.Fatal(err)
	}
	if got := (*asked)[1].URL.Path; got != "/sites/s1/cranes" {
		t.Errorf("the call went to %s", got)
	}
}

func TestLookUpLeavesAChoiceOpen(t *testing.T) {
	p, asked := lookUps(200, twoSites)
	e := newEngine(t, p, nil, withSites)
	c, err := consented(t, e, nil)
	if err != nil || c.Status != engine.StatusActive {
		t.Fatal(c, err)
	}
	open, err := e.OpenFields(c)
	if err != nil || len(open) != 1 || open[0].Name != "site" || !open[0].Choice || open[0].Title != "Site" {
		t.Fatalf("open are %+v, %v", open, err)
	}
	before := len(*asked)
	if err := called(t, e, "/cranes"); !errors.Is(err, engine.ErrClient) || !errors.Is(err, engine.ErrOpenField) {
		t.Errorf("a call without a site: %v", err)
	}
	if len(*asked) != before {
		t.Error("it was sent all the same")
	}
	choices, err := e.Choices(t.Context(), alice, "site")
	if want := []engine.Choice{{Value: "s1", Title: "Slipway"}, {Value: "s2", Title: "Jetty"}}; err != nil || !slices.Equal(choices, want) {
		t.Errorf("choices are %v, %v; want %v", choices, err, want)
	}
	if _, err := e.SetFields(t.Context(), alice, map[string]string{"site": "s3"}); !errors.Is(err, engine.ErrClient) {
		t.Errorf("what is no choice: %v", err)
	}
	set, err := e.SetFields(t.Context(), alice, map[string]string{"site": "s2"})
	if err != nil || set.Fields["site"] != "s2" || set.Generation != c.Generation {
		t.Fatalf("%v, %v; the generation was %d", set, err, c.Generation)
	}
	if open, _ := e.OpenFields(set); len(open) != 0 {
		t.Errorf("open are %+v", open)
	}
	if err := called(t, e, "/cranes"); err != nil {
		t.Fatal(err)
	}
	if got := (*asked)[len(*asked)-1].URL.Path; got != "/sites/s2/cranes" {
		t.Errorf("the call went to %s", got)
	}
}

func TestLookUpChosenBeforehand(t *testing.T) {
	p, _ := lookUps(200, twoSites)
	e := newEngine(t, p, nil, withSites)
	c, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"site": "s2"}})
	if err != nil || c.Fields["site"] != "s2" {
		t.Fatal(c, err)
	}
	e = newEngine(t, p, nil, withSites)
	if _, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"site": "s3"}}); !errors.Is(err, engine.ErrClient) {
		t.Errorf("what is no choice: %v", err)
	}
	if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("stored all the same: %v", err)
	}
}

// A look-up that fails fails the exchange with its kind, unless nobody needs it.
func TestLookUpFails(t *testing.T) {
	huge := `{"sites":["` + strings.Repeat("x", 1<<20) + `"]}`
	for name, tt := range map[string]struct {
		status int
		body   string
		want   error
		says   string
	}{
		"refused":      {401, `{}`, engine.ErrReauthorize, "look-up of connection.site"},
		"forbidden":    {403, `{}`, engine.ErrDenied, "look-up of connection.site"},
		"gone":         {404, `{}`, engine.ErrNotFound, "look-up of connection.site"},
		"down":         {500, `{}`, engine.ErrUnavailable, "look-up of connection.site"},
		"moved":        {302, ``, engine.ErrInvalidResponse, "look-up of connection.site"},
		"not JSON":     {200, `<html>`, engine.ErrInvalidResponse, "not JSON"},
		"no list":      {200, `{"sites":{}}`, engine.ErrInvalidResponse, "list"},
		"other answer": {200, `[]`, engine.ErrInvalidResponse, "list"},
		"none":         {200, `{"sites":[{"id":"s9","kind":"crane"}]}`, engine.ErrDenied, "nothing to choose from"},
		"no value":     {200, `{"sites":[{"kind":"quay"},{"id":null,"kind":"quay"},{"id":{},"kind":"quay"}]}`, engine.ErrDenied, "nothing to choose from"},
		"ill-formed":   {200, `{"sites":[{"id":"../x","kind":"quay"}]}`, engine.ErrInvalidResponse, "form"},
		"huge":         {200, huge, engine.ErrInvalidResponse, "1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := lookUps(tt.status, tt.body)
				optional := false
				change := func(in *schema.Integration) {
					withSites(in)
					f := in.Connection["site"]
					f.Pattern, f.Optional = "[a-z0-9]+", optional
					in.Connection["site"] = f
				}
				e := newEngine(t, p, nil, change)
				_, err := consented(t, e, nil)
				if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(err.Error(), "exchange fjord/alice: ") {
					t.Errorf("got %v, want %v that says %q", err, tt.want, tt.says)
				}
				if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
					t.Errorf("stored all the same: %v", err)
				}
				optional = true
				c, err := consented(t, newEngine(t, p, nil, change), nil)
				if err != nil || len(c.Fields) > 0 {
					t.Errorf("optional: %v, %v", c, err)
				}
			})
		})
	}
}

// What every call has goes to base_url's origin alone, and not before it is known.
func TestLookUpTakesAlongWhatIsKnown(t *testing.T) {
	var asked []*http.Request
	p := &provider{token: answers(goodToken), api: func(r *http.Request) (int, string) {
		asked = append(asked, r)
		return 200, `{"tenant":"t1","user":"u1","region":"eu"}`
	}}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Requests.Headers["X-Tenant"] = "${connection.tenant}"
		in.Requests.Params = map[string]string{"v": "2"}
		in.Connection = map[string]schema.ConnectionField{
			"tenant": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/tenant"}},
			"a_user": {From: schema.FromRequest, Path: "user", Request: &schema.LookUp{Path: "/user", Params: map[string]string{"v": "3"}}},
			"region": {From: schema.FromRequest, Request: &schema.LookUp{URL: "https://where.fjord.test/?of=${connection.tenant}", Headers: map[string]string{"X-Token": "${access_token}"}}},
		}
	})
	c, err := consented(t, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "map[a_user:u1 region:eu tenant:t1]"; fmt.Sprint(c.Fields) != want {
		t.Errorf("fields are %v", c.Fields)
	}
	for i, want := range []string{
		"https://api.fjord.test/v1/tenant?v=2 Bearer at  ",
		"https://api.fjord.test/v1/user?v=3 Bearer at t1 ",
		"https://where.fjord.test/?of=t1   at",
	} {
		r := asked[i]
		if got := fmt.Sprint(r.URL, " ", r.Header.Get("Authorization"), " ", r.Header.Get("X-Tenant"), " ", r.Header.Get("X-Token")); got != want {
			t.Errorf("look-up %d: got %q, want %q", i+1, got, want)
		}
	}
}

func TestLookUpByPost(t *testing.T) {
	for format, want := range map[string]string{"": "of=at", "json": `{"of":"at"}`} {
		body := ""
		p := &provider{token: answers(goodToken), api: func(*http.Request) (int, string) { return 200, `{"data":{"id":7}}` }}
		in := fjord()
		in.Connection = map[string]schema.ConnectionField{"id": {From: schema.FromRequest, Path: "data.id", Request: &schema.LookUp{
			Path: "/me", Method: "POST", Params: map[string]string{"of": "${access_token}"}, BodyFormat: format}}}
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: recorder{p, &body}})
		if err != nil {
			t.Fatal(err)
		}
		if c, err := consented(t, e, nil); err != nil || c.Fields["id"] != "7" {
			t.Fatal(c, err)
		}
		if body != want {
			t.Errorf("%s: the body is %q, want %q", format, body, want)
		}
	}
}

// A recorder keeps the body of the last request but those for tokens.
type recorder struct {
	*provider
	body *string
}

func (p recorder) PublicOnly() http.RoundTripper { return p }

func (p recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/token" && r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		*p.body = string(b)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(string(b)))
	}
	return p.provider.RoundTrip(r)
}

// S35: a host that comes from a connection's data is a public one, and never gets
// plain http.
func TestS35_LookUpsStayOutside(t *testing.T) {
	for name, tt := range map[string]struct {
		url, host string
		want      error
	}{
		"loopback":   {"https://${connection.host}/me", "127.0.0.1", engine.ErrUnsupported},
		"private":    {"https://${connection.host}/me", "10.0.0.7", engine.ErrUnsupported},
		"plain http": {"http://fjord.test/me", "x", engine.ErrClient},
	} {
		reached := false
		e := newEngine(t, &provider{token: answers(goodToken), api: func(*http.Request) (int, string) { reached = true; return 200, `{"id":1}` }}, nil, func(in *schema.Integration) {
			in.Connection = map[string]schema.ConnectionField{
				"host": {From: schema.FromUser, Field: schema.Field{Format: "hostname"}},
				"id":   {From: schema.FromRequest, Request: &schema.LookUp{URL: tt.url, Headers: map[string]string{"Authorization": "Bearer ${access_token}"}}},
			}
		})
		if _, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"host": tt.host}}); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
		if reached {
			t.Errorf("%s: it was reached", name)
		}
	}
}

// A redirect elsewhere is not given the token.
func TestLookUpRedirectedElsewhere(t *testing.T) {
	var asked []*http.Request
	p := redirector{&provider{token: answers(goodToken)}, &asked}
	in := fjord()
	in.Connection = map[string]schema.ConnectionField{"id": {From: schema.FromRequest, Request: &schema.LookUp{
		URL: "https://where.fjord.test/me", Headers: map[string]string{"Authorization": "Bearer ${access_token}", "X-Token": "${access_token}"}}}}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: p})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := consented(t, e, nil); err == nil && len(asked) != 2 {
		t.Errorf("%d requests, %v", len(asked), err)
	}
	for _, r := range asked[1:] {
		if fmt.Sprint(r.Header, r.URL.RawQuery) != "map[] " && (r.Header.Get("Authorization") != "" || r.Header.Get("X-Token") != "") {
			t.Errorf("%s was given %v", r.URL.Host, r.Header)
		}
	}
}

type redirector struct {
	*provider
	asked *[]*http.Request
}

func (p redirector) PublicOnly() http.RoundTripper { return p }

func (p redirector) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/token" {
		return p.provider.RoundTrip(r)
	}
	*p.asked = append(*p.asked, r)
	if r.URL.Host == "elsewhere.test" {
		return answer(r, 200, `{"id":1}`), nil
	}
	resp := answer(r, 302, "")
	resp.Header.Set("Location", "https://elsewhere.test/me")
	return resp, nil
}

func TestLookUpWithAKey(t *testing.T) {
	p := &provider{api: func(r *http.Request) (int, string) {
		if r.Header.Get("X-Key") != "k" {
			return 401, `{}`
		}
		return 200, `{"account":{"id":42}}`
	}}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		*in = schema.Integration{Auth: schema.Auth{AuthMode: schema.APIKey}, Requests: schema.Requests{
			BaseURL: "https://api.fjord.test", Headers: map[string]string{"X-Key": "${api_key}"}, Verify: &schema.Verify{Path: "/ok"}}}
		in.Connection = map[string]schema.ConnectionField{
			"account": {From: schema.FromRequest, Path: "account.id", Field: schema.Field{Secret: true, Format: "integer"}, Request: &schema.LookUp{Path: "/me"}},
		}
	})
	c, err := e.Connect(t.Context(), alice, engine.Credentials{APIKey: schema.NewSecret("k")}, &engine.ConnectOptions{Verify: true})
	if err != nil || c.Credentials.Fields["connection.account"].Reveal() != "42" || len(c.Fields) > 0 {
		t.Fatal(c, err)
	}
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{APIKey: schema.NewSecret("other")}, nil); !errors.Is(err, engine.ErrReauthorize) {
		t.Errorf("a wrong key: %v", err)
	}
}

// Without a token that is good there is nothing to look up with: it waits.
func TestLookUpWaitsForAToken(t *testing.T) {
	p, _ := lookUps(200, oneSite)
	e := newEngine(t, p, nil, withSites)
	given := engine.Credentials{Token: engine.Token{RefreshToken: schema.NewSecret("rt")}}
	c, err := e.Connect(t.Context(), alice, given, &engine.ConnectOptions{Verify: true})
	if err != nil || len(c.Fields) > 0 {
		t.Fatal(c, err)
	}
	if _, err := e.Refresh(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	if c, err = e.SetFields(t.Context(), alice, nil); err != nil || c.Fields["site"] != "s1" {
		t.Fatal(c, err)
	}
}

func TestLookUpCycle(t *testing.T) {
	in := fjord()
	in.Connection = map[string]schema.ConnectionField{
		"a": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/${connection.b}"}},
		"b": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/${connection.a}"}},
	}
	if _, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, nil); err == nil || !strings.Contains(err.Error(), "need each other") {
		t.Errorf("got %v", err)
	}
}

// What signs the calls signs the look-ups at base_url's origin, and nothing elsewhere.
func TestLookUpIsSignedAtBase(t *testing.T) {
	signed := map[string]string{}
	p := &provider{api: func(r *http.Request) (int, string) {
		signed[r.URL.Host] = r.Header.Get("Authorization") + r.Header.Get("X-Signed")
		return 200, `{"a":"1","b":"2"}`
	}}
	fields := map[string]schema.ConnectionField{
		"a": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/me"}},
		"b": {From: schema.FromRequest, Request: &schema.LookUp{URL: "https://where.fjord.test/me"}},
	}
	for name, tt := range map[string]struct {
		auth  schema.Auth
		given engine.Credentials
	}{
		"TBA": {schema.Auth{AuthMode: schema.TBA}, engine.Credentials{Fields: map[string]schema.Secret{"token_id": secret("id"), "token_secret": secret("ts")}}},
		"SIGNATURE": {schema.Auth{AuthMode: schema.Signature, RequestSignature: &schema.RequestSignature{Headers: map[string]string{"X-Signed": "${hex(sha256(password, now()))}"}}},
			engine.Credentials{Username: secret("u"), Password: secret("p")}},
	} {
		clear(signed)
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			in.Auth, in.Requests.Headers, in.Connection = tt.auth, nil, fields
		})
		c, err := e.Connect(t.Context(), alice, tt.given, nil)
		if err != nil || c.Fields["a"] != "1" || c.Fields["b"] != "2" {
			t.Fatal(name, c, err)
		}
		if signed["api.fjord.test"] == "" || signed["where.fjord.test"] != "" {
			t.Errorf("%s: signed were %q", name, signed)
		}
	}
}
