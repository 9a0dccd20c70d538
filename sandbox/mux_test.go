package sandbox_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// Two integrations of one provider are told apart by name, token or client id.
func TestTwoIntegrationsOfOneProvider(t *testing.T) {
	t.Parallel()
	one, two := newFlow(t, notionLike("one"), nil), newFlow(t, notionLike("two"), nil)
	rt := sandbox.NewMux(one.p, two.p).Transport()
	one.rt, two.rt = rt, rt
	tok := two.connect()
	if resp, _ := two.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 200 {
		t.Errorf("by token: %s", resp.Status)
	}
	if one.p.Stats().Calls != 0 || two.p.Stats().Consents != 1 {
		t.Errorf("stats %+v and %+v", one.p.Stats(), two.p.Stats())
	}
	r := two.request(sandbox.WithIntegration(t.Context(), "two"), "/v1/users", "", nil)
	if resp, _ := two.do(r); resp.StatusCode != 401 || two.p.Stats().Calls != 2 {
		t.Errorf("by context: %s %+v", resp.Status, two.p.Stats())
	}
	_, _ = two.get("/v1/users", "", func(r *http.Request) { r.Header.Set(sandbox.IntegrationHeader, "two") })
	if two.p.Stats().Calls != 3 {
		t.Errorf("by header: %+v", two.p.Stats())
	}
}

func TestLongestURLWins(t *testing.T) {
	t.Parallel()
	short := &schema.Integration{Name: "short", Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: "https://api.example.com"}}
	long := &schema.Integration{Name: "long", Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: "https://api.example.com/v2"}}
	s, l := newProvider(t, short, nil), newProvider(t, long, nil)
	rt := sandbox.NewMux(s, l).Transport()
	for _, path := range []string{"/v1/x", "/v2/x", "/v22", "/v2"} {
		r, _ := http.NewRequest("GET", "https://API.example.com:443"+path, nil)
		if resp, err := rt.RoundTrip(r); err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %v %v", path, resp, err)
		}
	}
	if s.Stats().Calls != 2 || l.Stats().Calls != 2 {
		t.Errorf("short %d, long %d", s.Stats().Calls, l.Stats().Calls)
	}
}

func TestMux(t *testing.T) {
	t.Parallel()
	f := newFlow(t, notionLike("notion"), &sandbox.Options{NoRateLimit: true})
	mux := sandbox.NewMux(f.p, newProvider(t, keyLike(), nil))
	outer := http.NewServeMux()
	outer.Handle("/_sandbox/", http.StripPrefix("/_sandbox", mux))
	srv := httptest.NewServer(outer)
	t.Cleanup(srv.Close)
	base, _ := url.Parse(srv.URL + "/_sandbox")
	rt, err := sandbox.RemoteTransport(base, []*schema.Integration{f.i, keyLike()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.rt = rt
	tok := f.connect() // consent and exchange below a base path
	if resp, _ := f.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 200 || resp.Request.URL.Host != "api.notion.com" {
		t.Errorf("%s from %s", resp.Status, resp.Request.URL)
	}
	get := func(path string) (int, string) {
		resp, err := http.Get(srv.URL + "/_sandbox" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if status, body := get("/"); status != 200 || !strings.Contains(body, "notion") || !strings.Contains(body, "https://maps.example.com/v2") {
		t.Errorf("index: %d %s", status, body)
	}
	if status, body := get("/nobody/x.com/"); status != 404 || !strings.Contains(body, "notion") {
		t.Errorf("unknown integration: %d", status)
	}
	if status, body := get("/notion/elsewhere.com/x"); status != 404 || !strings.Contains(body, "declares no URL at elsewhere.com/x") {
		t.Errorf("unknown host: %d %s", status, body)
	}
	for _, path := range []string{"/stats", "/_sandbox/stats"} {
		_, body := get(path)
		var stats map[string]sandbox.Stats
		if err := json.Unmarshal([]byte(body), &stats); err != nil || stats["notion"].Exchanges != 1 {
			t.Errorf("%s: %v %s", path, err, body)
		}
		if strings.Contains(body, "sbx_") || strings.Contains(body, "s3cr") {
			t.Error("the counts hold a secret")
		}
	}
	resp, err := http.PostForm(srv.URL+"/_sandbox/_sandbox/fault", url.Values{"integration": {"notion"}, "fault": {"503"}})
	if err != nil || resp.StatusCode != 204 {
		t.Fatalf("fault: %v %v", resp, err)
	}
	if resp, _ := f.get("/v1/users", tok.text("access_token"), nil); resp.StatusCode != 503 {
		t.Errorf("fault: %s", resp.Status)
	}
	r, _ := http.NewRequest("GET", "https://example.org/", nil)
	if _, err := rt.RoundTrip(r); err == nil || !strings.Contains(err.Error(), "no provider of the config lives at example.org") {
		t.Errorf("got %v", err)
	}
}

func TestBrowserURL(t *testing.T) {
	t.Parallel()
	base, _ := url.Parse("http://127.0.0.1:9000/_sandbox/")
	u, _ := url.Parse("https://host.example.com:8443/a%2Fb/c?x=1&y=%20")
	if got, want := sandbox.BrowserURL(base, "n", u).String(), "http://127.0.0.1:9000/_sandbox/n/host.example.com:8443/a%2Fb/c?x=1&y=%20"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The sandbox and the engine must be able to disagree. What judges signatures here is
// not what the engine signs with.
func TestImportsSchemaAndAJudgeOfSignatures(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Skip("there is no go command to list the imports with; .ci/run has one: ", err)
	}
	for pkg := range strings.Lines(string(out)) {
		pkg = strings.TrimSpace(pkg)
		const ours, judge = "github.com/nango-lite/nango-lite/", "github.com/go-jose/go-jose/v4"
		mine := strings.HasPrefix(pkg, ours+"schema") || strings.HasPrefix(pkg, ours+"sandbox") || slices.Contains([]string{ours + "internal/lazyregexp", ours + "internal/rawjson"}, pkg) || strings.HasPrefix(pkg, judge)
		if strings.Contains(strings.SplitN(pkg, "/", 2)[0], ".") && !mine {
			t.Errorf("sandbox depends on %s", pkg)
		}
	}
}
