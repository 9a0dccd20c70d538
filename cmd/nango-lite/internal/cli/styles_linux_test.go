package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
)

// played are blueprints that are quickly played.
const played = "../../../../testdata/blueprints"

var sgr = regexp.MustCompile(`\x1b\[[0-9]*m`)

// onTerminal runs the program with stdout and stderr at a terminal, and returns what it shows.
func (p *program) onTerminal(args ...string) string {
	p.t.Helper()
	term := newTerminal(p.t)
	Run(p.t.Context(), args, IO{In: strings.NewReader(""), Out: term.slave, Err: term.slave}, p.deps)
	_, _ = term.slave.WriteString("the end")
	term.answer("the end", "", false)
	text, _, _ := strings.Cut(term.screen(), "the end")
	return strings.ReplaceAll(text, "\r\n", "\n")
}

// shows is what is on the screen in the end: what a carriage return has written over is gone.
func shows(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		var at []rune
		for part := range strings.SplitSeq(line, "\r") {
			written := []rune(part)
			at = append(written, at[min(len(written), len(at)):]...)
		}
		lines = append(lines, strings.TrimRight(string(at), " "))
	}
	return strings.Join(lines, "\n")
}

// Every list is the same on a terminal, in a pipe and with NO_COLOR, but for the styles,
// which a terminal alone shows; columns stand below each other.
func TestListsOnATerminalAndInAPipe(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	env := map[string]string{"XDG_DATA_HOME": p.data}
	p.deps.LookupEnv = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	dir := t.TempDir()
	config := filepath.Join(dir, "integrations.yaml")
	write(t, config, `integrations:
    notion: {extends_blueprint: notion:v0, oauth_client_id: fjord, oauth_client_secret: s3cret, oauth_scopes: ''}
    plain:
        auth: {auth_mode: API_KEY}
        requests: {base_url: "http://127.0.0.1:1", headers: {Authorization: "Bearer ${api_key}"}}
    tides:
        auth: {auth_mode: NONE}
        requests: {base_url: "http://127.0.0.1:1"}
        operations:
            all: {summary: List the tides., request: {path: /tides}}
            forget_one: {summary: Forget a tide., effect: destroy, request: {method: DELETE, path: "/tides/1"}}
`)
	with := func(args ...string) []string {
		return append([]string{"-c", config, "--sandbox", "--store", filepath.Join(dir, "lists.db")}, args...)
	}
	p.ok(with("connect", "plain", "--set", "api_key=k")...)
	p.ok(with("connect", "notion", "--connection", "a-rather-long-id-of-a-user")...)
	p.run(with("call", "notion", "/v1/users", "--fault", "revoked")...)
	p.ok(with("apikeys", "create", "etl", "--scopes", "token,read")...)
	p.ok(with("apikeys", "create", "a-longer-name", "--scopes", "ui")...)
	for _, c := range []struct {
		args   []string
		head   bool
		styles []string // of texts
	}{
		{[]string{"connections", "list"}, true, []string{"1mINTEGRATION", "32mactive", "31mneeds_reauthorization"}},
		{[]string{"connections", "show", "plain"}, false, []string{"1mstatus"}},
		{[]string{"blueprints", "list"}, true, []string{"1mNAME"}},
		{[]string{"blueprints", "search", "notion"}, true, []string{"1mNAME"}},
		{[]string{"apikeys", "list"}, true, []string{"1mSCOPES"}},
		{[]string{"keys", "list"}, true, []string{"1mKEY", "32mactive"}},
		{[]string{"audit"}, false, nil},
		{[]string{"operations", "tides"}, true, []string{"1mEFFECT", "33mdestroy"}},
		{[]string{"explain", "plain"}, false, []string{"1mauth.auth_mode"}},
		{[]string{"store", "check"}, false, nil},
		{[]string{"doctor"}, false, []string{"32mok", "33mwarning"}},
		{[]string{"--blueprints", played, "blueprints", "test", "keyed"}, false, []string{"32m✓"}},
		{[]string{"--blueprints", played, "blueprints", "test", "keyed", "dotted"}, true, []string{"1mBLUEPRINT", "32m✓"}},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			p := &program{t: t, data: p.data, deps: p.deps}
			p.run(with(c.args...)...)
			piped, said := p.out.String(), p.err.String()
			if strings.ContainsAny(piped+said, "\x1b\r") {
				t.Errorf("in a pipe: %q", piped+said)
			}
			screen := p.onTerminal(with(c.args...)...)
			for _, want := range c.styles {
				if !strings.Contains(screen, "\x1b["+want+"\x1b[0m") {
					t.Errorf("a terminal shows no %q in %q", want, screen)
				}
			}
			for name, got := range map[string]string{"without styles": sgr.ReplaceAllString(screen, ""), "NO_COLOR": plainly(p, env, with(c.args...))} {
				if strings.Contains(got, "\x1b") {
					t.Errorf("%s: %q", name, got)
				}
				for line := range strings.SplitSeq(times.ReplaceAllString(piped, "T"), "\n") {
					if !strings.Contains(times.ReplaceAllString(shows(got), "T"), line) {
						t.Errorf("%s: no line %q on\n%s", name, line, shows(got))
					}
				}
			}
			if c.head {
				aligned(t, piped)
			}
		})
	}
}

// times are not the same in two runs.
var times = regexp.MustCompile(`\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?`)

func plainly(p *program, env map[string]string, args []string) string {
	env["NO_COLOR"] = "1"
	defer delete(env, "NO_COLOR")
	return p.onTerminal(args...)
}

// aligned wants that the second column of each row begins below that of the first.
func aligned(t *testing.T, table string) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(table, "\n"), "\n")
	second := regexp.MustCompile(`^(\S+ +)\S`).FindStringSubmatch(lines[0])
	if second == nil {
		return
	}
	at := len([]rune(second[1]))
	for _, line := range lines {
		if r := []rune(line); line != "" && (len(r) <= at || r[at] == ' ' || r[at-1] != ' ') {
			t.Errorf("not aligned at %d: %q", at, line)
		}
	}
}

// Long work says on a terminal how far it is, and leaves nothing of that behind; in a pipe it
// is silent.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	store := filepath.Join(t.TempDir(), "checked.db")
	p.ok("--store", store, "keys", "create", strings.TrimSuffix(store, ".db")+".key")
	if screen := p.onTerminal("--store", store, "store", "check"); !strings.Contains(screen, "\ropened connections: 0") || strings.Contains(shows(screen), "opened") {
		t.Errorf("store check shows %q", screen)
	}
	p.run("--blueprints", played, "blueprints", "test", "keyed", "dotted", "mooring")
	if strings.Contains(p.err.String(), "played") {
		t.Errorf("in a pipe: %q", p.err.String())
	}
	screen := p.onTerminal("--blueprints", played, "blueprints", "test", "keyed", "dotted", "mooring")
	if !strings.Contains(screen, "\rplayed 1 of ") {
		t.Errorf("no progress: %q", screen)
	}
	if strings.Contains(shows(screen), "played") {
		t.Errorf("it stays: %q", screen)
	}
}

// What came of each connection is said as it goes; as JSON, a terminal is told how far it is.
func TestImportOnATerminal(t *testing.T) {
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/connections":
			_, _ = io.WriteString(w, `{"connections": [{"connection_id": "a", "provider_config_key": "plain"}, {"connection_id": "b", "provider_config_key": "nobody"}]}`)
		default:
			_, _ = io.WriteString(w, `{"credentials": {"type": "API_KEY", "apiKey": "s3cret-k"}}`)
		}
	}))
	defer peer.Close()
	p := newProgram(t)
	p.deps.LookupEnv = func(name string) (string, bool) {
		v, ok := map[string]string{"XDG_DATA_HOME": p.data, "NANGO_SECRET_KEY": "invented"}[name]
		return v, ok
	}
	config := filepath.Join(t.TempDir(), "integrations.yaml")
	write(t, config, `integrations:
    plain:
        auth: {auth_mode: API_KEY}
        requests: {base_url: "http://127.0.0.1:1", headers: {Authorization: "Bearer ${api_key}"}}
`)
	args := []string{"-c", config, "import", "nango-connections", "--from", peer.URL, "--dry-run"}
	p.ok(args...)
	if piped := p.out.String() + p.err.String(); strings.ContainsAny(piped, "\x1b\r") || !strings.Contains(piped, "plain/a: would be copied\n") {
		t.Errorf("in a pipe: %q", piped)
	}
	if screen := p.onTerminal(args[:len(args)-1]...); !strings.Contains(screen, "plain/a: \x1b[32mcopied\x1b[0m\n") || !strings.Contains(screen, "nobody/b: \x1b[33mno such integration\x1b[0m\n") {
		t.Errorf("a terminal shows %q", screen)
	}
	if screen := p.onTerminal(append(args, "--format", "json")...); !strings.Contains(screen, "\rconnections: 1") || strings.Contains(shows(screen), "connections: 1\n") {
		t.Errorf("as JSON a terminal shows %q", screen)
	}
}

// A terminal that is dumb gets no styles.
func TestStylesAreForTerminals(t *testing.T) {
	term := newTerminal(t)
	for name, c := range map[string]struct {
		env  map[string]string
		want bool
	}{
		"a terminal": {nil, true}, "dumb": {map[string]string{"TERM": "dumb"}, false}, "NO_COLOR": {map[string]string{"NO_COLOR": "1"}, false},
		"NO_COLOR, empty": {map[string]string{"NO_COLOR": ""}, true},
	} {
		con := console.New(console.IO{Out: term.slave, Err: os.Stderr}, nil)
		con.LookUp = func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
		if got := con.Styled(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
