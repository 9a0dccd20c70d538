package postgres_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// A proxy is the way to the server, and what goes wrong on it.
type proxy struct {
	addr   string
	server string

	loseAnswers atomic.Bool // cut where an answer comes, which the server has given
	swallow     atomic.Bool // keep answers back, and the connection open

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
}

// newProxy returns a proxy before the server at databaseURL, and the URL through it.
func newProxy(t *testing.T, databaseURL string) (*proxy, string) {
	t.Helper()
	u := parse(t, databaseURL)
	p := &proxy{addr: "127.0.0.1:0", server: u.Host, conns: map[net.Conn]bool{}}
	if u.Port() == "" {
		p.server = net.JoinHostPort(u.Hostname(), "5432")
	}
	p.up(t)
	t.Cleanup(p.down)
	u.Host = p.addr
	return p, u.String()
}

func (p *proxy) up(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.listener, p.addr = l, l.Addr().String()
	p.mu.Unlock()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.carry(client)
		}
	}()
}

// down refuses new connections and cuts those there are.
func (p *proxy) down() {
	p.mu.Lock()
	p.listener.Close()
	p.mu.Unlock()
	p.cut()
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

func (p *proxy) hold(c net.Conn, held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held {
		p.conns[c] = true
	} else {
		delete(p.conns, c)
		c.Close()
	}
}

func (p *proxy) carry(client net.Conn) {
	p.hold(client, true)
	defer p.hold(client, false)
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	p.hold(server, true)
	defer p.hold(server, false)
	go func() {
		io.Copy(server, client)
		server.Close()
		client.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil || p.loseAnswers.Load() {
			return
		}
		if p.swallow.Load() {
			continue
		}
		if _, err := client.Write(buf[:n]); err != nil {
			return
		}
	}
}
