package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/benchtest"
	"github.com/nango-lite/nango-lite/schema"
)

// A listed is what a list gives of each thing, and what a caller makes of it.
type listed struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner string `json:"owner"`
	Tags  []string
}

const (
	listLength = 10_000
	pageLength = 100
)

// operatedServer answers an API on loopback: one thing, and a list of things in pages.
func operatedServer(b *testing.B) string {
	pages := map[string][]byte{}
	for first := 0; first < listLength; first += pageLength {
		var things []map[string]any
		for i := first; i < first+pageLength; i++ {
			things = append(things, map[string]any{
				"id": fmt.Sprintf("thing-%06d", i), "name": "Buoy " + strconv.Itoa(i), "owner": "tern-keeper",
				"tags": []string{"drift", "north"}, "created_at": "2026-05-04T09:12:00Z", "note": "Seen at dawn, two miles off the pier, and again at noon.",
				"url": "https://things.example/things/" + strconv.Itoa(i), "size": map[string]any{"height": 3, "width": 2, "depth": 1.5},
			})
		}
		next := any(strconv.Itoa(first + pageLength))
		if first+pageLength == listLength {
			next = nil
		}
		page, _ := json.Marshal(map[string]any{"items": things, "next": next})
		pages[strconv.Itoa(first)] = page
	}
	thing := []byte(`{"id": "thing-1", "name": "Buoy", "owner": "tern-keeper", "note": "` + string(bytes.Repeat([]byte("x"), 900)) + `"}`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			_, _ = w.Write(thing)
			return
		}
		after := r.URL.Query().Get("after")
		if after == "" {
			after = "0"
		}
		_, _ = w.Write(pages[after])
	}))
	b.Cleanup(s.Close)
	return s.URL
}

func operatedEngine(b *testing.B) *engine.Engine {
	in := fjord()
	in.Requests.BaseURL = operatedServer(b)
	in.Requests.RateLimit = nil
	in.Requests.Pagination = &schema.Pagination{Kind: "cursor", Items: "items", Cursor: &schema.PageCursor{Response: "next", Request: "after"}}
	in.Operations = operations()
	in.Operations["list"].Output = nil
	in.Operations["picked"] = &schema.Operation{
		Request: in.Operations["list"].Request, Pages: &schema.Pages{}, Output: &schema.Output{Fields: map[string]string{"id": "id", "name": "name", "owner": "owner", "tags": "tags"}},
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: benchTransport()})
	if err != nil {
		b.Fatal(err)
	}
	token := engine.Token{AccessToken: schema.NewSecret("t0ken"), RefreshToken: schema.NewSecret("r"), ExpiresAt: time.Now().Add(time.Hour)}
	if _, err := e.Connect(context.Background(), alice, engine.Credentials{Token: token}, nil); err != nil {
		b.Fatal(err)
	}
	return e
}

// BenchmarkDo does an operation, beside the same call through Client: the body is
// written as JSON, the path made of the input, and the answer decoded.
func BenchmarkDo(b *testing.B) {
	e := operatedEngine(b)
	client, err := e.Client(alice)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	byClient := func() {
		input := map[string]string{"id": "thing-1"}
		body, err := json.Marshal(input)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := client.Post("/things/"+url.PathEscape(input["id"]), "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if err := engine.CheckResponse(resp); err != nil {
			b.Fatal(err)
		}
		var out listed
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.ID == "" {
			b.Fatal(out, err)
		}
	}
	byDo := func() {
		out, err := engine.Call[listed](ctx, e, alice, "create", map[string]string{"id": "thing-1"})
		if err != nil || out.ID == "" {
			b.Fatal(out, err)
		}
	}
	benchtest.Turns(b, 1, benchtest.Side{Name: "Client", Do: byClient}, benchtest.Side{Name: "Do", Do: byDo})
}

// BenchmarkEach reads a list of 10,000 things in pages of 100, beside a loop over Client
// that was written by hand. Both decode each thing into the same struct.
func BenchmarkEach(b *testing.B) {
	e := operatedEngine(b)
	client, err := e.Client(alice)
	if err != nil {
		b.Fatal(err)
	}
	byHand := func() {
		n, after := 0, ""
		for {
			resp, err := client.Get("/list?after=" + url.QueryEscape(after))
			if err != nil {
				b.Fatal(err)
			}
			if err := engine.CheckResponse(resp); err != nil {
				b.Fatal(err)
			}
			var page struct {
				Items []listed
				Next  string
			}
			err = json.NewDecoder(resp.Body).Decode(&page)
			_ = resp.Body.Close()
			if err != nil {
				b.Fatal(err)
			}
			for _, thing := range page.Items {
				if thing.ID == "" {
					b.Fatal("no id")
				}
				n++
			}
			if after = page.Next; after == "" {
				break
			}
		}
		if n != listLength {
			b.Fatal(n)
		}
	}
	each := func(operation string) func() {
		return func() {
			n := 0
			for item, err := range e.Each(context.Background(), alice, operation, nil) {
				if err != nil {
					b.Fatal(err)
				}
				var thing listed
				if err := json.Unmarshal(item, &thing); err != nil || thing.ID == "" {
					b.Fatal(thing, err)
				}
				n++
			}
			if n != listLength {
				b.Fatal(n)
			}
		}
	}
	b.Run("as it is", func(b *testing.B) {
		benchtest.Turns(b, 1, benchtest.Side{Name: "hand", Do: byHand}, benchtest.Side{Name: "Each", Do: each("list")})
	})
	b.Run("picked", func(b *testing.B) {
		benchtest.Turns(b, 1, benchtest.Side{Name: "hand", Do: byHand}, benchtest.Side{Name: "Each", Do: each("picked")})
	})
}
