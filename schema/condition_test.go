package schema_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

func TestConditionMatches(t *testing.T) {
	answer := schema.Answer{
		Status: 403,
		Header: http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Empty": {""}}.Values,
		Doc: func() any {
			return map[string]any{"ok": false, "no": "false", "error": "ratelimited", "n": 7.0, "null": nil, "data": map[string]any{"code": "E1", "sub.code": "E2"}}
		},
		Code: func() string { return "E1" },
	}
	tests := map[string]struct {
		condition string
		want      bool
	}{
		"nothing":                  {`{}`, true},
		"status":                   {`{"status":403}`, true},
		"one of the status":        {`{"status":[429,403]}`, true},
		"another status":           {`{"status":429}`, false},
		"header":                   {`{"header":{"x-ratelimit-remaining":"0"}}`, true},
		"header, any value":        {`{"header":{"X-RateLimit-Remaining":"*"}}`, true},
		"header, empty":            {`{"header":{"X-Empty":"*"}}`, true},
		"header, other":            {`{"header":{"X-RateLimit-Remaining":"1"}}`, false},
		"header, absent":           {`{"header":{"Retry-After":"*"}}`, false},
		"boolean":                  {`{"body":{"ok":false}}`, true},
		"boolean as text":          {`{"body":{"ok":"false"}}`, true},
		"text, not boolean":        {`{"body":{"error":true}}`, false},
		"text that reads like one": {`{"body":{"no":false}}`, false},
		"nested":                   {`{"body":{"data.code":"E1"}}`, true},
		"nested name with a dot":   {`{"body":{"data.sub.code":"E2"}}`, true},
		"one of":                   {`{"body":{"error":["a","ratelimited"]}}`, true},
		"present":                  {`{"body":{"error":"*"}}`, true},
		"an object is present":     {`{"body":{"data":"*"}}`, true},
		"an object is no text":     {`{"body":{"data":"map[code:E1 sub.code:E2]"}}`, false},
		"null is not there":        {`{"body":{"null":"*"}}`, false},
		"null":                     {`{"body":{"null":null}}`, true},
		"null is no empty text":    {`{"body":{"null":""}}`, false},
		"number":                   {`{"body":{"n":7}}`, true},
		"number as text":           {`{"body":{"n":"7"}}`, true},
		"absent":                   {`{"body":{"zz":null}}`, false},
		"code":                     {`{"code":["E0","E1"]}`, true},
		"another code":             {`{"code":"E2"}`, false},
		"all parts must fit":       {`{"status":403,"body":{"error":"other"}}`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var c schema.Condition
			if err := json.Unmarshal([]byte(tt.condition), &c); err != nil {
				t.Fatal(err)
			}
			if got := c.Matches(answer); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// An answer without a part matches no condition that asks for it.
func TestConditionMatchesNothingOfAnEmptyAnswer(t *testing.T) {
	for _, text := range []string{`{"status":200}`, `{"header":{"X":"*"}}`, `{"body":{"a":"*"}}`, `{"code":"x"}`} {
		var c schema.Condition
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatal(err)
		}
		if c.Matches(schema.Answer{}) {
			t.Errorf("%s matches", text)
		}
	}
}

// A body is decoded only for those who ask, and after everything else has fitted.
func TestConditionLooksIntoTheBodyLast(t *testing.T) {
	never := func() any { t.Error("the body was decoded"); return nil }
	plain := schema.Condition{Status: schema.OneOrMany[int]{429}}
	plain.Matches(schema.Answer{Status: 429, Doc: never})
	other := schema.Condition{Status: schema.OneOrMany[int]{429}, Body: map[string]any{"a": "*"}}
	other.Matches(schema.Answer{Status: 200, Doc: never})
	if plain.NeedsBody() || !other.NeedsBody() || !(&schema.Condition{Code: schema.OneOrMany[string]{"x"}}).NeedsBody() {
		t.Error("NeedsBody is wrong")
	}
}
