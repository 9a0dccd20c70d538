package server_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// A flow begins at one server and ends at another, once, and the page that waits at a
// third is told. What lies in the store meanwhile is sealed.
func TestS1_ACallbackAtAnotherServer(t *testing.T) {
	keys := seal.NewKeys()
	for name, open := range map[string]func(t *testing.T) func() (place, error){
		"sqlite": func(t *testing.T) func() (place, error) {
			path := filepath.Join(t.TempDir(), "shared.db")
			return func() (place, error) { return sqlite.Open(t.Context(), path, keys, nil) }
		},
		"postgres": func(t *testing.T) func() (place, error) {
			at := newDatabase(t)
			return func() (place, error) { return postgres.Open(t.Context(), at, keys, nil) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testCallbackElsewhere(t, open(t))
		})
	}
}

func testCallbackElsewhere(t *testing.T, open func() (place, error)) {
	var redeemed atomic.Int64
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		redeemed.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token": "new-token", "token_type": "Bearer", "expires_in": 3600}`)
	}))
	t.Cleanup(provider.Close)
	var all []*stage
	var stores []place
	for range 3 {
		store, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		e, err := engine.New(&schema.Config{Integrations: integrations(provider.URL)}, &engine.Options{Connections: store})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Wait(context.Background()) })
		h, err := server.New(e, &server.Options{Records: store, APIKey: schema.NewSecret(operator), PublicURL: public})
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(h)
		t.Cleanup(front.Close)
		all, stores = append(all, &stage{T: t, url: front.URL, engine: e}), append(stores, store)
	}
	ws, id := all[2].waits("")
	token := all[0].session(`{"connection_id": "user-7"}`)
	j := jar{}
	to := all[1].begin(j, "/oauth/connect/tides?connect_session_token="+token+"&ws_client_id="+id)
	if found, err := stores[0].Records(t.Context(), "connect_flow", "", 10); err != nil || len(found) != 1 || strings.Contains(found[0].ID, to.Query().Get("state")) || len(found[0].Open) > 0 {
		t.Errorf("what is kept of the flow: %d records, %v", len(found), err)
	}

	// The browser, or somebody with it, comes back to all at once.
	var done atomic.Int64
	var together sync.WaitGroup
	for i := range 6 {
		together.Go(func() {
			a := all[i%3].do("GET", back(to), nil, j.header()...)
			switch a.StatusCode {
			case 200:
				done.Add(1)
			case 400, 409:
			default:
				t.Errorf("server %d: %d %s", i%3, a.StatusCode, a.body)
			}
		})
	}
	together.Wait()
	if done.Load() != 1 || redeemed.Load() != 1 {
		t.Errorf("%d callbacks were taken, and the code was redeemed %d times", done.Load(), redeemed.Load())
	}
	if m := all[2].message(ws); m["message_type"] != "success" || m["connection_id"] != "user-7" {
		t.Errorf("the page that waits was told %v", m)
	}
	if !all[0].has("user-7") {
		t.Error("the first server does not know the connection")
	}
	if a := all[0].do("GET", "/oauth/connect/tides?"+url.Values{"connect_session_token": {token}}.Encode(), nil); a.StatusCode != 409 {
		t.Errorf("the session is used, and another server does not know: %d", a.StatusCode)
	}
}
