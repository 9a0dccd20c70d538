package engine_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// A faultServer speaks HTTP over real sockets, so far as its path lets it:
// /<fault>/<n> fails so n times, and then answers 200.
type faultServer struct {
	*httptest.Server
	connections atomic.Int32

	mu   sync.Mutex
	seen map[string]int
}

func newFaultServer(t testing.TB) *faultServer {
	t.Helper()
	f := &faultServer{seen: map[string]int{}}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.Config.ErrorLog = nil
	f.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			f.connections.Add(1)
		}
	}
	f.Start()
	t.Cleanup(f.Close)
	return f
}

func (f *faultServer) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.seen[r.URL.Path]++
	n := f.seen[r.URL.Path]
	f.mu.Unlock()
	parts := strings.Split(r.URL.Path, "/")
	times := 0
	if len(parts) > 2 {
		_, _ = fmt.Sscan(parts[2], &times)
	}
	if n > times {
		if r.Method == "POST" {
			_ = http.NewResponseController(w).EnableFullDuplex()
			_, _ = io.Copy(w, r.Body)
			return
		}
		_, _ = io.WriteString(w, "fine")
		return
	}
	switch parts[1] {
	case "503":
		w.WriteHeader(503)
	case "reset": // after the request was read
		_, _ = io.Copy(io.Discard, r.Body)
		hijack(w, func(c net.Conn, _ *bufio.ReadWriter) { _ = c.(*net.TCPConn).SetLinger(0) })
	case "garbage":
		hijack(w, func(_ net.Conn, b *bufio.ReadWriter) { _, _ = b.WriteString("SMTP s33d ready\r\n\r\n") })
	case "truncated":
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
	case "gzip":
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", "application/json")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"ok":false,"error":"zipped"}`)
		_ = z.Close()
	case "slow":
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(10 * time.Second):
		case <-r.Context().Done():
		}
	case "stalled":
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(10 * time.Second):
		case <-r.Context().Done():
		}
	}
}

func hijack(w http.ResponseWriter, f func(net.Conn, *bufio.ReadWriter)) {
	c, b, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	f(c, b)
	_ = b.Flush()
	_ = c.Close()
}

func (f *faultServer) count(path string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[path]
}

// faultClient is a client of f whose waits are short, and a check that nothing is
// left over when the test ends.
func faultClient(t testing.TB, f *faultServer, change func(*schema.Integration)) *http.Client {
	t.Helper()
	before := runtime.NumGoroutine()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		f.CloseClientConnections()
		for range 100 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(10 * time.Millisecond) // sockets have no fake clock
		}
		stacks := make([]byte, 1<<16)
		t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
	})
	wait, timeout := 0.001, 0.3
	return client(t, keyedEngine(t, transport, nil, func(in *schema.Integration) {
		in.Requests.BaseURL = f.URL
		in.TimeBetweenRetriesSec, in.HTTPRequestTimeoutSeconds = &wait, &timeout
		if change != nil {
			change(in)
		}
	}))
}

func TestFaultsOverSockets(t *testing.T) {
	f := newFaultServer(t)
	c := faultClient(t, f, nil)
	for _, x := range []struct {
		fault, method string
		sent          int // requests that arrived
		ok            bool
	}{
		{"/503/2", "GET", 3, true}, {"/503/2", "POST", 1, true}, // the answer is the provider's
		{"/reset/2", "GET", 3, true}, {"/reset/1", "POST", 1, false},
		{"/garbage/1", "GET", 2, true}, {"/garbage/9", "GET", 4, false},
		{"/slow/1", "GET", 2, true}, {"/slow/1", "POST", 1, false},
	} {
		path := x.fault + "/" + x.method
		r, _ := http.NewRequest(x.method, path, nil)
		if x.method == "POST" {
			r, _ = http.NewRequest(x.method, path, strings.NewReader("ping"))
		}
		resp, err := c.Do(r)
		if (err == nil) != x.ok || f.count(path) != x.sent {
			t.Errorf("%s: %v; %d requests arrived, want %d", path, err, f.count(path), x.sent)
		}
		if err != nil && (!errors.Is(err, engine.ErrUnavailable) || strings.Contains(err.Error(), "s33d")) {
			t.Errorf("%s: %v", path, err)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
}

func TestBodiesThatBreakOff(t *testing.T) {
	f := newFaultServer(t)
	c := faultClient(t, f, nil)
	for _, path := range []string{"/truncated/9", "/stalled/9"} {
		resp, err := c.Get(path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		if string(b) != "half" || err == nil {
			t.Errorf("%s: got %q, %v", path, b, err)
		}
		_ = resp.Body.Close()
	}
}

func TestCompressedErrors(t *testing.T) {
	f := newFaultServer(t)
	c := faultClient(t, f, func(in *schema.Integration) {
		in.Requests.Errors = &schema.Errors{Code: schema.Paths{"error"}, Rules: []schema.ErrorRule{{When: schema.Condition{Body: map[string]any{"ok": false}}, Kind: "denied"}}}
	})
	resp, err := c.Get("/gzip/1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var e *engine.Error
	if err := engine.CheckResponse(resp); !errors.As(err, &e) || e.Kind != engine.KindDenied || e.Code != "zipped" {
		t.Errorf("got %v", err)
	}
}

// A POST that met nobody is sent again; one that was cut off is not.
func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	f := newFaultServer(t)
	c := faultClient(t, f, func(in *schema.Integration) { in.Requests.BaseURL = "http://" + address })
	r, _ := http.NewRequest("POST", "/x?secret=1", strings.NewReader("ping"))
	_, err = c.Do(r)
	var e *engine.Error
	if !errors.As(err, &e) || !strings.Contains(e.Error(), "gave up after 4 attempts") || strings.Contains(e.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

// A failed call must not cost the others their connections.
func TestConnectionsStayPooledAfterFailures(t *testing.T) {
	f := newFaultServer(t)
	c := faultClient(t, f, nil)
	for i := range 40 {
		for _, path := range []string{fmt.Sprintf("/503/9/%d", i), "/fine"} {
			resp, err := c.Get(path)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	if n := f.connections.Load(); n != 1 {
		t.Errorf("%d connections were made", n)
	}
}

// readsBodies are rules that make the engine look into bodies, as far as it does.
func readsBodies(in *schema.Integration) {
	in.Requests.Errors = &schema.Errors{Code: schema.Paths{"error"}, Rules: []schema.ErrorRule{{When: schema.Condition{Body: map[string]any{"ok": false}}, Kind: "denied"}}}
	in.Requests.RateLimit = &schema.RateLimit{Budget: &schema.Budget{Concurrency: 4}}
}

// allocated returns how much f allocates in all, whatever is freed again.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestLargeBodiesStream(t *testing.T) {
	const size = 256 << 20
	f := newFaultServer(t)
	c := faultClient(t, f, readsBodies)
	grown := allocated(func() {
		r, _ := http.NewRequest("POST", "/echo", io.LimitReader(zeros{}, size))
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if n != size || err != nil {
			t.Errorf("%d of %d bytes came back, %v", n, size, err)
		}
	})
	if grown > 8<<20 {
		t.Errorf("%d bytes were allocated for a stream", grown)
	}
}

// A GiB up and a GiB down, past all layers, without sockets in between. What it
// takes does not depend on the size.
func TestAGibibyteStreams(t *testing.T) {
	const size = 1 << 30
	kinds := map[string]string{"bytes": "application/octet-stream", "JSON": "application/json"}
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			received := int64(0)
			api := roundTripFunc(func(r *http.Request) (*http.Response, error) {
				n, err := io.Copy(io.Discard, r.Body)
				_ = r.Body.Close()
				received = n
				resp := answer(r, 200, "")
				resp.Header.Set("Content-Type", kind)
				resp.Body, resp.ContentLength = io.NopCloser(io.LimitReader(zeros{}, size)), -1
				return resp, err
			})
			c := client(t, keyedEngine(t, api, nil, readsBodies))
			grown := allocated(func() {
				r, _ := http.NewRequest("POST", "/echo", io.NopCloser(io.LimitReader(zeros{}, size)))
				resp, err := c.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if err := engine.CheckResponse(resp); err != nil {
					t.Errorf("got %v", err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil || received != size {
					t.Errorf("%d of %d bytes came back, %d arrived, %v", n, size, received, err)
				}
			})
			if grown > 4<<20 {
				t.Errorf("%d bytes were allocated for a stream", grown)
			}
		})
	}
}

// zeros are bytes without end.
type zeros struct{}

// Read leaves p as it is: what was there before is as good.
func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestUpgradeKeepsTheConnection(t *testing.T) {
	f := newFaultServer(t)
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		hijack(w, func(c net.Conn, b *bufio.ReadWriter) {
			line, _ := b.ReadString('\n')
			_, _ = b.WriteString(strings.ToUpper(line))
		})
	})
	c := faultClient(t, f, nil)
	r, _ := http.NewRequest("GET", "/x", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	both, ok := resp.Body.(io.ReadWriter)
	if !ok {
		t.Fatalf("the body is a %T, which cannot be written to", resp.Body)
	}
	_, _ = io.WriteString(both, "hello\n")
	var answer bytes.Buffer
	if _, err := io.Copy(&answer, both); err != nil || answer.String() != "HELLO\n" {
		t.Errorf("got %q, %v", answer.String(), err)
	}
}
