package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func TestHooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var before, after []string
		server := &rotating{}
		e := newEngine(t, &provider{token: server.token}, &engine.Options{
			BeforeStore: func(_ context.Context, c *engine.Connection) error {
				before = append(before, c.Credentials.Token.AccessToken.Reveal())
				c.Metadata = map[string]any{"seen": c.Credentials.Token.AccessToken.Reveal()}
				c.Credentials.Token.AccessToken = schema.NewSecret("not the host's to say") // of a refresh
				return nil
			},
			AfterChange: func(_ context.Context, ch engine.Change) {
				text := "nil"
				if ch.Connection != nil {
					text = fmt.Sprint(ch.Connection.Status, " ", ch.Connection.Metadata["seen"])
				}
				after = append(after, fmt.Sprint(ch.Kind, " ", ch.Key, " ", text))
			},
		}, nil)
		connect(t, e)
		time.Sleep(90 * time.Second)
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
		server.serial = 9 // alice's token is not good any more
		_, _ = e.Refresh(t.Context(), alice)
		_ = e.Revoke(t.Context(), alice)
		if diff := cmp.Diff([]string{"a1", "a2"}, before); diff != "" {
			t.Errorf("before: %s", diff)
		}
		want := []string{
			"exchange fjord/alice active a1", "refresh fjord/alice active a2",
			"status fjord/alice needs_reauthorization a2", "revoke fjord/alice nil",
		}
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("after: %s", diff)
		}
	})
}

// A hook may refuse what a user brings. It cannot undo a rotation.
func TestHookThatRefuses(t *testing.T) {
	for name, hook := range map[string]func() error{
		"error": func() error { return errors.New("another workspace") },
		"panic": func() error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refuse := false
				server := &rotating{}
				var events []string
				e := newEngine(t, &provider{token: server.token}, &engine.Options{
					BeforeStore: func(context.Context, *engine.Connection) error {
						if refuse {
							return hook()
						}
						return nil
					},
					Observe: func(_ context.Context, ev engine.Event) {
						if ev.Err != nil {
							events = append(events, ev.Reason)
						}
					},
				}, nil)
				connect(t, e)
				time.Sleep(90 * time.Second)
				refuse = true
				if got := token(t, e); got != "a2" || len(events) != 1 {
					t.Errorf("token %s, events %q", got, events)
				}
				if name == "panic" {
					return // in the host's own goroutine it is the host's
				}
				p, q := begin(t, e)
				if _, err := e.Exchange(t.Context(), p, url.Values{"code": {"c"}, "state": {q.Get("state")}}); !errors.Is(err, engine.ErrDenied) {
					t.Errorf("got %v", err)
				}
				if got := token(t, e); got != "a2" {
					t.Errorf("what was refused is stored: %s", got)
				}
			})
		})
	}
}
