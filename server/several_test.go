package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/postgres"
	"github.com/nango-lite/nango-lite/store/record"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

// A place is a store that a server of its own can open.
type place interface {
	connection.Store
	record.Store
	io.Closer
}

// Several servers over one store act as one: whoever is asked, at the token endpoint
// or the proxy, a refresh token is redeemed once, everybody is answered, and a key that
// is made or revoked at one counts at all.
func TestSeveralServersActAsOne(t *testing.T) {
	keys := seal.NewKeys()
	for name, open := range map[string]func(t *testing.T) func() (place, error){
		"sqlite": func(t *testing.T) func() (place, error) {
			path := filepath.Join(t.TempDir(), "shared.db")
			return func() (place, error) { return sqlite.Open(t.Context(), path, keys, nil) }
		},
		"postgres": func(t *testing.T) func() (place, error) {
			url := newDatabase(t)
			return func() (place, error) { return postgres.Open(t.Context(), url, keys, nil) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testSeveral(t, open(t))
		})
	}
}

// newDatabase returns the URL of an empty schema, or skips the test.
func newDatabase(t *testing.T) string {
	t.Helper()
	const env = "NANGO_LITE_TEST_POSTGRES"
	url := os.Getenv(env)
	if url == "" {
		t.Skipf("%s is not set: %[1]s=$(.ci/postgres start /tmp/postgres) go test ./server", env)
	}
	name := fmt.Sprintf("several_%d", time.Now().UnixNano())
	t.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return url + "?schema=" + name
}

func testSeveral(t *testing.T, open func() (place, error)) {
	var redeemed atomic.Int64
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer new-") {
				_, _ = io.WriteString(w, r.Header.Get("Authorization"))
				return
			}
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = r.ParseForm()
		n := redeemed.Add(1)
		if r.PostForm.Get("refresh_token") != "single-use" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error": "invalid_grant"}`)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token": "new-%d", "refresh_token": "next-%d", "token_type": "Bearer", "expires_in": 3600}`, n, n)
	}))
	t.Cleanup(provider.Close)

	const servers, callers = 3, 60
	var urls []string
	var stores []place
	for i := range servers {
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
		if i == 0 {
			k := engine.Key{Integration: "tides", ConnectionID: "user-42"}
			if _, err := e.Connect(t.Context(), k, engine.Credentials{Token: engine.Token{
				AccessToken: schema.NewSecret("old"), RefreshToken: schema.NewSecret("single-use"), ExpiresAt: time.Now().Add(-time.Minute),
			}}, nil); err != nil {
				t.Fatal(err)
			}
		}
		h, err := server.New(e, &server.Options{Records: store})
		if err != nil {
			t.Fatal(err)
		}
		front := httptest.NewServer(h)
		t.Cleanup(front.Close)
		urls, stores = append(urls, front.URL), append(stores, store)
	}
	key, err := server.CreateAPIKey(t.Context(), stores[0], server.APIKey{Name: "shared", Scopes: server.Scopes})
	if err != nil {
		t.Fatal(err)
	}

	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			s := &stage{T: t, url: urls[i%servers]}
			a := answer{}
			if i%2 == 0 {
				a = s.askToken("tides/user-42", key.Reveal())
			} else {
				a = s.do("GET", "/c/tides/user-42/x", nil, bearer(key.Reveal())...)
			}
			if a.StatusCode != 200 || !strings.Contains(a.body, "new-1") {
				t.Errorf("server %d: %d %s", i%servers, a.StatusCode, a.body)
			}
		})
	}
	all.Wait()
	if n := redeemed.Load(); n != 1 {
		t.Errorf("the refresh token was redeemed %d times", n)
	}

	if err := server.RevokeAPIKey(t.Context(), stores[1], "shared"); err != nil {
		t.Fatal(err)
	}
	fresh, err := server.New(nil, &server.Options{Records: stores[2]}) // one that has just started knows at once
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/c/tides/user-42/x", nil)
	r.Header.Set("Authorization", "Bearer "+key.Reveal())
	if fresh.ServeHTTP(w, r); w.Code != http.StatusUnauthorized {
		t.Errorf("a key that was revoked elsewhere: %d", w.Code)
	}
}
