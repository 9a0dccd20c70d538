package server_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server"
)

// pipes is a listener without a network, so that time can be held.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// draining is a provider that reads what it is sent.
type draining struct{ read func(n int) }

func (d draining) RoundTrip(r *http.Request) (*http.Response, error) {
	b := make([]byte, 64)
	for {
		n, err := r.Body.Read(b)
		d.read(n)
		if err == io.EOF {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("done")), Request: r}, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// slowly serves over pipes, in a bubble.
func slowly(t *testing.T, f func(p *pipes, read *int)) {
	synctest.Test(t, func(t *testing.T) {
		read := 0
		e, err := engine.New(&schema.Config{Integrations: integrations("https://provider.example")}, &engine.Options{Transport: draining{func(n int) { read += n }}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Connect(t.Context(), user42, engine.Credentials{Token: engine.Token{AccessToken: schema.NewSecret("t")}}, nil); err != nil {
			t.Fatal(err)
		}
		h, err := server.New(e, &server.Options{APIKey: schema.NewSecret(operator), IdleTimeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		p := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
		srv := &http.Server{Handler: h, IdleTimeout: 2 * time.Minute}
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(p) }()
		f(p, &read)
		_ = srv.Close()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

const slowHead = "POST /c/tides/user-42/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + operator + "\r\nTransfer-Encoding: chunked\r\n\r\n"

// A body may come slowly, but not stop coming: who holds a connection open with nothing
// to say loses it.
func TestSlowBodies(t *testing.T) {
	t.Run("slow", func(t *testing.T) {
		slowly(t, func(p *pipes, read *int) {
			c := p.dial()
			answered := make(chan string)
			go func() {
				line, _ := bufio.NewReader(c).ReadString('\n')
				answered <- line
			}()
			_, _ = io.WriteString(c, slowHead)
			for range 10 {
				time.Sleep(50 * time.Second)
				_, _ = io.WriteString(c, "1\r\nx\r\n")
			}
			_, _ = io.WriteString(c, "0\r\n\r\n")
			if line := <-answered; !strings.Contains(line, "200") || *read != 10 {
				t.Errorf("got %q after %d bytes", line, *read)
			}
			_ = c.Close()
		})
	})
	for name, head := range map[string]string{
		"silent body":       slowHead + "1\r\nx\r\n",
		"silent form":       "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant",
		"silent JSON":       "POST /connections HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + operator + "\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		"silent short body": "POST /c/tides/user-42/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + operator + "\r\nContent-Length: 100\r\n\r\nhalf",
	} {
		t.Run(name, func(t *testing.T) {
			slowly(t, func(p *pipes, _ *int) {
				c, began := p.dial(), time.Now()
				go func() { _, _ = io.WriteString(c, head) }()
				answer, _ := io.ReadAll(c)
				if took := time.Since(began); took > 61*time.Second || took < 5*time.Second {
					t.Errorf("it was held open for %s", took)
				}
				if strings.HasPrefix(string(answer), "HTTP/1.1 2") {
					t.Errorf("answered %s", answer)
				}
			})
		})
	}
}

var idleConnections = flag.Int("idle", 500, "connections that TestIdleConnections holds open; its promise is for 10000")

// Whoever holds many connections open costs little, and nobody else waits.
// The whole: go test ./server -run TestIdleConnections -idle 10000 (ulimit -n 25000).
func TestIdleConnections(t *testing.T) {
	s := newStage(t, nil)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all []net.Conn
	defer func() {
		for _, c := range all {
			_ = c.Close()
		}
	}()
	for range *idleConnections {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatalf("after %d: %v", len(all), err)
		}
		all = append(all, c)
		fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		if _, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil); err != nil {
			t.Fatal(err)
		}
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, "GET", s.url+"/c/tides/user-42/x", nil)
	r.Header.Set("Authorization", "Bearer "+operator)
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)) / int64(len(all))
	t.Logf("%d connections: %d bytes each in this process, both ends; a call among them took %s", len(all), each, time.Since(began))
	if each > 64<<10 {
		t.Errorf("an idle connection costs %d bytes", each)
	}
}
