package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// S36 of the security properties that we hold: no secret is ever printed. Here
// every place that can hold one holds a seed, the provider repeats all it hears,
// and nothing that comes out anywhere may hold a seed: neither as it is, nor
// encoded, nor in part. What call writes to stdout is the provider's, and does.

const seededConfig = `defaults:
    log_level: debug
    max_retries: 1
    time_between_retries_sec: 0.001
integrations:
    oauth:
        oauth_client_id: the-client
        oauth_client_secret: ${CLIENT_SECRET}
        oauth_client_secret_previous: ${CLIENT_SECRET_BEFORE}
        oauth_scopes: [read]
        app_api_key: ${APP_KEY}
        auth:
            auth_mode: OAUTH2
            authorization_url: https://api.gossip.example/authorize
            token_url: https://api.gossip.example/token
            revocation_url: https://api.gossip.example/revoke
            introspection_url: https://api.gossip.example/introspect
            device_authorization_url: https://api.gossip.example/device
            authorization_method: body
            token_params: {more: "${TOKEN_PARAM}"}
            refresh_params: {more: "x ${REFRESH_PARAM}"}
            token_headers: {X-More: "${TOKEN_HEADER}"}
        connection:
            region: {from: user}
            vault: {from: user, secret: true}
            ticket: {from: token_response, secret: true}
        requests: &requests
            base_url: https://api.gossip.example/v1
            headers:
                Authorization: Bearer ${access_token}
                X-App: ${app_api_key}
                X-Variable: a ${HEADER} b
                X-Default: ${NOT_SET:-DEFAULTED}
                X-File: ${file:SECRETFILE}
                X-Vault: ${connection.vault}
                X-Ticket: ${connection.ticket}
                X-Raw: ${raw.extra}
            params: {variable: "${PARAM}", vault: "${connection.vault}"}
            retries: {max_wait_seconds: 0.01, idempotency_key: Idempotency-Key}
            rate_limit: {remaining: {header: X-Remaining, reset: {header: Retry-After}}}
            pagination: {kind: cursor, items: items, cursor: {response: next, request: cursor}}
            errors:
                code: error.code
                message: error.message
                request_id: {header: X-Trace}
            verify: {path: /me}
    basic-header:
        oauth_client_id: the-client
        oauth_client_secret: LITERAL
        oauth_scopes: ''
        auth: {auth_mode: OAUTH2, authorization_url: "https://api.gossip.example/authorize", token_url: "https://api.gossip.example/token"}
        requests:
            base_url: https://api.gossip.example/v1
            headers: {Authorization: "Bearer ${access_token}"}
            retries: {max_wait_seconds: 0.01}
    key:
        auth: {auth_mode: API_KEY}
        credentials: {pin: {secret: true}}
        requests:
            base_url: https://api.gossip.example/bot${api_key}/v1
            headers: {X-Pin: "${credentials.pin}"}
            params: {key: "${api_key}"}
            retries: {max_wait_seconds: 0.01}
            pagination: {kind: link, items: items}
            errors: {code: error.code, message: error.message, request_id: {body: said}}
            verify: {path: /me}
    password:
        auth: {auth_mode: USERNAME_PASSWORD}
        requests:
            base_url: https://api.gossip.example/
            headers: {Authorization: "Basic ${basic_auth_encoded}"}
            retries: {max_wait_seconds: 0.01}
            verify: {path: /me}
`

// A seeded run is the program with seeds everywhere.
type seeded struct {
	*program
	seeds    *seeds
	provider *gossip
	between  string
	config   string
	names    []string // of integrations
	asJSON   bool     // the last run

	browsers sync.WaitGroup

	mu      sync.Mutex // the browsers look at pages meanwhile
	leaks   map[string]string
	outputs int
}

func newSeeded(t *testing.T, between string) *seeded {
	s := &seeded{program: newProgram(t), seeds: &seeds{}, between: between, leaks: map[string]string{}, names: []string{"oauth", "basic-header", "key", "password"}}
	s.provider = &gossip{seeds: s.seeds, mode: "ok", token: "ok"}
	s.deps.Transport = s.provider
	env := map[string]string{"XDG_DATA_HOME": s.data}
	for _, name := range []string{"CLIENT_SECRET", "CLIENT_SECRET_BEFORE", "APP_KEY", "TOKEN_PARAM", "REFRESH_PARAM", "TOKEN_HEADER", "HEADER", "PARAM"} {
		env[name] = s.put("variable " + name)
	}
	for _, place := range []string{"access token", "refresh token", "raw token answer", "secret field of the token answer"} {
		s.put(place)
	}
	s.deps.LookupEnv = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	s.deps.Browse = s.browse
	dir := t.TempDir()
	s.config = filepath.Join(dir, "seeded.yaml")
	write(t, filepath.Join(dir, "secret"), s.put("file")+"\n")
	write(t, s.config, strings.NewReplacer("SECRETFILE", filepath.Join(dir, "secret"), "DEFAULTED", s.plain("default of a variable"), "LITERAL", "'"+s.put("literal client secret")+"'").Replace(seededConfig))
	return s
}

func (s *seeded) put(place string) string { return s.seeds.putWith(place, s.between) }

// plain is put for places where the format takes letters only.
func (s *seeded) plain(place string) string { return s.seeds.putWith(place, "-") }

// check looks through an output.
func (s *seeded) check(what, output string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outputs++
	for _, place := range s.seeds.found(output) {
		if _, known := s.leaks[place]; !known {
			s.leaks[place] = what + "\n" + s.about(output)
		}
	}
}

// about returns the lines of an output that leak, or all of it.
func (s *seeded) about(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		if len(s.seeds.found(line)) > 0 {
			lines = append(lines, line)
		}
	}
	if lines == nil {
		return output
	}
	return strings.Join(lines, "")
}

func (s *seeded) report(t *testing.T) {
	s.browsers.Wait()
	t.Logf("%d outputs, %d seeds, %d requests", s.outputs, len(s.seeds.texts), len(s.provider.heard))
	for _, place := range slices.Sorted(maps.Keys(s.leaks)) {
		t.Errorf("leak of %s\nby %s", place, s.leaks[place])
	}
}

// exec runs a command, as loud as can be, and checks what it says: now as text,
// now as JSON.
func (s *seeded) exec(args ...string) int {
	s.asJSON = !s.asJSON
	format := console.FormatText
	if s.asJSON {
		format = console.FormatJSON
	}
	args = append([]string{"-c", s.config, "--trace", "-v", "--format", format}, args...)
	code := s.run(args...)
	what := fmt.Sprintf("%q, API %s, token endpoint %s", args, s.provider.mode, s.provider.token)
	ours, page := withoutPage(s.err.String())
	s.check(what+": stderr", ours)
	s.checkPage(what+": a failed page on stderr", page)
	if !slices.Contains(args, "call") {
		s.check(what+": stdout", s.out.String())
	}
	return code
}

// withoutPage parts from stderr the page that --paginate shows there, because stdout
// holds items: the provider's words, as call writes them to stdout otherwise.
func withoutPage(stderr string) (ours, page string) {
	inPage := false
	for line := range strings.Lines(stderr) {
		if inPage = strings.HasPrefix(line, "page ") || inPage && strings.HasPrefix(line, "  "); inPage {
			page += line
		} else {
			ours += line
		}
	}
	return ours, page
}

// checkPage looks through a page for what we have sent; what the provider says of
// itself may stand there.
func (s *seeded) checkPage(what, page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, place := range s.seeds.found(page) {
		if _, known := s.leaks[place]; !known && !strings.HasPrefix(place, "own: ") {
			s.leaks[place] = what + "\n" + s.about(page)
		}
	}
}

// browse is a user who consents, and a browser that shows a page.
func (s *seeded) browse(_ context.Context, page string) error {
	if !strings.Contains(page, "/start/") {
		return nil // the page for a code
	}
	s.check("what the browser is started with", page)
	u, err := url.Parse(opened(s.t, page))
	if err != nil {
		return err
	}
	q := u.Query()
	answers := []url.Values{
		{"state": {s.plain("state of another")}, "code": {s.put("code of another")}},
		{"state": {q.Get("state")}, "code": {s.put("code")}, "session_state": {s.put("session state")}},
	}
	if s.provider.token == "refused" {
		answers[1] = url.Values{"state": {q.Get("state")}, "error": {"access_denied"}, "error_description": {"The state was " + q.Get("state")}}
	}
	s.browsers.Go(func() {
		for _, a := range answers {
			resp, err := http.Get(q.Get("redirect_uri") + "?" + a.Encode())
			if err != nil {
				return
			}
			b, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			s.check("the page of the callback", string(b))
		}
	})
	return nil
}

func (s *seeded) connect(name string, more ...string) int {
	args := append([]string{"connect", name, "--redirect-url", "http://127.0.0.1:0/cb"}, more...)
	switch name {
	case "oauth":
		args = append(args, "--set", "region=eu", "--set", "vault="+s.put("secret field of the user"))
	case "key":
		args = append(args, "--set", "api_key="+s.plain("API key"), "--set", "pin="+s.put("declared credential"))
	case "password":
		args = append(args, "--set", "username="+s.put("user name"), "--set", "password="+s.put("password"))
	}
	return s.exec(args...)
}

// both runs a test with seeds that show every encoding, and with seeds that look
// harmless enough to be taken for an error code.
func both(t *testing.T, run func(t *testing.T, s *seeded)) {
	for name, between := range map[string]string{"encoded": `+/=&"%\`, "plain": "-"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeeded(t, between)
			run(t, s)
			s.report(t)
		})
	}
}

// withoutWaiting moves the clock. It is for commands that open no port.
func (s *seeded) withoutWaiting(t *testing.T, run func()) {
	synctest.Test(t, func(t *testing.T) {
		outer := s.t
		s.t = t
		run()
		s.t = outer
	})
}

func TestS36_Commands(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		for _, name := range s.names {
			if code := s.connect(name); code != 0 {
				t.Fatalf("connect %s: exit code %d\n%s", name, code, &s.err)
			}
			for range 2 { // text and JSON
				s.exec("explain", name)
			}
			for range 2 {
				s.exec("connections", "show", name)
			}
			s.exec("connections", "verify", name)
		}
		s.exec("validate")
		s.exec("connections", "list")
		s.exec("connections", "list")
		for _, s.provider.mode = range slices.Sorted(maps.Keys(gossipModes)) {
			for _, name := range s.names {
				s.exec("call", name, "/things")
				s.exec("call", name, "DELETE", "/things/7", "-i")
				s.exec("call", name, "POST", "/things?in="+url.QueryEscape(s.put("query of the path")),
					"-d", s.put("body"), "-q", "q="+s.put("query"), "-H", "Authorization: Bearer "+s.put("Authorization of the caller"),
					"-H", "X-Caller: "+s.put("header of the caller"), "-H", "Cookie: "+s.plain("cookie of the caller"))
				s.exec("call", name, "/things", "--paginate", "-q", "q="+s.put("query"))
				s.exec("call", name, "https://elsewhere.example/things?q="+s.put("query"))
				s.exec("call", name, "/%zz/?q="+s.put("query"))
				s.exec("connections", "verify", name)
			}
		}
		s.provider.mode = "ok"
		for _, s.provider.token = range slices.Sorted(maps.Keys(gossipTokenModes)) {
			s.connect("oauth", "--connection", "other")
			s.connect("basic-header", "--connection", "other")
		}
	})
	both(t, func(t *testing.T, s *seeded) {
		for _, name := range []string{"oauth", "basic-header"} {
			if code := s.connect(name); code != 0 {
				t.Fatalf("connect %s: exit code %d\n%s", name, code, &s.err)
			}
		}
		s.withoutWaiting(t, func() {
			for _, s.provider.token = range slices.Sorted(maps.Keys(gossipTokenModes)) {
				for _, name := range []string{"oauth", "basic-header"} {
					s.exec("connections", "refresh", name)
					s.exec("connect", name, "--connection", "moved", "--set", "access_token="+s.put("access token from elsewhere"), "--set", "refresh_token="+s.put("refresh token from elsewhere"), "--set", "expires_in=1")
					s.exec("call", name, "/things", "--connection", "moved")
					s.exec("connect", name, "--connection", "moved", "--set", "refresh_token="+s.put("refresh token from elsewhere"))
					s.exec("connections", "show", name, "--connection", "moved")
					s.exec("connections", "rm", name, "--connection", "moved")
				}
				s.connect("oauth", "--connection", "device", "--device")
				s.connect("oauth", "--connection", "device", "--device", "--no-browser")
			}
		})
		for _, mistake := range [][]string{
			{"connect", "key", "--set", "nothing=" + s.put("value of no field")},
			{"connect", "key", "--set", "api_key=" + s.put("API key with a line break") + "\n", "--set", "pin=x"},
			{"connect", "oauth", "--set", "expires_in=" + s.put("lifetime")},
			{"call", "oauth", "/x", "-H", s.put("header that is none")},
			{"call", "oauth", "/x", "-H", "X Y: " + s.put("header of a bad name")},
			{"call", "oauth", "/x", "-H", "X-Y: " + s.put("header with a line break") + "\r\nX"},
			{"call", "oauth", "/x", "-q", s.put("query that is none")},
			{"call", "oauth", "/x", "-d", s.put("body that is no JSON"), "--paginate"},
		} {
			s.exec(mistake...)
		}
	})
}

// TestS36_Sandbox meets every fault that can be had on demand.
func TestS36_Sandbox(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		s.deps.Transport = nil
		s.withoutWaiting(t, func() {
			for _, fault := range sandbox.Faults() {
				for _, name := range s.names {
					s.exec("--sandbox", "call", name, "/things", "--fault", string(fault), "-H", "X-Caller: "+s.put("header of the caller"), "-q", "q="+s.put("query"), "-d", s.put("body"), "--connection", string(fault))
				}
			}
		})
	})
}

// TestS36_Mistakes puts seeds into files that are wrong.
func TestS36_Mistakes(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		const good = "    a:\n        auth: {auth_mode: NONE}\n        requests: {base_url: https://api.example}\n"
		for name, text := range map[string]string{
			"wrong types":        "integrations:\n" + good + "        max_retries: ${V}\n        log_level: $V\n        http_request_timeout_seconds: \"${V}\"\n        extends_blueprint: ${V}\n",
			"from elsewhere":     "integrations:\n    a:\n        auth: {auth_mode: \"$V\", authorization_url: \"$V\", scopes: \"$V\", pkce: \"$V\", body_format: \"$V\"}\n        requests: {base_url: \"$V\", retries: {statuses: [\"$V\"], safe: [\"$V\"]}, headers: {\"X Y\": \"$V\", X: \"$LINES\"}}\n",
			"secrets written":    "integrations:\n" + good + "        oauth_client_secret: {x: 'SEED'}\n        app_api_key: [SEED]\n",
			"twice":              "integrations:\n" + good + "        app_api_key: 'SEED'\n        app_api_key: 'SEED'\n",
			"unknown key":        "integrations:\n" + good + "        ap_api_key: 'SEED'\n",
			"no string":          "integrations:\n" + good + "        app_api_key: !!binary 'SEED'\n",
			"no end":             "integrations:\n" + good + "        app_api_key: \"SEED\n",
			"tab":                "integrations:\n" + good + "        app_api_key:\t'SEED'\n\tx: 'SEED'\n",
			"placeholder":        "integrations:\n" + good + "        app_api_key: ${PLACEHOLDER}\n",
			"bad reference":      "integrations:\n" + good + "        app_api_key: \"${V SEED\"\n        oauth_client_secret: '$<v SEED>'\n",
			"bad placeholder":    "integrations:\n    a:\n        auth: {auth_mode: NONE}\n        requests: {base_url: https://api.example, headers: {X: \"${secret_nobody_knows} ${V}\", Y: \"${V} ${\"}}\n",
			"no integration":     "integrations: 'SEED'\n",
			"two documents":      "integrations:\n" + good + "---\nSEED\n",
			"a host":             "integrations:\n    a:\n        auth: {auth_mode: NONE}\n        requests: {base_url: \"https://user:${V}@api.example\"}\n    b:\n        auth: {auth_mode: NONE}\n        requests: {base_url: \"https://${V}/\"}\n",
			"a default":          "integrations:\n" + good + "        max_retries: ${NOT_SET:-SEED}\n",
			"a file":             "integrations:\n" + good + "        max_retries: ${file:SECRETFILE}\n",
			"in the defaults":    "defaults: {log_level: \"$V\", max_retries: \"$V\"}\nintegrations:\n" + good,
			"in the server":      "server: {public_url: \"$V\", limits: {max_body_bytes: \"$V\"}}\nintegrations:\n" + good,
			"without a variable": "integrations:\n" + good + "        oauth_client_secret: 'SEED'\n",
		} {
			seed := s.put("value in " + name)
			if strings.Contains(text, `"SEED`) || !strings.Contains(text, "'SEED") {
				seed = s.plain("value in " + name)
			}
			lookup := s.deps.LookupEnv
			s.deps.LookupEnv = func(v string) (string, bool) {
				switch v {
				case "V":
					return s.put("variable in " + name), true
				case "LINES":
					return s.put("variable of two lines in "+name) + "\n" + s.put("second line of a variable in "+name), true
				case "PLACEHOLDER":
					return "<YOUR " + s.plain("variable that holds a placeholder") + ">", true
				}
				return lookup(v)
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "bad.yaml")
			write(t, filepath.Join(dir, "f"), s.put("file in "+name))
			if name == "without a variable" {
				write(t, filepath.Join(dir, ".env"), "GOOD=1\nBAD "+s.put("line of .env")+"\nX='"+s.put("open quote in .env")+"\n")
			}
			write(t, file, strings.NewReplacer("SEED", seed, "SECRETFILE", filepath.Join(dir, "f")).Replace(text))
			for _, args := range [][]string{
				{"-c", file, "validate"}, {"-c", file, "validate", "--format", "json"}, {"-c", file, "validate", "--format", "github"},
				{"-c", file, "explain", "a"}, {"-c", file, "explain", "a", "--format", "json"}, {"-c", file, "--trace", "-v", "call", "a", "/x"},
				{"-c", file, "--sandbox", "--trace", "explain", "a"}, {"-c", file, "--sandbox", "--trace", "-v", "call", "a", "/x"},
			} {
				s.run(args...)
				s.check(name+fmt.Sprintf(" %q: stderr", args), s.err.String())
				if !slices.Contains(args, "call") {
					s.check(name+fmt.Sprintf(" %q: stdout", args), s.out.String())
				}
			}
			s.deps.LookupEnv = lookup
		}
	})
}

// TestS36_Engine looks at what an embedder can print: values of every type with
// every verb, logs of both handlers, events, errors down to their causes.
func TestS36_Engine(t *testing.T) {
	both(t, func(t *testing.T, s *seeded) {
		synctest.Test(t, func(t *testing.T) { printEverything(t, s) })
	})
}

func printEverything(t *testing.T, s *seeded) {
	cfg, ds := loader.Load(t.Context(), s.config, &loader.Options{LookupEnv: s.deps.LookupEnv})
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(both2{slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}), slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})})
	store := &engine.MemoryStore{}
	e, err := engine.New(cfg, &engine.Options{Transport: s.provider, Connections: store, Logger: logger, Observe: func(_ context.Context, ev engine.Event) {
		s.print("event", ev, logger)
		if ev.Err != nil {
			s.print("error of an event", ev.Err, logger)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.print("config", cfg, logger)
	for _, in := range cfg.Integrations {
		s.print("integration", in, logger)
	}
	ctx := t.Context()
	k := engine.Key{Integration: "oauth", ConnectionID: "one"}
	login := func() error {
		p, err := e.AuthCodeURL(ctx, k, "http://localhost/cb", &engine.AuthCodeOptions{Fields: map[string]string{"region": "eu", "vault": s.put("secret field of the user")}})
		if err != nil {
			return err
		}
		s.print("pending", p, logger)
		_, err = e.Exchange(ctx, p, url.Values{"state": {p.State.Reveal()}, "code": {s.put("code")}})
		return err
	}
	if err := login(); err != nil {
		t.Fatal(err)
	}
	for _, s.provider.token = range slices.Sorted(maps.Keys(gossipTokenModes)) {
		s.print("error of an exchange", login(), logger)
		_, err = e.Refresh(ctx, k)
		s.print("error of a refresh", err, logger)
		s.provider.token = "ok"
		if err := login(); err != nil {
			t.Fatal(err)
		}
	}
	c, err := e.Connection(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	s.print("connection", c, logger)
	s.print("credentials", &c.Credentials, logger)
	s.print("token", &c.Credentials.Token, logger)
	s.print("token source", e.TokenSource(k), logger)
	s.print("limits", e.Limits("oauth"), logger)
	client, err := e.Client(k)
	if err != nil {
		t.Fatal(err)
	}
	for _, s.provider.mode = range slices.Sorted(maps.Keys(gossipModes)) {
		r, _ := http.NewRequestWithContext(ctx, "POST", "/x?q="+url.QueryEscape(s.put("query")), strings.NewReader(s.put("body")))
		r.Header.Set("X-Caller", s.put("header of the caller"))
		resp, err := client.Do(r)
		if err != nil {
			s.print("error of a call", stripURL(err), logger)
		} else {
			s.print("error of an answer", engine.CheckResponse(resp), logger)
			_, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			s.print("error of a body", err, logger)
		}
		s.print("error of verify", e.Verify(ctx, k), logger)
		for _, err := range e.Paginate(ctx, k, "/x", nil) {
			s.print("error of a page", err, logger)
		}
	}
	s.check("the log", log.String())
}

// stripURL takes off what net/http puts around a round tripper's error: the URL
// that the caller gave, which is the caller's own to print.
func stripURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// both2 is a handler that is two.
type both2 [2]slog.Handler

func (b both2) Enabled(context.Context, slog.Level) bool { return true }
func (b both2) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(b[0].Handle(ctx, r), b[1].Handle(ctx, r))
}
func (b both2) WithAttrs(as []slog.Attr) slog.Handler {
	return both2{b[0].WithAttrs(as), b[1].WithAttrs(as)}
}
func (b both2) WithGroup(name string) slog.Handler {
	return both2{b[0].WithGroup(name), b[1].WithGroup(name)}
}

// print prints v in all the ways there are.
func (s *seeded) print(what string, v any, logger *slog.Logger) {
	if v == nil {
		return
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		s.check(what+" as "+verb, fmt.Sprintf(verb, v))
	}
	switch v.(type) {
	case *schema.Config, *schema.Integration: // JSON is their form at rest; nothing of ours writes it
	default:
		b, err := json.Marshal(v)
		s.check(what+" as JSON", fmt.Sprint(string(b), err))
	}
	logger.Info("printed", "value", v, slog.Any("again", v))
}

// TestS36_Panics crash a process while it holds seeds: in the store, in the
// transport, in whoever watches; in the caller's goroutine and in the engine's.
func TestS36_Panics(t *testing.T) {
	if where := os.Getenv("S36_PANIC"); where != "" {
		s := newSeeded(t, `+/=&"%\`)
		s.seeds.texts = map[string]string{}
		if err := json.Unmarshal([]byte(os.Getenv("S36_SEEDS")), &s.seeds.texts); err != nil {
			t.Fatal(err)
		}
		panicAt(t, s, where)
		return
	}
	s := newSeeded(t, `+/=&"%\`)
	s.connectAllPlaces()
	texts, _ := json.Marshal(s.seeds.texts)
	for _, where := range []string{"store", "store in a refresh", "transport", "transport at the token endpoint", "transport in a refresh", "observer", "body"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestS36_Panics$", "-test.v")
		cmd.Env = append(os.Environ(), "S36_PANIC="+where, "S36_SEEDS="+string(texts), "GOTRACEBACK=all")
		out, err := cmd.CombinedOutput()
		want := "panic: seeded crash"
		if strings.HasSuffix(where, "in a refresh") {
			want = "unavailable: panic in " // which nobody but the callers of the refresh learns of
		}
		if err == nil || !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s: no panic: %v\n%s", where, err, out)
		}
		s.check("a panic in "+where, string(out))
	}
	s.report(t)
}

// connectAllPlaces names the places whose seeds a child is to use.
func (s *seeded) connectAllPlaces() {
	for _, place := range []string{"secret field of the user", "code", "query", "body", "header of the caller", "own: body", "id token", "value of a panic"} {
		s.put(place)
	}
}

type crash struct {
	http.RoundTripper
	engine.ConnectionStore
	at    string
	armed bool
	value string // of a panic that is caught
}

func (c *crash) PublicOnly() http.RoundTripper { return c }

func (c *crash) RoundTrip(r *http.Request) (*http.Response, error) {
	isToken := strings.HasPrefix(r.URL.Path, "/token")
	if c.armed && c.at == "transport in a refresh" && isToken {
		panic(c.value)
	}
	if c.armed && (c.at == "transport" && !isToken || c.at == "transport at the token endpoint" && isToken) {
		panic("seeded crash")
	}
	resp, err := c.RoundTripper.RoundTrip(r)
	if c.armed && c.at == "body" {
		resp.Body = panicking{}
	}
	return resp, err
}

type panicking struct{ io.ReadCloser }

func (panicking) Read([]byte) (int, error) { panic("seeded crash") }
func (panicking) Close() error             { return nil }

func (c *crash) Put(ctx context.Context, conn *engine.Connection) error {
	if c.armed && c.at == "store" {
		panic("seeded crash")
	}
	return c.ConnectionStore.Put(ctx, conn)
}

func (c *crash) Get(ctx context.Context, k engine.Key) (*engine.Connection, error) {
	if c.armed && c.at == "store in a refresh" && bytes.Contains(debug.Stack(), []byte("refresh.(*Refresher).fly")) {
		panic(c.value)
	}
	return c.ConnectionStore.Get(ctx, k)
}

// panicAt crashes.
func panicAt(t *testing.T, s *seeded, where string) {
	cfg, ds := loader.Load(t.Context(), s.config, &loader.Options{LookupEnv: func(name string) (string, bool) {
		v, ok := s.seeds.texts["variable "+name]
		return v, ok
	}})
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	c := &crash{RoundTripper: s.provider, ConnectionStore: &engine.MemoryStore{}, at: where, value: s.put("value of a panic")}
	e, err := engine.New(cfg, &engine.Options{Transport: c, Connections: c, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(context.Context, engine.Event) {
			if c.armed && where == "observer" {
				panic("seeded crash")
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	k := engine.Key{Integration: "oauth", ConnectionID: "one"}
	fields := map[string]string{"region": "eu", "vault": s.put("secret field of the user")}
	login := func() {
		p, err := e.AuthCodeURL(t.Context(), k, "http://localhost/cb", &engine.AuthCodeOptions{Fields: fields})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Exchange(t.Context(), p, url.Values{"state": {p.State.Reveal()}, "code": {s.put("code")}}); err != nil {
			t.Fatal(err)
		}
	}
	login()
	c.armed = true
	switch where {
	case "store", "transport at the token endpoint":
		login()
	case "store in a refresh", "transport in a refresh":
		_, err = e.Refresh(t.Context(), k)
	default:
		client, cerr := e.Client(k)
		if cerr != nil {
			t.Fatal(cerr)
		}
		r, _ := http.NewRequestWithContext(t.Context(), "POST", "/x?q="+url.QueryEscape(s.put("query")), strings.NewReader(s.put("body")))
		r.Header.Set("X-Caller", s.put("header of the caller"))
		var resp *http.Response
		if resp, err = client.Do(r); err == nil {
			_, err = io.ReadAll(resp.Body)
		}
	}
	t.Fatalf("no panic: %v", err)
}
