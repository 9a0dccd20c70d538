package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A node is one schema within definitions.json, under the name by which this
// program knows it: a definition, and then ".key", "[]" for the items of a list
// or "{}" for the values of a map.
type node struct {
	name string
	json map[string]json.RawMessage
	doc  *definitions
}

// definitions are the nodes of the file by definition.
type definitions struct {
	defs map[string]map[string]json.RawMessage
}

func parseDefinitions(data []byte) (*definitions, error) {
	var file struct {
		Defs map[string]map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	return &definitions{file.Defs}, nil
}

// definition returns the definition of that name.
func (d *definitions) definition(name string) (node, bool) {
	def, ok := d.defs[name]
	return node{name, def, d}, ok
}

// at returns the node of a name such as auth.token_response.expires.
func (d *definitions) at(name string) (node, error) {
	root, rest, _ := strings.Cut(name, ".")
	var suffix string
	if i := strings.IndexAny(root, "[{"); i >= 0 {
		root, suffix = root[:i], root[i:]
	}
	n, ok := d.definition(root)
	if !ok {
		return node{}, fmt.Errorf("no definition %q", root)
	}
	steps := []string{}
	if rest != "" {
		steps = strings.Split(rest, ".")
	}
	n = n.into(suffix)
	for _, step := range steps {
		key, suffix := step, ""
		if i := strings.IndexAny(step, "[{"); i >= 0 {
			key, suffix = step[:i], step[i:]
		}
		child, ok := n.property(key)
		if !ok {
			return node{}, fmt.Errorf("%s has no key %q", n.name, key)
		}
		n = child.target().into(suffix)
	}
	return n, nil
}

// into steps through "[]" and "{}".
func (n node) into(suffix string) node {
	for ; len(suffix) >= 2; suffix = suffix[2:] {
		if suffix[:2] == "[]" {
			n = n.items()
		} else {
			n = n.values()
		}
	}
	return n
}

func (n node) child(name, keyword string) node {
	var child map[string]json.RawMessage
	_ = json.Unmarshal(n.json[keyword], &child)
	return node{name, child, n.doc}
}

// items returns what a list holds, and values what a map of any names holds. Both
// are the zero node if n is none.
func (n node) items() node { return n.child(n.name+"[]", "items").target() }

func (n node) values() node { return n.child(n.name+"{}", "additionalProperties").target() }

// property returns the node of a key, as it stands: what it refers to is
// another node's.
func (n node) property(key string) (node, bool) {
	var all map[string]map[string]json.RawMessage
	_ = json.Unmarshal(n.json["properties"], &all)
	p, ok := all[key]
	return node{n.name + "." + key, p, n.doc}, ok
}

// keys returns the keys in the order of the file.
func (n node) keys() []string {
	d := json.NewDecoder(bytes.NewReader(n.json["properties"]))
	var keys []string
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return keys
		}
		switch t := t.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			if depth == 1 {
				keys = append(keys, t)
				var skipped json.RawMessage
				_ = d.Decode(&skipped)
			}
		}
	}
}

// target follows a reference. What stands beside it wins, but the name is the
// target's: an object is described in one place.
func (n node) target() node {
	ref := n.text("$ref")
	if ref == "" {
		return n
	}
	name := strings.ReplaceAll(strings.TrimPrefix(ref, "#/$defs/"), "/properties/", ".")
	to, err := n.doc.at(name)
	if err != nil {
		return n
	}
	merged := map[string]json.RawMessage{}
	for k, v := range to.json {
		merged[k] = v
	}
	for k, v := range n.json {
		if k != "$ref" {
			merged[k] = v
		}
	}
	return node{to.name, merged, n.doc}
}

func (n node) text(keyword string) string {
	var s string
	_ = json.Unmarshal(n.json[keyword], &s)
	return s
}

func (n node) texts(keyword string) []string {
	var s []string
	_ = json.Unmarshal(n.json[keyword], &s)
	return s
}

func (n node) flag(keyword string) bool { return string(n.json[keyword]) == "true" }

func (n node) has(keyword string) bool { return n.json[keyword] != nil }

// object returns the alternative of n that has keys of its own, or n.
func (n node) object() node {
	var alternatives []map[string]json.RawMessage
	_ = json.Unmarshal(n.json["oneOf"], &alternatives)
	for _, a := range alternatives {
		if to := (node{n.name, a, n.doc}).target(); to.isObject() {
			return to
		}
	}
	return n
}

// isObject reports whether n has keys of its own to describe.
func (n node) isObject() bool { return n.has("properties") }

// required says when key must be given: "", "required", or a condition.
func (n node) required(key string) string {
	if slices.Contains(n.texts("required"), key) {
		return "required"
	}
	var all []struct {
		If struct {
			Properties map[string]struct {
				Const string `json:"const"`
			} `json:"properties"`
		} `json:"if"`
		Then struct {
			Required []string `json:"required"`
		} `json:"then"`
	}
	_ = json.Unmarshal(n.json["allOf"], &all)
	var where []string
	for _, rule := range all {
		for _, p := range rule.If.Properties {
			if slices.Contains(rule.Then.Required, key) {
				where = append(where, "`"+p.Const+"`")
			}
		}
	}
	if where == nil {
		return ""
	}
	return "required for " + strings.Join(where, ", ")
}
