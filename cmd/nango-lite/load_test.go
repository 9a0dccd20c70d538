package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	loadFor     = flag.Duration("load.for", 8*time.Second, "how long TestServersUnderLoad goes on; its promise is for 10m")
	loadCallers = flag.Int("load.callers", 24, "callers of TestServersUnderLoad")
)

const (
	loadConnections = 40
	loadLife        = 4                // seconds that an access token lives
	loadBudget      = 40               // calls a second that the metered integration declares
	loadSettled     = 16 * time.Second // after which the servers know of each other again
)

// A rotating provider takes each refresh token once; for half a minute it answers the latest
// again with what it gave for it, as refresh_grace_seconds says, and any older one ends the grant.
type rotating struct {
	*testing.T
	mu     sync.Mutex
	grants map[string]*grant // by connection
	calls  []time.Time       // of the metered API
}

type grant struct {
	serial int       // of the pair in force
	when   time.Time // it was given out
	ended  bool
}

func (p *rotating) answer(w http.ResponseWriter, id string, g *grant) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token": "access/%s/%d", "refresh_token": "refresh/%[1]s/%[2]d", "token_type": "Bearer", "expires_in": %[3]d}`, id, g.serial, loadLife)
}

func (p *rotating) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/token") {
		p.api(w, r)
		return
	}
	_ = r.ParseForm()
	time.Sleep(time.Duration(rand.IntN(150)) * time.Millisecond) // so that servers are killed meanwhile
	p.mu.Lock()
	defer p.mu.Unlock()
	if code, ok := strings.CutPrefix(r.PostForm.Get("code"), "code/"); ok {
		g := &grant{when: time.Now()}
		p.grants[code] = g
		p.answer(w, code, g)
		return
	}
	id, n := parted(r.PostForm.Get("refresh_token"), "refresh/")
	g := p.grants[id]
	switch {
	case g != nil && n == g.serial:
		g.serial, g.when = n+1, time.Now()
	case g != nil && n == g.serial-1 && time.Since(g.when) < 30*time.Second:
	default:
		if g != nil {
			g.ended = true
		}
		p.Errorf("a refresh token that was long used came: %s", r.PostForm.Get("refresh_token"))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": "invalid_grant"}`)
		return
	}
	p.answer(w, id, g)
}

// parted reads prefix/id/serial.
func parted(text, prefix string) (id string, n int) {
	rest, _ := strings.CutPrefix(text, prefix)
	id, serial, _ := strings.Cut(rest, "/")
	n, err := strconv.Atoi(serial)
	if err != nil {
		return "", 0
	}
	return id, n
}

func (p *rotating) api(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-Meter") != "" {
		p.mu.Lock()
		p.calls = append(p.calls, time.Now())
		p.mu.Unlock()
		return
	}
	id, n := parted(r.Header.Get("Authorization"), "Bearer access/")
	p.mu.Lock()
	g := p.grants[id]
	p.mu.Unlock()
	if g == nil || g.ended || n < g.serial-1 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, "called as %s", id)
}

// A fleet is three servers over one database.
type fleet struct {
	*testing.T
	mu      sync.Mutex
	servers []*served
	starts  int
	run     func() *served
}

func (f *fleet) at(i int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.servers[i%len(f.servers)].url
}

// kill ends a server without a word, and starts another in its place.
func (f *fleet) kill(i int) {
	f.mu.Lock()
	s := f.servers[i]
	f.mu.Unlock()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
	s = f.run()
	f.mu.Lock()
	f.servers[i] = s
	f.starts++
	f.mu.Unlock()
}

// Three servers over one PostgreSQL, under load, while servers are killed and connections
// to the database are cut at random: every caller is answered, by another server if need be; no
// connection is lost; users connect, whichever server they come back to; and what the servers
// together ask of an API stays in its budget once they know of each other.
//
// The whole: go test ./cmd/nango-lite -run TestServersUnderLoad -load.for 10m -timeout 15m
func TestServersUnderLoad(t *testing.T) {
	dsn := os.Getenv(postgresEnv)
	if dsn == "" {
		t.Skipf("%s is not set: %[1]s=$(.ci/postgres start /tmp/postgres) go test ./cmd/nango-lite", postgresEnv)
	}
	name := fmt.Sprintf("load_%d", time.Now().UnixNano())
	db, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.Background()
		if _, err := db.Exec(ctx, "DROP SCHEMA IF EXISTS "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
		_ = db.Close(ctx)
	})
	provider := &rotating{T: t, grants: map[string]*grant{}}
	api := httptest.NewServer(provider)
	t.Cleanup(api.Close)
	f := startFleet(t, api.URL, dsn+"?schema="+name+"&application_name="+name)

	l := &load{T: t, fleet: f, provider: provider, client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       time.Minute,
	}}
	for i := range loadConnections {
		l.connect(fmt.Sprintf("user-%d", i), 0, 0)
	}
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range *loadCallers {
		callers.Go(func() { l.call(stop) })
	}
	callers.Go(func() { l.meter(stop) })
	callers.Go(func() { l.connectAll(stop) })
	cut, end := 0, time.Now().Add(*loadFor)
	for time.Now().Before(end) {
		time.Sleep(time.Duration(500+rand.IntN(1500)) * time.Millisecond)
		if rand.IntN(2) == 0 {
			f.kill(rand.IntN(len(f.servers)))
			continue
		}
		if _, err := db.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND random() < 0.7", name); err != nil {
			t.Fatal(err)
		}
		cut++
	}
	if *loadFor >= time.Minute {
		l.settle()
	}
	close(stop)
	callers.Wait()
	for i := range loadConnections {
		l.want(fmt.Sprintf("user-%d", i))
	}
	for id, g := range provider.grants {
		if g.ended {
			t.Errorf("the grant of %s has ended", id)
		}
	}
	t.Logf("%d calls answered, %d servers killed, database connections cut %d times, %d users connected, %d of them again because what they began at was gone",
		l.answered.Load(), f.starts, cut, l.connected.Load(), l.again.Load())
}

// startFleet starts the servers.
func startFleet(t *testing.T, api, store string) *fleet {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte(strings.ReplaceAll(`integrations:
    tides:
        oauth_client_id: tides-app
        oauth_client_secret: invented
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: URL/authorize, token_url: URL/token, refresh_grace_seconds: 30}
        requests: {base_url: URL, headers: {Authorization: "Bearer ${access_token}"}}
    metered:
        auth: {auth_mode: NONE}
        requests: {base_url: URL, headers: {X-Meter: "1"}, rate_limit: {budget: {requests: `+strconv.Itoa(loadBudget)+`, per_seconds: 1}}}
`, "URL", api)), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "my.keys")
	if out, err := command(t, dir, nil, "keys", "create", keys).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f := &fleet{T: t}
	f.run = func() *served {
		s := startServe(t, dir, []string{"NANGO_LITE_API_KEY=" + loadKey}, "--store", store, "--keys", keys, "serve", "--addr", "127.0.0.1:0", "--public-url", "http://localhost:1", "--no-access-log")
		go func() { _, _ = io.Copy(io.Discard, s.stderr) }()
		return s
	}
	for range 3 {
		f.servers = append(f.servers, f.run())
	}
	return f
}

const loadKey = "load-0123456789-0123456789-0123456789"

// A load is those who ask.
type load struct {
	*testing.T
	*fleet
	provider *rotating
	client   *http.Client

	answered, connected, again atomic.Int64
}

func (l *load) ask(base, method, path, body string, header ...string) (status int, text string, h http.Header, err error) {
	r, err := http.NewRequest(method, base+path, strings.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	r.Header.Set("Authorization", "Bearer "+loadKey)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := l.client.Do(r)
	if err != nil {
		return 0, "", nil, err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), resp.Header, err
}

// passes reports whether an answer is one after which a load balancer asks another server.
func passes(status int, err error) bool {
	return err != nil || status == http.StatusServiceUnavailable || status == http.StatusBadGateway
}

// want asks for a token or makes a call until it is answered, and says if the answer is wrong.
func (l *load) want(id string) {
	began := time.Now()
	for try := rand.IntN(3); ; try++ {
		status, text, _, err := l.ask(l.at(try), "GET", "/c/tides/"+id+"/x", "")
		good := text == "called as "+id
		if try%2 == 0 {
			form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"tides/" + id}, "client_secret": {loadKey}}.Encode()
			status, text, _, err = l.ask(l.at(try), "POST", "/oauth/token", form, "Content-Type", "application/x-www-form-urlencoded", "Authorization", "")
			good = strings.Contains(text, `"access_token":"access/`+id+`/`)
		}
		switch {
		case passes(status, err) && time.Since(began) < 45*time.Second:
			time.Sleep(20 * time.Millisecond)
			continue
		case err != nil || status != http.StatusOK || !good:
			l.Errorf("%s, after %s: %d %q %v", id, time.Since(began), status, text, err)
		}
		l.answered.Add(1)
		return
	}
}

func (l *load) call(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			l.want(fmt.Sprintf("user-%d", rand.IntN(loadConnections)))
		}
	}
}

// connectAll lets one user after another connect, each beginning at one server and coming
// back to another.
func (l *load) connectAll(stop chan struct{}) {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return
		case <-time.After(100 * time.Millisecond):
			id := fmt.Sprintf("later-%d", i)
			l.connect(id, rand.IntN(3), rand.IntN(3))
			l.want(id)
		}
	}
}

// connect takes a user through consent, begun at one server and ended at another. What is
// cut off in the middle is begun again, as a user would.
func (l *load) connect(id string, from, to int) {
	for began := time.Now(); time.Since(began) < 45*time.Second; l.again.Add(1) {
		status, text, _, err := l.ask(l.at(from), "POST", "/connect/sessions", fmt.Sprintf(`{"allowed_integrations": ["tides"], "connection_id": %q}`, id))
		var made struct{ Data struct{ Token string } }
		if passes(status, err) || json.Unmarshal([]byte(text), &made) != nil || made.Data.Token == "" {
			continue
		}
		status, _, h, err := l.ask(l.at(from), "GET", "/oauth/connect/tides?connect_session_token="+made.Data.Token, "")
		if passes(status, err) || status != http.StatusFound {
			continue
		}
		page, err := url.Parse(h.Get("Location"))
		if err != nil {
			l.Error(err)
			return
		}
		cookie, _, _ := strings.Cut(h.Get("Set-Cookie"), ";")
		back := "/oauth/callback/tides?" + url.Values{"code": {"code/" + id}, "state": {page.Query().Get("state")}}.Encode()
		status, text, _, err = l.ask(l.at(to), "GET", back, "", "Cookie", cookie)
		if status == http.StatusOK && strings.Contains(text, "<h1>Connected") {
			l.connected.Add(1)
			return
		}
		if err == nil && status != http.StatusServiceUnavailable {
			l.Errorf("%s came back to another server: %d %s", id, status, text)
			return
		}
	}
	l.Errorf("%s could not connect", id)
}

// meter asks as much as it may of an API with a budget.
func (l *load) meter(stop chan struct{}) {
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _, _, _ = l.ask(l.at(i), "GET", "/c/metered/default/x", "")
				}
			}
		})
	}
	all.Wait()
}

// settle waits until the servers know of each other, and then counts.
func (l *load) settle() {
	time.Sleep(loadSettled)
	began := time.Now()
	time.Sleep(10 * time.Second)
	l.provider.mu.Lock()
	defer l.provider.mu.Unlock()
	n := 0
	for _, at := range l.provider.calls {
		if at.After(began) {
			n++
		}
	}
	if most := loadBudget*10 + loadBudget; n > most || n == 0 {
		l.Errorf("%d metered calls in 10 s, want at most %d", n, most)
	}
	l.Logf("%d metered calls in 10 s, of %d", n, loadBudget*10)
}
