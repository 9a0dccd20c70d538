package operation_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/operation"
	"github.com/nango-lite/nango-lite/schema"
)

// escapes are the patterns of CVE-2026-11720 and its kin: inputs that lead elsewhere
// where somebody puts them into a path as they are.
var escapes = []string{
	"../", "..", ".", "%2e%2e%2f", "%2e%2e", "..%2f", "%252e%252e%252f", "a/../../b", "a//b", "/", "//evil.example", "https://evil.example/",
	"@evil.example", ";x=1", "..;/", "?q=1", "#f", "a?k=w", "&admin=1", "a=b", "a&k=w", `\..\`, `..\`, "a\r\nX-Evil: 1", "a\nb", "a\x00b", "%00", "%0d%0aX-Evil: 1",
	"\u2024\u2024/", "․․", "．．／", "\u2215", "\u202e", `"}, "admin": {"a": "`, `","admin":"1`, "[]", "{}", "null", "", " ", "+", "%", "%zz", "é", "\xff", "\U0001f600",
}

func escapable(t testing.TB) *operation.Operation {
	return read(t, schema.Operation{
		Input: inputs("id", "q"),
		Request: schema.OperationRequest{
			Method: "POST", Path: "/v1/pages/${input.id}/x-${input.id}", Params: schema.Tree{"q": "${input.q}", "k": "v"},
			Headers: map[string]string{"X-Q": "${input.q}"}, Body: map[string]any{"q": "${input.q}", "t": "a ${input.q}", "in": map[string]any{"k": "v"}},
		},
	})
}

// escaped says how a request left its place, or nil. An input that is refused has not.
func escaped(o *operation.Operation, id, q any) error {
	r, err := o.Request(map[string]any{"id": id, "q": q}, none)
	if err != nil {
		var refused *operation.InputError
		if !errors.As(err, &refused) {
			return fmt.Errorf("an error that does not blame the input: %w", err)
		}
		return nil
	}
	base, err := url.Parse("https://api.acme.example/base")
	if err != nil {
		return err
	}
	u, err := url.Parse(base.String() + r.Path) // as it is put below base_url
	if err != nil {
		return fmt.Errorf("%q is no path: %w", r.Path, err)
	}
	if u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil || strings.Count(u.EscapedPath(), "/") != 5 || u.Fragment != "" || strings.Contains(r.Path, "#") {
		return fmt.Errorf("%q leads elsewhere", r.Path)
	}
	if strings.ContainsAny(r.Path, "\\;\r\n\x00 ") {
		return fmt.Errorf("%q holds what some servers divide at", r.Path)
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(u.EscapedPath(), "/"), "/") {
		if decoded, err := url.PathUnescape(segment); err != nil || decoded == ".." || decoded == "." || decoded == "" {
			return fmt.Errorf("%q climbs", r.Path)
		}
	}
	if query, err := url.ParseQuery(u.RawQuery); err != nil || len(query) > 2 || len(query["q"]) > 1 || len(query["k"]) != 1 || query.Get("k") != "v" {
		return fmt.Errorf("%q has other parameters: %v, %w", r.Path, query, err)
	}
	if len(r.Header) > 2 || len(r.Header.Values("X-Q")) > 1 || strings.ContainsAny(r.Header.Get("X-Q"), "\r\n\x00") {
		return fmt.Errorf("other headers: %q", r.Header)
	}
	return escapedBody(r.Body, q)
}

// escapedBody says what of the body is not as it is declared.
func escapedBody(body []byte, q any) error {
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil || len(doc) != 3 {
		return fmt.Errorf("another body: %s, %w", body, err)
	}
	if in, _ := doc["in"].(map[string]any); len(in) != 1 || in["k"] != "v" {
		return fmt.Errorf("a member outside its place: %s", body)
	}
	given, isText := q.(string)
	if !isText {
		return nil
	}
	var want string // as JSON has it: what is no UTF-8 is replaced
	if written, err := json.Marshal(given); err != nil || json.Unmarshal(written, &want) != nil || doc["q"] != want || doc["t"] != "a "+want {
		return fmt.Errorf("the input arrives as %q and %q, want %q", doc["q"], doc["t"], want)
	}
	return nil
}

func FuzzInputsStayInTheirPlace(f *testing.F) {
	for _, seed := range escapes {
		f.Add(seed, seed)
	}
	o := escapable(f)
	f.Fuzz(func(t *testing.T, id, q string) {
		if err := escaped(o, id, q); err != nil {
			t.Fatal(err)
		}
	})
}

// Lists and objects where text belongs are refused, in a path, a header and a text; as
// the elements of a parameter they stay below its name.
func TestInputsOfAnotherShapeStayInTheirPlace(t *testing.T) {
	o := escapable(t)
	for _, v := range []any{[]any{"..", "/"}, map[string]any{"../": "../"}, []any{map[string]any{"k": "w"}}, nil, true, 1e300, json.Number("-0"), []any{[]any{"a"}}} {
		for _, pair := range [][2]any{{v, "x"}, {"x", v}, {v, v}} {
			if err := escaped(o, pair[0], pair[1]); err != nil {
				t.Errorf("%v: %v", pair, err)
			}
		}
	}
	list := read(t, schema.Operation{Input: inputs("tags"), Request: schema.OperationRequest{Path: "/x", Params: schema.Tree{"tag": "${input.tags}", "k": "v"}}})
	for _, seed := range escapes {
		r, err := list.Request(map[string]any{"tags": []any{seed, seed}}, none)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse("https://api.acme.example" + r.Path)
		if err != nil {
			t.Fatal(err)
		}
		if q, err := url.ParseQuery(u.RawQuery); err != nil || len(q) != 2 || len(q["tag"]) != 2 || q.Get("k") != "v" {
			t.Errorf("%q gives %v, %v", seed, q, err)
		}
	}
}

// The test above would see an escape: with the encoding taken away, inputs get out.
func TestInputsEscapeWithoutEncoding(t *testing.T) {
	operation.WithoutEncoding(t)
	o := escapable(t)
	var out int
	for _, seed := range escapes {
		if escaped(o, seed, "x") != nil || escaped(o, "x", seed) != nil {
			out++
		}
	}
	for _, seed := range []string{"a/b", "//evil.example", ";x=1", "?q=1", "#f", "a\\b"} {
		if escaped(o, seed, "x") == nil {
			t.Errorf("%q in a path is not seen to escape", seed)
		}
	}
	for _, seed := range []string{"&admin=1", "a&k=w", "#f"} {
		if escaped(o, "x", seed) == nil {
			t.Errorf("%q in a parameter is not seen to escape", seed)
		}
	}
	if out < 10 {
		t.Errorf("%d of %d inputs are seen to escape", out, len(escapes))
	}
}
