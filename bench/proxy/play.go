package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
)

// play is a process that is measured, or asked by those that are.
func play(what string, args []string) error {
	var h http.Handler
	switch what {
	case "upstream":
		h = upstream()
	case "reverse":
		h = reverse(args[0])
	case "empty":
		h = empty(args[0])
	default:
		return fmt.Errorf("nothing is called %q", what)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", ln.Addr())
	return http.Serve(ln, h)
}

// upstream answers 1 KiB of JSON, and 16 MiB at /big.
func upstream() http.Handler {
	body := fmt.Appendf(nil, `{"text": %q}`, strings.Repeat("x", 1024-12))
	big := bytes.Repeat([]byte("x"), 64<<10)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/big" {
			for range 256 {
				if _, err := w.Write(big); err != nil {
					return
				}
			}
			return
		}
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
}

// reverse is the proxy that one would write by hand, as fast as net/http's gets.
func reverse(to string) http.Handler {
	target, err := url.Parse(to)
	if err != nil {
		return http.NotFoundHandler()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.DisableCompression = 1024, 1024, true
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.URL.Path = "/"
			r.Out.Header.Set("Authorization", "Bearer "+token)
		},
		Transport: transport, BufferPool: new(buffers),
		ErrorLog: log.New(io.Discard, "", 0), // wrk leaves in the middle of its last requests
	}
}

type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 32<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

// empty checks a key and answers as a token endpoint does.
func empty(key string) http.Handler {
	want := sha256.Sum256([]byte(key))
	body := fmt.Appendf(nil, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, token)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		_, given, _ := r.BasicAuth()
		got := sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(body)
	})
	return mux
}
