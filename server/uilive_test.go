package server_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
	"github.com/nango-lite/nango-lite/store/record"
)

// A desk is where an operator sits: servers over one store, in a world whose clock a test
// moves, so there is no network.
type desk struct {
	*testing.T
	store   connection.Store
	records *record.Memory
	log     *syncBuffer
	*deskServer
}

// A deskServer is one of them.
type deskServer struct {
	server *server.Server
	engine *engine.Engine
	calls  *server.Calls
	answer chan struct{} // the provider answers when it is closed
}

// RoundTrip is the provider's answer.
func (s *deskServer) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-s.answer:
		return &http.Response{StatusCode: 204, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// atDesk runs a test in such a world. Whoever still waits at its end fails it.
func atDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := &desk{T: t, store: &connection.MemoryStore{}, records: &record.Memory{}, log: &syncBuffer{}}
		d.deskServer = d.another()
		for _, id := range []string{"user-42", "user-43"} {
			d.changed(d.deskServer, id, nil)
		}
		test(t, d)
	})
}

// another is one more server over the store.
func (d *desk) another() *deskServer {
	d.Helper()
	s := &deskServer{calls: &server.Calls{}, answer: make(chan struct{})}
	var err error
	s.engine, err = engine.New(&schema.Config{Integrations: integrations("https://provider.example")}, &engine.Options{Connections: d.store, Transport: s})
	if err != nil {
		d.Fatal(err)
	}
	s.server, err = server.New(s.engine, &server.Options{
		Records: d.records, APIKey: schema.NewSecret(operator), Calls: s.calls, Logger: slog.New(slog.NewTextHandler(d.log, nil)),
	})
	if err != nil {
		d.Fatal(err)
	}
	return s
}

// changed makes a connection, or changes it.
func (d *desk) changed(at *deskServer, id string, tags map[string]string) {
	d.Helper()
	k := engine.Key{Integration: "lamps", ConnectionID: id}
	if tags == nil {
		if _, err := at.engine.Connect(d.Context(), k, engine.Credentials{APIKey: schema.NewSecret(apiKeySecret)}, nil); err != nil {
			d.Fatal(err)
		}
		return
	}
	if _, err := at.engine.Annotate(d.Context(), k, func(c *engine.Connection) error { c.Tags = tags; return nil }); err != nil {
		d.Fatal(err)
	}
}

// called tells of a call.
func (s *deskServer) called(id string) {
	s.calls.Observe(context.Background(), engine.Event{
		Kind: engine.EventCall, Time: time.Now(), Key: engine.Key{Integration: "lamps", ConnectionID: id}, Method: "GET", Status: 200, Attempt: 1,
	})
}

// ask sends a request with a cookie.
func (s *deskServer) ask(method, path, cookie string, fields ...string) *httptest.ResponseRecorder {
	q := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		q.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(method, path, strings.NewReader(q.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookie)
	rec := httptest.NewRecorder()
	s.server.ServeHTTP(rec, r)
	return rec
}

// signIn returns the cookie of a session.
func (d *desk) signIn(key string) string {
	d.Helper()
	first := d.ask("GET", "/ui/login", "")
	c := first.Result().Cookies()[0]
	form := formField.FindStringSubmatch(first.Body.String())[1]
	for _, c := range d.ask("POST", "/ui/login", c.Name+"="+c.Value, "form", form, "key", key).Result().Cookies() {
		if c.Name == "nango_lite_ui" {
			return c.Name + "=" + c.Value
		}
	}
	d.Fatal("not signed in")
	return ""
}

// A watching browser has a page open.
type watching struct {
	rec   *recording
	leave context.CancelFunc
	done  chan struct{}
	read  int
}

var scriptData = regexp.MustCompile(`data-stream="([^"]*)" data-page="[^"]*" data-seen="([^"]*)"`)

// watch opens a page and its stream, as the script does.
func (d *desk) watch(at *deskServer, page, cookie string) *watching {
	d.Helper()
	shown := at.ask("GET", page, cookie)
	found := scriptData.FindStringSubmatch(shown.Body.String())
	if shown.Code != 200 || found == nil {
		d.Fatalf("%s: %d %s", page, shown.Code, shown.Body)
	}
	stream := html.UnescapeString(found[1])
	if strings.Contains(stream, "?") {
		stream += "&seen=" + found[2]
	} else {
		stream += "?seen=" + found[2]
	}
	return at.stream(stream, cookie, nil)
}

// stream opens a stream; to takes what it tells, if it is not nil.
func (s *deskServer) stream(path, cookie string, to http.ResponseWriter) *watching {
	ctx, leave := context.WithCancel(context.Background())
	w := &watching{rec: &recording{header: http.Header{}}, leave: leave, done: make(chan struct{})}
	if to == nil {
		to = w.rec
	}
	r := httptest.NewRequestWithContext(ctx, "GET", path, nil)
	r.Header.Set("Cookie", cookie)
	go func() {
		defer close(w.done)
		defer func() { _ = recover() }() // net/http's, of a request that is broken off
		s.server.ServeHTTP(to, r)
	}()
	synctest.Wait()
	return w
}

// told is what a stream has told since it was asked last, after a while.
func (w *watching) told(after time.Duration) string {
	time.Sleep(after)
	synctest.Wait()
	all := w.rec.String()
	defer func() { w.read = len(all) }()
	return strings.TrimPrefix(all[w.read:], "retry: 3000\n\n")
}

func (w *watching) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

const soon = 2*time.Second + time.Millisecond

// What is shown is told anew when it would be another, and only then: what a server does
// itself, and what another does to the store that they share.
func TestPagesAreLive(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		cookie := d.signIn(operator)
		other := d.another()
		for _, page := range []string{"/ui", "/ui?q=user", "/ui/connection?integration=lamps&id=user-42", "/ui/integrations", "/ui/integrations/lamps", "/ui/activity", "/ui/audit"} {
			w := d.watch(d.deskServer, page, cookie)
			if got := w.told(14 * time.Second); got != "" || w.ended() {
				t.Errorf("%s: nothing has changed, and %q was told", page, got)
			}
			if got := w.told(2 * time.Second); got != ":\n\n" {
				t.Errorf("%s: the stream shows that it lives by %q", page, got)
			}
			w.leave()
			synctest.Wait()
			if !w.ended() {
				t.Errorf("%s: the stream outlives its browser", page)
			}
		}
		list, activity := d.watch(d.deskServer, "/ui", cookie), d.watch(d.deskServer, "/ui/activity", cookie)
		one := d.watch(d.deskServer, "/ui/connection?integration=lamps&id=user-42", cookie)
		defer one.leave()
		defer activity.leave()
		defer list.leave()
		d.called("user-42")
		for name, w := range map[string]*watching{"list": list, "activity": activity, "connection": one} {
			got := w.told(soon)
			if strings.Count(got, "event: page\n") != 1 || !strings.Contains(got, time.Now().UTC().Format(time.DateOnly)) || strings.Contains(got, "\ndata: <script") {
				t.Errorf("%s: after a call %q was told", name, got)
			}
		}
		d.changed(other, "user-42", map[string]string{"team": "north"})
		if got := one.told(soon); !strings.Contains(got, "Tag team") || !strings.Contains(got, "north") {
			t.Errorf("another server's change was told as %q", got)
		}
		d.changed(other, "user-44", nil)
		if got := list.told(soon); !strings.Contains(got, "lamps/user-44") {
			t.Errorf("another server's connection was told as %q", got)
		}
		other.called("user-44")
		activity.told(soon)
		if got := activity.told(soon); strings.Contains(got, "user-44") {
			t.Errorf("a server tells of another's calls, which its page does not: %q", got)
		}
		if text := list.rec.String() + activity.rec.String() + one.rec.String() + d.log.String(); strings.Contains(text, "s3cret") || strings.Contains(text, operator) {
			t.Error("a stream or the log holds a secret")
		}
	})
}

// What waits, and what is under way, shows while it does.
func TestWaitsAreLive(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		w := d.watch(d.deskServer, "/ui/activity", d.signIn(operator))
		defer w.leave()
		d.calls.Observe(t.Context(), engine.Event{Kind: engine.EventWait, Time: time.Now(), Key: engine.Key{Integration: "lamps", ConnectionID: "user-42"}, Call: 1, Wait: time.Second})
		if got := w.told(soon); !strings.Contains(got, "Waits: 1.") {
			t.Errorf("a wait is told as %q", got)
		}
		client, err := d.engine.Client(engine.Key{Integration: "lamps", ConnectionID: "user-42"})
		if err != nil {
			t.Fatal(err)
		}
		called := make(chan struct{})
		go func() {
			defer close(called)
			if resp, err := client.Get("https://provider.example/api/slow"); err == nil {
				resp.Body.Close()
			}
		}()
		if got := w.told(soon); !strings.Contains(got, `<td>lamps/user-42</td><td class="number">1</td>`) {
			t.Errorf("a call under way is told as %q", got)
		}
		close(d.answer)
		<-called
		if got := w.told(soon); !strings.Contains(got, "Nothing is under way, waits or pauses.") {
			t.Errorf("its end is told as %q", got)
		}
	})
}

// A stream that was broken off goes on where it was, by the browser's own header.
func TestAStreamGoesOn(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		cookie := d.signIn(operator)
		first := d.stream("/ui/live/connections", cookie, nil)
		id := regexp.MustCompile(`(?m)^id: (.*)$`).FindStringSubmatch(first.told(soon))
		first.leave()
		if id == nil {
			t.Fatal("an event has no id")
		}
		r := httptest.NewRequest("GET", "/ui/live/connections?seen=old", nil)
		r.Header.Set("Cookie", cookie)
		r.Header.Set("Last-Event-ID", id[1])
		ctx, leave := context.WithTimeout(t.Context(), 5*time.Second)
		defer leave()
		rec := httptest.NewRecorder()
		d.server.ServeHTTP(rec, r.WithContext(ctx))
		if got := rec.Body.String(); got != "retry: 3000\n\n" {
			t.Errorf("it was told %q", got)
		}
	})
}

// A stream ends when its session does, by signing out at whichever server, by the key's
// revocation, or by time; when its page is no more; and when the server shuts down.
func TestStreamsEnd(t *testing.T) {
	const page = "/ui/connection?integration=lamps&id=user-42"
	for name, end := range map[string]func(d *desk, cookie string){
		"signed out": func(d *desk, cookie string) { d.signOut(d.deskServer, cookie) },
		"elsewhere":  func(d *desk, cookie string) { d.signOut(d.another(), cookie) },
		"revoked": func(d *desk, _ string) {
			if err := server.RevokeAPIKey(d.Context(), d.records, "looker"); err != nil {
				d.Fatal(err)
			}
		},
		"too old": func(*desk, string) { time.Sleep(2 * time.Hour) },
		"removed": func(d *desk, _ string) {
			if err := d.another().engine.Revoke(d.Context(), engine.Key{Integration: "lamps", ConnectionID: "user-42"}); err != nil {
				d.Log(err)
			}
		},
		"shut down": func(d *desk, _ string) { d.server.EndStreams() },
	} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(t *testing.T, d *desk) {
				key, err := server.CreateAPIKey(t.Context(), d.records, server.APIKey{Name: "looker", Scopes: []server.Scope{server.ScopeUI}})
				if err != nil {
					t.Fatal(err)
				}
				cookie := d.signIn(key.Reveal())
				w := d.watch(d.deskServer, page, cookie)
				defer w.leave()
				if w.told(soon); w.ended() {
					t.Fatal("it has ended before")
				}
				end(d, cookie)
				got := w.told(6 * time.Second) // a key counts for some seconds after its end, at other servers
				if over := strings.Contains(got, "event: over\n"); !w.ended() || over != (name != "shut down") {
					t.Errorf("ended: %v, told: %q", w.ended(), got)
				}
				if name == "removed" {
					return
				}
				if again := d.stream("/ui/live/connections", cookie, nil); !again.ended() || strings.Contains(again.rec.String(), "lamps") ||
					name == "shut down" && again.rec.status != 503 {
					t.Errorf("it can be opened again: %d %s", again.rec.status, again.rec)
				}
			})
		})
	}
}

func (d *desk) signOut(at *deskServer, cookie string) {
	form := formField.FindStringSubmatch(at.ask("GET", "/ui/audit", cookie).Body.String())
	if rec := at.ask("POST", "/ui/logout", cookie, "form", form[1]); rec.Code != 303 {
		d.Errorf("signing out: %d", rec.Code)
	}
}

// Without a session nothing is told, and there is no stream of what is no page.
func TestStreamsNeedASession(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		for _, cookie := range []string{"", "nango_lite_ui=guess"} {
			if w := d.stream("/ui/live/connections", cookie, nil); !w.ended() || w.told(0) != "event: over\ndata: nobody is signed in\n\n" {
				t.Errorf("a stranger is told %q", w.rec)
			}
		}
		cookie := d.signIn(operator)
		for path, want := range map[string]int{"/ui/live/login": 404, "/ui/live/": 404} {
			if rec := d.ask("GET", path, cookie); rec.Code != want {
				t.Errorf("%s: %d", path, rec.Code)
			}
		}
		if rec := d.ask("HEAD", "/ui/live/connections", cookie); rec.Code != 405 {
			t.Errorf("HEAD: %d", rec.Code)
		}
	})
}

// Whoever holds a key that is bound is not told, not even by a sign of life, that something
// happens to what the key does not reach.
func TestStreamsOfABoundKey(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		key, err := server.CreateAPIKey(t.Context(), d.records, server.APIKey{Name: "bound", Scopes: server.Scopes, Connections: []string{"lamps/user-42"}})
		if err != nil {
			t.Fatal(err)
		}
		cookie := d.signIn(key.Reveal())
		var all []*watching
		for _, page := range []string{"/ui", "/ui/activity", "/ui/connection?integration=lamps&id=user-42"} {
			all = append(all, d.watch(d.deskServer, page, cookie))
		}
		d.called("user-43")
		d.changed(d.deskServer, "user-43", map[string]string{"team": "north"})
		d.changed(d.deskServer, "user-44", nil)
		for i, w := range all {
			if got := w.told(soon); got != "" {
				t.Errorf("page %d tells %q of another's connection", i, got)
			}
		}
		d.called("user-42")
		for i, w := range all {
			if got := w.told(soon); !strings.Contains(got, "event: page") || strings.Contains(got, "user-43") {
				t.Errorf("page %d tells %q", i, got)
			}
			w.leave()
		}
		if w := d.stream("/ui/live/connection?integration=lamps&id=user-43", cookie, nil); !strings.Contains(w.told(soon), "event: over") || !w.ended() {
			t.Errorf("another's connection has a stream: %s", w.rec)
		}
	})
}

// There are so many streams and no more, of a server and of a session.
func TestThereAreNotTooManyStreams(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		var open []*watching
		for range 20 {
			cookie := d.signIn(operator)
			for range 5 {
				open = append(open, d.stream("/ui/live/activity", cookie, nil))
			}
			if w := d.stream("/ui/live/activity", cookie, nil); w.rec.status != 503 {
				t.Errorf("one session has a sixth, and its browser no connection for anything else: %d", w.rec.status)
			}
			time.Sleep(time.Second) // signing in has a limit
		}
		cookie := d.signIn(operator)
		if w := d.stream("/ui/live/activity", cookie, nil); w.rec.status != 503 || w.rec.header.Get("Retry-After") == "" {
			t.Errorf("one server has a hundred and first: %d", w.rec.status)
		}
		for _, w := range open {
			w.leave()
		}
		synctest.Wait()
		w := d.stream("/ui/live/activity", cookie, nil)
		if w.rec.status != 200 || w.ended() {
			t.Errorf("none is free after all have gone: %d", w.rec.status)
		}
		w.leave()
	})
}

// A store that is away for a while ends no stream, and nothing is told meanwhile.
func TestStreamsOutliveAStoreThatIsAway(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		away := &awayStore{Store: d.store}
		d.store = away
		d.deskServer = d.another()
		cookie := d.signIn(operator)
		w := d.watch(d.deskServer, "/ui", cookie)
		defer w.leave()
		away.set(true)
		if got := w.told(10 * time.Second); got != "" || w.ended() {
			t.Errorf("while the store is away %q is told", got)
		}
		away.set(false)
		d.changed(d.deskServer, "user-45", nil)
		if got := w.told(soon); !strings.Contains(got, "user-45") {
			t.Errorf("then %q is told", got)
		}
	})
}

// A store that does not answer holds up the looks of all streams, and none of their signs of
// life; it is asked by one at a time.
func TestStreamsLiveWhileAStoreHangs(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		stuck := &stuckStore{Store: d.store}
		d.store = stuck
		d.deskServer = d.another()
		cookie := d.signIn(operator)
		var all []*watching
		for range 5 {
			all = append(all, d.stream("/ui/live/connections", cookie, nil))
		}
		for i, w := range all {
			if got := w.told(0); got != "" {
				t.Errorf("stream %d tells %q", i, got)
			}
		}
		time.Sleep(21 * time.Second) // one look takes five at most
		for i, w := range all {
			if got := w.told(0); got != ":\n\n" || w.ended() {
				t.Errorf("stream %d shows that it lives by %q", i, got)
			}
			w.leave()
		}
		if stuck.most.Load() != 1 {
			t.Errorf("the store was asked by %d at once", stuck.most.Load())
		}
	})
}

// A stuckStore answers no question about many connections.
type stuckStore struct {
	connection.Store
	now, most atomic.Int64
}

func (s *stuckStore) List(ctx context.Context, _ connection.Query) (connection.Page, error) {
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	<-ctx.Done()
	return connection.Page{}, ctx.Err()
}

// The script is the same for everybody, and asked for anew only when it is another.
func TestScriptOfThePages(t *testing.T) {
	s := newStage(t, nil)
	a := s.do("GET", "/ui/live.js", nil)
	if a.StatusCode != 200 || a.Header.Get("Content-Type") != "text/javascript; charset=utf-8" || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("ETag") == "" {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	if again := s.do("GET", "/ui/live.js", nil, "If-None-Match", a.Header.Get("ETag")); again.StatusCode != 304 || again.body != "" {
		t.Errorf("again: %d", again.StatusCode)
	}
}

// An awayStore is a store that may be away.
type awayStore struct {
	connection.Store
	mu   sync.Mutex
	away bool
}

func (s *awayStore) set(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *awayStore) List(ctx context.Context, q connection.Query) (connection.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return connection.Page{}, errors.New("away")
	}
	return s.Store.List(ctx, q)
}

// A browser that takes nothing is dropped, and the other pages stay.
func TestASlowBrowserIsDropped(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		cookie := d.signIn(operator)
		quick := d.watch(d.deskServer, "/ui/activity", cookie)
		defer quick.leave()
		slow := d.stream("/ui/live/activity", cookie, &stuckWriter{header: http.Header{}, takes: 1})
		d.called("user-42")
		if got := quick.told(soon); !strings.Contains(got, "event: page") {
			t.Errorf("a quick browser is told %q", got)
		}
		if slow.told(5 * time.Second); slow.ended() {
			t.Error("a browser is dropped at once")
		}
		if slow.told(6 * time.Second); !slow.ended() {
			t.Error("a browser that takes nothing keeps its stream")
		}
		if !strings.Contains(d.log.String(), "status=499") {
			t.Errorf("the log says %s", d.log.String())
		}
	})
}

// A stuckWriter takes so many texts, and then none until the deadline.
type stuckWriter struct {
	header   http.Header
	takes    int
	deadline time.Time
}

func (w *stuckWriter) Header() http.Header                { return w.header }
func (w *stuckWriter) WriteHeader(int)                    {}
func (w *stuckWriter) Flush()                             {}
func (w *stuckWriter) SetWriteDeadline(t time.Time) error { w.deadline = t; return nil }

func (w *stuckWriter) Write(b []byte) (int, error) {
	if w.takes--; w.takes >= 0 {
		return len(b), nil
	}
	time.Sleep(time.Until(w.deadline))
	return 0, fmt.Errorf("write: %w", os.ErrDeadlineExceeded)
}

// A recording is the answer to a request that has not ended.
type recording struct {
	header http.Header
	status int
	syncBuffer
}

func (r *recording) Header() http.Header    { return r.header }
func (r *recording) WriteHeader(status int) { r.status = status }
func (r *recording) Flush()                 {}

// A syncBuffer is written by several.
type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
