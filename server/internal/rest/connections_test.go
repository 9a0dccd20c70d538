package rest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/audit"
	"github.com/nango-lite/nango-lite/server/internal/rest"
	"github.com/nango-lite/nango-lite/store/record"
)

// kept is an engine over connections that are there, and notes what is done to them.
type kept struct {
	rest.Engine // what the tests do not use
	all         []*engine.Connection
	refreshed   int
	asked       int
}

func (e *kept) Connections(_ context.Context, q engine.Query) (engine.Page, error) {
	e.asked++
	at := 0
	_, _ = fmt.Sscan(q.Cursor, &at)
	end := min(at+2, len(e.all)) // pages of two
	p := engine.Page{Connections: e.all[at:end]}
	if end < len(e.all) {
		p.Next = fmt.Sprint(end)
	}
	return p, nil
}

func (e *kept) Connection(_ context.Context, k engine.Key) (*engine.Connection, error) {
	for _, c := range e.all {
		if c.Key == k {
			return c, nil
		}
	}
	return nil, &engine.Error{Kind: engine.KindNotFound}
}

func (e *kept) Refresh(ctx context.Context, k engine.Key) (*engine.Connection, error) {
	e.refreshed++
	return e.Connection(ctx, k)
}

func (e *kept) TokenSource(engine.Key) engine.TokenSource { return nothing{} }

// nothing is a source for connections that need no refresh.
type nothing struct{}

func (nothing) Token(context.Context) (*engine.Token, error) {
	return nil, &engine.Error{Kind: engine.KindUnsupported}
}

type keys map[string]*apikey.Key

func (k keys) Find(_ context.Context, text string) (*apikey.Key, error) { return k[text], nil }

func connections(ids ...string) (*rest.Connections, *kept) {
	e := &kept{}
	for _, id := range ids {
		integration, id, _ := strings.Cut(id, "/")
		e.all = append(e.all, &engine.Connection{
			Key: engine.Key{Integration: integration, ConnectionID: id}, Status: engine.StatusActive,
			Credentials: engine.Credentials{Type: schema.APIKey, APIKey: schema.NewSecret("s3cret")},
		})
	}
	return &rest.Connections{
		Engine: e, Now: time.Now, Provider: func(integration string) string { return integration },
		Audit: &audit.Log{Records: &record.Memory{}, Now: time.Now, Keep: time.Hour},
		Guard: &access.Guard{Limit: &access.Limiter{}, Keys: keys{
			"all":    {Name: "all", Scopes: apikey.Scopes},
			"reader": {Name: "reader", Scopes: []apikey.Scope{apikey.ScopeRead}},
			"bound":  {Name: "bound", Scopes: apikey.Scopes, Connections: []string{"tides/*"}},
		}},
	}, e
}

func ask(key, target string, handle answer.Handler) *httptest.ResponseRecorder {
	r, rec := httptest.NewRequest("GET", target, nil), httptest.NewRecorder()
	r.Header.Set("Authorization", "Bearer "+key)
	handle((&answer.Options{Now: time.Now}).Begin(rec, r))
	return rec
}

// A list goes through the pages of the store, shows a bound key what it reaches, and can be
// gone on with.
func TestList(t *testing.T) {
	c, e := connections("lamps/a", "tides/a", "tides/b", "tides/c", "tides/d")
	for query, want := range map[string]string{
		"":                     "lamps/a tides/a tides/b tides/c tides/d ",
		"limit=2":              "lamps/a tides/a next",
		"limit=2&page=1":       "tides/b tides/c next",
		"integrationId=lamps":  "lamps/a ",
		"connectionId=b":       "tides/b ",
		"search=D":             "tides/d ",
		"bound":                "tides/a tides/b tides/c tides/d ",
		"bound&limit=4":        "tides/a tides/b tides/c tides/d ",
		"limit=0":              "400",
		"limit=2001":           "400",
		"page=-1":              "400",
		"cursor=x&page=1":      "400",
		"integration=misspelt": "400",
	} {
		key := "all"
		if rest, ok := strings.CutPrefix(query, "bound"); ok {
			key, query = "bound", strings.TrimPrefix(rest, "&")
		}
		rec := ask(key, "/connections?"+query, c.List)
		got := fmt.Sprint(rec.Code)
		if rec.Code == 200 {
			var body struct {
				Connections []struct {
					ID          string `json:"connection_id"`
					Integration string `json:"provider_config_key"`
				}
				Next string `json:"next_cursor"`
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			got = ""
			for _, c := range body.Connections {
				got += c.Integration + "/" + c.ID + " "
			}
			if body.Next != "" {
				got += "next"
			}
		}
		if got != want || strings.Contains(rec.Body.String(), "s3cret") {
			t.Errorf("%s by %s: got %q, want %q", query, key, got, want)
		}
	}
	if e.asked < 8 {
		t.Errorf("the store was asked for %d pages", e.asked)
	}
}

// Who may read sees no credentials and refreshes nothing; who is given them is noted.
func TestShow(t *testing.T) {
	c, e := connections("tides/a/b", "lamps/a")
	at := func(integration, id, more string) string {
		return "/connections/" + id + "?provider_config_key=" + url.QueryEscape(integration) + more
	}
	for _, s := range []struct {
		key, target  string
		status       int
		secret       bool
		wasRefreshed int
	}{
		{"all", at("tides", "a/b", ""), 200, true, 0},
		{"all", at("tides", "a%2Fb", "&force_refresh=true"), 200, true, 1},
		{"reader", at("tides", "a/b", ""), 200, false, 1},
		{"reader", at("tides", "a/b", "&force_refresh=true"), 403, false, 1},
		{"reader", at("tides", "a/b", "&refresh_token=true"), 403, false, 1},
		{"bound", at("lamps", "a", ""), 403, false, 1},
		{"bound", at("lamps", "nobody", ""), 403, false, 1},
		{"all", at("lamps", "nobody", ""), 404, false, 1},
		{"all", at("lamps", "a", "&force_refresh=maybe"), 400, false, 1},
		{"all", "/connections/a", 400, false, 1},
	} {
		rec := ask(s.key, s.target, c.Show)
		if rec.Code != s.status || strings.Contains(rec.Body.String(), "s3cret") != s.secret || e.refreshed != s.wasRefreshed {
			t.Errorf("%s of %s: %d, refreshed %d times, %s", s.target, s.key, rec.Code, e.refreshed, rec.Body)
		}
	}
	if err := c.Audit.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	given := int64(0)
	_ = audit.Read(t.Context(), c.Audit.Records, time.Time{}, func(e audit.Entry) bool { given += e.Count; return true })
	if given != 2 {
		t.Errorf("%d times credentials were given, want 2", given)
	}
}
