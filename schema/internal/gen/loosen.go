package main

import (
	"maps"
	"strings"
)

// loosen returns s as it holds for a part of the whole: it asks for nothing,
// null may stand for any value (it removes what lies below), and so may whatever
// the definition named free says.
func loosen(s object) object {
	s = maps.Clone(s)
	switch {
	case s["$ref"] != nil:
		return s
	case s["type"] == "object":
		return loosenObject(s)
	case s["type"] == "array":
		s["type"] = []any{"array", "null"}
		s["items"] = loosen(s["items"].(object))
		return s
	case s["oneOf"] != nil:
		var alternatives []any
		for _, a := range s["oneOf"].([]any) {
			alternatives = append(alternatives, loosenAlternative(a.(object)))
		}
		s["oneOf"] = alternatives
		return guard(s)
	case isPlainString(s):
		s["type"] = []any{"string", "null"}
		return s
	case !constrains(s):
		return s
	}
	return guard(s)
}

func loosenObject(s object) object {
	delete(s, "required")
	delete(s, "allOf")
	s["type"] = []any{"object", "null"}
	if properties, ok := s["properties"].(object); ok {
		properties = maps.Clone(properties)
		for name, p := range properties {
			properties[name] = loosen(p.(object))
		}
		s["properties"] = properties
	}
	if values, ok := s["additionalProperties"].(object); ok {
		s["additionalProperties"] = loosen(values)
	}
	return s
}

// loosenAlternative loosens the items of a list. A scalar stays as it is, so
// that alternatives keep excluding each other.
func loosenAlternative(s object) object {
	if s["type"] != "array" {
		return s
	}
	s = maps.Clone(s)
	s["items"] = loosen(s["items"].(object))
	return s
}

// guard lets free stand in place of s. Annotations stay where editors look.
func guard(s object) object {
	outer, inner := object{"if": object{"$ref": "#/$defs/free"}}, object{}
	for key, value := range s {
		if isAnnotation(key) {
			outer[key] = value
		} else {
			inner[key] = value
		}
	}
	outer["else"] = inner
	return outer
}

func isAnnotation(key string) bool {
	return key == "description" || key == "default" || key == "examples" || strings.HasPrefix(key, "x-")
}

func isPlainString(s object) bool {
	for key := range s {
		if key != "type" && !isAnnotation(key) {
			return false
		}
	}
	return s["type"] == "string"
}

func constrains(s object) bool {
	for key := range s {
		if !isAnnotation(key) {
			return true
		}
	}
	return false
}
