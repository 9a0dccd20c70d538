package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A served is 'nango-lite serve', running.
type served struct {
	*testing.T
	cmd            *exec.Cmd
	stdout, stderr *bufio.Reader
	url, key       string
}

// startServe runs the program with its arguments and more of an environment.
func startServe(t *testing.T, dir string, env []string, args ...string) *served {
	t.Helper()
	s := startServing(t, dir, env, args...)
	s.url = s.line(s.stdout)
	return s
}

// startServing does not wait until it serves.
func startServing(t *testing.T, dir string, env []string, args ...string) *served {
	t.Helper()
	s := &served{T: t, cmd: command(t, dir, env, args...)}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stdout, s.stderr = bufio.NewReader(stdout), bufio.NewReader(stderr)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	return s
}

func (s *served) line(from *bufio.Reader) string {
	s.Helper()
	text, err := from.ReadString('\n')
	if err != nil {
		rest, _ := io.ReadAll(s.stderr)
		s.Fatalf("it ended: %v\n%s%s", err, text, rest)
	}
	return strings.TrimSuffix(text, "\n")
}

// until reads what it says to the line that matches.
func (s *served) until(pattern string) []string {
	s.Helper()
	re := regexp.MustCompile(pattern)
	for {
		if m := re.FindStringSubmatch(s.line(s.stderr)); m != nil {
			return m
		}
	}
}

func (s *served) get(path string) (int, string) {
	s.Helper()
	r, _ := http.NewRequest("GET", s.url+path, nil)
	r.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body)
}

// stop interrupts it, and wants it to end well.
func (s *served) stop() {
	s.Helper()
	_ = s.cmd.Process.Signal(os.Interrupt)
	_, _ = io.Copy(io.Discard, s.stderr)
	if err := s.cmd.Wait(); err != nil {
		s.Errorf("after an interrupt: %v", err)
	}
}

// What a new user does: the line that is printed works as it stands.
func TestServeSandbox(t *testing.T) {
	example, err := filepath.Abs("../../integrations.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := startServe(t, t.TempDir(), nil, "serve", "--sandbox", "-c", example, "--addr", "127.0.0.1:0")
	s.key = s.line(s.stdout)
	try := s.until(`^try: curl -H 'Authorization: Bearer (\S+)' '(http://\S+/c/notion/default/\S+)'$`)
	if try[1] != s.key {
		t.Errorf("the line has another key than was printed")
	}
	if status, body := s.get(strings.TrimPrefix(try[2], s.url)); status != 200 || !strings.Contains(body, `"object"`) {
		t.Errorf("%s: %d %s", try[2], status, body)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/c/notion/default/v1/users": 200, "/c/nothing/x/": 404} {
		if status, body := s.get(path); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	_, text := s.get("/metrics")
	for _, want := range []string{
		`nango_lite_http_requests_total{code="",method="GET",route="/c/{integration}/{connection}/{path...}",status="200"} 2`,
		`nango_lite_http_requests_total{code="not_found",method="GET",route="/c/{integration}/{connection}/{path...}",status="404"} 1`,
		`nango_lite_http_request_seconds_count{route="/healthz"} 1`, `nango_lite_calls_total{`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, "default") || strings.Contains(text, s.key) {
		t.Error("the metrics name a connection, or a key")
	}
	s.stop()
}

// The first key is made and printed once; changed files are read again, and bad ones
// change nothing.
func TestServeKeyAndReload(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "new.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "new.yaml"), filepath.Join(dir, "integrations.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	provider := newEcho(t)
	one := "integrations:\n    one:\n        auth: {auth_mode: NONE}\n        requests: {base_url: " + provider + "}\n"
	two := one + strings.Replace(strings.TrimPrefix(one, "integrations:\n"), "one:", "two:", 1)
	write(one)
	keys := filepath.Join(dir, "my.keys")
	if out, err := command(t, dir, nil, "keys", "create", keys).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	args := []string{"--store", filepath.Join(dir, "mine.db"), "--keys", keys, "serve", "--addr", "127.0.0.1:0"}
	s := startServe(t, dir, nil, args...)
	s.key = s.line(s.stdout)
	if !strings.HasPrefix(s.key, "nlk_") {
		t.Fatalf("the first key: %q", s.key)
	}
	if status, body := s.get("/c/one/x/there"); status != 200 || body != "/there" {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := s.get("/c/two/x/there"); status != 404 {
		t.Errorf("two is not there yet: %d", status)
	}
	write(two)
	s.until(`^read the configuration again$`)
	if status, body := s.get("/c/two/x/there"); status != 200 {
		t.Errorf("after a change: %d %s", status, body)
	}
	lock := filepath.Join(dir, "integrations.lock")
	if err := os.WriteFile(lock, []byte("no lock"), 0o600); err != nil { // looked at again like the file beside it
		t.Fatal(err)
	}
	s.until(`; what was in force stays$`)
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	s.until(`^read the configuration again$`)
	write("integrations: [")
	s.until(`; what was in force stays$`)
	if status, _ := s.get("/c/two/x/there"); status != 200 {
		t.Errorf("after a bad change: %d", status)
	}
	write(one)
	_ = s.cmd.Process.Signal(syscall.SIGHUP)
	s.until(`^read the configuration again$`)
	if status, _ := s.get("/c/two/x/there"); status != 404 {
		t.Errorf("two is gone: %d", status)
	}
	s.stop()

	again := startServe(t, dir, []string{"NANGO_LITE_API_KEY=0123456789-0123456789-0123456789-x"}, args...)
	for _, again.key = range []string{s.key, "0123456789-0123456789-0123456789-x"} {
		if status, body := again.get("/c/one/x/there"); status != 200 {
			t.Errorf("%d %s", status, body)
		}
	}
	again.stop()
	if rest, _ := io.ReadAll(again.stdout); len(rest) > 0 {
		t.Errorf("printed more than the address: %q", rest)
	}
}

// patience is how long a program may run; nobody waits for one that hangs until all tests
// are ended.
const patience = 5 * time.Minute

// command is the program, for testscript.Main runs it where it is called by its name.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "nango-lite")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience+*loadFor) // it lives while tests clean up
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	return cmd
}

// newEcho is an API that answers with the path.
func newEcho(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	api := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })}
	go func() { _ = api.Serve(ln) }()
	t.Cleanup(func() { _ = api.Close() })
	return "http://" + ln.Addr().String()
}

// What becomes of a connection is told to the product, and who did what is remembered,
// beyond the end of the server.
func TestServeTellsAndRemembers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "integrations.yaml"), []byte(`server:
    webhook: {url: "http://127.0.0.1:1/", secret: "${HOOK_SECRET}"}
integrations:
    lamps:
        auth: {auth_mode: API_KEY}
        requests: {base_url: https://lamps.example, headers: {X-Key: "${api_key}"}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	const secret = "s3cret-hook-0123456789-0123456789-0123"
	told := make(chan string, 10)
	product := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		if r.Header.Get("X-Nango-Hmac-Sha256") != hex.EncodeToString(mac.Sum(nil)) {
			t.Error("a message is not signed")
		}
		told <- string(body)
	}))
	defer product.Close()
	keys := filepath.Join(dir, "my.keys")
	if out, err := command(t, dir, nil, "keys", "create", keys).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := []string{"HOOK_SECRET=" + secret, "NANGO_LITE_WEBHOOK_URL=" + product.URL} // a variable beats the file
	s := startServe(t, dir, env, "--store", "mine.db", "--keys", keys, "serve", "--addr", "127.0.0.1:0")
	s.key = s.line(s.stdout)
	r, _ := http.NewRequest("POST", s.url+"/connections", strings.NewReader(`{"provider_config_key": "lamps", "connection_id": "user-7", "credentials": {"type": "API_KEY", "apiKey": "s3cret"}}`))
	r.Header.Set("Authorization", "Bearer "+s.key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != 201 {
		t.Fatalf("%v %v", resp, err)
	}
	_ = resp.Body.Close()
	if body := <-told; !strings.Contains(body, `"operation":"creation"`) || strings.Contains(body, "s3cret") {
		t.Errorf("told: %s", body)
	}
	if status, body := s.get("/providers/notion"); status != 200 || !strings.Contains(body, `"auth_mode":"OAUTH2"`) {
		t.Errorf("the catalog: %d %s", status, body)
	}
	s.stop()
	out, err := command(t, dir, nil, "--store", "mine.db", "--keys", keys, "audit").CombinedOutput()
	if err != nil || !regexp.MustCompile(`connect +1 +first +lamps +user-7`).Match(out) {
		t.Errorf("audit: %v\n%s", err, out)
	}
}
