package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

const (
	dialect = "https://json-schema.org/draft/2020-12/schema"
	baseID  = "https://nango-lite.dev/schema/"
)

// reference is what stands for text from outside: ${…}, $<…>, or $NAME alone.
const reference = `\$\{|\$<|^\$[A-Z_][A-Z0-9_]*$`

// Generate returns the schemas by file name.
func Generate(definitions []byte) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, out := range []struct {
		file, root string
		loose      []string // definitions that may be partial, with all they reach
		catalog    bool     // without what only an operator may say (x-operator)
		free       object   // what may stand in place of a value
	}{
		{file: "integration.schema.json", root: "integration"},
		{file: "integrations.schema.json", root: "file",
			loose: []string{"integration", "defaults", "server"},
			free:  object{"anyOf": []any{object{"type": "null"}, object{"type": "string", "pattern": reference}}}},
		{file: "blueprint.schema.json", root: "blueprint", catalog: true,
			loose: []string{"auth", "credentials", "connection", "requests", "operations"},
			free:  object{"type": "null"}},
	} {
		var doc struct {
			Defs map[string]object `json:"$defs"`
		}
		if err := json.Unmarshal(definitions, &doc); err != nil {
			return nil, fmt.Errorf("read definitions: %w", err)
		}
		if _, ok := doc.Defs[out.root]; !ok {
			return nil, fmt.Errorf("no definition %q", out.root)
		}
		if out.catalog {
			for _, d := range doc.Defs {
				dropOperators(d)
			}
		}
		for _, name := range reachable(doc.Defs, out.loose) {
			entry := name == "integration"
			doc.Defs[name] = loosen(doc.Defs[name])
			if entry {
				doc.Defs[name]["type"] = "object" // an integration is not removed by null
			}
		}
		keep := map[string]any{}
		for _, name := range reachable(doc.Defs, []string{out.root}) {
			keep[name] = doc.Defs[name]
		}
		if out.free != nil {
			keep["free"] = out.free
		}
		root := keep[out.root].(object)
		delete(keep, out.root)
		schema := maps.Clone(root)
		schema["$schema"] = dialect
		schema["$id"] = baseID + out.file
		schema["$defs"] = keep
		data, err := encode(schema)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", out.file, err)
		}
		files[out.file] = data
	}
	return files, nil
}

// dropOperators takes out the properties of a definition that only an operator
// may give.
func dropOperators(s object) {
	properties, _ := s["properties"].(object)
	maps.DeleteFunc(properties, func(_ string, p any) bool { return p.(object)["x-operator"] == true })
}

type object = map[string]any

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// reachable returns the given definitions and those they refer to, each once.
func reachable(defs map[string]object, names []string) []string {
	var found []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] || defs[name] == nil {
			return
		}
		seen[name] = true
		found = append(found, name)
		eachRef(defs[name], func(ref string) { visit(ref) })
	}
	for _, name := range names {
		visit(name)
	}
	return found
}

func eachRef(v any, f func(name string)) {
	switch v := v.(type) {
	case object:
		if ref, ok := v["$ref"].(string); ok {
			name, _, _ := strings.Cut(strings.TrimPrefix(ref, "#/$defs/"), "/")
			f(name)
		}
		for _, child := range v {
			eachRef(child, f)
		}
	case []any:
		for _, child := range v {
			eachRef(child, f)
		}
	}
}
