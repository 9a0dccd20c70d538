package server_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nango-lite/nango-lite/server"
)

// both asks in both ways of the proxy.
func (s *stage) both(t *testing.T, test func(t *testing.T, ask func(method, path string, body io.Reader, header ...string) answer)) {
	t.Run("path", func(t *testing.T) {
		test(t, func(method, path string, body io.Reader, header ...string) answer {
			return s.do(method, "/c/tides/user-42"+path, body, append(bearer(operator), header...)...)
		})
	})
	t.Run("header", func(t *testing.T) {
		test(t, func(method, path string, body io.Reader, header ...string) answer {
			for i := 0; i < len(header); i += 2 {
				header[i] = "Nango-Proxy-" + header[i]
			}
			return s.do(method, "/proxy"+path, body, nango(operator, "tides", "user-42", header...)...)
		})
	})
}

func TestProxyPassesWhatWasAskedAndAnswered(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", r.Method+" "+r.RequestURI)
		w.Header().Set("X-Saw-Authorization", r.Header.Get("Authorization"))
		w.Header().Set("X-Saw-Mine", r.Header.Get("X-Mine"))
		w.Header().Set("Link", `<https://x.example/2>; rel="next"`)
		w.Header().Set("X-RateLimit-Remaining", "7")
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(append([]byte("got "), body...))
	})
	s.both(t, func(t *testing.T, ask func(string, string, io.Reader, ...string) answer) {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "REPORT"} {
			a := ask(method, "/v1/a%2Fb/c?x=1&x=%20&y", strings.NewReader("body of "+method), "X-Mine", "is passed")
			if a.StatusCode != http.StatusTeapot || a.body != "got body of "+method {
				t.Errorf("%s: %d %q", method, a.StatusCode, a.body)
			}
			for name, want := range map[string]string{
				"X-Saw": method + " /api/v1/a%2Fb/c?x=1&x=%20&y", "X-Saw-Authorization": "Bearer " + accessSecret, "X-Saw-Mine": "is passed",
				"Link": `<https://x.example/2>; rel="next"`, "X-RateLimit-Remaining": "7", server.ErrorHeader: "",
			} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: %s: got %q, want %q", method, name, got, want)
				}
			}
		}
	})
}

// The key stands where the provider's credential would, wherever that is, and the
// provider never sees it.
func TestTheAPIKeyStandsInThePlaceOfTheToken(t *testing.T) {
	s := newStage(t, nil)
	var saw atomic.Value
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) { saw.Store(r.Header.Clone()) })
	key := s.key("mine", nil)
	basic := func(user, password string) string {
		r, _ := http.NewRequest("GET", "http://x", nil)
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	for name, header := range map[string][]string{
		"bearer":           {"Authorization", "Bearer " + key},
		"another scheme":   {"Authorization", "token " + key},
		"no scheme":        {"Authorization", key},
		"user name":        {"Authorization", basic(key, "")},
		"password":         {"Authorization", basic("me", key)},
		"own header":       {"X-Lamp-Key", key},
		"beside another's": {"X-Lamp-Key", key, "Authorization", "Bearer theirs"},
		"twice":            {"Authorization", "Bearer " + key, "X-Again", "Key=" + key, "Cookie", "a=b"},
	} {
		t.Run(name, func(t *testing.T) {
			if a := s.do("GET", "/c/lamps/user-42/x", nil, header...); a.StatusCode != 200 {
				t.Fatalf("%d %s", a.StatusCode, a.body)
			}
			got := saw.Load().(http.Header)
			if got.Get("X-Lamp-Key") != apiKeySecret || got.Get("Cookie") != "" || strings.Contains(fmt.Sprint(got), key) {
				t.Errorf("the provider saw %v", got)
			}
			for _, v := range got["Authorization"] {
				if v != "Bearer theirs" {
					t.Errorf("the provider saw Authorization %q", v)
				}
			}
		})
	}
	s.want(s.do("GET", "/c/lamps/user-42/x", nil), 401, "missing_auth_header")
	s.want(s.do("GET", "/c/lamps/user-42/x", nil, "Authorization", "Bearer nonsense"), 401, "unknown_api_key")
	s.want(s.do("GET", "/c/lamps/user-42/x?api_key="+key, nil, bearer(key)...), 400, "invalid_uri_params")
}

// What a browser would take as said by this server is kept back, and so is what is
// between neighbours.
func TestHeadersThatAreKeptBack(t *testing.T) {
	s := newStage(t, nil)
	var saw atomic.Value
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		saw.Store(r.Header.Clone())
		for _, name := range []string{
			"Set-Cookie", "Strict-Transport-Security", "Clear-Site-Data", "Alt-Svc", "Nel", "Report-To", "Access-Control-Allow-Origin",
			"Service-Worker-Allowed", "Keep-Alive", "X-Hop", "X-Nango-Lite-Error", "Proxy-Authenticate", "X-Kept",
		} {
			w.Header().Set(name, "x")
		}
		w.Header().Set("Connection", "X-Hop")
	})
	a := s.do("GET", "/c/tides/user-42/x", nil, append(bearer(operator), "Connection", "X-Mine", "X-Mine", "x", "Te", "trailers", "X-Forwarded-For", "10.0.0.1", "Proxy-Authorization", "x", "X-Through", "x")...)
	for name := range a.Header {
		if !slices.Contains([]string{"Content-Length", "Content-Security-Policy", "Date", "X-Content-Type-Options", "X-Kept"}, name) {
			t.Errorf("%s came through", name)
		}
	}
	if a.Header.Get("X-Kept") != "x" || a.Header.Get("Content-Security-Policy") != "sandbox" {
		t.Errorf("got %v", a.Header)
	}
	got := saw.Load().(http.Header)
	for _, name := range []string{"X-Mine", "Te", "X-Forwarded-For", "Proxy-Authorization", "Connection"} {
		if got.Get(name) != "" {
			t.Errorf("the provider saw %s", name)
		}
	}
	if got.Get("X-Through") != "x" || got.Get("Accept-Encoding") != "identity" {
		t.Errorf("the provider saw %v", got)
	}
}

// Bodies of any size go through in both directions, byte by byte, in little memory.
func TestLargeBodies(t *testing.T) {
	s := newStage(t, nil)
	const size = 64 << 20
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, _ := io.Copy(sum, r.Body)
		w.Header().Set("X-Sum", fmt.Sprintf("%d %x", n, sum.Sum(nil)))
		_, _ = io.CopyN(w, pattern{}, size)
	})
	sum := sha256.New()
	_, _ = io.CopyN(sum, pattern{}, size)
	r, _ := http.NewRequest("POST", s.url+"/c/tides/user-42/files", io.LimitReader(pattern{}, size))
	r.Header.Set("Authorization", "Bearer "+operator)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got, want := resp.Header.Get("X-Sum"), fmt.Sprintf("%d %x", size, sum.Sum(nil)); got != want {
		t.Errorf("the provider got %s, want %s", got, want)
	}
	down := sha256.New()
	if n, err := io.Copy(down, resp.Body); n != size || err != nil || !bytes.Equal(down.Sum(nil), sum.Sum(nil)) {
		t.Errorf("came back: %d bytes, %v", n, err)
	}
}

// pattern is endless, and no two of its blocks are alike for long.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i * 31)
	}
	return len(p), nil
}

// Events arrive as they are sent, and a caller who leaves ends the call.
func TestEventStreams(t *testing.T) {
	s := newStage(t, nil)
	next, left := make(chan string), make(chan struct{})
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		for {
			select {
			case text := <-next:
				fmt.Fprintf(w, "data: %s\n\n", text)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				close(left)
				return
			}
		}
	})
	ctx, leave := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/c/tides/user-42/events", nil)
	r.Header.Set("Authorization", "Bearer "+operator)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(resp.Body)
	for _, want := range []string{"one", "two"} {
		next <- want
		for lines.Scan() && lines.Text() == "" {
		}
		if got := lines.Text(); got != "data: "+want {
			t.Fatalf("got %q", got)
		}
	}
	leave()
	<-left
}

// A caller who leaves before the answer cancels the call.
func TestACallerWhoLeavesCancelsTheCall(t *testing.T) {
	s := newStage(t, nil)
	arrived, left := make(chan struct{}), make(chan struct{})
	s.answerAPI(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(left)
	})
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-arrived
		leave()
	}()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/c/tides/user-42/slow", nil)
	r.Header.Set("Authorization", "Bearer "+operator)
	if _, err := http.DefaultClient.Do(r); err == nil {
		t.Fatal("there was an answer")
	}
	<-left
}

// A body that breaks off must not look whole.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	r, _ := http.NewRequest("GET", s.url+"/c/tides/user-42/x", nil)
	r.Header.Set("Authorization", "Bearer "+operator)
	resp, err := http.DefaultClient.Do(r)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Error("it looks whole")
	}
}

// Compression is between the caller and the provider, unless the caller asks for it
// to be undone.
func TestCompression(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			_, _ = io.WriteString(w, "plain")
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, "packed")
		_ = z.Close()
	})
	if a := s.do("GET", "/proxy/x", nil, nango(operator, "tides", "user-42", "Accept-Encoding", "gzip")...); a.Header.Get("Content-Encoding") != "gzip" || a.body == "packed" {
		t.Errorf("passed on: %v %q", a.Header, a.body)
	}
	if a := s.do("GET", "/proxy/x", nil, nango(operator, "tides", "user-42", "Accept-Encoding", "gzip", "Decompress", "true")...); a.Header.Get("Content-Encoding") != "" || a.body != "packed" {
		t.Errorf("unpacked: %v %q", a.Header, a.body)
	}
	if a := s.do("GET", "/proxy/x", nil, nango(operator, "tides", "user-42", "Accept-Encoding", "identity")...); a.body != "plain" {
		t.Errorf("plain: %q", a.body)
	}
}

// A retry never repeats what may have been done, whatever Retries says.
func TestRetriesRepeatOnlyWhatIsHarmless(t *testing.T) {
	s := newStage(t, nil)
	var calls atomic.Int64
	s.answerAPI(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) <= 2 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusConflict)
			return
		}
		_, _ = io.WriteString(w, "done")
	})
	for _, c := range []struct {
		method, retries, on string
		status, calls       int
	}{
		{"GET", "3", "409,422", 200, 3},
		{"PUT", "3", "409", 200, 3},
		{"GET", "1", "409", 409, 2},
		{"GET", "", "409", 409, 1},
		{"GET", "3", "", 409, 1},
		{"GET", "3", "422", 409, 1},
		{"POST", "3", "409", 409, 1},
		{"PATCH", "3", "409", 409, 1},
	} {
		calls.Store(0)
		a := s.do(c.method, "/proxy/x", strings.NewReader("body"), nango(operator, "tides", "user-42", "Retries", c.retries, "Retry-On", c.on)...)
		if a.StatusCode != c.status || int(calls.Load()) != c.calls {
			t.Errorf("%+v: got %d after %d calls", c, a.StatusCode, calls.Load())
		}
	}
	for _, bad := range [][]string{{"Retries", "many"}, {"Retries", "-1"}, {"Retries", "11"}, {"Retry-On", "200"}, {"Retry-On", "x"}} {
		s.want(s.do("GET", "/proxy/x", nil, nango(operator, "tides", "user-42", bad...)...), 400, "invalid_headers")
	}
}

// A token that is refused is replaced, and the body goes again.
func TestARefusedTokenIsReplacedOnTheWay(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") == "Bearer "+accessSecret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(body)
	})
	if a := s.do("POST", "/c/tides/user-42/x", strings.NewReader("once more"), bearer(operator)...); a.StatusCode != 200 || a.body != "once more" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

func TestBaseURLOverride(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a stranger got %s with %v", r.URL, r.Header)
	}))
	defer elsewhere.Close()
	ask := func(base string) answer {
		return s.do("GET", "/proxy/x", nil, "Authorization", "Bearer "+operator, "Provider-Config-Key", "tides", "Connection-Id", "user-42", "Base-Url-Override", base)
	}
	for base, want := range map[string]string{"": "/api/x", s.provider.URL + "/api": "/api/x", s.provider.URL + "/api/v2/": "/api/v2/x"} {
		if a := ask(base); a.StatusCode != 200 || a.body != want {
			t.Errorf("%q: %d %s, want %s", base, a.StatusCode, a.body, want)
		}
	}
	for _, base := range []string{elsewhere.URL, s.provider.URL, s.provider.URL + "/apiary", s.provider.URL + "/api/..", "http://169.254.169.254"} {
		s.want(ask(base), 400, "base_url_override_not_allowed")
	}
	for _, base := range []string{"api", "file:///etc/passwd", "https://", "https://user@x", s.provider.URL + "/api?x=1"} {
		s.want(ask(base), 400, "invalid_request")
	}
}

func TestWhatTheProxyRefuses(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("the provider got %s %s", r.Method, r.URL) })
	key := bearer(operator)
	s.want(s.do("GET", "/c/tides/user-42/ws", nil, append(key, "Connection", "Upgrade", "Upgrade", "websocket")...), 501, "websocket_unsupported")
	s.want(s.do("GET", "/proxy/ws", nil, nango(operator, "tides", "user-42", "Connection", "Upgrade", "Upgrade", "WebSocket")...), 501, "websocket_unsupported")
	s.want(s.do("TRACE", "/c/tides/user-42/x", nil, key...), 405, "method_not_allowed")
	s.want(s.do("GET", "/c/nothing/user-42/x", nil, key...), 404, "not_found")
	s.want(s.do("GET", "/c/tides/nobody/x", nil, key...), 404, "not_found")
	s.want(s.do("GET", "/c/tides", nil, key...), 400, "invalid_uri_params")
	s.want(s.do("GET", "/c/tides/user-42/%2e%2e/secret", nil, key...), 400, "unsupported")
	s.want(s.do("GET", "/c/tides/user-42//evil.example/x", nil, key...), 400, "invalid_request")
	s.want(s.do("GET", "/proxy/x", nil, key...), 400, "invalid_headers")
	s.want(s.do("GET", "/proxy/x", nil, append(key, "Provider-Config-Key", "tides")...), 400, "invalid_headers")
	s.want(s.do("GET", "/proxy/x", nil, "Provider-Config-Key", "tides"), 401, "missing_auth_header")
	s.want(s.do("GET", "/proxy/x", nil, "Authorization", "Basic eDp5"), 401, "malformed_auth_header")
}

// A provider that does not answer is not mixed up with one that says so itself.
func TestAProviderThatIsDown(t *testing.T) {
	s := newStage(t, nil)
	s.answerAPI(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503); _, _ = io.WriteString(w, "theirs") })
	if a := s.do("POST", "/c/tides/user-42/x", nil, bearer(operator)...); a.StatusCode != 503 || a.body != "theirs" || a.Header.Get(server.ErrorHeader) != "" {
		t.Errorf("theirs: %d %s", a.StatusCode, a.body)
	}
	s.provider.Close()
	a := s.do("GET", "/c/tides/user-42/x", nil, bearer(operator)...)
	s.want(a, 503, "unavailable")
	if a.Header.Get(server.ErrorHeader) != "unavailable" || a.Header.Get("Retry-After") == "" {
		t.Errorf("ours: %v", a.Header)
	}
}

// Framing that two servers may read differently never reaches the provider.
func TestSmuggling(t *testing.T) {
	s := newStage(t, nil)
	var paths atomic.Value
	paths.Store("")
	s.answerAPI(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		paths.Store(paths.Load().(string) + " " + r.URL.Path)
	})
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, head := range map[string]string{
		"both lengths":    "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"two lengths":     "Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + smuggled,
		"odd encoding":    "Transfer-Encoding: xchunked\r\n\r\n" + smuggled,
		"line in a value": "X-A: b\r\n\tTransfer-Encoding: chunked\r\n\r\n",
		"nango framing":   "Nango-Proxy-Content-Length: 40\r\nNango-Proxy-Transfer-Encoding: chunked\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /proxy/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\nProvider-Config-Key: tides\r\nConnection-Id: user-42\r\n%s", operator, head)
		_, _ = io.Copy(io.Discard, conn)
		conn.Close()
		if got := paths.Load().(string); strings.Contains(got, "smuggled") {
			t.Errorf("%s: the provider got %s", name, got)
		}
	}
}
