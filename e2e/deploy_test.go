package e2e

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"
)

const nginxAPIKey = "nlk_of-the-operator-for-this-test-alone"

// Two servers over one PostgreSQL behind the nginx of deploy/nginx.conf are one: users
// connect, whichever server each request meets; the WebSocket of Nango's frontend client
// hears of it; bodies stream both ways; and a server that is killed is not missed.
func TestTwoServersBehindNginx(t *testing.T) {
	t.Parallel()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx, err = exec.LookPath("/usr/sbin/nginx") // Debian keeps it out of PATH
	}
	if err != nil {
		t.Skip("there is no nginx: apt-get install nginx-light && go test ./e2e")
	}
	database := schemaOf(t)
	if err := buildProgram(); err != nil {
		t.Fatal(err)
	}
	p := newStreaming(t)
	front := newFront(t, nginx)

	n := install(t, fmt.Sprintf(`integrations:
    fjord:
        auth:
            auth_mode: OAUTH2
            authorization_url: %[1]s/authorize
            token_url: %[1]s/token
        requests: {base_url: %[1]s, headers: {Authorization: 'Bearer ${access_token}'}}
        oauth_client_id: the-app
        oauth_client_secret: invented
        oauth_scopes: ''
`, p.URL), "NANGO_LITE_API_KEY="+nginxAPIKey, "NANGO_LITE_PUBLIC_URL="+front.url, "NANGO_LITE_KEYS=")
	keys := filepath.Join(n.dir, "keys")
	if out := start(t, n.dir, n.env, program, "keys", "create", keys).end(); out.code != 0 {
		t.Fatal(out.stderr)
	}
	servers := make([]*process, 2)
	for i := range servers {
		servers[i] = start(t, n.dir, n.env, program, "--store", database, "--keys", keys, "serve", "--addr", "127.0.0.1:0")
	}
	var addresses []string
	for _, s := range servers {
		addresses = append(addresses, strings.TrimPrefix(s.line(), "http://"))
	}
	front.serve(addresses)

	t.Run("a connection, and the WebSocket that waits for it", func(t *testing.T) { front.connect(t) })
	t.Run("an answer streams", func(t *testing.T) { front.answerStreams(t, p) })
	t.Run("a body streams", func(t *testing.T) { front.bodyStreams(t, p) })
	t.Run("one server is killed", func(t *testing.T) {
		_ = servers[0].cmd.Process.Kill()
		for i := range 20 {
			if status, body := front.do(t, "GET", "/c/fjord/user-42/whoami", ""); status != 200 || body != "token-1" {
				t.Fatalf("call %d after the kill: %d %s", i, status, body)
			}
		}
		if status, body := front.do(t, "POST", "/connect/sessions", `{"connection_id": "user-43", "allowed_integrations": ["fjord"]}`); status != 201 {
			t.Errorf("a session after the kill: %d %s", status, body)
		}
	})
	logged := front.logs(t)
	for _, secret := range []string{"the-code", "connect_session", nginxAPIKey, "whoami"} {
		if strings.Contains(logged, secret) {
			t.Errorf("nginx's logs hold %s:\n%s", secret, logged)
		}
	}
	if !strings.Contains(logged, " 200 ") {
		t.Errorf("nginx's log has no line of a request:\n%s", logged)
	}
}

// schemaOf returns the URL of an empty schema, which goes with the test, or skips it.
func schemaOf(t *testing.T) string {
	t.Helper()
	const env = "NANGO_LITE_TEST_POSTGRES"
	server := os.Getenv(env)
	if server == "" {
		t.Skipf("%s is not set: %[1]s=$(.ci/postgres start /tmp/postgres) go test ./e2e", env)
	}
	name := fmt.Sprintf("nginx_%d", time.Now().UnixNano())
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), server)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), "DROP SCHEMA IF EXISTS "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
	})
	return server + "?schema=" + name
}

// A streaming is a provider whose user always consents, and whose bodies come in parts.
type streaming struct {
	*httptest.Server
	tokens   atomic.Int64
	answered chan struct{} // the caller has the first part of an answer
	received chan string   // a first part of a body
}

func newStreaming(t *testing.T) *streaming {
	p := &streaming{answered: make(chan struct{}), received: make(chan string, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {"the-code"}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer", "expires_in": 3600}`, p.tokens.Add(1))
	})
	mux.HandleFunc("/whoami", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	})
	mux.HandleFunc("/parts", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "one,")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-p.answered:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, "two")
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 4)
		_, _ = io.ReadFull(r.Body, first)
		p.received <- string(first)
		rest, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, string(first)+string(rest))
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

// A front is nginx, with deploy/nginx.conf in a directory of its own.
type front struct {
	t                     *testing.T
	nginx, dir, url, port string
	client                *http.Client
}

func newFront(t *testing.T, nginx string) *front {
	t.Helper()
	f := &front{t: t, nginx: nginx, dir: t.TempDir(), port: freePort(t)}
	f.url = "https://127.0.0.1:" + f.port
	lender := httptest.NewTLSServer(nil) // of a certificate for 127.0.0.1, and a client that trusts it
	t.Cleanup(lender.Close)
	f.client = lender.Client()
	f.client.Timeout = patience
	pair := lender.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	f.write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	f.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	return f
}

func (f *front) write(name string, text []byte) {
	f.t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), text, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// serve starts nginx before servers at these addresses.
func (f *front) serve(addresses []string) {
	f.t.Helper()
	shipped, err := os.ReadFile("../deploy/nginx.conf")
	if err != nil {
		f.t.Fatal(err)
	}
	text := string(shipped)
	for _, change := range [][2]string{
		{"127.0.0.1:3003", addresses[0]}, {"127.0.0.1:3004", addresses[1]},
		{"listen 443 ssl", "listen 127.0.0.1:" + f.port + " ssl"},
		{"/etc/ssl/certs/connect.example.com.pem", f.dir + "/cert.pem"},
		{"/etc/ssl/private/connect.example.com.key", f.dir + "/key.pem"},
		{"/var/log/nginx/nango-lite.log", f.dir + "/access.log"},
		{"/var/log/nginx/nango-lite.error.log", f.dir + "/error.log"},
	} {
		if strings.Count(text, change[0]) != 1 {
			f.t.Fatalf("deploy/nginx.conf has %q not once", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	f.write("nango-lite.conf", []byte(text))
	f.write("nginx.conf", fmt.Appendf(nil, `daemon off;
pid %[1]s/pid;
error_log stderr warn;
events {}
http {
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	include %[1]s/nango-lite.conf;
}
`, f.dir))
	env := []string{"PATH=" + os.Getenv("PATH")}
	args := []string{"-p", f.dir, "-c", "nginx.conf"}
	// Without master_process there is one process, which ends with the test.
	args = append(args, "-g", "master_process off;")
	if out := start(f.t, f.dir, env, f.nginx, append([]string{"-t"}, args...)...).end(); out.code != 0 || strings.Contains(out.stderr, "[warn]") {
		f.t.Fatalf("nginx -t: exit %d\n%s", out.code, out.stderr)
	}
	n := start(f.t, f.dir, env, f.nginx, args...)
	eventually(f.t, "nginx to answer", &n.stderr, func() bool {
		resp, err := f.client.Get(f.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (f *front) logs(t *testing.T) string {
	t.Helper()
	var all []byte
	for _, name := range []string{"access.log", "error.log"} {
		text, err := os.ReadFile(filepath.Join(f.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return string(all)
}

func (f *front) request(t *testing.T, method, path string, body io.Reader) *http.Response {
	t.Helper()
	r, err := http.NewRequest(method, f.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+nginxAPIKey)
	if strings.HasPrefix(path, "/connect/") {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := f.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func (f *front) do(t *testing.T, method, path, body string) (status int, text string) {
	t.Helper()
	resp := f.request(t, method, path, strings.NewReader(body))
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

// connect makes a connection as Nango's frontend client does: it opens a WebSocket, and
// gives the name that it is told to the window in which the user consents.
func (f *front) connect(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	status, body := f.do(t, "POST", "/connect/sessions", `{"connection_id": "user-42", "allowed_integrations": ["fjord"]}`)
	var session struct{ Data struct{ Token string } }
	if err := json.Unmarshal([]byte(body), &session); err != nil || status != 201 {
		t.Fatalf("a session: %d %s", status, body)
	}
	socket, _, err := websocket.Dial(ctx, f.url+"/", &websocket.DialOptions{HTTPClient: &http.Client{Transport: f.client.Transport}})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.CloseNow()
	hear := func() map[string]any {
		t.Helper()
		_, text, err := socket.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var message map[string]any
		if err := json.Unmarshal(text, &message); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		return message
	}
	id, _ := hear()["ws_client_id"].(string)
	b := newBrowser(t)
	b.client.Transport, b.client.Timeout = f.client.Transport, patience
	q := url.Values{"connect_session_token": {session.Data.Token}, "ws_client_id": {id}}
	if at := b.open(f.url + "/oauth/connect/fjord?" + q.Encode()); at.status != 200 || at.url.Path != "/oauth/callback/fjord" {
		t.Fatalf("the window ends at %s: %d %s", at.url.Path, at.status, at.html)
	}
	if said := hear(); said["message_type"] != "success" || said["connection_id"] != "user-42" {
		t.Errorf("the page is told %v", said)
	}
}

func (f *front) answerStreams(t *testing.T, p *streaming) {
	resp := f.request(t, "GET", "/c/fjord/user-42/parts", nil)
	first := make([]byte, 4)
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "one," {
		t.Fatalf("the first part: %q, %v", first, err)
	}
	close(p.answered) // only now is there a second
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "two" {
		t.Errorf("the second part: %q, %v", rest, err)
	}
}

func (f *front) bodyStreams(t *testing.T, p *streaming) {
	r, w := io.Pipe()
	go func() {
		_, _ = io.WriteString(w, "one,")
		select {
		case <-p.received: // only now is there a second
		case <-t.Context().Done():
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), 2<<20)) // more than nginx takes unasked
		_ = w.Close()
	}()
	resp := f.request(t, "POST", "/c/fjord/user-42/upload", r)
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 || len(got) != 4+2<<20 {
		t.Errorf("an upload in parts: %d, %d bytes, %v", resp.StatusCode, len(got), err)
	}
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// eventually waits until done, and says what a program wrote if that is never.
func eventually(t *testing.T, what string, said fmt.Stringer, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s:\n%s", what, said)
		}
		<-tick.C
	}
}
