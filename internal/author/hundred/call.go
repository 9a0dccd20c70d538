package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A call is a drawn endpoint as an operation.
type call struct {
	api    api
	method string
	path   string // as the document has it

	at      string // request.path
	params  map[string]string
	join    bool
	headers map[string]string
	body    map[string]string // nil: none
	whole   bool              // the body is one input
	form    bool
	inputs  map[string]string // name to type; "" is any
	needed  []string

	reason string // why it is no operation; empty: it is
}

func (c call) where() string { return c.api.Name + " " + c.path + " " + c.method }

var words = regexp.MustCompile(`[A-Za-z0-9]+`)

// name is what the operation is called: the method and the words of its path.
func (c call) name() string {
	return strings.ToLower(c.method + "_" + strings.Join(words.FindAllString(c.path, -1), "_"))
}

// read makes an operation of an endpoint, mechanically.
func (e endpoint) read(a api, method string) call {
	c := call{api: a, method: method, path: e.path, at: e.path, params: map[string]string{}, headers: map[string]string{}, inputs: map[string]string{}}
	op := asObject(e.item[strings.ToLower(method)])
	shared, _ := e.item["parameters"].([]any)
	own, _ := op["parameters"].([]any)
	exploded, joined := false, false
	seen := map[string]bool{}
	for _, v := range slices.Concat(own, shared) {
		p := resolved(e.doc, v)
		name, _ := p["name"].(string)
		where, _ := p["in"].(string)
		if seen[where+" "+name] {
			continue // the operation's own counts
		}
		seen[where+" "+name] = true
		if known := strings.ToLower(name); where != "path" && (known == "accept" || known == "authorization" || slices.Contains(a.Own, known)) {
			continue // the integration sends it
		}
		schema := e.schemaOf(p)
		needed := p["required"] == true
		switch p["in"] {
		case "path":
			in := c.input(name, kindOf(schema), true)
			c.at = strings.NewReplacer("{"+name+"}", "${input."+in+"}", "{+"+name+"}", "${input."+in+"}").Replace(c.at)
		case "query":
			if kindOf(schema) == "object" {
				c.reason = "the query takes an object, " + name
			}
			if kindOf(schema) == "array" {
				exploded = exploded || explodes(p)
				joined = joined || !explodes(p)
			}
			c.params[name] = c.input(name, kindOf(schema), needed)
		case "header":
			c.headers[name] = c.input(name, kindOf(schema), needed)
		case "formData":
			c.form = true
			c.member(name, kindOf(schema), needed)
			if p["type"] == "file" {
				c.reason = "a file is sent"
			}
		case "body":
			c.bodyOf(e, schema)
		}
	}
	if c.join = joined; joined && exploded {
		c.reason = "one list repeats its parameter and another is joined"
	}
	c.content(e, op)
	c.answer(e, op)
	if strings.Contains(strings.NewReplacer("${", "", "}", "").Replace(c.at), "{") {
		c.reason = "the path has a place that no parameter fills"
	}
	if why := a.Not[method+" "+e.path]; why != "" {
		c.reason = why
	}
	return c
}

// schemaOf is the schema of a parameter, which Swagger writes into it.
func (e endpoint) schemaOf(p object) object {
	if s := asObject(p["schema"]); s != nil {
		return resolved(e.doc, s)
	}
	if content := asObject(p["content"]); len(content) > 0 {
		return object{"type": "string"} // JSON in a parameter: the caller writes it
	}
	return p
}

func explodes(p object) bool {
	if format, ok := p["collectionFormat"].(string); ok {
		return format == "multi"
	}
	if explode, ok := p["explode"].(bool); ok {
		return explode
	}
	return p["type"] == nil || p["schema"] != nil // the default of OpenAPI; Swagger's is csv
}

func kindOf(schema object) string {
	switch kind := schema["type"].(type) {
	case string:
		return kind
	case []any:
		return "" // one of several: anything
	}
	if schema["properties"] != nil {
		return "object"
	}
	return ""
}

// input declares an input and returns its name.
func (c *call) input(name, kind string, needed bool) string {
	in := strings.ToLower(strings.Join(words.FindAllString(name, -1), "_"))
	for c.inputs[in] != "" && c.inputs[in] != kind || slices.Contains(c.needed, in) {
		in += "_of_body"
	}
	c.inputs[in] = kind
	if needed {
		c.needed = append(c.needed, in)
	}
	return in
}

func (c *call) member(name, kind string, needed bool) {
	if c.body == nil {
		c.body = map[string]string{}
	}
	c.body[name] = c.input(name, kind, needed)
}

// content reads the body of a request, in JSON where that is taken.
func (c *call) content(e endpoint, op object) {
	body := asObject(resolved(e.doc, op["requestBody"])["content"])
	if len(body) == 0 {
		return
	}
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "application/json-patch+json"} {
		media, ok := body[kind]
		if !ok {
			continue
		}
		c.form = kind == "application/x-www-form-urlencoded"
		if kind == "application/json-patch+json" {
			c.headers["Content-Type"] = "" // as it is
		}
		c.bodyOf(e, resolved(e.doc, asObject(media)["schema"]))
		return
	}
	c.reason = "the body is sent as " + slices.Sorted(maps.Keys(body))[0]
}

// bodyOf makes an input of each member of an object, and one of all else.
func (c *call) bodyOf(e endpoint, schema object) {
	properties, required := object{}, []any{}
	var add func(s object)
	add = func(s object) {
		maps.Copy(properties, asObject(s["properties"]))
		more, _ := s["required"].([]any)
		required = append(required, more...)
		all, _ := s["allOf"].([]any)
		for _, part := range all {
			add(resolved(e.doc, part))
		}
	}
	add(schema)
	if len(properties) == 0 {
		c.whole = true
		c.body = map[string]string{"": c.input("body", kindOf(schema), true)}
		return
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		p := resolved(e.doc, properties[name])
		if p["readOnly"] == true {
			continue
		}
		c.member(name, kindOf(p), slices.Contains(required, any(name)))
	}
}

// answer finds answers that are no JSON: an operation has no use for a file.
func (c *call) answer(e endpoint, op object) {
	for status, v := range asObject(op["responses"]) {
		content := asObject(resolved(e.doc, v)["content"])
		if !strings.HasPrefix(status, "2") || len(content) == 0 {
			continue
		}
		kinds := slices.Sorted(maps.Keys(content))
		if !slices.ContainsFunc(kinds, func(kind string) bool { return strings.Contains(kind, "json") || kind == "*/*" }) {
			c.reason = "the answer is " + kinds[0]
		}
	}
	if _, redirects := asObject(op["responses"])["302"]; redirects && c.method == "GET" && len(asObject(op["responses"])) < 3 {
		c.reason = "the answer is a redirect to a file"
	}
}

// quoted writes a name or a text that YAML could take for something else.
func quoted(s string) string { return fmt.Sprintf("%q", s) }
