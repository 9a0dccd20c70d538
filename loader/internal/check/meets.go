package check

import (
	"math"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Most values that are checked are right, and to find that out a validator need not
// be compiled: that takes longer than all the rest of a load. So a value is held to
// the schema as it is written first, by what stands here, and only one that does not
// meet it, or may not, goes to the validator, which says what is wrong. A test holds
// the two to one answer.

// A measure is one value being held to a schema.
type measure struct {
	root map[string]any // the schema, for references
	lost bool           // something stands in it that is not known here
}

// meets reports whether v meets doc for certain. It says no as well if it cannot tell.
func meets(doc map[string]any, v any) bool {
	m := &measure{root: doc}
	return m.schema(doc, v) && !m.lost
}

// schema reports whether v meets s, which is a schema or true or false.
func (m *measure) schema(s, v any) bool {
	switch s := s.(type) {
	case bool:
		return s
	case map[string]any:
		for keyword, want := range s {
			if !m.keyword(s, keyword, want, v) {
				return false
			}
		}
		return true
	}
	return m.lose()
}

// lose notes that the answer is not known.
func (m *measure) lose() bool {
	m.lost = true
	return false
}

func (m *measure) keyword(s map[string]any, keyword string, want, v any) bool {
	if number, ok := v.(float64); ok && (math.IsNaN(number) || math.IsInf(number, 0)) {
		return m.lose()
	}
	switch keyword {
	case "$ref":
		return m.reference(want, v)
	case "allOf", "anyOf", "oneOf":
		return m.several(keyword, want, v)
	case "if":
		if m.schema(want, v) {
			return s["then"] == nil || m.schema(s["then"], v)
		}
		return s["else"] == nil || m.schema(s["else"], v)
	case "then", "else", "$schema", "$id", "$defs", "description", "default", "examples":
		return true
	case "type":
		return m.isOf(want, v)
	case "const":
		return m.equal(want, v)
	case "enum":
		list, ok := want.([]any)
		return ok && m.any(list, func(one any) bool { return m.equal(one, v) })
	}
	if strings.HasPrefix(keyword, "x-") {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		return m.object(s, keyword, want, v)
	case []any:
		return m.list(keyword, want, v)
	case string:
		return m.text(keyword, want, v)
	case int64:
		return m.number(keyword, want, float64(v))
	case float64:
		return m.number(keyword, want, v)
	case bool, nil:
		return m.concerns(keyword, "")
	}
	return m.lose()
}

// kinds are the values that a keyword is about; it says nothing of others.
var kinds = map[string]string{
	"properties": "object", "additionalProperties": "object", "propertyNames": "object", "required": "object", "minProperties": "object",
	"items": "list", "minItems": "list",
	"pattern": "text", "minLength": "text",
	"minimum": "number", "maximum": "number", "exclusiveMinimum": "number",
}

// concerns answers for a value of a kind that a keyword is not about: it is met. Of
// the kind that it is about, it is not known here.
func (m *measure) concerns(keyword, kind string) bool {
	if about, known := kinds[keyword]; known && about != kind {
		return true
	}
	return m.lose()
}

func (m *measure) object(s map[string]any, keyword string, want any, v map[string]any) bool {
	switch keyword {
	case "properties":
		properties, ok := want.(map[string]any)
		for name, value := range v {
			if p, declared := properties[name]; declared && !m.schema(p, value) {
				return false
			}
		}
		return ok
	case "additionalProperties":
		properties, _ := s["properties"].(map[string]any)
		for name, value := range v {
			if _, declared := properties[name]; !declared && !m.schema(want, value) {
				return false
			}
		}
		return true
	case "propertyNames":
		for name := range v {
			if !m.schema(want, name) {
				return false
			}
		}
		return true
	case "required":
		list, ok := want.([]any)
		for _, name := range list {
			text, isText := name.(string)
			if _, has := v[text]; !has || !isText {
				return false
			}
		}
		return ok
	case "minProperties":
		return m.atLeast(len(v), want)
	}
	return m.concerns(keyword, "object")
}

func (m *measure) list(keyword string, want any, v []any) bool {
	switch keyword {
	case "items":
		for _, item := range v {
			if !m.schema(want, item) {
				return false
			}
		}
		return true
	case "minItems":
		return m.atLeast(len(v), want)
	}
	return m.concerns(keyword, "list")
}

func (m *measure) text(keyword string, want any, v string) bool {
	switch keyword {
	case "pattern":
		text, ok := want.(string)
		return ok && compiled(text).MatchString(v)
	case "minLength":
		return m.atLeast(utf8.RuneCountInString(v), want)
	}
	return m.concerns(keyword, "text")
}

func (m *measure) number(keyword string, want any, v float64) bool {
	limit, ok := want.(float64)
	switch keyword {
	case "minimum":
		return ok && v >= limit
	case "maximum":
		return ok && v <= limit
	case "exclusiveMinimum":
		return ok && v > limit
	}
	return m.concerns(keyword, "number")
}

func (m *measure) atLeast(n int, want any) bool {
	least, ok := want.(float64)
	return ok && float64(n) >= least
}

func (m *measure) several(keyword string, want, v any) bool {
	list, ok := want.([]any)
	if !ok {
		return m.lose()
	}
	met := 0
	for _, s := range list {
		if m.schema(s, v) {
			met++
		}
	}
	switch keyword {
	case "allOf":
		return met == len(list)
	case "oneOf":
		return met == 1
	}
	return met > 0
}

// reference follows a reference into the schema itself.
func (m *measure) reference(want, v any) bool {
	ref, _ := want.(string)
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return m.lose()
	}
	var at any = m.root
	for step := range strings.SplitSeq(path, "/") {
		object, _ := at.(map[string]any)
		if at = object[step]; at == nil {
			return m.lose()
		}
	}
	return m.schema(at, v)
}

func (m *measure) any(list []any, fits func(any) bool) bool {
	for _, one := range list {
		if fits(one) {
			return true
		}
	}
	return false
}

// isOf reports whether v is of a type, or of one of several.
func (m *measure) isOf(want, v any) bool {
	if list, ok := want.([]any); ok {
		return m.any(list, func(one any) bool { return m.isOf(one, v) })
	}
	switch v := v.(type) {
	case nil:
		return want == "null"
	case bool:
		return want == "boolean"
	case string:
		return want == "string"
	case []any:
		return want == "array"
	case map[string]any:
		return want == "object"
	case int64:
		return want == "integer" || want == "number"
	case float64:
		return want == "number" || want == "integer" && v == math.Trunc(v)
	}
	return m.lose()
}

// equal compares with a text, a number, true, false or null of the schema.
func (m *measure) equal(want, v any) bool {
	switch want := want.(type) {
	case nil, bool, string:
		return want == v
	case float64:
		switch v := v.(type) {
		case int64:
			return float64(v) == want
		case float64:
			return v == want
		}
		return false
	}
	return m.lose()
}

var patterns sync.Map // text to *regexp.Regexp

// compiled returns a pattern of a schema, compiled when it is first needed.
func compiled(text string) *regexp.Regexp {
	if re, ok := patterns.Load(text); ok {
		return re.(*regexp.Regexp)
	}
	re := regexp.MustCompile(text)
	patterns.Store(text, re)
	return re
}
