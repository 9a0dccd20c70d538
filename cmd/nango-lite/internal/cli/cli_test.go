package cli

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/sandbox"
)

const example = "../../../../integrations.example.yaml"

// A program runs the command line in a directory of its own.
type program struct {
	t    *testing.T
	deps Deps
	in   string
	data string

	out, err bytes.Buffer // of the last run
}

func newProgram(t *testing.T) *program {
	p := &program{t: t, data: t.TempDir()}
	p.deps.LookupEnv = func(name string) (string, bool) {
		v, ok := map[string]string{"XDG_DATA_HOME": p.data}[name]
		return v, ok
	}
	return p
}

func (p *program) run(args ...string) int {
	p.t.Helper()
	p.out.Reset()
	p.err.Reset()
	return Run(p.t.Context(), args, IO{In: strings.NewReader(p.in), Out: &p.out, Err: &p.err}, p.deps)
}

func (p *program) ok(args ...string) {
	p.t.Helper()
	if code := p.run(args...); code != 0 {
		p.t.Fatalf("%v: exit code %d\n%s", args, code, &p.err)
	}
}

func (p *program) stderr(pattern string) {
	p.t.Helper()
	if !match(pattern, p.err.String()) {
		p.t.Errorf("stderr does not match %s:\n%s", pattern, &p.err)
	}
}

func match(pattern, text string) bool { return regexp.MustCompile("(?m)" + pattern).MatchString(text) }

// TestWaits moves the clock instead of waiting: a 429 takes its second, an answer
// that does not come the second that the sandbox gives it.
func TestWaits(t *testing.T) {
	for _, test := range []struct {
		fault        string
		atLeast      time.Duration
		lessThan     time.Duration
		stderr       string
		alsoInStderr string
	}{
		{"429", time.Second, 1100 * time.Millisecond, `\+\s*1\.\d{3}s  attempt    GET https://api.notion.com/v1/users: attempt 2: 200 OK`, `wait       429 Too Many Requests, Retry-After: 1: waiting 1 s`},
		{"timeout", time.Second, 3 * time.Second, `call       GET https://api.notion.com/v1/users: 200 OK after \S+ and 2 attempts`, `\+\s*1\.\d{3}s  attempt    GET https://api.notion.com/v1/users: no answer after 1s`},
		{"slow:700ms", 700 * time.Millisecond, 800 * time.Millisecond, `200 OK after 700ms`, `\+\s*0\.700s  call`},
	} {
		t.Run(test.fault, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newProgram(t)
				p.ok("-c", example, "--sandbox", "connect", "notion")
				time.Sleep(time.Minute) // of the fake clock: the budget is whole again
				start := time.Now()
				p.ok("-c", example, "--sandbox", "--trace", "call", "notion", "/v1/users", "--fault", test.fault)
				if took := time.Since(start); took < test.atLeast || took >= test.lessThan {
					t.Errorf("took %v, want %v to %v\n%s", took, test.atLeast, test.lessThan, &p.err)
				}
				p.stderr(test.stderr)
				p.stderr(test.alsoInStderr)
			})
		})
	}
}

// TestExampleInTheSandbox calls every integration of the example with nothing
// set.
func TestExampleInTheSandbox(t *testing.T) {
	p := newProgram(t)
	for name, path := range map[string]string{"notion": "/v1/users", "airtable": "/v0/meta/whoami", "todos": "/todos/1"} {
		p.ok("-c", example, "--sandbox", "call", name, path)
		if p.out.Len() == 0 {
			t.Errorf("%s answered nothing", name)
		}
	}
}

// TestExampleIsTheReadmesBlock keeps the example in step with the block that
// everything else shows.
func TestExampleIsTheReadmesBlock(t *testing.T) {
	const block = `integrations:
    notion:
        extends_blueprint: notion:v0

        oauth_client_id: <YOUR NOTION CLIENT ID>
        oauth_client_secret: ${NOTION_CLIENT_SECRET}
        oauth_scopes: '' # Notion's API has no scopes: the empty string is required
`
	b, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(b), "# yaml-language-server: $schema=") || !strings.Contains(string(b), block) {
		t.Error("the example does not begin with its schema, or does not hold the block")
	}
}

// TestAsks asks a person for what is missing, and keeps secrets off the screen.
func TestAsks(t *testing.T) {
	p := newProgram(t)
	config := filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, `integrations:
    shop:
        auth: {auth_mode: API_KEY}
        connection:
            region: {from: user, title: Region, enum: [eu, us]}
        requests:
            base_url: https://${connection.region}.shop.example
            headers: {X-Key: "${api_key}"}
`)
	var asked []string
	p.deps.Ask = func(question string, secret bool) (string, error) {
		if asked = append(asked, question); secret {
			return "seeded-key", nil
		}
		return "eu", nil
	}
	p.ok("-c", config, "connect", "shop")
	if got := strings.Join(asked, "|"); got != "Region (eu or us): |API key: " {
		t.Errorf("asked %q", got)
	}
	p.stderr(`^connected shop/default to shop: region eu$`)
	if strings.Contains(p.err.String()+p.out.String(), "seeded") {
		t.Error("the key was printed")
	}
	// A value that cannot be right is asked for again, with the reason, and not for ever.
	asked = nil
	p.deps.Ask = func(question string, secret bool) (string, error) {
		if asked = append(asked, question); secret {
			return []string{"", "seeded-key"}[min(len(asked)-3, 1)], nil
		}
		return []string{"nowhere", "us"}[min(len(asked)-1, 1)], nil
	}
	p.ok("-c", config, "connect", "shop", "--connection", "three")
	if got := strings.Join(asked, "|"); got != "Region (eu or us): |Region (eu or us): |API key: |API key: " {
		t.Errorf("asked %q", got)
	}
	p.stderr(`^Region must be one of eu, us$`)
	p.stderr(`^API key is missing$`)
	if strings.Contains(p.err.String(), "nowhere") || strings.Contains(p.err.String(), "seeded") {
		t.Errorf("what was typed is repeated:\n%s", &p.err)
	}
	p.deps.Ask = func(string, bool) (string, error) { return "elsewhere", nil }
	if code := p.run("-c", config, "connect", "shop", "--connection", "two"); code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.stderr(`^error: connect shop/two: client: connection.region must be one of eu, us$`)
}

// TestBrowser is opened with the provider's page, and brings the answer back to a
// free port.
func TestBrowser(t *testing.T) {
	p := newProgram(t)
	p.deps.Transport = playNotion(t)
	p.deps.LookupEnv = func(name string) (string, bool) {
		v, ok := map[string]string{"XDG_DATA_HOME": p.data, "NOTION_CLIENT_SECRET": "sandbox-secret"}[name]
		return v, ok
	}
	config := filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, notionConfig)
	done := make(chan string, 1)
	p.deps.Browse = func(ctx context.Context, page string) error {
		if strings.Contains(page, "state=") || strings.Contains(page, "?") {
			t.Errorf("the browser is started with %s, which everybody on this machine can read", page)
		}
		go func() { done <- answer(ctx, p.deps.Transport, opened(t, page)) }()
		return nil
	}
	p.ok("-c", config, "connect", "notion", "--redirect-url", "http://localhost:0/oauth/callback")
	p.stderr(`^connected notion/default to Notion: .*Harbour Lab`)
	p.stderr(`^to connect notion/default, consent in the browser; if it shows nothing, open$`)
	if status := <-done; status != "200 OK" {
		t.Errorf("the page answered %s", status)
	}
	if p.out.Len() > 0 {
		t.Errorf("stdout: %s", &p.out)
	}
}

const notionConfig = `integrations:
    notion:
        extends_blueprint: notion:v0
        oauth_client_id: sandbox-id
        oauth_client_secret: ${NOTION_CLIENT_SECRET}
        oauth_scopes: ''
`

// playNotion is Notion, for a program that believes to be on the network.
func playNotion(t *testing.T) http.RoundTripper {
	a := session.New(IO{Err: t.Output()}, Deps{LookupEnv: func(string) (string, bool) { return "sandbox-secret", true }})
	config := filepath.Join(t.TempDir(), "played.yaml")
	write(t, config, notionConfig)
	cfg, ds := a.LoadFiles(t.Context(), []string{config}, nil)
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	p, err := sandbox.New(cfg.Integrations["notion"], nil)
	if err != nil {
		t.Fatal(err)
	}
	return sandbox.NewMux(p).Transport()
}

// opened returns the page that the address leads to with which a browser is started.
func opened(t *testing.T, start string) string {
	t.Helper()
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Get(start)
	if err != nil {
		t.Error(err)
		return ""
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusFound || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s answers %s, %v", start, resp.Status, resp.Header)
	}
	return resp.Header.Get("Location")
}

// answer allows, and goes where it is sent.
func answer(ctx context.Context, rt http.RoundTripper, page string) string {
	callback, err := sandbox.Allow(ctx, rt, page, "allow")
	if err != nil {
		return err.Error()
	}
	resp, err := http.Get(callback.String())
	if err != nil {
		return err.Error()
	}
	_ = resp.Body.Close()
	return resp.Status
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestInterrupt ends a wait at once, and the listener with it.
func TestInterrupt(t *testing.T) {
	p := newProgram(t)
	p.deps.Transport = playNotion(t)
	config := filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, strings.ReplaceAll(notionConfig, "${NOTION_CLIENT_SECRET}", "sandbox-secret"))
	ctx, cancel := context.WithCancel(t.Context())
	var redirect *url.URL
	p.deps.Browse = func(_ context.Context, page string) error {
		u, err := url.Parse(opened(t, page))
		if err != nil {
			return err
		}
		redirect, err = url.Parse(u.Query().Get("redirect_uri"))
		cancel()
		return err
	}
	code := Run(ctx, []string{"-c", config, "connect", "notion", "--redirect-url", "http://127.0.0.1:0/cb"}, IO{In: strings.NewReader(""), Out: &p.out, Err: &p.err}, p.deps)
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	p.stderr(`^error: interrupted$`)
	if resp, err := http.Get(redirect.String()); err == nil {
		_ = resp.Body.Close()
		t.Error("the listener is still there")
	}
}
