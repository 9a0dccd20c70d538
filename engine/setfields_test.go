package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// withRegion makes fjord an API of regions, with a berth that is looked up in one.
func withRegion(in *schema.Integration) {
	in.Requests.BaseURL = "https://${connection.region}.fjord.test"
	in.Connection = map[string]schema.ConnectionField{
		"region": {From: schema.FromUser, Field: schema.Field{Enum: []string{"eu", "us"}}},
		"note":   {From: schema.FromUser, Field: schema.Field{Optional: true}},
		"pin":    {From: schema.FromUser, Field: schema.Field{Optional: true, Secret: true}},
		"team":   {From: schema.FromTokenResponse, Field: schema.Field{Optional: true}},
		"berth":  {From: schema.FromRequest, Request: &schema.LookUp{Path: "/berth"}},
		"pilot":  {From: schema.FromRequest, Request: &schema.LookUp{URL: "https://pilots.fjord.test/"}},
	}
}

func regions() *provider {
	return &provider{token: answers(goodToken), api: func(r *http.Request) (int, string) {
		host, _, _ := strings.Cut(r.URL.Host, ".")
		return 200, fmt.Sprintf(`{"berth":"b-%s","pilot":"p"}`, host)
	}}
}

func TestSetFieldsCorrects(t *testing.T) {
	p := regions()
	var changes []engine.EventKind
	e := newEngine(t, p, &engine.Options{AfterChange: func(_ context.Context, ch engine.Change) { changes = append(changes, ch.Kind) }}, withRegion)
	c, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu", "note": "first"}})
	if err != nil || c.Fields["berth"] != "b-eu" {
		t.Fatal(c, err)
	}
	before := len(p.hosts)
	set, err := e.SetFields(t.Context(), alice, map[string]string{"region": "us", "note": ""})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(set.Fields), "map[berth:b-us pilot:p region:us]"; got != want {
		t.Errorf("fields are %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(p.hosts[before:]), "[us.fjord.test]"; got != want { // the pilot does not depend on the region
		t.Errorf("asked were %s, want %s", got, want)
	}
	if set.Generation != c.Generation || !set.Credentials.Token.RefreshToken.Equal(c.Credentials.Token.RefreshToken) {
		t.Error("the credentials are others")
	}
	stored, _ := e.Connection(t.Context(), alice)
	if fmt.Sprint(stored.Fields) != fmt.Sprint(set.Fields) {
		t.Errorf("stored are %v", stored.Fields)
	}
	if got := fmt.Sprint(changes); got != "[exchange fields]" {
		t.Errorf("the host was told of %s", got)
	}
}

func TestSetFieldsRefuses(t *testing.T) {
	p := regions()
	e := newEngine(t, p, nil, withRegion)
	if _, err := e.SetFields(t.Context(), alice, nil); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("without a connection: %v", err)
	}
	if _, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu"}}); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]string{"region": "moon", "team": "x", "berth": "b", "none": "x"} {
		if _, err := e.SetFields(t.Context(), alice, map[string]string{name: v}); !errors.Is(err, engine.ErrClient) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.SetFields(t.Context(), alice, map[string]string{"region": ""}); !errors.Is(err, engine.ErrClient) {
		t.Errorf("a required field unset: %v", err)
	}
	p.api = func(*http.Request) (int, string) { return 403, `{}` }
	if _, err := e.SetFields(t.Context(), alice, map[string]string{"region": "us"}); !errors.Is(err, engine.ErrDenied) {
		t.Errorf("a look-up that fails: %v", err)
	}
	if _, err := e.Choices(t.Context(), alice, "region"); !errors.Is(err, engine.ErrClient) {
		t.Errorf("choices of what is typed: %v", err)
	}
	c, err := e.Connection(t.Context(), alice)
	if err != nil || c.Fields["region"] != "eu" || c.Fields["berth"] != "b-eu" {
		t.Errorf("stored is %v, %v", c, err)
	}
}

// A secret is a credential: with another, the generation is another.
func TestSetFieldsSecret(t *testing.T) {
	e := newEngine(t, regions(), nil, withRegion)
	c, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu", "pin": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := e.SetFields(t.Context(), alice, map[string]string{"pin": "2"})
	if err != nil || set.Credentials.Fields["connection.pin"].Reveal() != "2" || set.Fields["pin"] != "" || set.Generation == c.Generation {
		t.Errorf("%v, %v", set, err)
	}
}

// A token that was obtained for one site is not sent to another: where no user is needed
// for it, another is obtained first, and nothing is stored if there is none.
func TestSetFieldsObtainsAnotherToken(t *testing.T) {
	var asked []string
	p := &provider{token: func(r *tokenCall) (int, string) {
		site := r.params.Get("site")
		asked = append(asked, site)
		if site == "gone" {
			return 401, `{"error":"invalid_client"}`
		}
		return 200, `{"access_token":"for-` + site + `","expires_in":3600}`
	}}
	var sent []string
	p.api = func(r *http.Request) (int, string) {
		sent = append(sent, r.URL.Host+" "+r.Header.Get("Authorization"))
		return 200, `{"berth":"b"}`
	}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Auth = schema.Auth{AuthMode: schema.TwoStep, TokenURL: "https://fjord.test/token", TokenParams: schema.Tree{"site": "${connection.site}"}}
		in.Requests.BaseURL = "https://${connection.site}.fjord.test"
		in.Connection = map[string]schema.ConnectionField{
			"site":  {From: schema.FromUser},
			"berth": {From: schema.FromRequest, Request: &schema.LookUp{Path: "/berth"}},
		}
	})
	c, err := e.Connect(t.Context(), alice, engine.Credentials{}, &engine.ConnectOptions{Fields: map[string]string{"site": "north"}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := e.SetFields(t.Context(), alice, map[string]string{"site": "south"})
	if err != nil || set.Credentials.Token.AccessToken.Reveal() != "for-south" || set.Generation == c.Generation {
		t.Fatalf("%v, %v", set, err)
	}
	if _, err := e.SetFields(t.Context(), alice, map[string]string{"site": "gone"}); err == nil {
		t.Error("a site without a token was taken")
	}
	if _, err := e.SetFields(t.Context(), alice, nil); err != nil {
		t.Error(err)
	}
	if got, want := fmt.Sprint(asked), "[north south gone]"; got != want {
		t.Errorf("tokens for %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(sent), "[north.fjord.test Bearer for-north south.fjord.test Bearer for-south]"; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	stored, err := e.Connection(t.Context(), alice)
	if err != nil || stored.Fields["site"] != "south" || stored.Credentials.Token.AccessToken.Reveal() != "for-south" {
		t.Errorf("stored is %v, %v", stored.Fields, err)
	}
}

// A refresh that is under way and a change of fields do not undo each other.
func TestSetFieldsBesideARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := regions()
		p.token = func(r *tokenCall) (int, string) {
			if r.params.Get("grant_type") != "refresh_token" {
				return 200, goodToken
			}
			time.Sleep(3 * time.Second)
			return 200, `{"access_token":"at2","refresh_token":"rt2","token_type":"bearer","expires_in":3600}`
		}
		e := newEngine(t, p, nil, withRegion)
		if _, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu"}}); err != nil {
			t.Fatal(err)
		}
		refreshed := make(chan error)
		go func() {
			_, err := e.Refresh(t.Context(), alice)
			refreshed <- err
		}()
		time.Sleep(time.Second)
		if _, err := e.SetFields(t.Context(), alice, map[string]string{"note": "kept"}); err != nil {
			t.Fatal(err)
		}
		if err := <-refreshed; err != nil {
			t.Fatal(err)
		}
		c, err := e.Connection(t.Context(), alice)
		if err != nil || c.Fields["note"] != "kept" || c.Credentials.Token.RefreshToken.Reveal() != "rt2" || !c.RefreshStarted.IsZero() {
			t.Errorf("stored is %v with %v, %v", c, c.Fields, err)
		}
		if err := e.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// The same choice by two at once, and another: whoever is last is right, and nobody
// fails.
func TestSetFieldsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, regions(), nil, withRegion)
		if _, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu"}}); err != nil {
			t.Fatal(err)
		}
		errs := make(chan error)
		for i := range 4 {
			go func() {
				_, err := e.SetFields(t.Context(), alice, map[string]string{"note": fmt.Sprint("n", i), "region": []string{"eu", "us"}[i%2]})
				errs <- err
			}()
		}
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		c, err := e.Connection(t.Context(), alice)
		if err != nil || c.Fields["berth"] != "b-"+c.Fields["region"] {
			t.Errorf("the berth is of another region: %v, %v", c.Fields, err)
		}
	})
}

// connection is older.
func TestSetFieldsAfterAnotherProcess(t *testing.T) {
	memory := &engine.MemoryStore{}
	p := regions()
	e := newEngine(t, p, &engine.Options{Connections: &faultyStore{ConnectionStore: memory}, CacheTTL: time.Hour}, withRegion)
	other := newEngine(t, p, &engine.Options{Connections: memory}, withRegion)
	if _, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu"}}); err != nil {
		t.Fatal(err)
	}
	if err := called(t, e, "/x"); err != nil {
		t.Fatal(err)
	}
	if _, err := other.SetFields(t.Context(), alice, map[string]string{"note": "theirs"}); err != nil {
		t.Fatal(err)
	}
	c, err := e.SetFields(t.Context(), alice, map[string]string{"region": "us"})
	if err != nil || c.Fields["note"] != "theirs" || c.Fields["region"] != "us" {
		t.Errorf("got %v, %v", c, err)
	}
}

// A connection whose end shows while its fields are to be set keeps those that it had.
func TestSetFieldsOfAConnectionThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := regions()
		p.token = answers(`{"access_token":"at","expires_in":3600}`)
		e := newEngine(t, p, nil, withRegion)
		if _, err := consented(t, e, &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu"}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(48 * time.Hour)
		if _, err := e.SetFields(t.Context(), alice, map[string]string{"region": "us"}); !errors.Is(err, engine.ErrReauthorize) {
			t.Errorf("got %v", err)
		}
		c, err := e.Connection(t.Context(), alice)
		if err != nil || c.Status != engine.StatusActive || c.Fields["region"] != "eu" {
			t.Errorf("stored is %v, %v", c, err)
		}
	})
}
