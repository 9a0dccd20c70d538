package loader_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// write puts files into a new directory and returns it.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// loadText loads a file from memory and wants it whole.
func loadText(t *testing.T, text string, opts *loader.Options) *schema.Config {
	t.Helper()
	cfg, ds := loader.LoadBytes(context.Background(), "integrations.yaml", []byte(text), opts)
	if err := ds.Err(); err != nil {
		t.Fatalf("%s\nof:\n%s", err, text)
	}
	return cfg
}

// wantFinding wants a line of the text form to hold want.
func wantFinding(t *testing.T, ds loader.Diagnostics, want string) {
	t.Helper()
	for line := range strings.Lines(text(ds)) {
		if strings.Contains(line, want) {
			return
		}
	}
	t.Errorf("no finding holds %q; got:\n%s", want, text(ds))
}

func TestLoadTellsWhatCannotBeRead(t *testing.T) {
	dir := write(t, map[string]string{"large.yaml": strings.Repeat("# much ado about nothing\n", 50_000)})
	for name, want := range map[string]string{
		"none.yaml":  "none.yaml: error: the file cannot be read: it does not exist [io]",
		".":          "is a directory [io]",
		"large.yaml": "large.yaml: error: the file is larger than 1024 KiB [too-large]",
	} {
		cfg, ds := loader.Load(context.Background(), filepath.Join(dir, name), nil)
		wantFinding(t, ds, want)
		if cfg == nil || ds.Err() == nil {
			t.Errorf("%s: want an empty config and an error, got %v, %v", name, cfg, ds.Err())
		}
	}
}

func TestLoadGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cfg, ds := loader.LoadBytes(ctx, "x.yaml", []byte("integrations:\n    a: {extends_blueprint: keyed:v0}\n"), options())
	wantFinding(t, ds, "[canceled]")
	if len(cfg.Integrations) != 0 {
		t.Errorf("got %d integrations, want none", len(cfg.Integrations))
	}
}

func TestEnvFile(t *testing.T) {
	const integrations = "integrations:\n    a: {auth: {auth_mode: NONE}, requests: {base_url: https://a.example}, app_api_key: \"${ONE}-${TWO}\"}\n"
	dir := write(t, map[string]string{
		"i.yaml": integrations, ".env": "ONE=beside\nexport TWO='be side' # why not\n", "other.env": "ONE=other\nTWO=\"a\\nb\"\n",
		"bad.env": "ONE\nTWO=\"open\n",
	})
	outside := func(name string) (string, bool) { return "outside", name == "ONE" }
	nothing := func(string) (string, bool) { return "", false }
	for _, row := range []struct {
		what   string
		lookup func(string) (string, bool)
		file   string
		want   string
	}{
		{"beside the file", nothing, "", "beside-be side"},
		{"the environment wins", outside, "", "outside-be side"},
		{"named", nothing, filepath.Join(dir, "other.env"), "other-a\nb"},
	} {
		cfg, ds := loader.Load(context.Background(), filepath.Join(dir, "i.yaml"), &loader.Options{Catalog: catalog, LookupEnv: row.lookup, EnvFile: row.file})
		if ds.Err() != nil || cfg.Integrations["a"].AppAPIKey.Reveal() != row.want {
			t.Errorf("%s: got %v, %v; want %q", row.what, cfg.Integrations["a"].AppAPIKey.Reveal(), ds, row.want)
		}
	}
	_, ds := loader.Load(context.Background(), filepath.Join(dir, "i.yaml"), &loader.Options{Catalog: catalog, EnvFile: filepath.Join(dir, "bad.env")})
	wantFinding(t, ds, "bad.env:1:1: error: this line is not NAME=value [bad-env-file]")
	wantFinding(t, ds, "bad.env:2:1: error: the closing quote is missing [bad-env-file]")
	_, ds = loader.Load(context.Background(), filepath.Join(dir, "i.yaml"), &loader.Options{Catalog: catalog, EnvFile: filepath.Join(dir, "none.env")})
	wantFinding(t, ds, "none.env: error: the file of variables cannot be read: it does not exist [io]")
}

// TestLoadBytesReadsNothing: an editor's text finds no .env by accident.
func TestLoadBytesReadsNothing(t *testing.T) {
	t.Chdir(write(t, map[string]string{".env": "ONE=beside\n"}))
	_, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: keyed:v0, app_api_key: $ONE}\n"),
		&loader.Options{Catalog: catalog, LookupEnv: func(string) (string, bool) { return "", false }})
	wantFinding(t, ds, "variable ONE is not set")
}

func TestFileReference(t *testing.T) {
	dir := write(t, map[string]string{"key": "s3cret\n\n", "large": strings.Repeat("x", 64<<10+1)})
	read := func(name string) (*schema.Config, loader.Diagnostics) {
		return loader.LoadBytes(context.Background(), "i.yaml",
			[]byte("integrations:\n    a: {auth: {auth_mode: NONE}, requests: {base_url: https://a.example}, app_api_key: \"${file:"+filepath.Join(dir, name)+"}\"}\n"), &loader.Options{Catalog: catalog})
	}
	cfg, ds := read("key")
	if got := cfg.Integrations["a"].AppAPIKey.Reveal(); ds.Err() != nil || got != "s3cret\n" {
		t.Errorf("got %q, %v; want one newline cut", got, ds)
	}
	_, ds = read("large")
	wantFinding(t, ds, "is larger than 64 KiB [unreadable-file]")
	_, ds = read("none")
	wantFinding(t, ds, "does not exist [unreadable-file]")
}

func TestLoadFiles(t *testing.T) {
	dir := write(t, map[string]string{
		"one.yaml": "server: {public_url: https://a.example}\ndefaults: {max_retries: 1}\nintegrations:\n    a: {extends_blueprint: keyed:v0}\n    both: {extends_blueprint: keyed:v0}\n",
		"two.yaml": "server: {}\nintegrations:\n    b: {extends_blueprint: keyed:v0}\n    both: {extends_blueprint: keyed:v0}\n",
	})
	one, two := filepath.Join(dir, "one.yaml"), filepath.Join(dir, "two.yaml")
	cfg, ds := loader.LoadFiles(context.Background(), []string{one, two}, options())
	wantFinding(t, ds, `two.yaml:4:5: error: integration "both" stands in another file already (see `+one+`:5:5) [duplicate-integration]`)
	wantFinding(t, ds, `two.yaml:1:1: error: "server" stands in another file already`)
	if len(cfg.Integrations) != 2 || cfg.Integrations["both"] != nil {
		t.Errorf("got %v, want a and b", cfg.Integrations)
	}
	if got := *cfg.Integrations["a"].Requests.Retries.MaxRetries; got != 1 {
		t.Errorf("a: max_retries %d, want the 1 of its file", got)
	}
	if got := *cfg.Integrations["b"].Requests.Retries.MaxRetries; got != 3 {
		t.Errorf("b: max_retries %d, want the built-in 3", got)
	}
	if got := ds.Of("a").HasErrors(); !got { // the second server section concerns everyone
		t.Error("Of leaves out what is about no integration")
	}
	if cfg.Server == nil || cfg.Server.PublicURL != "https://a.example" {
		t.Errorf("server: %+v", cfg.Server)
	}
}

// TestBrokenOnesStandAlone: what is broken takes nothing else with it.
func TestBrokenOnesStandAlone(t *testing.T) {
	cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte(`integrations:
    typo: {extends_blueprint: keyed:v0, mod: x}
    unset: {extends_blueprint: keyed:v0, app_api_key: $NOT_SET}
    date: {extends_blueprint: keyed:v0, requests: {params: {d: 2022-06-28}}}
    none: {extends_blueprint: nobody:v0}
    mode: {extends_blueprint: keyed:v0, oauth_scopes: []}
    whole: {extends_blueprint: keyed:v0}
`), options())
	if len(cfg.Integrations) != 1 || cfg.Integrations["whole"] == nil {
		t.Errorf("got %v, want whole alone", cfg.Integrations)
	}
	for i, name := range []string{"typo", "unset", "date", "none", "mode"} {
		if of := ds.Of(name); len(of) != 1 || of[0].Line != i+2 {
			t.Errorf("findings about %s: %v", name, of)
		}
	}
	if len(ds.Of("whole")) != 0 {
		t.Errorf("findings about whole: %v", ds.Of("whole"))
	}
}

func TestInvent(t *testing.T) {
	var asked []loader.Invention
	opts := options()
	opts.Invent = func(i loader.Invention) (string, bool) {
		asked = append(asked, i)
		return "made-up-" + i.Key, i.Key != "app_api_key"
	}
	cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte(`integrations:
    acme:
        extends_blueprint: acme:v10
        oauth_client_id: <YOUR ACME CLIENT ID>
        oauth_client_secret: ${NOT_SET}
        oauth_scopes: [$EMPTY]
        requests: {headers: {X: "${FALLBACK:-fine} ${CLIENT_ID}", Y: "${CLIENT_ID} ${NOT_SET}/x"}}
    other: {extends_blueprint: keyed:v0, app_api_key: $NOT_SET, log_level: $NOT_SET, requests: {base_url: "${NOT_SET}"}, http_request_timeout_seconds: "${NOT_SET}"}
`), opts)
	i := cfg.Integrations["acme"]
	if i == nil || i.OAuthClientID != "made-up-oauth_client_id" || i.OAuthClientSecret.Reveal() != "made-up-oauth_client_secret" || i.OAuthScopes.List[0] != "made-up-oauth_scopes.0" {
		t.Errorf("got %+v, %v", i, ds)
	}
	wantFinding(t, ds, "i.yaml:8:55: error: variable NOT_SET is not set")
	text := []string{"string"}
	want := []loader.Invention{
		{Integration: "acme", Key: "oauth_client_id", Placeholder: "<YOUR ACME CLIENT ID>", Types: text},
		{Integration: "acme", Key: "oauth_client_secret", Variable: "NOT_SET", Types: text},
		{Integration: "acme", Key: "oauth_scopes.0", Variable: "EMPTY", Types: text},
		{Integration: "acme", Key: "requests.headers.Y", Variable: "NOT_SET", Types: text, Before: "${CLIENT_ID} ", After: "/x"},
		{Integration: "other", Key: "app_api_key", Variable: "NOT_SET", Types: text},
		{Integration: "other", Key: "log_level", Variable: "NOT_SET", Types: text,
			Enum: []string{"error", "warn", "info", "debug", "silent", "http", "verbose", "silly"}},
		{Integration: "other", Key: "requests.base_url", Variable: "NOT_SET", Types: text, Pattern: `^(https?://|\$\{connection\.)`},
		{Integration: "other", Key: "http_request_timeout_seconds", Variable: "NOT_SET", Types: []string{"number"}},
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	for n, whole := range []bool{true, true, true, false} {
		if asked[n].Whole() != whole {
			t.Errorf("%s: whole is %v", asked[n].Key, !whole)
		}
	}
}

func TestFormats(t *testing.T) {
	ds := loader.Diagnostics{
		{Place: loader.Place{File: "a,b:c.yaml", Line: 7, Column: 9}, Severity: loader.Error, Code: "unknown-key", Message: `unknown key "100%"`, Hint: `did you mean "x"?`,
			Related: []loader.Place{{File: "blueprints/x.yaml", Line: 3, Column: 1}}},
		{Place: loader.Place{File: "b.yaml"}, Severity: loader.Warning, Code: "io", Message: "two\nlines"},
		{Severity: loader.Error, Code: "canceled", Message: "no place"},
	}
	var out bytes.Buffer
	want := `a,b:c.yaml:7:9: error: unknown key "100%" (see blueprints/x.yaml:3:1); did you mean "x"? [unknown-key]
b.yaml: warning: two lines [io]
error: no place [canceled]
`
	if err := ds.WriteText(&out); err != nil || out.String() != want {
		t.Errorf("text: got\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	want = `::error file=a%2Cb%3Ac.yaml,line=7,col=9,title=unknown-key::unknown key "100%25" (see blueprints/x.yaml:3:1); did you mean "x"?
::warning file=b.yaml,title=io::two lines
::error title=canceled::no place
`
	if err := ds.WriteGitHub(&out); err != nil || out.String() != want {
		t.Errorf("github: got\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	want = `[
  {
    "file": "b.yaml",
    "line": 0,
    "column": 0,
    "severity": "warning",
    "code": "io",
    "message": "two lines",
    "hint": ""
  }
]
`
	if err := ds[1:2].WriteJSON(&out); err != nil || out.String() != want {
		t.Errorf("json: got\n%swant\n%s", out.String(), want)
	}
	out.Reset()
	if err := loader.Diagnostics(nil).WriteJSON(&out); err != nil || out.String() != "[]\n" {
		t.Errorf("json of none: %q", out.String())
	}
	if ds[1:2].Err() != nil || ds.Err() == nil || strings.Count(ds.Err().Error(), "\n") != 1 {
		t.Errorf("Err: %v", ds.Err())
	}
}

// TestSharedFinding: a broken blueprint concerns those who build on it.
func TestSharedFinding(t *testing.T) {
	_, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte("integrations:\n    a: {extends_blueprint: half:v0}\n    b: {extends_blueprint: half:v0}\n    c: {extends_blueprint: half:v1}\n"), options())
	if len(ds) == 0 || len(ds.Of("a")) != len(ds) || len(ds.Of("b")) != len(ds) || len(ds.Of("c")) != 0 {
		t.Errorf("a %v, b %v, c %v", ds.Of("a"), ds.Of("b"), ds.Of("c"))
	}
}

// TestNothingLeaks puts a secret wherever a reference may stand, in every kind of
// value, and looks at all that the loader says and shows.
func TestNothingLeaks(t *testing.T) {
	const seed = "seeded-7d0e41"
	opts := &loader.Options{Catalog: catalog, LookupEnv: func(string) (string, bool) { return seed, true },
		ReadFile: func(string) ([]byte, error) { return []byte(seed), nil }}
	whole := `integrations:
    a:
        extends_blueprint: acme:v10
        oauth_client_id: public
        oauth_client_secret: $S
        oauth_scopes: []
        app_api_key: ${file:/x}
        auth:
            authorization_params: {a: plain}
            token_params: {a: $S, b: "x${S}"}
            refresh_params: {a: $S}
            token_headers: {A: $S}
        requests:
            headers: {A: $S, B: "${access_token}-$<S>"}
            params: {a: "${S}"}
`
	cfg, ds := loader.LoadBytes(context.Background(), "i.yaml", []byte(whole), opts)
	if ds.Err() != nil {
		t.Fatal(ds)
	}
	if got := cfg.Integrations["a"].Requests.Params["a"]; got != seed {
		t.Errorf("params: got %q", got)
	}
	shown := inForce(cfg, ds) + fmt.Sprintf("%v %+v %#v", cfg, cfg.Integrations["a"], *cfg.Integrations["a"])
	broken := `defaults: {log_level: $S, max_retries: $S, http_request_timeout_seconds: $S}
server: {public_url: $S, brand: {color: $S}, limits: {requests_per_second: $S}}
integrations:
    a:
        extends_blueprint: acme:v10
        oauth_client_id: $S
        log_level: $S
        max_retries: $S
        http_request_timeout_seconds: $S
        auth: {auth_mode: $S, authorization_url: $S, token_url: "http://$<S>", refresh_url: "${S}:", pkce: $S, body_format: $S, scopes: $S, token_lifetime_seconds: $S, refresh_on: [{status: $S, body: {a: $S}}]}
        connection: {a: {from: $S, pattern: "(${S}", format: $S, optional: $S, enum: [$S]}}
        requests:
            base_url: "https://u:${S}@${S}?${S}"
            headers: {A: "${S}\n"}
            retries: {statuses: [$S], unsafe_methods: $S, safe: [$S], idempotency_key: "${S} "}
            rate_limit: {wait: [{format: $S}], budget: {requests: $S, scope: $S}}
            pagination: {kind: $S, in: $S, limit: {request: $S, max: $S}}
            verify: {path: $S, method: $S}
    b: {extends_blueprint: $S}
    c: {extends_blueprint: "${S}:v0"}
`
	for _, only := range []string{broken, strings.SplitAfter(broken, "\n")[2] + strings.Join(strings.SplitAfter(broken, "\n")[3:], "")} {
		_, ds = loader.LoadBytes(context.Background(), "i.yaml", []byte(only), opts)
		if len(ds) < 20 {
			t.Errorf("only %d findings: %s", len(ds), text(ds))
		}
		shown += text(ds)
	}
	if i := strings.Index(shown, seed); i >= 0 {
		t.Errorf("shown: ...%s", shown[max(0, i-200):i+len(seed)])
	}
}

// The dialect of .env is that of the programs that people share the file with.
func TestEnvFileDialect(t *testing.T) {
	nothing := func(string) (string, bool) { return "", false }
	load := func(env string) (string, loader.Diagnostics) {
		dir := write(t, map[string]string{".env": env, "i.yaml": "integrations:\n    a: {auth: {auth_mode: NONE}, requests: {base_url: https://a.example}, app_api_key: \"${K}\"}\n"})
		cfg, ds := loader.Load(context.Background(), filepath.Join(dir, "i.yaml"), &loader.Options{LookupEnv: nothing})
		if cfg.Integrations["a"] == nil {
			return "", ds
		}
		return cfg.Integrations["a"].AppAPIKey.Reveal(), ds
	}
	for env, want := range map[string]string{
		"K=abc\t# a comment after a tab":                 "abc",
		"K=abc # one after a space":                      "abc",
		"K=abc#no comment":                               "abc#no comment",
		"K='abc'\t# behind quotes":                       "abc",
		"K='a\\' # \\ ends no quote":                     "a\\",
		"K=\"one\ntwo # three\nfour\"\nL=x":              "one\ntwo # three\nfour",
		"K='one\r\ntwo'\r\nL=x\r\n":                      "one\ntwo",
		"L=\"a\nb\"\nK=after":                            "after",
		"K=\"-----BEGIN X-----\nMIIE\n-----END X-----\"": "-----BEGIN X-----\nMIIE\n-----END X-----",
	} {
		if got, ds := load(env); got != want || ds.Err() != nil {
			t.Errorf("%q: got %q, %v; want %q", env, got, ds, want)
		}
	}
	for env, want := range map[string]string{
		`K='a\'#rest'`:         ".env:1:1: error: text follows the closing quote",
		"K=\"a\"b":             ".env:1:1: error: text follows the closing quote",
		"L=x\nK=\"open\nM=y\n": ".env:2:1: error: the closing quote is missing",
	} {
		_, ds := load(env)
		if text := strings.ReplaceAll(fmt.Sprint(ds), "\\", "/"); !strings.Contains(text, want) {
			t.Errorf("%q: got %v, want %s", env, ds, want)
		}
	}
}

// A secret that is no text would be sent as another one, and the provider's 401 is all
// that anybody would see.
func TestBytesThatAreNoText(t *testing.T) {
	const odd = "k\xe9y-from-outside"
	dir := write(t, map[string]string{"key": odd, ".env": "K=" + odd + "\n",
		"env.yaml":  "integrations:\n    a: {auth: {auth_mode: NONE}, requests: {base_url: https://a.example}, app_api_key: \"${K}\"}\n",
		"file.yaml": "integrations:\n    a: {auth: {auth_mode: NONE}, requests: {base_url: https://a.example}, app_api_key: \"${file:" + "KEYFILE" + "}\"}\n"})
	file, err := os.ReadFile(filepath.Join(dir, "file.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(string) (string, bool) { return "", false }
	for what, load := range map[string]func() (*schema.Config, loader.Diagnostics){
		"a variable": func() (*schema.Config, loader.Diagnostics) {
			return loader.LoadFiles(t.Context(), []string{filepath.Join(dir, "env.yaml")}, &loader.Options{EnvFile: filepath.Join(dir, "none"), LookupEnv: func(string) (string, bool) { return odd, true }})
		},
		"a file of variables": func() (*schema.Config, loader.Diagnostics) {
			return loader.Load(t.Context(), filepath.Join(dir, "env.yaml"), &loader.Options{LookupEnv: nothing})
		},
		"a file": func() (*schema.Config, loader.Diagnostics) {
			return loader.LoadBytes(t.Context(), "i.yaml", []byte(strings.Replace(string(file), "KEYFILE", filepath.Join(dir, "key"), 1)), &loader.Options{LookupEnv: nothing})
		},
	} {
		cfg, ds := load()
		wantFinding(t, ds, "bytes that are not UTF-8")
		if cfg.Integrations["a"] != nil || strings.Contains(fmt.Sprint(ds), "from-outside") {
			t.Errorf("%s: got %v, %v", what, cfg.Integrations["a"], ds)
		}
	}
}
