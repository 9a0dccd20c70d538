package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"encoding/json"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// listing is an API without credentials that pages as it is told.
func listing(p *schema.Pagination, path string, body any) *schema.Integration {
	return &schema.Integration{
		Name: "list", Auth: schema.Auth{AuthMode: schema.NoAuth},
		Requests: schema.Requests{BaseURL: "https://list.example.com/api", Pagination: p, Params: map[string]string{"key": "${api_key || 'k'}"}},
		Samples:  []schema.Sample{{Request: &schema.SampleRequest{Path: path}, Response: schema.SampleResponse{Body: body}}},
	}
}

func two() []any { return []any{map[string]any{"id": 1}, map[string]any{"id": 2}} }

var linkNext = regexp.MustCompile(`<([^>]+)>; rel="next"`)

// Each kind is walked to its end by what the answers say.
func TestPagination(t *testing.T) {
	t.Parallel()
	limit := &schema.PageLimit{Request: "n", Max: 3}
	type step func(u *url.URL, body any, h http.Header, got int) (next *url.URL)
	with := func(u *url.URL, name, value string) *url.URL {
		q := u.Query()
		q.Set(name, value)
		next := *u
		next.RawQuery = q.Encode()
		return &next
	}
	at := func(body any, path ...string) any {
		for _, key := range path {
			m, _ := body.(map[string]any)
			body = m[key]
		}
		return body
	}
	for _, row := range []struct {
		name  string
		pages *schema.Pagination
		body  any
		next  step
	}{
		{"cursor", &schema.Pagination{Kind: "cursor", Items: "data.rows", Limit: limit, HasMore: "more", Cursor: &schema.PageCursor{Response: "meta.next", Request: "after"}},
			map[string]any{"data": map[string]any{"rows": two()}, "total": 2},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				next, _ := at(body, "meta", "next").(string)
				if more := at(body, "more"); more != (next != "") || at(body, "total") != 7.0 {
					t.Errorf("cursor %q, has_more %v, total %v", next, more, at(body, "total"))
				}
				if next == "" {
					return nil
				}
				return with(u, "after", next)
			}},
		{"a URL that only says that there is more", &schema.Pagination{Kind: "cursor", Items: "rows", Limit: limit, HasNext: "paging.next", Cursor: &schema.PageCursor{Response: "paging.after", Request: "after"}},
			map[string]any{"rows": two(), "paging": map[string]any{"after": "invented", "next": "https://list.example.com/api/items?after=invented"}},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				cursor, _ := at(body, "paging", "after").(string)
				next, there := at(body, "paging").(map[string]any)["next"]
				if there != (cursor != "") {
					t.Errorf("cursor %q, next %v", cursor, next)
				}
				if !there {
					return nil
				}
				v, _ := url.Parse(next.(string))
				if v.Query().Get("after") != cursor || v.Query().Has("key") {
					t.Errorf("cursor %q, next %v", cursor, next)
				}
				return with(v, "key", "k")
			}},
		{"a value that only says that there is more", &schema.Pagination{Kind: "page", Items: "rows", Limit: limit, Page: &schema.PageCounter{Request: "p"}, HasNext: "next"},
			map[string]any{"rows": two(), "next": map[string]any{"is": "near"}},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				next, there := body.(map[string]any)["next"]
				if !there {
					return nil
				}
				if at(next, "is") != "near" {
					t.Errorf("the sample's value has become %v", next)
				}
				page := 1
				_, _ = fmt.Sscan(u.Query().Get("p"), &page)
				return with(u, "p", fmt.Sprint(page+1))
			}},
		{"a value that no sample shows", &schema.Pagination{Kind: "page", Items: "rows", Limit: limit, Page: &schema.PageCounter{Request: "p"}, HasNext: "next"},
			map[string]any{"rows": two(), "next": nil},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				next, there := body.(map[string]any)["next"]
				if !there || next != nil && next != true {
					t.Errorf("there is %v", next)
				}
				if next == nil {
					return nil
				}
				page := 1
				_, _ = fmt.Sscan(u.Query().Get("p"), &page)
				return with(u, "p", fmt.Sprint(page+1))
			}},
		{"link header", &schema.Pagination{Kind: "link", Limit: limit}, two(),
			func(_ *url.URL, _ any, h http.Header, _ int) *url.URL {
				m := linkNext.FindStringSubmatch(h.Get("Link"))
				if m == nil {
					return nil
				}
				u, _ := url.Parse(m[1])
				if u.Host != "list.example.com" || u.Query().Has("key") || u.Query().Get("n") != "3" {
					t.Errorf("link %s", u)
				}
				return with(u, "key", "k")
			}},
		{"link in the body", &schema.Pagination{Kind: "link", Items: "rows", Limit: limit, Link: &schema.PageLink{Response: "next"}}, map[string]any{"rows": two(), "next": "/api/more"},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				next, _ := at(body, "next").(string)
				if next == "" {
					return nil
				}
				if !strings.HasPrefix(next, "/api/items?") {
					t.Errorf("the sample's link is relative, this is not: %s", next)
				}
				u, _ = u.Parse(next)
				return with(u, "key", "k")
			}},
		{"link of the API behind a gateway", &schema.Pagination{Kind: "link", Items: "rows", Limit: limit, Link: &schema.PageLink{Response: "next"}}, map[string]any{"rows": two(), "next": "/items?after=x"},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				next, _ := at(body, "next").(string)
				if next == "" {
					return nil
				}
				if !strings.HasPrefix(next, "/items?") {
					t.Errorf("the sample's link leaves out the path of base_url, this does not: %s", next)
				}
				u, _ = u.Parse("/api" + next)
				return with(u, "key", "k")
			}},
		{"offset, with a gap", &schema.Pagination{Kind: "offset", Items: "rows", Limit: limit, Offset: &schema.PageOffset{Request: "skip", Step: "reach"}, Total: &schema.PageTotal{Response: "total"}}, map[string]any{"rows": two(), "reach": 2, "total": 3},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				skip := 0
				_, _ = fmt.Sscan(u.Query().Get("skip"), &skip)
				reach, total := int(at(body, "reach").(float64)), int(at(body, "total").(float64))
				if rows, _ := at(body, "rows").([]any); skip == 0 && len(rows) >= reach {
					t.Errorf("the first page has %d items and reaches as far as %d", len(rows), reach)
				}
				if skip += reach; skip >= total {
					return nil
				}
				return with(u, "skip", fmt.Sprint(skip))
			}},
		{"offset", &schema.Pagination{Kind: "offset", Items: "rows", Limit: limit, Offset: &schema.PageOffset{Request: "skip"}}, map[string]any{"rows": two()},
			func(u *url.URL, _ any, _ http.Header, got int) *url.URL {
				var skip int
				_, _ = fmt.Sscan(u.Query().Get("skip"), &skip)
				if got < 3 {
					return nil
				}
				return with(u, "skip", fmt.Sprint(skip+got))
			}},
		{"last item", &schema.Pagination{Kind: "cursor", Items: "rows", Limit: limit, Last: "end", Cursor: &schema.PageCursor{Item: "id", Request: "after"}}, map[string]any{"rows": two()},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				if at(body, "end") != false {
					return nil
				}
				rows := at(body, "rows").([]any)
				return with(u, "after", fmt.Sprint(at(rows[len(rows)-1], "id")))
			}},
		{"page", &schema.Pagination{Kind: "page", Items: "rows", Limit: limit, Page: &schema.PageCounter{Request: "p", Start: ptr(0)}, HasMore: "more"}, map[string]any{"rows": two()},
			func(u *url.URL, body any, _ http.Header, _ int) *url.URL {
				var page int
				_, _ = fmt.Sscan(u.Query().Get("p"), &page)
				if at(body, "more") != true {
					return nil
				}
				return with(u, "p", fmt.Sprint(page+1))
			}},
	} {
		t.Run(row.name, func(t *testing.T) {
			rt := sandbox.NewMux(newProvider(t, listing(row.pages, "/items", row.body), &sandbox.Options{Items: 7})).Transport()
			u, _ := url.Parse("https://list.example.com/api/items?n=3&key=k")
			ids := map[any]bool{}
			sizes := []int{}
			for u != nil && len(sizes) < 10 {
				body, h := fetch(t, rt, u)
				items := body
				if row.pages.Items != "" {
					items = at(body, strings.Split(row.pages.Items, ".")...)
				}
				list, _ := items.([]any)
				for _, item := range list {
					ids[item.(map[string]any)["id"]] = true
				}
				sizes = append(sizes, len(list))
				u = row.next(u, body, h, len(list))
			}
			want := "[3 3 1]"
			if row.pages.Offset != nil && row.pages.Offset.Step != "" {
				want = "[2 3 2]"
			}
			if fmt.Sprint(sizes) != want || len(ids) != 7 {
				t.Errorf("pages of %v with %d ids", sizes, len(ids))
			}
		})
	}
}

func fetch(t *testing.T, rt http.RoundTripper, u *url.URL) (any, http.Header) {
	t.Helper()
	r, _ := http.NewRequestWithContext(t.Context(), "GET", u.String(), nil)
	resp, err := rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	var body any
	if err := json.Unmarshal(b, &body); err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %s %s", u, resp.Status, b)
	}
	return body, resp.Header
}

func TestPaginationRefusals(t *testing.T) {
	t.Parallel()
	pages := &schema.Pagination{Kind: "cursor", Items: "rows", Cursor: &schema.PageCursor{Response: "next", Request: "after"}, Limit: &schema.PageLimit{Request: "n", Max: 3}}
	rt := sandbox.NewMux(newProvider(t, listing(pages, "/items", map[string]any{"rows": two(), "next": ""}), nil)).Transport()
	for query, want := range map[string]string{
		"n=4":       "the most that this API allows is 3",
		"n=x":       "n is not a positive number",
		"after=abc": "after is not a cursor",
	} {
		r, _ := http.NewRequest("GET", "https://list.example.com/api/items?key=k&"+query, nil)
		resp, err := rt.RoundTrip(r)
		if err != nil || resp.StatusCode != 400 || !strings.Contains(resp.Header.Get(sandbox.RefusalHeader), want) {
			t.Errorf("%s: %v %v, want %q", query, resp, err, want)
		}
	}
	u, _ := url.Parse("https://list.example.com/api/items?key=k")
	if body, _ := fetch(t, rt, u); body.(map[string]any)["next"] != "" {
		t.Errorf("this API's end is an empty cursor: %v", body)
	}
}

// In a POST the parameters may stand in the body.
func TestPaginationInTheBody(t *testing.T) {
	t.Parallel()
	pages := &schema.Pagination{Kind: "cursor", Items: "rows", In: "body", Cursor: &schema.PageCursor{Response: "next", Request: "after"}, Limit: &schema.PageLimit{Request: "n"}}
	i := listing(pages, "/search", map[string]any{"rows": two()})
	i.Samples[0].Request.Method = "POST"
	rt := sandbox.NewMux(newProvider(t, i, nil)).Transport()
	ask := func(body string) map[string]any {
		r, _ := http.NewRequest("POST", "https://list.example.com/api/search?key=k", strings.NewReader(body))
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		var out map[string]any
		_ = json.NewDecoder(resp.Body).Decode(&out)
		return out
	}
	first := ask(`{"n": 1}`)
	next, _ := first["next"].(string)
	second := ask(fmt.Sprintf(`{"n": 1, "after": %q}`, next))
	if len(first["rows"].([]any)) != 1 || next == "" || fmt.Sprint(second["rows"]) != "[map[id:2]]" {
		t.Errorf("first %v, second %v", first, second)
	}
}
