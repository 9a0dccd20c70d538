package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A key that belongs into the body has to be there, once, and is not shown back.
func TestBodyMembers(t *testing.T) {
	t.Parallel()
	p := newProvider(t, &schema.Integration{
		Name: "parcel", Auth: schema.Auth{AuthMode: schema.APIKey}, Credentials: map[string]schema.Field{"api_key": {Pattern: "k-[0-9]+"}},
		Requests: schema.Requests{BaseURL: "https://parcel.example", Body: map[string]string{"key": "${api_key}", "v": "2"}},
	}, nil)
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	const object, form = "application/json", "application/x-www-form-urlencoded"
	for _, row := range []struct{ method, media, body, want string }{
		{"POST", object, `{"key":"k-1","v":"2","a":1}`, ""},
		{"POST", form, "key=k-1&v=3", ""},
		{"GET", "", "", ""},
		{"POST", object, `{"v":"2"}`, "body member key is missing"},
		{"POST", object, `{"key":"k-1"}`, "body member v is missing"},
		{"POST", object, `{"key":"other","v":"2"}`, "body member key does not match the declared pattern"},
		{"POST", form, "key=k-1&key=k-1&v=2", "body member key is there more than once"},
		{"PUT", "", "", "neither a JSON object nor a form"},
		{"DELETE", "", "", "neither a JSON object nor a form"},
		{"POST", "text/plain", "k-1", "neither a JSON object nor a form"},
	} {
		r, err := http.NewRequest(row.method, "https://parcel.example/x", strings.NewReader(row.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", row.media)
		resp, answer := f.do(r)
		got := resp.Header.Get(sandbox.RefusalHeader)
		if !strings.Contains(got, row.want) || row.want == "" && got != "" {
			t.Errorf("%s %s: got %q, want %q", row.method, row.body, got, row.want)
		}
		if shown := answer.text("body"); strings.Contains(shown, "k-1") {
			t.Errorf("the key is shown: %s", shown)
		}
	}
}
