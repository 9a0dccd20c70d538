package engine_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// twoProjects returns engines over one store, whose files call different things by one
// name. The first has connected.
func twoProjects(t *testing.T, change func(*schema.Integration)) (first, second *engine.Engine, p *provider, s *engine.MemoryStore) {
	t.Helper()
	s, p = &engine.MemoryStore{}, &provider{token: answers(`{"access_token":"a1","refresh_token":"r1","expires_in":3600}`)}
	first = newEngine(t, p, &engine.Options{Connections: s}, nil)
	connect(t, first)
	second = newEngine(t, p, &engine.Options{Connections: s}, change)
	p.hosts, p.calls = nil, nil
	return first, second, p, s
}

// useAll makes every use of alice's connection, and checks its error.
func useAll(t *testing.T, e *engine.Engine, kind engine.Kind, says ...string) {
	t.Helper()
	_, call := callAs(t, e, "/me")
	_, token := e.TokenSource(alice).Token(t.Context())
	_, refresh := e.Refresh(t.Context(), alice)
	_, fields := e.SetFields(t.Context(), alice, nil)
	for what, err := range map[string]error{"a call": call, "a token": token, "Refresh": refresh, "SetFields": fields, "Verify": e.Verify(t.Context(), alice)} {
		if engine.ErrorKind(err) != kind {
			t.Errorf("%s: got %v, want an error of kind %s", what, err, kind)
			continue
		}
		for _, text := range says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: got %v, want it to say %q", what, err, text)
			}
		}
	}
}

func callAs(t *testing.T, e *engine.Engine, path string) (*http.Response, error) {
	t.Helper()
	client, err := e.Client(alice)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Get(path)
	if err == nil {
		resp.Body.Close()
	}
	return resp, err
}

// A connection that was made by a file for one origin is not used by another file for
// another: neither its API nor its token endpoint gets anything of it.
func TestMadeForAnotherOrigin_S48(t *testing.T) {
	verified := func(in *schema.Integration) {
		in.Requests.Verify = &schema.Verify{Method: "GET", Path: "/me"}
		in.Auth.RevocationURL = "https://fjord.test/revoke"
	}
	for name, change := range map[string]func(*schema.Integration){
		"another host": func(in *schema.Integration) { in.Requests.BaseURL = "https://api.evil.example/v1" },
		"another port": func(in *schema.Integration) {
			in.Requests.BaseURL = strings.Replace(in.Requests.BaseURL, ".test", ".test:8443", 1)
		},
		"another scheme": func(in *schema.Integration) {
			in.Requests.BaseURL = strings.Replace(in.Requests.BaseURL, "https:", "http:", 1)
		},
		"another token endpoint": func(in *schema.Integration) { in.Auth.TokenURL = "https://evil.example/token" },
	} {
		t.Run(name, func(t *testing.T) {
			_, second, p, s := twoProjects(t, func(in *schema.Integration) { verified(in); change(in) })
			useAll(t, second, engine.KindClient, "was made for https://", "connections allow", "connect again")
			if err := second.Revoke(t.Context(), alice); engine.ErrorKind(err) != engine.KindClient {
				t.Errorf("Revoke: got %v, want the reason why nobody was told", err)
			}
			if len(p.hosts) > 0 {
				t.Errorf("something was sent to %v", p.hosts)
			}
			if _, err := s.Get(t.Context(), alice); !errors.Is(err, engine.ErrNoConnection) {
				t.Errorf("after Revoke: got %v", err)
			}
		})
	}
}

// Another path, another spelling of the same origin, and another way to write the same
// host are the same place.
func TestMadeForTheSameOrigin_S48(t *testing.T) {
	for name, change := range map[string]func(*schema.Integration){
		"the same":     func(*schema.Integration) {},
		"another path": func(in *schema.Integration) { in.Requests.BaseURL += "/v2" },
		"capitals": func(in *schema.Integration) {
			in.Requests.BaseURL = strings.Replace(in.Requests.BaseURL, "https://api", "HTTPS://API", 1)
		},
		"default port": func(in *schema.Integration) {
			in.Requests.BaseURL = strings.Replace(in.Requests.BaseURL, ".test", ".test:443", 1)
		},
		"a variable": func(in *schema.Integration) {
			in.Values = append(in.Values, schema.Value{Path: "requests.base_url", Origin: schema.Origin{Reference: "${BASE_URL}"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, second, _, _ := twoProjects(t, change)
			if _, err := callAs(t, second, "/me"); err != nil {
				t.Error(err)
			}
		})
	}
}

// A host that may be a secret, because it came from a variable, is compared and not shown.
func TestMadeForASecretOrigin_S48(t *testing.T) {
	variable := func(host string) func(*schema.Integration) {
		return func(in *schema.Integration) {
			in.Requests.BaseURL = "https://" + host
			in.Values = append(in.Values, schema.Value{Path: "requests.base_url", Origin: schema.Origin{Reference: "${BASE_URL}"}})
		}
	}
	s, p := &engine.MemoryStore{}, &provider{token: answers(`{"access_token":"a1"}`)}
	connect(t, newEngine(t, p, &engine.Options{Connections: s}, variable("hidden-one.example")))
	_, err := callAs(t, newEngine(t, p, &engine.Options{Connections: s}, variable("hidden-two.example")), "/me")
	if engine.ErrorKind(err) != engine.KindClient || strings.Contains(err.Error(), "hidden-") {
		t.Errorf("got %v, want an error of kind client that names no host", err)
	}
	if _, err := callAs(t, newEngine(t, p, &engine.Options{Connections: s}, variable("hidden-one.example")), "/me"); err != nil {
		t.Errorf("the same host: %v", err)
	}
}

// A host that a connection's own field names is what that field says; whoever sets the
// field sets where the credentials go.
func TestMadeForAHostOfItsOwn_S48(t *testing.T) {
	own := func(in *schema.Integration) {
		in.Requests.BaseURL = "https://${connection.domain}/v1"
		in.Connection = map[string]schema.ConnectionField{"domain": {From: schema.FromUser, Field: schema.Field{Format: "hostname"}}}
		in.Auth = schema.Auth{AuthMode: schema.APIKey}
		in.OAuthClientID, in.OAuthClientSecret, in.OAuthScopes = "", schema.Secret{}, nil
		in.Requests.Headers = map[string]string{"Authorization": "Bearer ${api_key}"}
	}
	p, s := &provider{}, &engine.MemoryStore{}
	e := newEngine(t, p, &engine.Options{Connections: s}, own)
	c, err := e.Connect(t.Context(), alice, engine.Credentials{APIKey: secret("key")}, &engine.ConnectOptions{Fields: map[string]string{"domain": "one.example"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.SetFields(t.Context(), alice, map[string]string{"domain": "two.example"}); err != nil {
		t.Fatal(err)
	}
	if _, err := callAs(t, e, "/me"); err != nil || p.hosts[len(p.hosts)-1] != "two.example" {
		t.Errorf("after SetFields: got %v, sent to %v", err, p.hosts)
	}
	moved, err := s.Get(t.Context(), alice)
	if err != nil {
		t.Fatal(err)
	}
	moved.Fields = c.Fields // as if somebody else had changed the field alone
	if err := s.Put(t.Context(), moved); err != nil {
		t.Fatal(err)
	}
	if _, err := callAs(t, e, "/me"); engine.ErrorKind(err) != engine.KindClient {
		t.Errorf("a field that was changed by itself: got %v, want an error", err)
	}
}

// Tokens that another client got are not redeemed by this one, which would end them for
// both; the error says so, and not that the provider no longer takes them.
func TestMadeForAnotherClient_S49(t *testing.T) {
	first, second, p, s := twoProjects(t, func(in *schema.Integration) {
		in.OAuthClientID = "another-client"
		in.Requests.Verify = &schema.Verify{Method: "GET", Path: "/me"}
	})
	useAll(t, second, engine.KindReauthorize, "made for another client", "connections allow", "connect again")
	if len(p.hosts) > 0 {
		t.Errorf("something was sent to %v", p.hosts)
	}
	if c, err := s.Get(t.Context(), alice); err != nil || c.Status != engine.StatusActive {
		t.Errorf("the connection is %+v, %v; want it as good as before", c, err)
	}
	if got := token(t, first); got != "a1" {
		t.Errorf("the client that it was made for has the token %q", got)
	}
	connect(t, second) // its user connects again
	if got := token(t, second); got != "a1" {
		t.Errorf("connected again: got %q", got)
	}
}

// Tokens that need nobody are obtained anew by the other client.
func TestMadeForAnotherClientWithoutConsent_S49(t *testing.T) {
	mode := func(id string) func(*schema.Integration) {
		return func(in *schema.Integration) {
			in.Auth.AuthMode, in.Auth.AuthorizationURL, in.OAuthClientID = schema.OAuth2CC, "", id
		}
	}
	s := &engine.MemoryStore{}
	p := &provider{token: answers(`{"access_token":"of one","expires_in":3600}`, `{"access_token":"of two","expires_in":3600}`)}
	if _, err := newEngine(t, p, &engine.Options{Connections: s}, mode("one")).Connect(t.Context(), alice, engine.Credentials{}, nil); err != nil {
		t.Fatal(err)
	}
	if got := token(t, newEngine(t, p, &engine.Options{Connections: s}, mode("two"))); got != "of two" {
		t.Errorf("got the token %q, want one of this client", got)
	}
}

// The keeper of one project leaves the connections of another alone. What was made before
// this was kept is bound by whoever refreshes it first.
func TestMadeForOthersIsNotKept_S49(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lapsing{serial: map[string]int{}, issued: map[string]time.Time{}}
		s := &engine.MemoryStore{}
		day := func(id string) func(*schema.Integration) {
			return func(in *schema.Integration) { in.Auth.RefreshTokenLifetimeSeconds, in.OAuthClientID = 86400, id }
		}
		first := newEngine(t, &provider{token: l.token}, &engine.Options{Connections: s}, day("one"))
		second := newEngine(t, &provider{token: l.token}, &engine.Options{Connections: s}, day("two"))
		given := engine.Credentials{Token: engine.Token{AccessToken: secret("a"), RefreshToken: secret(l.issue("alice")), ExpiresAt: time.Now().Add(time.Hour)}}
		c, err := first.Connect(t.Context(), alice, given, nil)
		if err != nil {
			t.Fatal(err)
		}
		runFor(t, second, 23*time.Hour)
		if len(l.at) > 0 {
			t.Errorf("the other project refreshed it %d times", len(l.at))
		}
		c.MadeFor = engine.Connection{}.MadeFor
		if err := s.Replace(t.Context(), c, c.Generation); err != nil {
			t.Fatal(err)
		}
		if _, err := second.Refresh(t.Context(), alice); err != nil {
			t.Errorf("what is not bound yet: %v", err)
		}
		if _, err := first.Refresh(t.Context(), alice); engine.ErrorKind(err) != engine.KindReauthorize {
			t.Errorf("then it is the other's: got %v", err)
		}
	})
}
