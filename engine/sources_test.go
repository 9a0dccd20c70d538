package engine_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// sources are the ways in which a connection gets a field.
var sources = []string{schema.FromUser, schema.FromCallback, schema.FromTokenResponse, schema.FromRequest}

// sinks are the places in which a field can stand, each with what is seen there of a
// value; an error says that nothing may be sent.
var sinks = []struct {
	name   string
	change func(in *schema.Integration)
	seen   func(r *http.Request) string
}{
	{"host", func(in *schema.Integration) { in.Requests.BaseURL = "https://${connection.f}.fjord.test/v1" },
		func(r *http.Request) string { return strings.TrimSuffix(r.URL.Host, ".fjord.test") }},
	{"origin", func(in *schema.Integration) { in.Requests.BaseURL = "${connection.f}" },
		func(r *http.Request) string { return strings.TrimSuffix(r.URL.String(), "/call") }},
	{"path", func(in *schema.Integration) { in.Requests.BaseURL = "https://api.fjord.test/v1/${connection.f}" },
		func(r *http.Request) string {
			return strings.TrimSuffix(strings.TrimPrefix(r.URL.EscapedPath(), "/v1/"), "/call")
		}},
	{"query", func(in *schema.Integration) { in.Requests.Params = map[string]string{"f": "${connection.f}"} },
		func(r *http.Request) string { return r.URL.Query().Get("f") }},
	{"header", func(in *schema.Integration) { in.Requests.Headers["X-F"] = "${connection.f}" },
		func(r *http.Request) string { return r.Header.Get("X-F") }},
}

// values are what a field may be, by its format: what each sink makes of it, or
// "refused". What a sink does not name is as it stands.
var values = []struct {
	format, value string
	stored        bool // the format takes it
	made          map[string]string
}{
	{"", "eu", true, map[string]string{"origin": "refused"}},
	{"", "a b/c?d=e&f#g", true, map[string]string{"host": "refused", "origin": "refused", "path": "a%20b%2Fc%3Fd=e&f%23g"}},
	{"", "evil.test", true, map[string]string{"host": "refused", "origin": "refused"}},
	{"", "x@evil.test", true, map[string]string{"host": "refused", "origin": "refused"}},
	{"", "evil.test/", true, map[string]string{"host": "refused", "origin": "refused", "path": "evil.test%2F"}},
	{"", "..", true, map[string]string{"host": "refused", "origin": "refused", "path": "refused"}},
	{"", "%2e%2e", true, map[string]string{"host": "refused", "origin": "refused", "path": "refused"}},
	{"", "a\r\nX-Evil: 1", true, map[string]string{"host": "refused", "origin": "refused", "path": "a%0D%0AX-Evil:%201", "header": "refused"}},
	{"", "a\x00b", true, map[string]string{"host": "refused", "origin": "refused", "path": "a%00b", "header": "refused"}},
	{"", "${access_token}", true, map[string]string{"host": "refused", "origin": "refused", "path": "$%7Baccess_token%7D"}},
	{"", "https://evil.test", true, map[string]string{"host": "refused", "origin": "refused", "path": "https:%2F%2Fevil.test"}},
	{"hostname", "a.b-c", true, map[string]string{"origin": "refused"}},
	{"hostname", "a/b", false, nil},
	{"hostname", "user@a", false, nil},
	{"uri", "https://harbour.fjord.test/x/", true, map[string]string{"host": "refused", "path": "https:%2F%2Fharbour.fjord.test%2Fx%2F", "origin": "https://harbour.fjord.test/x"}},
	{"uri", "https://user:pw@evil.test", true, map[string]string{"host": "refused", "origin": "refused", "path": "https:%2F%2Fuser:pw@evil.test"}},
	{"uri", "https://harbour.fjord.test/?q=1", true, map[string]string{"host": "refused", "origin": "refused", "path": "https:%2F%2Fharbour.fjord.test%2F%3Fq=1"}},
	{"uri", "ftp://harbour.fjord.test", false, nil},
	{"uri", "javascript:alert(1)", false, nil},
	{"integer", "-12", true, map[string]string{"host": "refused", "origin": "refused"}},
	{"integer", "12x", false, nil},
	{"uuid", "1324a887-45db-4bf4-8e99-ef0ff456d421", true, map[string]string{"origin": "refused"}},
	{"uuid", "1324a887", false, nil},
	{"email", "mira@fjord.test", true, map[string]string{"host": "refused", "origin": "refused"}},
	{"email", "mira", false, nil},
}

// A value from any source is the same in any sink: what the format does not take is
// not stored, and what a place cannot hold is not sent.
func TestSourcesAndSinks(t *testing.T) {
	for _, from := range sources {
		for _, v := range values {
			for _, sink := range sinks {
				t.Run(fmt.Sprintf("%s/%s/%q/%s", from, v.format, v.value, sink.name), func(t *testing.T) {
					e, asked := carrying(t, from, v.format, v.value, sink.change)
					err := e.bring()
					if !v.stored {
						if kind := engine.ErrorKind(err); kind != engine.KindClient && kind != engine.KindInvalidResponse || strings.Contains(err.Error(), v.value) {
							t.Fatalf("got %v", err)
						}
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					want, stated := v.made[sink.name]
					if !stated {
						want = v.value
					}
					err = called(t, e.Engine, "/call")
					switch {
					case want == "refused" && (err == nil || len(*asked) > 0):
						t.Errorf("%d requests were sent, %v", len(*asked), err)
					case want == "refused" && strings.Contains(err.Error(), "evil"):
						t.Errorf("the error quotes the value: %v", err)
					case want == "refused":
					case err != nil:
						t.Error(err)
					case sink.seen((*asked)[0]) != want:
						t.Errorf("seen is %q, want %q", sink.seen((*asked)[0]), want)
					}
				})
			}
		}
	}
}

// A carrier is an engine whose connections carry a value from a source.
type carrier struct {
	*engine.Engine
	bring func() error // connects
}

func carrying(t *testing.T, from, format, value string, change func(*schema.Integration)) (carrier, *[]*http.Request) {
	t.Helper()
	var asked []*http.Request
	token := goodToken
	quoted := strings.NewReplacer(`\x00`, `\u0000`).Replace(fmt.Sprintf("%q", value))
	if from == schema.FromTokenResponse {
		token = strings.Replace(goodToken, "{", `{"f":`+quoted+`,`, 1)
	}
	p := &provider{token: answers(token)}
	p.api = func(r *http.Request) (int, string) {
		if r.URL.Host == "look.fjord.test" {
			return 200, `{"f":` + quoted + `}`
		}
		asked = append(asked, r)
		return 200, `{}`
	}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		f := schema.ConnectionField{From: from, Field: schema.Field{Format: format}}
		if from == schema.FromRequest {
			f.Request = &schema.LookUp{URL: "https://look.fjord.test/"}
		}
		in.Connection = map[string]schema.ConnectionField{"f": f}
		change(in)
	})
	bring := func() error {
		opts, callback := &engine.AuthCodeOptions{}, url.Values{"code": {"the-code"}}
		switch from {
		case schema.FromUser:
			opts.Fields = map[string]string{"f": value}
		case schema.FromCallback:
			callback.Set("f", value)
		}
		pending, err := e.AuthCodeURL(t.Context(), alice, callbackURL, opts)
		if err != nil {
			return err
		}
		callback.Set("state", pending.State.Reveal())
		_, err = e.Exchange(t.Context(), pending, callback)
		return err
	}
	return carrier{e, bring}, &asked
}

// What the callback says decides where the code goes, if that is a host of the
// provider's (Zoho), and what the answer says decides where the calls go (Salesforce).
func TestFieldsDecideWhereRequestsGo(t *testing.T) {
	p := &provider{token: answers(strings.Replace(goodToken, "{", `{"api":"https://www.fjord.test/api",`, 1))}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Auth.TokenURL = "${connection.accounts || 'https://accounts.fjord.test'}/token"
		in.Auth.TokenParams = schema.Tree{"location": "${connection.place}"}
		in.Auth.TokenHeaders = map[string]string{"X-Place": "${connection.place}"}
		in.Requests.BaseURL = "${connection.api}"
		in.Connection = map[string]schema.ConnectionField{
			"accounts": {From: schema.FromCallback, Path: "accounts-server", Field: schema.Field{Format: "uri", Pattern: `https://accounts\.fjord\.[a-z]+`, Optional: true}},
			"place":    {From: schema.FromCallback, Path: "location"},
			"api":      {From: schema.FromTokenResponse, Field: schema.Field{Format: "uri"}},
		}
	})
	bring := func(server string) error {
		pending, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil)
		if err != nil {
			return err
		}
		callback := url.Values{"code": {"the-code"}, "state": {pending.State.Reveal()}, "location": {"eu & more"}}
		if server != "" {
			callback.Set("accounts-server", server)
		}
		_, err = e.Exchange(t.Context(), pending, callback)
		return err
	}
	for _, server := range []string{"https://evil.test", "https://accounts.fjord.test.evil.test", "http://accounts.fjord.test", "https://accounts.fjord.test@evil.test", "//evil.test"} {
		if err := bring(server); !errors.Is(err, engine.ErrInvalidResponse) {
			t.Errorf("%s: got %v", server, err)
		}
	}
	if len(p.hosts) > 0 {
		t.Fatalf("asked were %v", p.hosts)
	}
	for server, want := range map[string]string{"https://accounts.fjord.eu": "accounts.fjord.eu", "": "accounts.fjord.test"} {
		if err := bring(server); err != nil {
			t.Fatal(err)
		}
		last := p.calls[len(p.calls)-1]
		if last.URL.Host != want || last.params.Get("location") != "eu & more" || last.Header.Get("X-Place") != "eu & more" {
			t.Errorf("the code went to %s with %v", last.URL.Host, last.params.Get("location"))
		}
	}
	if err := called(t, e, "/call"); err != nil || p.hosts[len(p.hosts)-1] != "www.fjord.test" {
		t.Errorf("the call went to %v, %v", p.hosts, err)
	}
}

// A refresh whose answer lacks a field, or has one that cannot be, keeps what there
// was, takes the fields that are well, and above all the token that was rotated.
func TestRefreshWithoutAField(t *testing.T) {
	for name, again := range map[string]string{
		"absent":  `"b":"two"`,
		"null":    `"a":null,"b":"two"`,
		"object":  `"a":{"x":1},"b":"two"`,
		"misfit":  `"a":"!","b":"two","new":"!"`,
		"unknown": `"a":"one","b":"two","c":"three"`,
	} {
		t.Run(name, func(t *testing.T) {
			p := &provider{token: answers(
				`{"access_token":"at","refresh_token":"rt","token_type":"bearer","expires_in":3600,"a":"one","b":"one","kept":"one"}`,
				`{"access_token":"at2","refresh_token":"rt2","token_type":"bearer","expires_in":3600,`+again+`}`,
			)}
			store := &engine.MemoryStore{}
			in := fjord()
			field := schema.ConnectionField{From: schema.FromTokenResponse, Field: schema.Field{Pattern: "[a-z]+"}}
			in.Connection = map[string]schema.ConnectionField{"a": field, "b": field}
			open := func() *engine.Engine {
				e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: p, Connections: store})
				if err != nil {
					t.Fatal(err)
				}
				return e
			}
			connect(t, open())
			in.Connection["new"] = field // declared since then, and in neither answer
			in.ConnectionOrder = []string{"new", "a", "b"}
			if _, err := open().Refresh(t.Context(), alice); err != nil {
				t.Fatal(err)
			}
			c, err := open().Connection(t.Context(), alice)
			if err != nil || c.Credentials.Token.RefreshToken.Reveal() != "rt2" || c.Status != engine.StatusActive {
				t.Fatalf("%v, %v", c, err)
			}
			if got, want := fmt.Sprint(c.Fields), "map[a:one b:two]"; got != want {
				t.Errorf("fields are %s, want %s", got, want)
			}
			if kept, _ := c.Credentials.Token.RawValue("kept"); kept != "one" {
				t.Errorf("what was said once is %q", kept)
			}
		})
	}
}

// An exchange that fails for want of a field stores nothing: what was there before is as
// good as it was.
func TestExchangeWithoutAFieldKeepsTheConnectionThatWas(t *testing.T) {
	p := &provider{token: answers(
		`{"access_token":"at","refresh_token":"rt","token_type":"bearer","expires_in":3600,"a":"one"}`,
		`{"access_token":"at2","refresh_token":"rt2","token_type":"bearer","expires_in":3600}`,
	)}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Connection = map[string]schema.ConnectionField{"a": {From: schema.FromTokenResponse}}
	})
	connect(t, e)
	pending, q := begin(t, e)
	if _, err := e.Exchange(t.Context(), pending, url.Values{"code": {"again"}, "state": {q.Get("state")}}); !errors.Is(err, engine.ErrInvalidResponse) {
		t.Fatalf("got %v", err)
	}
	c, err := e.Connection(t.Context(), alice)
	if err != nil || c.Credentials.Token.RefreshToken.Reveal() != "rt" || c.Fields["a"] != "one" {
		t.Errorf("stored is %v, %v", c, err)
	}
}
