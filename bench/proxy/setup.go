package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/store/seal"
	"github.com/nango-lite/nango-lite/store/sqlite"
)

const (
	token  = "t0ken-of-the-upstream"
	apiKey = "nlk_bench_0123456789abcdef0123456789abcdef"
)

// A setting is all that is measured.
type setting struct {
	dir                                   string
	upstream, nginx, reverse, empty, ours *process
	script, tokenScript                   string
}

func (s *setting) end() {
	for _, p := range []*process{s.ours, s.empty, s.reverse, s.nginx, s.upstream} {
		p.stop()
	}
	_ = os.RemoveAll(s.dir)
}

func (s *setting) path(name string) string { return filepath.Join(s.dir, name) }

func (s *setting) write(name, text string) string {
	fatal(os.WriteFile(s.path(name), []byte(text), 0o600))
	return s.path(name)
}

func setUp(ctx context.Context, stored int) (s *setting, err error) {
	s = &setting{}
	if s.dir, err = os.MkdirTemp("", "bench-proxy-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.end()
		}
	}()
	self, err := os.Executable()
	if err != nil {
		return s, err
	}
	if s.upstream, _, err = start(ctx, "upstream", os.Stderr, nil, self, "play", "upstream"); err != nil {
		return s, err
	}
	if s.reverse, _, err = start(ctx, "httputil.ReverseProxy", os.Stderr, nil, self, "play", "reverse", s.upstream.base); err != nil {
		return s, err
	}
	if s.empty, _, err = start(ctx, "a handler that checks a key", os.Stderr, nil, self, "play", "empty", apiKey); err != nil {
		return s, err
	}
	if err = s.startNginx(ctx); err != nil {
		return s, err
	}
	if err = s.startOurs(ctx, stored); err != nil {
		return s, err
	}
	s.script = s.write("call.lua", fmt.Sprintf("wrk.headers['Authorization'] = 'Bearer %s'\n", apiKey))
	s.tokenScript = s.write("token.lua", fmt.Sprintf(`wrk.method = 'POST'
wrk.body = 'grant_type=client_credentials'
wrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'
wrk.headers['Authorization'] = 'Basic %s'
`, basic("upstream%2Fuser-0", apiKey)))
	return s, nil
}

func basic(user, password string) string {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}

func (s *setting) startNginx(ctx context.Context) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	conf := s.write("nginx.conf", strings.NewReplacer("DIR", s.dir, "ADDR", addr, "UPSTREAM", strings.TrimPrefix(s.upstream.base, "http://"), "TOKEN", token).Replace(`
daemon off;
worker_processes 2;
pid DIR/nginx.pid;
error_log DIR/nginx-error.log;
events { worker_connections 4096; }
http {
    access_log DIR/nginx-access.log;
    client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi; uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
    keepalive_requests 1000000;
    upstream api { server UPSTREAM; keepalive 128; keepalive_requests 1000000; }
    server {
        listen ADDR;
        location / { proxy_pass http://api/; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Authorization "Bearer TOKEN"; }
    }
}
`))
	cmd := exec.CommandContext(ctx, "nginx", "-p", s.dir, "-c", conf)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	s.nginx = &process{name: "nginx", url: "http://" + addr + "/", base: "http://" + addr, cmd: cmd}
	return wait(ctx, s.nginx.url)
}

// wait waits until a URL answers 200.
func wait(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s does not answer", url)
		}
		time.Sleep(time.Millisecond)
	}
}

// startOurs builds the command, stores connections and serves them, with all that a server has by default.
func (s *setting) startOurs(ctx context.Context, stored int) error {
	build := exec.CommandContext(ctx, "go", "build", "-o", s.path("nango-lite"), "./cmd/nango-lite")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the command (run this in the root of the repository): %w", err)
	}
	s.write("integrations.yaml", fmt.Sprintf(`integrations:
    upstream:
        oauth_client_id: bench
        oauth_client_secret: bench-secret
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: %[1]s/authorize, token_url: %[1]s/token}
        requests: {base_url: %[1]s, headers: {Authorization: 'Bearer ${access_token}'}}
`, s.upstream.base))
	if _, err := seal.CreateFile(s.path("store.key")); err != nil {
		return err
	}
	if err := s.serve(ctx); err != nil {
		return err
	}
	if err := s.importFirst(ctx); err != nil {
		return err
	}
	s.ours.stop()
	if err := s.fill(ctx, stored); err != nil {
		return err
	}
	if err := s.serve(ctx); err != nil {
		return err
	}
	s.ours.url = s.ours.base + "/c/upstream/user-0/"
	return nil
}

func (s *setting) serve(ctx context.Context) (err error) {
	log, err := os.OpenFile(s.path("access.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	s.ours, _, err = start(ctx, "nango-lite", log, []string{"NANGO_LITE_API_KEY=" + apiKey}, s.path("nango-lite"), "-c", s.path("integrations.yaml"),
		"--store", s.path("store.db"), "serve", "--addr", "127.0.0.1:0")
	if err != nil {
		said, _ := os.ReadFile(s.path("access.log"))
		err = fmt.Errorf("%w\n%s", err, said)
	}
	return err
}

// importFirst stores a connection as a product would.
func (s *setting) importFirst(ctx context.Context) error {
	body := fmt.Sprintf(`{"provider_config_key": "upstream", "connection_id": "user-0", "credentials": {"type": "OAUTH2", "access_token": %q, "expires_at": %q}}`,
		token, time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339))
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.ours.base+"/connections", bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
		return fmt.Errorf("import a connection: %s\n%s", resp.Status, text)
	}
	return nil
}

// fill stores the others, which are like the first.
func (s *setting) fill(ctx context.Context, stored int) error {
	keys, err := seal.LoadFile(s.path("store.key"))
	if err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, s.path("store.db"), keys, nil)
	if err != nil {
		return err
	}
	defer store.Close()
	first, err := store.Get(ctx, connection.Key{Integration: "upstream", ConnectionID: "user-0"})
	if err != nil {
		return err
	}
	var batch []*connection.Connection
	for i := 1; i < stored; i++ {
		c := *first
		c.Key.ConnectionID = fmt.Sprintf("user-%d", i)
		if batch = append(batch, &c); len(batch) == 1000 || i == stored-1 {
			if err := store.Add(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	return nil
}
