package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A client that has refreshed is allowed to: unauthorized_client says then that the
// refresh token is no longer good. Before that, and where the client itself is refused,
// it is the operator's to mend.
func TestUnauthorizedClientAfterARefresh(t *testing.T) {
	for name, row := range map[string]struct {
		status, refreshed int
		want              engine.Kind
	}{
		"after a refresh": {400, 1, engine.KindReauthorize},
		"before any":      {400, 0, engine.KindClient},
		"with status 401": {401, 1, engine.KindClient},
	} {
		t.Run(name, func(t *testing.T) {
			server := &rotating{failing: func(n int) (int, string) {
				if n <= row.refreshed {
					return 0, ""
				}
				return row.status, `{"error":"unauthorized_client"}`
			}}
			bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
				for range row.refreshed {
					if _, err := e.Refresh(t.Context(), alice); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := e.Refresh(t.Context(), alice); engine.ErrorKind(err) != row.want {
					t.Errorf("got %v, want %s", err, row.want)
				}
				c, _ := e.Connection(t.Context(), alice)
				if dead := c.Status != engine.StatusActive; dead != (row.want == engine.KindReauthorize) {
					t.Errorf("status %s", c.Status)
				}
			})
		})
	}
}

// A refusal that is repeated is not asked for with every call, but less and less; and at
// once where somebody may have mended it.
func TestARepeatedRefusalBacksOff(t *testing.T) {
	server := &rotating{failing: func(int) (int, string) { return 400, `{"error":"invalid_client"}` }}
	bubble(t, server, nil, func(t *testing.T, e *engine.Engine, _ *provider) {
		time.Sleep(101 * time.Second)
		for range 3600 {
			if _, err := e.TokenSource(alice).Token(t.Context()); !errors.Is(err, engine.ErrClient) {
				t.Fatalf("got %v", err)
			}
			time.Sleep(time.Second)
		}
		if server.asked < 5 || server.asked > 20 {
			t.Errorf("asked %d times in an hour of calls", server.asked)
		}
		server.failing = nil
		if err := e.Reload(&schema.Config{Integrations: map[string]*schema.Integration{alice.Integration: fjord()}}); err != nil {
			t.Fatal(err)
		}
		if got := token(t, e); got != "a2" {
			t.Errorf("token %s", got)
		}
	})
}
