package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	killedCallers = flag.Int("killed.callers", 30, "callers in each round of TestServersAreKilled; its promise is for 1000")
	killedAnswer  = flag.Duration("killed.answer", 300*time.Millisecond, "how long the provider of TestServersAreKilled takes; its promise is for 15s")
	killedRounds  = flag.Int("killed.rounds", 3, "rounds of TestServersAreKilled, in each of which a server is killed")
)

// A strict provider takes each refresh token once, and ends the grant when one comes
// again. A request whose caller has gone before the answer counts as not made.
type strict struct {
	*testing.T
	mu       sync.Mutex
	redeemed map[string]int // by connection
	dead     map[string]bool
	first    map[string]chan string // told which server refreshes first
}

func (p *strict) begin(connection string) <-chan string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first[connection] = make(chan string, 1)
	return p.first[connection]
}

func (p *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/token") {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer access of ")
		if !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "called as %s", token)
		return
	}
	_ = r.ParseForm()
	connection, used := strings.CutPrefix(r.PostForm.Get("refresh_token"), "first of ")
	if !used {
		p.Errorf("an unknown refresh token came: %s", r.PostForm.Get("refresh_token"))
	}
	p.mu.Lock()
	first := p.first[connection]
	delete(p.first, connection)
	p.mu.Unlock()
	if first != nil {
		first <- r.PostForm.Get("server")
	}
	select {
	case <-time.After(*killedAnswer):
	case <-r.Context().Done():
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if p.redeemed[connection]++; p.redeemed[connection] > 1 {
		p.dead[connection] = true
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": "invalid_grant"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token": "access of %s", "refresh_token": "second of %[1]s", "token_type": "Bearer", "expires_in": 3600}`, connection)
}

// Three servers over one PostgreSQL, of which the one that refreshes is killed while the
// provider makes up its mind: each refresh token is redeemed once, no connection dies, and
// every caller is answered, by another server if its own is gone.
//
// The whole: go test ./cmd/nango-lite -run TestServersAreKilled -killed.callers 1000 -killed.answer 15s -killed.rounds 4
func TestServersAreKilled(t *testing.T) {
	db := os.Getenv(postgresEnv)
	if db == "" {
		t.Skipf("%s is not set: %[1]s=$(.ci/postgres start /tmp/postgres) go test ./cmd/nango-lite", postgresEnv)
	}
	schema := fmt.Sprintf("killed_%d", time.Now().UnixNano())
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), os.Getenv(postgresEnv))
		if err == nil {
			_, err = conn.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+schema+" CASCADE")
			_ = conn.Close(context.Background())
		}
		if err != nil {
			t.Error(err)
		}
	})
	db += "?schema=" + schema
	provider := &strict{T: t, redeemed: map[string]int{}, dead: map[string]bool{}, first: map[string]chan string{}}
	api := httptest.NewServer(provider)
	t.Cleanup(api.Close)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte(`integrations:
    tides:
        oauth_client_id: tides-app
        oauth_client_secret: invented
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: `+api.URL+`/authorize, token_url: `+api.URL+`/token, refresh_params: {server: "${SERVER}"}}
        requests: {base_url: `+api.URL+`, headers: {Authorization: "Bearer ${access_token}"}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "my.keys")
	if out, err := command(t, dir, nil, "keys", "create", keys).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const key = "killed-0123456789-0123456789-0123456789"
	var mu sync.Mutex
	servers := map[string]*served{}
	start := func(name string) {
		s := startServe(t, dir, []string{"SERVER=" + name, "NANGO_LITE_API_KEY=" + key}, "--store", db, "--keys", keys, "serve", "--addr", "127.0.0.1:0", "--no-access-log")
		mu.Lock()
		defer mu.Unlock()
		servers[name] = s
	}
	names := []string{"north", "south", "west"}
	for _, name := range names {
		start(name)
	}
	at := func(i int) string {
		mu.Lock()
		defer mu.Unlock()
		return servers[names[i%len(names)]].url
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	ask := func(base, method, path, body, kind string) (int, string, error) {
		r, _ := http.NewRequest(method, base+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		if r.Header.Set("Content-Type", kind); strings.HasPrefix(kind, "application/x-www") {
			r.Header.Del("Authorization")
		}
		resp, err := client.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text), err
	}

	for round := range *killedRounds {
		connection := fmt.Sprintf("user-%d", round)
		status, text, err := ask(at(round), "POST", "/connections", fmt.Sprintf(`{"provider_config_key": "tides", "connection_id": %q,
			"credentials": {"type": "OAUTH2", "access_token": "old", "refresh_token": "first of %[1]s", "expires_at": "2020-01-01T00:00:00Z"}}`, connection), "application/json")
		if err != nil || status != 201 {
			t.Fatalf("%d %s %v", status, text, err)
		}
		refreshing := provider.begin(connection)
		form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"tides/" + connection}, "client_secret": {key}}.Encode()
		var callers sync.WaitGroup
		for i := range *killedCallers {
			callers.Go(func() {
				for try := range 5 { // as a load balancer does
					var status int
					var text string
					var err error
					if i%2 == 0 {
						status, text, err = ask(at(i+try), "POST", "/oauth/token", form, "application/x-www-form-urlencoded")
						var token struct {
							AccessToken string `json:"access_token"`
						}
						_ = json.Unmarshal([]byte(text), &token)
						text = token.AccessToken
					} else {
						status, text, err = ask(at(i+try), "GET", "/c/tides/"+connection+"/x", "", "text/plain")
						text = strings.Replace(text, "called as", "access of", 1)
					}
					if err != nil {
						continue
					}
					if status != 200 || text != "access of "+connection {
						t.Errorf("round %d: %d %q", round, status, text)
					}
					return
				}
				t.Errorf("round %d: a caller was not answered", round)
			})
		}
		victim := <-refreshing
		mu.Lock()
		killed := servers[victim]
		mu.Unlock()
		_ = killed.cmd.Process.Kill()
		_ = killed.cmd.Wait()
		callers.Wait()
		provider.mu.Lock()
		if n := provider.redeemed[connection]; n != 1 || provider.dead[connection] {
			t.Errorf("round %d: redeemed %d times, the grant ended: %v", round, n, provider.dead[connection])
		}
		provider.mu.Unlock()
		start(victim)
	}
	for i := range names { // all of them, the new ones too, know the new tokens
		for round := range *killedRounds {
			if status, text, err := ask(at(i), "GET", fmt.Sprintf("/c/tides/user-%d/x", round), "", "text/plain"); err != nil || status != 200 {
				t.Errorf("%s: %d %s %v", names[i], status, text, err)
			}
		}
	}
	for _, s := range servers {
		s.stop()
	}
}
