package condition

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

func TestMatch(t *testing.T) {
	answer := Answer{
		Status: 403,
		Header: http.Header{"X-Ratelimit-Remaining": {"0"}},
		Doc: func() any {
			return map[string]any{"ok": false, "error": "ratelimited", "n": 7.0, "null": nil, "data": map[string]any{"code": "E1"}}
		},
		Code: func() string { return "E1" },
	}
	tests := map[string]struct {
		condition string
		want      bool
	}{
		"nothing":            {`{}`, true},
		"status":             {`{"status":403}`, true},
		"one of the status":  {`{"status":[429,403]}`, true},
		"another status":     {`{"status":429}`, false},
		"header":             {`{"header":{"x-ratelimit-remaining":"0"}}`, true},
		"header, any value":  {`{"header":{"X-RateLimit-Remaining":"*"}}`, true},
		"header, other":      {`{"header":{"X-RateLimit-Remaining":"1"}}`, false},
		"header, absent":     {`{"header":{"Retry-After":"*"}}`, false},
		"boolean":            {`{"body":{"ok":false}}`, true},
		"boolean as text":    {`{"body":{"ok":"false"}}`, true},
		"text, not boolean":  {`{"body":{"error":true}}`, false},
		"nested":             {`{"body":{"data.code":"E1"}}`, true},
		"one of":             {`{"body":{"error":["a","ratelimited"]}}`, true},
		"present":            {`{"body":{"error":"*"}}`, true},
		"null is not there":  {`{"body":{"null":"*"}}`, false},
		"null":               {`{"body":{"null":null}}`, true},
		"number":             {`{"body":{"n":7}}`, true},
		"number as text":     {`{"body":{"n":"7"}}`, true},
		"absent":             {`{"body":{"zz":null}}`, false},
		"code":               {`{"code":["E0","E1"]}`, true},
		"all parts must fit": {`{"status":403,"body":{"error":"other"}}`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var c schema.Condition
			if err := json.Unmarshal([]byte(tt.condition), &c); err != nil {
				t.Fatal(err)
			}
			if got := Match(c, answer); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// A body is decoded only for those who ask.
func TestMatchIsLazy(t *testing.T) {
	never := func() any { t.Error("the body was decoded"); return nil }
	Match(schema.Condition{Status: schema.OneOrMany[int]{429}}, Answer{Status: 429, Doc: never})
	if NeedsBody(schema.Condition{Status: schema.OneOrMany[int]{429}}) || !NeedsBody(schema.Condition{Code: schema.OneOrMany[string]{"x"}}) {
		t.Error("NeedsBody is wrong")
	}
}
