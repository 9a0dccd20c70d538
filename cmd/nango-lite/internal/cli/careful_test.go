package cli

import (
	"bytes"
	"fmt"
	"github.com/nango-lite/nango-lite/schema"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
)

// An api answers calls in place of the network.
type api func(r *http.Request) (status int, body string)

func (a api) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := a(r)
	return &http.Response{
		Status: fmt.Sprintf("%d \x1b]0;title\a%s", status, http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// newOpenAPI returns a program with an integration "open" that anyone may call.
func newOpenAPI(t *testing.T, pagination string, a api) (p *program, config string) {
	p = newProgram(t)
	p.deps.Transport = a
	config = filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, "integrations:\n    open:\n        auth: {auth_mode: NONE}\n        requests:\n            base_url: https://api.open.example\n            retries: {max_retries: 0}\n"+pagination)
	return p, config
}

// What a caller gives is sent, or refused with exit code 2: never dropped.
func TestCallSendsWhatIsGiven(t *testing.T) {
	var body string
	p, config := newOpenAPI(t, "", func(r *http.Request) (int, string) {
		body = ""
		if r.Body != nil {
			b, _ := io.ReadAll(r.Body)
			body = string(b)
		}
		return 200, "{}"
	})
	for _, method := range []string{"QUERY", "PUT", "PATCH", "DELETE", "GET"} {
		p.ok("-c", config, "call", "open", method, "/x", "-d", `{"a":1}`)
		if body != `{"a":1}` {
			t.Errorf("%s: the body was %q", method, body)
		}
	}
	for _, args := range [][]string{{"/x#top"}, {"/x#"}, {"/x", "-H", "X y: 1"}, {"/x", "-H", "X-Y: a\nb"}, {"/x", "-H", "ü: 1"}, {"/x", "-H", "Host: other.example"}, {"/x", "-H", "content-length: 3", "-d", "abc"}, {"/x", "-H", "Transfer-Encoding: chunked"}} {
		if code := p.run(append([]string{"-c", config, "call", "open"}, args...)...); code != exitUsage {
			t.Errorf("%q: exit code %d, want 2\n%s", args, code, &p.err)
		}
	}
}

// With --paginate the body goes with every page, whatever the method.
func TestPaginateSendsTheBody(t *testing.T) {
	for _, method := range []string{"QUERY", "PUT", "PATCH", "DELETE", "GET", "POST"} {
		var bodies []string
		p, config := newOpenAPI(t, "            pagination: {kind: cursor, items: items, cursor: {response: next, request: cursor}, in: body}\n", func(r *http.Request) (int, string) {
			b, _ := io.ReadAll(r.Body)
			if bodies = append(bodies, string(b)); len(bodies) == 1 {
				return 200, `{"items":[1],"next":"b"}`
			}
			return 200, `{"items":[2]}`
		})
		p.ok("-c", config, "call", "open", method, "/search", "--paginate", "-d", `{"filter":"mine"}`)
		if want := []string{`{"filter":"mine"}`, `{"cursor":"b","filter":"mine"}`}; !slices.Equal(bodies, want) {
			t.Errorf("%s: sent %q, want %q", method, bodies, want)
		}
	}
}

// A list that breaks off leaves whole lines, and the provider's words with the page
// that they are about.
func TestPaginateThatBreaksOff(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		n := 0
		p, config := newOpenAPI(t, "            pagination: {kind: page, page: {request: page}}\n", func(*http.Request) (int, string) {
			if n++; n == 1 {
				return 200, `[{"id":1},{"id":2}]`
			}
			return 400, "{\"message\": \"page must be below 100\x1b[2J\"}"
		})
		if code := p.run("-c", config, "--format", format, "call", "open", "/x", "--paginate"); code != exitFailure {
			t.Errorf("exit code %d", code)
		}
		if out := p.out.String(); !strings.HasSuffix(out, "{\"id\":2}\n") {
			t.Errorf("%s: stdout ends in the middle of a line: %q", format, out)
		}
		p.stderr(`^page 2 was answered with status 400`)
		p.stderr(`page must be below 100`)
		if strings.ContainsRune(p.err.String(), '\x1b') {
			t.Errorf("an escape sequence reaches the terminal: %q", &p.err)
		}
	}
}

// Nothing that a provider writes moves the cursor, renames the window or shows text in
// another order.
func TestTerminalKeepsItsSenses(t *testing.T) {
	p, config := newOpenAPI(t, "", func(*http.Request) (int, string) { return 500, "{}" })
	if code := p.run("-c", config, "call", "open", "/x", "-i"); code != exitFailure {
		t.Errorf("exit code %d", code)
	}
	if strings.ContainsAny(p.out.String(), "\x1b\a") {
		t.Errorf("an escape sequence of the status line reaches the terminal: %q", &p.out)
	}
	for _, r := range "\x1b\u0085\u061c\u200b\u200e\u200f\u2028\u202e\u2066\u2069\ufeff" {
		if got := console.OneLine("a" + string(r) + "b"); got != "a b" {
			t.Errorf("%U: got %q", r, got)
		}
	}
	if got := console.OneLine("Zoë 東京 می\u200cخواهم"); got != "Zoë 東京 می\u200cخواهم" {
		t.Errorf("a name was changed: %q", got)
	}
}

// The browser gets what it needs of the environment, and no secret.
func TestBrowserGetsNoSecrets(t *testing.T) {
	got := browserEnv([]string{"PATH=/bin", "DISPLAY=:0", "XDG_RUNTIME_DIR=/run", "CLIENT_SECRET=s", "PGPASSWORD=s", "NANGO_LITE_KEYS=s", "HOME=/h", "SystemRoot=C"})
	if want := []string{"PATH=/bin", "DISPLAY=:0", "XDG_RUNTIME_DIR=/run", "HOME=/h", "SystemRoot=C"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A file is read as it is sent, and as often as it has to be.
func TestBodyOfAFile(t *testing.T) {
	var kinds, bodies []string
	p, config := newOpenAPI(t, "", func(r *http.Request) (int, string) {
		b, _ := io.ReadAll(r.Body)
		kinds, bodies = append(kinds, r.Header.Get("Content-Type")), append(bodies, string(b))
		if int64(len(b)) != r.ContentLength {
			t.Errorf("the length was given as %d, and %d came", r.ContentLength, len(b))
		}
		return 200, "{}"
	})
	name := filepath.Join(t.TempDir(), "body")
	for text, kind := range map[string]string{`{"a": [1, "x"]}`: "application/json", `[] []`: "application/x-www-form-urlencoded", `{"a"`: "application/x-www-form-urlencoded", "a=b": "application/x-www-form-urlencoded", "17": "application/json"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p.ok("-c", config, "call", "open", "/x", "-d", "@"+name)
		if last := len(bodies) - 1; bodies[last] != text || kinds[last] != kind {
			t.Errorf("%q: sent %q as %s, want %s", text, bodies[last], kinds[last], kind)
		}
	}
	if !isOneJSON(bytes.NewReader([]byte(`{"a":null}`))) || isOneJSON(strings.NewReader("")) || isOneJSON(strings.NewReader("[1")) {
		t.Error("JSON is not told from what is none")
	}
}

// Words that people bring from elsewhere are understood.
func TestWordsOfOtherPrograms(t *testing.T) {
	p, config := newOpenAPI(t, "", nil)
	p.ok("-c", config, "connections", "ls")
	p.ok("--version")
	if !strings.HasPrefix(p.out.String(), "nango-lite ") && p.out.Len() == 0 {
		t.Errorf("--version printed %q", &p.out)
	}
	for word, name := range map[string]string{"teams": "ms-teams", "gmail": "google-mail", "calendar": "google-calendar"} {
		if code := p.run("blueprints", "show", word); code == 0 || !strings.Contains(p.err.String(), name) {
			t.Errorf("%s: %s", word, &p.err)
		}
	}
	if code := p.run("-c", config, "connections", "delete", "open", "--connection", "x"); code != exitFailure || strings.Contains(p.err.String(), "unknown command") {
		t.Errorf("delete: exit code %d: %s", code, &p.err)
	}
}

// The default of a secret is one.
func TestS36_QuestionsTellNoSecrets(t *testing.T) {
	if got := question(schema.Field{Title: "Vault", Secret: true, Default: "seeded", Example: "seeded"}); got != "Vault (empty for the usual one): " {
		t.Errorf("got %q", got)
	}
	if got := question(schema.Field{Title: "Region", Default: "eu"}); got != "Region (empty for eu): " {
		t.Errorf("got %q", got)
	}
}
