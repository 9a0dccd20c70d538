package lint

import (
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

// The linter reads paths and conditions of samples as the engine reads answers.
func TestSamplesAreReadAsAnswersAre(t *testing.T) {
	body := map[string]any{"ok": "false", "no": false, "error": map[string]any{"sub.code": "gone"}, "n": 7.0}
	r := schema.SampleResponse{Status: 403, Body: body, Headers: map[string]string{"x-left": "0"}}
	for name, c := range map[string]struct {
		when schema.Condition
		want bool
	}{
		"a text is no flag":               {schema.Condition{Body: map[string]any{"ok": false}}, false},
		"a flag is a flag":                {schema.Condition{Body: map[string]any{"no": false}}, true},
		"a flag that is wanted as text":   {schema.Condition{Body: map[string]any{"no": "false"}}, true},
		"a number that is wanted as text": {schema.Condition{Body: map[string]any{"n": "7"}}, true},
		"a name that holds a dot":         {schema.Condition{Code: schema.OneOrMany[string]{"gone"}}, true},
		"an object is no text":            {schema.Condition{Body: map[string]any{"error": `{"sub.code":"gone"}`}}, false},
		"a header, whatever its case":     {schema.Condition{Header: map[string]string{"X-Left": "0"}}, true},
	} {
		if got := matches(c.when, r, schema.Paths{"error.code", "error.sub.code"}); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
