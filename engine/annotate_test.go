package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/store/seal"
)

// What the host keeps with a connection stays with it: over a refresh, over a
// reconnect, and when the connection is dead.
func TestAnnotate(t *testing.T) {
	server := &rotating{delay: 15 * time.Second}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		note := func(key, value string) *engine.Connection {
			c, err := e.Annotate(t.Context(), alice, func(c *engine.Connection) error {
				if c.Metadata == nil {
					c.Metadata, c.Tags = map[string]any{}, map[string]string{}
				}
				c.Metadata[key], c.Tags[key] = value, value
				c.Credentials, c.Status, c.Fields = engine.Credentials{}, "broken", map[string]string{"a": "b"}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		check := func(when string, status engine.Status, access string, keys ...string) {
			t.Helper()
			c, err := e.Connection(t.Context(), alice)
			if err != nil {
				t.Fatal(err)
			}
			if c.Status != status || c.Credentials.Token.AccessToken.Reveal() != access || len(c.Tags) != len(keys) || len(c.Metadata) != len(keys) || c.Fields["a"] != "" {
				t.Errorf("%s: %s, token %q, tags %v, metadata %v", when, c.Status, c.Credentials.Token.AccessToken.Reveal(), c.Tags, c.Metadata)
			}
		}
		note("one", "1")
		check("annotated", engine.StatusActive, "a1", "one")
		time.Sleep(101 * time.Second) // the token has ended
		done := make(chan string)
		go func() { done <- token(t, e) }()
		time.Sleep(time.Second) // the refresh is under way
		note("two", "2")
		if got := <-done; got != "a2" {
			t.Errorf("token %s", got)
		}
		check("refreshed meanwhile", engine.StatusActive, "a2", "one", "two")
		connect(t, e)
		check("connected again", engine.StatusActive, "a3", "one", "two")
		server.serial = 9
		_, _ = e.Refresh(t.Context(), alice)
		note("three", "3")
		check("dead", engine.StatusNeedsReauthorization, "a3", "one", "two", "three")

		if _, err := e.Annotate(t.Context(), engine.Key{Integration: "fjord", ConnectionID: "nobody"}, func(*engine.Connection) error { return nil }); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("nobody's: %v", err)
		}
		no := errors.New("no")
		if _, err := e.Annotate(t.Context(), alice, func(c *engine.Connection) error { c.Tags = nil; return no }); !errors.Is(err, no) {
			t.Errorf("refused: %v", err)
		}
		check("refused", engine.StatusNeedsReauthorization, "a3", "one", "two", "three")
	})
}

// Tags that are given when a user is sent away arrive at the connection.
func TestTagsOfAnAuthorization(t *testing.T) {
	p := &provider{token: answers(`{"access_token":"a1"}`, `{"access_token":"a2"}`)}
	e := newEngine(t, p, nil, nil)
	keys := seal.NewKeys()
	for _, tags := range []map[string]string{{"end_user_id": "7"}, nil} { // without: it keeps those it has
		pending, err := e.AuthCodeURL(t.Context(), alice, "http://localhost:3003/oauth/callback", &engine.AuthCodeOptions{Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		text, err := pending.Seal(keys)
		if err != nil {
			t.Fatal(err)
		}
		if pending, err = engine.OpenPending(text, keys); err != nil {
			t.Fatal(err)
		}
		c, err := e.Exchange(t.Context(), pending, url.Values{"code": {"c"}, "state": {pending.State.Reveal()}})
		if err != nil || c.Tags["end_user_id"] != "7" {
			t.Errorf("tags %v, %v", c.Tags, err)
		}
	}
}

// Whoever watches is told of connections, and not of calls, until it stops.
func TestWatch(t *testing.T) {
	bubble(t, &rotating{}, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		var told []string
		stop := e.Watch(engine.Watcher{
			Event: func(_ context.Context, ev engine.Event) { told = append(told, "event "+string(ev.Kind)) },
			Change: func(_ context.Context, ch engine.Change) {
				told = append(told, fmt.Sprint("change ", ch.Kind, " ", ch.Connection != nil, " ", ch.Removed != nil))
			},
		})
		e.Watch(engine.Watcher{}) // who wants nothing is in nobody's way
		if _, err := get(t, client(t, e), "/v1/users"); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Refresh(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		if err := e.Revoke(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		stop()
		connect(t, e)
		want := []string{"change refresh true false", "event refresh", "event revoke", "change revoke false true"}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Error(diff)
		}
	})
}
