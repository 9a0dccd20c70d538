package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// Of a hundred ordinary calls, drawn by a seed, at least 85 are operations: YAML that
// loads without a finding and builds the request that the document asks for. The others
// are listed with the reason.
func TestHundredCallsAsOperations(t *testing.T) {
	list, err := os.ReadFile("testdata/hundred.tsv")
	if err != nil {
		t.Fatal(err)
	}
	cfg, found := loader.Load(t.Context(), "testdata/hundred.yaml", &loader.Options{LookupEnv: func(string) (string, bool) { return "", false }})
	if len(found) > 0 {
		t.Fatal(found)
	}
	e, err := engine.New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	drawn, declared := 0, 0
	for line := range strings.Lines(string(list)) {
		column := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(column) != 5 {
			continue
		}
		drawn++
		api, method, path, name, reason := column[0], column[1], column[2], column[3], column[4]
		op := cfg.Integrations[api].Operations[name]
		if (op == nil) == (reason == "") {
			t.Errorf("%s %s %s: declared %t, and not because %q", api, method, path, op != nil, reason)
		}
		if op == nil {
			continue
		}
		declared++
		builds(t, e, engine.Key{Integration: api, ConnectionID: "default"}, name, op, method, path)
	}
	if drawn != wanted || declared < 85 {
		t.Errorf("%d drawn, %d declared", drawn, declared)
	}
}

// builds holds the request that an operation makes of all its inputs to the method and
// the path of the document.
func builds(t *testing.T, e *engine.Engine, k engine.Key, name string, op *schema.Operation, method, path string) {
	t.Helper()
	inputs := map[string]any{}
	for _, in := range op.Inputs() {
		inputs[in.Name] = map[string]any{
			"string": "a/b", "integer": 7, "number": 7.5, "boolean": true, "array": []any{"a"}, "object": map[string]any{"k": "v"}, "": "a/b",
		}[in.Type]
	}
	r, err := e.OperationRequest(context.Background(), k, name, inputs)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if r.Method != method || strings.Count(r.URL.EscapedPath(), "/") != strings.Count(path, "/") {
		t.Errorf("%s: %s %s, and the document has %s %s", name, r.Method, r.URL.EscapedPath(), method, path)
	}
	if r.Body == nil {
		return
	}
	if body, err := io.ReadAll(r.Body); err != nil || len(body) == 0 {
		t.Errorf("%s: the body is %q, %v", name, body, err)
	}
}
