package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
)

// A library is a sandbox with a long list that remembers what it gave, and when.
type library struct {
	http.RoundTripper
	ids    []string
	at     []time.Time
	change func(page map[string]any) // of an answer, on the way out
}

// PublicOnly implements [engine.PublicTransport]: no connection is made at all.
func (l *library) PublicOnly() http.RoundTripper { return l }

func (l *library) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err != nil || r.URL.Path != "/v1/users" {
		return resp, err
	}
	l.at = append(l.at, time.Now())
	var page map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
		return nil, err
	}
	for _, item := range page["results"].([]any) {
		l.ids = append(l.ids, item.(map[string]any)["id"].(string))
	}
	if l.change != nil {
		l.change(page)
	}
	b, _ := json.Marshal(page)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// newLibrary returns a list of so many users, and a program that is connected to
// it as if it were Notion.
func newLibrary(t *testing.T, items int) (*library, *program, string) {
	p := newProgram(t)
	config := filepath.Join(t.TempDir(), "c.yaml")
	write(t, config, strings.ReplaceAll(notionConfig, "${NOTION_CLIENT_SECRET}", "sandbox-secret"))
	a := session.New(IO{Err: t.Output()}, Deps{LookupEnv: p.deps.LookupEnv})
	cfg, ds := a.LoadFiles(t.Context(), []string{config}, nil)
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	provider, err := sandbox.New(cfg.Integrations["notion"], &sandbox.Options{Items: items})
	if err != nil {
		t.Fatal(err)
	}
	l := &library{RoundTripper: sandbox.NewMux(provider).Transport()}
	p.deps.Transport = l

	e, err := engine.New(cfg, &engine.Options{Transport: l})
	if err != nil {
		t.Fatal(err)
	}
	const callback = "http://localhost/callback"
	pending, err := e.AuthCodeURL(t.Context(), engine.Key{Integration: "notion", ConnectionID: "default"}, callback, nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := sandbox.Allow(t.Context(), l, pending.URL.Reveal(), "allow")
	if err != nil {
		t.Fatal(err)
	}
	c, err := e.Exchange(t.Context(), pending, back.Query())
	if err != nil {
		t.Fatal(err)
	}
	p.in = c.Credentials.Token.AccessToken.Reveal() + "\n"
	p.ok("-c", config, "connect", "notion", "--set", "access_token=-")
	time.Sleep(time.Minute) // the budget is whole again
	l.ids, l.at = nil, nil
	return l, p, config
}

// Ten thousand items are a hundred pages, at three a second.
func TestPaginateALongList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, config := newLibrary(t, 10_000)
		start := time.Now()
		p.ok("-c", config, "call", "notion", "/v1/users", "--paginate")
		took := time.Since(start)

		lines := strings.Split(strings.TrimSuffix(p.out.String(), "\n"), "\n")
		var ids []string
		for _, line := range lines {
			var item struct{ ID string }
			if err := json.Unmarshal([]byte(line), &item); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			ids = append(ids, item.ID)
		}
		if len(ids) != 10_000 || !slices.Equal(ids, l.ids) {
			t.Errorf("%d lines for the %d items that were given, or not in their order", len(ids), len(l.ids))
		}
		if slices.Sort(ids); len(slices.Compact(ids)) != 10_000 {
			t.Error("an item came twice")
		}
		for i := range l.at {
			if i >= 3 && l.at[i].Sub(l.at[i-3]) < time.Second {
				t.Fatalf("pages %d to %d were asked for within %v", i-2, i+1, l.at[i].Sub(l.at[i-3]))
			}
		}
		if len(l.at) != 100 || took < 33*time.Second || took > 34*time.Second {
			t.Errorf("%d pages in %v; at 3 a second a hundred take 33 s", len(l.at), took)
		}
	})
}

// A server that names the same page for ever is not followed for ever.
func TestPaginateInACircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, config := newLibrary(t, 1000)
		first, cursor := any(nil), any(nil)
		l.change = func(page map[string]any) {
			if cursor == nil {
				first, cursor = page["results"], page["next_cursor"]
			}
			page["results"], page["next_cursor"], page["has_more"] = first, cursor, true
		}
		if code := p.run("-c", config, "call", "notion", "/v1/users", "--paginate"); code != 1 {
			t.Errorf("exit code %d", code)
		}
		p.stderr(`error: paginate notion/default: invalid_response: the list runs in a circle: .*read already`)
		if n := strings.Count(p.out.String(), "\n"); len(l.at) != 3 || n != 200 {
			t.Errorf("%d pages and %d lines", len(l.at), n)
		}
	})
}

// A list that is not where it is said to be is an error that shows what came, and
// what has come before stays whole lines.
func TestPaginateShowsThePageThatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, config := newLibrary(t, 300)
		pages := 0
		l.change = func(page map[string]any) {
			if pages++; pages == 2 {
				delete(page, "results")
				page["code"], page["msg"] = 7, "\x1b[2Jno more"
			}
		}
		if code := p.run("-c", config, "call", "notion", "/v1/users", "--paginate"); code != 1 {
			t.Errorf("exit code %d", code)
		}
		p.stderr(`page 2 was answered with status 200:\n  .*"msg":".*no more"`)
		p.stderr(`error: paginate notion/default: invalid_response: the answer has no list at results`)
		if out := p.out.String(); strings.Count(out, "\n") != 100 || !strings.HasSuffix(out, "}\n") || strings.Contains(p.err.String(), "\x1b") {
			t.Errorf("stdout ends with %q, stderr is %q", out[max(0, len(out)-40):], p.err.String())
		}
	})
}

// Where a list has another name than the blueprint's, the call says it.
func TestPaginateTakesThePathOfTheList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, p, config := newLibrary(t, 150)
		l.change = func(page map[string]any) {
			page["people"], page["then"] = page["results"], page["next_cursor"]
			delete(page, "results")
			delete(page, "next_cursor")
			delete(page, "has_more")
		}
		if code := p.run("-c", config, "call", "notion", "/v1/users", "--paginate"); code != 1 || p.out.Len() != 0 {
			t.Errorf("without a word about it: exit code %d, %q", code, p.out.String())
		}
		p.ok("-c", config, "call", "notion", "/v1/users", "--paginate", "--items", "people", "--cursor", "then", "--page-size", "50")
		if n := strings.Count(p.out.String(), "\n"); n != 150 {
			t.Errorf("%d lines", n)
		}
		if code := p.run("-c", config, "call", "notion", "/v1/users", "--items", "people"); code != 2 {
			t.Errorf("--items without --paginate: exit code %d", code)
		}
	})
}
