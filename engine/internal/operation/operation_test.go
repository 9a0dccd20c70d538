package operation_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/engine/internal/operation"
	"github.com/nango-lite/nango-lite/schema"
)

// anything takes every input.
type anything struct{}

func (anything) CheckInput(any) []schema.InputProblem { return nil }

func inputs(names ...string) map[string]any {
	properties := map[string]any{}
	for _, name := range names {
		properties[name] = map[string]any{}
	}
	return map[string]any{"type": "object", "properties": properties}
}

func none(string) (string, bool) { return "", false }

func read(t testing.TB, o schema.Operation) *operation.Operation {
	t.Helper()
	if o.Input != nil && o.Checker == nil {
		o.Checker = anything{}
	}
	p, err := operation.New("op", &o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatIsOneInputKeepsItsTypeAndWhatIsNotGivenGoes(t *testing.T) {
	o := read(t, schema.Operation{
		Input: inputs("query", "size", "flag", "tags", "object", "missing"),
		Request: schema.OperationRequest{
			Method: "POST", Path: "/v1/search",
			Params:  schema.Tree{"flag": "${input.flag}", "tag": "${input.tags}", "gone": "${input.missing}", "v": "2"},
			Headers: map[string]string{"X-Size": "is ${input.size}", "X-Gone": "is ${input.missing}"},
			Body: map[string]any{
				"query": "${input.query}", "page_size": "${input.size}", "tags": "${input.tags}", "object": "${input.object}",
				"gone": "${input.missing}", "text": "about ${input.query}", "about": "no ${input.missing}",
				"filter": map[string]any{"property": "object", "value": "${input.missing || 'page'}"},
				"below":  map[string]any{"gone": "${input.missing}"}, "list": []any{"${input.query}", "${input.missing}"},
				"empty": map[string]any{}, "number": json.Number("3"),
			},
		},
	})
	r, err := o.Request(map[string]any{
		"query": "tide", "size": 12345678901234567, "flag": true, "tags": []string{"a b", "c"}, "object": map[string]any{"k": nil},
	}, none)
	if err != nil {
		t.Fatal(err)
	}
	if want := "/v1/search?flag=true&tag=a%20b&tag=c&v=2"; r.Path != want {
		t.Errorf("got path %s, want %s", r.Path, want)
	}
	if got := r.Header.Get("X-Size"); got != "is 12345678901234567" || r.Header.Values("X-Gone") != nil {
		t.Errorf("got headers %v", r.Header)
	}
	const want = `{"empty":{},"filter":{"property":"object","value":"page"},"list":["tide"],"number":3,"object":{"k":null},` +
		`"page_size":12345678901234567,"query":"tide","tags":["a b","c"],"text":"about tide"}`
	if diff := cmp.Diff(want, string(r.Body)); diff != "" {
		t.Error(diff)
	}
}

func TestListsInParamsAreJoinedWhereThatIsDeclared(t *testing.T) {
	o := read(t, schema.Operation{Input: inputs("labels"), Request: schema.OperationRequest{Path: "/issues", Params: schema.Tree{"labels": "${input.labels}"}, Join: ","}})
	r, err := o.Request(map[string]any{"labels": []string{"bug", "a,b"}}, none)
	if err != nil || r.Path != "/issues?labels=bug%2Ca%2Cb" {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestForms(t *testing.T) {
	o := read(t, schema.Operation{Input: inputs("to", "media"), Request: schema.OperationRequest{Method: "POST", Path: "/m", BodyFormat: "form", Body: map[string]any{"To": "${input.to}", "Media": "${input.media}"}}})
	r, err := o.Request(map[string]any{"to": "+47&x=1", "media": []any{"a", "b"}}, none)
	if err != nil || string(r.Body) != "Media=a&Media=b&To=%2B47%26x%3D1" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("got %s, %v, %v", r.Body, r.Header, err)
	}
	if _, err := o.Request(map[string]any{"to": map[string]any{"a": 1}}, none); !isInput(err) {
		t.Errorf("an object in a form: got %v", err)
	}
}

func isInput(err error) bool {
	var invalid *operation.InputError
	return errors.As(err, &invalid)
}

func TestInputsThatAreRefused(t *testing.T) {
	o := read(t, schema.Operation{
		Input: map[string]any{"type": "object", "required": []any{"page_id"}, "properties": map[string]any{
			"page_id": map[string]any{"type": "string"}, "note": map[string]any{}, "size": map[string]any{"default": json.Number("5")}}},
		Request: schema.OperationRequest{Path: "/v1/pages/${input.page_id}", Params: schema.Tree{"size": "${input.size}"}, Headers: map[string]string{"X-Note": "${input.note}"}},
	})
	for name, c := range map[string]struct {
		input any
		want  string
	}{
		"missing":           {nil, "page_id: this input is required"},
		"unknown":           {map[string]any{"page_id": "x", "pageid": "y"}, `pageid: there is no such input; did you mean "page_id"?`},
		"no object":         {[]string{"x"}, "the input is not an object"},
		"no JSON":           {func() {}, "the input cannot be written as JSON"},
		"empty":             {map[string]any{"page_id": ""}, "page_id: this input stands in the path, so it must not be empty"},
		"dot":               {map[string]any{"page_id": "."}, `a segment of the path would be ".", which is another place`},
		"dots":              {map[string]any{"page_id": ".."}, `a segment of the path would be "..", which is another place`},
		"NUL":               {map[string]any{"page_id": "a\x00b"}, "page_id: a control character cannot stand in a path"},
		"list in the path":  {map[string]any{"page_id": []string{"a", "b"}}, "page_id: a text stands here, so it cannot be a list"},
		"null in the path":  {map[string]any{"page_id": nil}, "page_id: a text stands here, so it cannot be null"},
		"line in a header":  {map[string]any{"page_id": "x", "note": "a\r\nX-Evil: 1"}, "note: the header X-Note"},
		"object in a param": {map[string]any{"page_id": "x", "size": map[string]any{"a": 1}}, "size: params.size takes texts, so it cannot be or hold an object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.Request(c.input, none)
			if !isInput(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	r, err := o.Request(map[string]any{"page_id": "a/../b;c?d#e\\f%2e"}, none)
	if want := "/v1/pages/a%2F..%2Fb%3Bc%3Fd%23e%5Cf%252e?size=5"; err != nil || r.Path != want {
		t.Errorf("got %v, %v; want %s", r, err, want)
	}
}

func TestNoInputsWithoutACheck(t *testing.T) {
	o, err := operation.New("op", &schema.Operation{Input: inputs("a"), Request: schema.OperationRequest{Path: "/", Params: schema.Tree{"a": "${input.a}"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Request(map[string]any{"a": "x"}, none); !isInput(err) || !strings.Contains(err.Error(), "nobody who checks them") {
		t.Errorf("got %v", err)
	}
}

func TestOutput(t *testing.T) {
	const answer = `{"data":{"rows":[{"id":1,"p":{"t":"a"},"x":9},{"id":2}]},"n":12345678901234567890}`
	for name, c := range map[string]struct {
		output *schema.Output
		want   string
	}{
		"as it is":        {nil, answer},
		"path":            {&schema.Output{Path: "n"}, "12345678901234567890"},
		"fields of each":  {&schema.Output{Path: "data.rows", Fields: map[string]string{"id": "id", "title": "p.t"}}, `[{"id":1,"title":"a"},{"id":2}]`},
		"fields of one":   {&schema.Output{Fields: map[string]string{"first": "data.rows.0.id"}}, `{"first":1}`},
		"path that fails": {&schema.Output{Path: "rows"}, "the answer has nothing at output.path, rows"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(t, schema.Operation{Output: c.output, Request: schema.OperationRequest{Path: "/"}}).Result(json.RawMessage(answer))
			if err != nil {
				got = json.RawMessage(err.Error())
			}
			if string(got) != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
