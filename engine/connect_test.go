package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func keyed(in *schema.Integration) {
	in.Auth = schema.Auth{AuthMode: schema.APIKey}
	in.Credentials = map[string]schema.Field{"api_key": {Pattern: "k-[a-z]+", Example: "k-abc"}, "site": {Optional: true}}
	in.Connection = map[string]schema.ConnectionField{
		"region": {From: schema.FromUser, Field: schema.Field{Enum: []string{"eu", "us"}, Default: "eu"}},
		"host":   {From: schema.FromUser, Field: schema.Field{Format: "hostname", Optional: true}},
	}
}

func basic(in *schema.Integration) {
	in.Auth = schema.Auth{AuthMode: schema.UsernamePassword}
}

func secret(s string) schema.Secret { return schema.NewSecret(s) }

func TestConnectRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(*schema.Integration)
		given  engine.Credentials
		fields map[string]string
		want   string
	}{
		"no key":              {keyed, engine.Credentials{}, nil, "credentials.api_key is missing"},
		"key of another form": {keyed, engine.Credentials{APIKey: secret("sk-LEAK")}, nil, "credentials.api_key does not have the declared form; an example is k-abc"},
		"undeclared field":    {keyed, engine.Credentials{APIKey: secret("k-a")}, map[string]string{"zone": "x"}, `no connection field "zone"`},
		"not in the enum":     {keyed, engine.Credentials{APIKey: secret("k-a")}, map[string]string{"region": "moon"}, "connection.region must be one of eu, us"},
		"not a hostname":      {keyed, engine.Credentials{APIKey: secret("k-a")}, map[string]string{"host": "a/b"}, "connection.host is not a valid hostname"},
		"undeclared secret":   {keyed, engine.Credentials{APIKey: secret("k-a"), Fields: map[string]schema.Secret{"pin": secret("1")}}, nil, `declares no credential "pin"`},
		"no user name":        {basic, engine.Credentials{Password: secret("p")}, nil, "credentials.username is missing"},
		"no password":         {basic, engine.Credentials{Username: secret("u")}, nil, "credentials.password is missing"},
		"no token":            {nil, engine.Credentials{}, nil, "access_token is missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t, &provider{}, nil, tt.change)
			_, err := e.Connect(t.Context(), alice, tt.given, &engine.ConnectOptions{Fields: tt.fields})
			if !errors.Is(err, engine.ErrClient) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "LEAK") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
				t.Error("something was stored")
			}
		})
	}
}

func TestConnect(t *testing.T) {
	e := newEngine(t, &provider{}, nil, keyed)
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{APIKey: secret("k-a")}, nil); err != nil {
		t.Fatal(err)
	}
	c, err := e.Connection(t.Context(), alice)
	if err != nil || c.Credentials.APIKey.Reveal() != "k-a" || c.Fields["region"] != "eu" || c.Credentials.Type != schema.APIKey {
		t.Errorf("got %+v, %v", c, err)
	}
}

// Bug 10 of 2022: an empty password was refused, although Close wants one.
func TestConnectWithEmptyPassword(t *testing.T) {
	p := &provider{}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		basic(in)
		in.Credentials = map[string]schema.Field{"password": {Optional: true}}
		in.Requests.Headers = map[string]string{"Authorization": "Basic ${basic_auth_encoded}"}
	})
	if _, err := e.Connect(t.Context(), alice, engine.Credentials{Username: secret("key")}, nil); err != nil {
		t.Fatal(err)
	}
}

// Bug 11 of 2022: a refresh token without an end of the access token was refused.
func TestConnectWithTokens(t *testing.T) {
	e := newEngine(t, &provider{}, nil, nil)
	given := engine.Credentials{Token: engine.Token{AccessToken: secret("a"), RefreshToken: secret("r")}}
	if _, err := e.Connect(t.Context(), alice, given, nil); err != nil {
		t.Fatal(err)
	}
	if got := token(t, e); got != "a" {
		t.Errorf("token %s", got)
	}
}

func TestDescribe(t *testing.T) {
	e := newEngine(t, &provider{}, nil, keyed)
	d, err := e.Describe("fjord")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range d.Fields {
		got = append(got, f.Name+": "+f.Title)
	}
	if diff := cmp.Diff([]string{"host: Host", "region: Region", "api_key: API key", "site: Site"}, got); diff != "" {
		t.Error(diff)
	}
	if !d.Fields[2].Secret || d.Consent {
		t.Errorf("got %+v", d)
	}
	if d, _ := newEngine(t, &provider{}, nil, nil).Describe("fjord"); !d.Consent || len(d.Fields) != 0 {
		t.Errorf("got %+v", d)
	}
}

func TestRevoke(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1"}`)}
	e := newEngine(t, p, nil, func(in *schema.Integration) { in.Auth.RevocationURL = "https://fjord.test/token" })
	connect(t, e)
	if err := e.Revoke(t.Context(), alice); err != nil {
		t.Fatal(err)
	}
	if got := p.calls[1].params; got.Get("token") != "r1" || got.Get("token_type_hint") != "refresh_token" {
		t.Errorf("revocation sent %v", got)
	}
	if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
		t.Error("the connection is still there")
	}
	p.token = func(*tokenCall) (int, string) { return 503, "" }
	connected := engine.Credentials{Token: engine.Token{AccessToken: secret("a")}}
	if _, err := e.Connect(t.Context(), alice, connected, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.Revoke(t.Context(), alice); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("a provider that does not listen: got %v", err)
	}
	if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
		t.Error("the connection is still there")
	}
}

func TestReloadKeepsTheOldConfigurationOnError(t *testing.T) {
	e := newEngine(t, &provider{}, nil, keyed)
	bad := fjord()
	bad.Auth.TokenURL = "https://x.test/${"
	if err := e.Reload(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": bad}}); err == nil {
		t.Fatal("a broken template was taken")
	}
	if d, err := e.Describe("fjord"); err != nil || d.AuthMode != schema.APIKey {
		t.Errorf("got %+v, %v", d, err)
	}
}

// A form says what is wrong with a value before it is sent, in the words of Connect.
func TestInputFieldCheck(t *testing.T) {
	for _, c := range []struct {
		field schema.Field
		value string
		want  string
	}{
		{schema.Field{}, "", "is missing"},
		{schema.Field{Optional: true}, "", ""},
		{schema.Field{Default: "eu"}, "", ""},
		{schema.Field{Enum: []string{"eu", "us"}}, "LEAK", "must be one of eu, us"},
		{schema.Field{Pattern: "[a-z]+", Example: "north"}, "LEAK", "does not have the declared form; an example is north"},
		{schema.Field{Pattern: "[a-z]+|[0-9]+"}, "north", ""},
		{schema.Field{Format: "hostname"}, "LEAK/..", "is not a valid hostname"},
		{schema.Field{Format: "uri"}, "ftp://LEAK", "is not a valid URL: it begins with https:// or http://"},
		{schema.Field{Format: "integer"}, "7", ""},
		{schema.Field{Format: "uuid"}, "LEAK", "is not a valid uuid"},
		{schema.Field{Format: "email"}, "LEAK", "is not a valid email"},
	} {
		got := ""
		if err := (engine.InputField{Name: "x", Field: c.field}).Check(c.value); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%+v: got %q, want %q", c.field, got, c.want)
		}
	}
}
