package layer_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
)

// What stands in requests.body is added to objects and forms; a credential replaces
// the caller's own, anything else yields to it.
func TestBodyMembers(t *testing.T) {
	const object, form = "application/json", "application/x-www-form-urlencoded"
	big := `{"a":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, c := range []struct {
		name, method, media, body string
		want                      string // "-": refused
		plain                     string // without the credential; "": as want, without "key"
	}{
		{"an object", "POST", object, ` {"b": [1, {"c":2}], "a":1.0} `, `{"b":[1, {"c":2}],"a":1.0,"key":"k&\"é<","v":"2"}`, `{"b":[1, {"c":2}],"a":1.0,"v":"2"}`},
		{"the caller's own", "PUT", "application/vnd.x+json; charset=utf-8", `{"key":"mine","v":null,"key":2}`, `{"v":null,"key":"k&\"é<"}`, `{"key":"mine","v":null,"key":2}`},
		{"an empty object", "PATCH", object, `{}`, `{"key":"k&\"é<","v":"2"}`, `{"v":"2"}`},
		{"nothing", "POST", "", "", `{"key":"k&\"é<","v":"2"}`, `{"v":"2"}`},
		{"nothing, to delete", "DELETE", "", "", `{"key":"k&\"é<","v":"2"}`, "-none"},
		{"nothing in a form", "POST", form, "", "key=k%26%22%C3%A9%3C&v=2", "v=2"},
		{"a form", "POST", form, "a=%20&key=mine&v=3", "a=%20&v=3&key=k%26%22%C3%A9%3C", "a=%20&key=mine&v=3"},
		{"to read", "GET", "", "", "-none", "-none"},
		{"a list", "POST", object, "[1]", "-", "-"},
		{"no JSON", "POST", object, "{", "-", "-"},
		{"two objects", "POST", object, "{}{}", "-", "-"},
		{"another type", "POST", "text/plain", "x", "-", "x"},
		{"no type", "POST", "", "{}", "-", "{}"},
		{"too large", "POST", object, big, "-", "-"},
	} {
		for _, secret := range []bool{true, false} {
			want := c.want
			f := append(fields(t, "key", "${api_key}"), fields(t, "v", "2")...)
			f[1].Yields = true
			if !secret {
				f, want = f[1:], c.plain
			}
			l := layer.Authorize(layer.Fields{Body: f}, false, never)
			got, media := "-none", ""
			rt := l(layertest.Func(func(r *http.Request) (*http.Response, error) {
				if r.Body != nil {
					b, _ := io.ReadAll(r.Body)
					got, media = string(b), r.Header.Get("Content-Type")
					if r.ContentLength != int64(len(b)) {
						t.Errorf("%s: length %d of %d", c.name, r.ContentLength, len(b))
					}
				}
				return layertest.Answer(r, 200, ""), nil
			}))
			s := &layertest.Session{Values: layertest.Values{"api_key": `k&"é<`}}
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			r, _ := http.NewRequestWithContext(layer.With(context.Background(), layertest.Begin(s)), c.method, layertest.Base, body)
			if c.media != "" {
				r.Header.Set("Content-Type", c.media)
			}
			_, err := rt.RoundTrip(r)
			var refused *layer.RefusedError
			switch {
			case want == "-" && (!errors.As(err, &refused) || got != "-none"):
				t.Errorf("%s: got %v, sent %q", c.name, err, got)
			case want != "-" && (err != nil || got != want):
				t.Errorf("%s: got %q, %v; want %q", c.name, got, err, want)
			case want != "-" && want != "-none" && c.media == "" && c.body == "" && media != "application/json":
				t.Errorf("%s: type %q", c.name, media)
			}
		}
	}
}

func FuzzBodyMember(f *testing.F) {
	for _, seed := range []string{"{}", `{"a":1}`, `{"a":{"a":1},"b":[]}`, "[", `{"a":1}x`, `{"a":"\u0000"}`} {
		f.Add(seed, "v")
	}
	f.Fuzz(func(t *testing.T, body, v string) {
		l := layer.Authorize(layer.Fields{Body: fields(t, "a", "${api_key}")}, false, never)
		rt := l(layertest.Func(func(r *http.Request) (*http.Response, error) {
			b, _ := io.ReadAll(r.Body)
			var doc map[string]any
			if err := json.Unmarshal(b, &doc); err != nil {
				t.Errorf("%q became %q: %v", body, b, err)
			} else if got, _ := doc["a"].(string); got != strings.ToValidUTF8(v, "\ufffd") && utf8.ValidString(v) {
				t.Errorf("%q became %q", body, b)
			}
			return layertest.Answer(r, 200, ""), nil
		}))
		s := &layertest.Session{Values: layertest.Values{"api_key": v}}
		r, _ := http.NewRequestWithContext(layer.With(context.Background(), layertest.Begin(s)), "POST", layertest.Base, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		_, _ = rt.RoundTrip(r)
	})
}
