package bench_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/schema"
)

type provider map[string]string

func (p provider) RoundTrip(r *http.Request) (*http.Response, error) {
	body, ok := p[r.URL.Path]
	if !ok {
		body = `{}`
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// A real answer that lacks what the sample has fails the step, and says what is missing and
// where; one that has more does not.
func TestLiveNamesWhatAnAnswerLacks(t *testing.T) {
	sample := func(path string, body any) schema.Sample {
		return schema.Sample{Kind: schema.SampleAPI, Request: &schema.SampleRequest{Path: path}, Response: schema.SampleResponse{Status: 200, Body: body}}
	}
	in := &schema.Integration{
		Auth: schema.Auth{AuthMode: schema.NoAuth}, Requests: schema.Requests{BaseURL: "https://api.fjord.test"},
		Samples: []schema.Sample{sample("/me", map[string]any{"id": 1, "name": "x"}), sample("/boats", map[string]any{"boats": []any{}, "next": "c"})},
	}
	k := engine.Key{Integration: "fjord", ConnectionID: "default"}
	for name, c := range map[string]struct {
		answers provider
		status  bench.Status
		detail  string
	}{
		"all is there": {provider{"/me": `{"id":2,"name":null,"new":1}`, "/boats": `{"boats":[1],"next":null}`}, bench.Passed, "GET /me; GET /boats"},
		"some lacks":   {provider{"/me": `{"id":2}`, "/boats": `{}`}, bench.Failed, "GET /me came without name, which the sample has; GET /boats came without boats, next, which the sample has"},
		"another kind": {provider{"/me": `[{"id":2,"name":"x"}]`, "/boats": `{"boats":[],"next":""}`}, bench.Failed, "GET /me came without id, name, which the sample has"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: c.answers})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.Connect(t.Context(), k, engine.Credentials{}, nil); err != nil {
				t.Fatal(err)
			}
			r := bench.Live(t.Context(), e, in, k, bench.LiveOptions{}).Step("call")
			if r.Status != c.status || r.Detail != c.detail {
				t.Errorf("got %s: %s; want %s: %s", r.Status, r.Detail, c.status, c.detail)
			}
		})
	}
}
