package verify

import (
	"slices"
	"strings"
)

// A call is an operation that a document describes.
type call struct {
	doc     *Document
	method  string
	path    pattern   // below the servers
	raw     []string  // its segments as the document writes them
	servers []pattern // any of which it is at
	n       node      // the operation
	params  []param
}

// A param is a parameter of a call.
type param struct {
	name     string
	in       string // query, header, path, cookie
	required bool
	schema   node // what describes the value; in 2.0 the parameter itself
	n        node
}

var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// operations returns what the document describes, in the order of paths.
func (d *Document) operations() []*call {
	if d.calls != nil {
		return d.calls
	}
	switch d.kind {
	case openAPI3, openAPI2:
		d.openAPI()
	case discovery:
		d.resources(d.at(""))
	}
	return d.calls
}

func (d *Document) openAPI() {
	servers := d.servers(d.at("/servers"))
	if d.kind == openAPI2 {
		servers = []pattern{d.host2()}
	}
	paths := d.at("/paths")
	for _, path := range paths.names() {
		item, ok := paths.get(path).resolved()
		if !ok {
			continue
		}
		own := servers
		if s := item.get("servers"); s.exists() {
			own = d.servers(s)
		}
		for _, m := range methods {
			op, ok := item.get(m).resolved() // only corrections refer here
			if !ok {
				continue
			}
			c := &call{doc: d, method: strings.ToUpper(m), path: parsePattern(path), raw: segments(path), servers: own, n: op}
			if s := op.get("servers"); s.exists() {
				c.servers = d.servers(s)
			}
			c.params = parameters(append(op.get("parameters").items(), item.get("parameters").items()...))
			d.calls = append(d.calls, c)
		}
	}
}

func segments(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// servers reads a list of servers; without any it is whoever serves the document.
func (d *Document) servers(list node) []pattern {
	var out []pattern
	for _, s := range list.items() {
		out = append(out, parsePattern(s.text("url")))
	}
	if out == nil {
		return []pattern{{host: "*"}}
	}
	return out
}

// host2 is where an API is that OpenAPI 2.0 describes.
func (d *Document) host2() pattern {
	n := d.at("")
	host := n.text("host")
	if host == "" {
		host = "*"
	}
	return parsePattern("https://" + host + "/" + n.text("basePath"))
}

// parameters reads those of an operation, then those of its path.
func parameters(list []node) []param {
	var out []param
	for _, n := range list {
		n, ok := n.resolved()
		if !ok {
			continue
		}
		p := param{name: n.text("name"), in: n.text("in"), required: n.isTrue("required"), schema: n, n: n}
		if s := n.get("schema"); s.exists() {
			p.schema = s
		}
		if !slices.ContainsFunc(out, func(o param) bool { return o.name == p.name && o.in == p.in }) {
			out = append(out, p)
		}
	}
	return out
}

// resources reads the methods of a Google discovery document, and of the resources below.
func (d *Document) resources(n node) {
	root := d.at("")
	server := parsePattern(root.text("rootUrl") + root.text("servicePath"))
	common := root.get("parameters")
	for _, name := range n.get("methods").names() {
		m := n.get("methods").get(name)
		path := m.text("flatPath")
		if path == "" {
			path = m.text("path")
		}
		c := &call{doc: d, method: m.text("httpMethod"), path: parsePattern("/" + path), raw: segments(path), servers: []pattern{server}, n: m}
		for _, list := range []node{m.get("parameters"), common} {
			for _, name := range list.names() {
				p := list.get(name)
				c.params = append(c.params, param{name: name, in: p.text("location"), required: p.isTrue("required"), schema: p, n: p})
			}
		}
		d.calls = append(d.calls, c)
	}
	for _, name := range n.get("resources").names() {
		d.resources(n.get("resources").get(name))
	}
}

// takes returns the parameter called name; names of headers compare without case.
func (c *call) takes(in, name string) (param, bool) {
	for _, p := range c.params {
		if p.in == in && (p.name == name || in == "header" && strings.EqualFold(p.name, name)) {
			return p, true
		}
	}
	return param{}, false
}

// body returns the schema of what the call sends, and whether the document gives one.
func (c *call) body() (node, bool) {
	switch c.doc.kind {
	case discovery:
		return c.n.get("request").resolved()
	case openAPI2:
		for _, p := range c.params {
			if p.in == "body" {
				return p.schema, true
			}
		}
		return node{}, false
	}
	request, ok := c.n.get("requestBody").resolved()
	if !ok {
		return node{}, false
	}
	for _, word := range []string{"json", "x-www-form-urlencoded", "*/*"} {
		if all := content(request, word); all != nil {
			return all[0], true
		}
	}
	return node{}, false
}

// form returns the members of the form that the call sends in OpenAPI 2.0.
func (c *call) form() []param {
	var out []param
	for _, p := range c.params {
		if p.in == "formData" {
			out = append(out, p)
		}
	}
	return out
}

// content returns the schemas of the media types that have word in their name.
func content(n node, word string) (schemas []node) {
	types := n.get("content")
	for _, name := range types.names() {
		if s := types.get(name).get("schema"); strings.Contains(name, word) && s.exists() {
			schemas = append(schemas, s)
		}
	}
	return schemas
}

// answers reports whether the document tells statuses apart, and whether this one is
// among them; n is its description.
func (c *call) answers(status string) (n node, described, known bool) {
	if c.doc.kind == discovery {
		return c.n, true, false // a discovery document knows success alone, and no number of it
	}
	responses := c.n.get("responses")
	for _, name := range []string{status, status[:1] + "XX", status[:1] + "xx", "default"} {
		if r := responses.get(name); r.exists() {
			n, _ := r.resolved()
			return n, true, true
		}
	}
	for _, name := range responses.names() {
		known = known || strings.HasPrefix(name, status[:1])
	}
	return responses, false, known
}

// answer returns the schema of an answer's body, and whether the document gives one. Of
// several kinds of JSON it is the first.
func (c *call) answer(status string) (node, bool) {
	if all := c.allAnswers(status); all != nil {
		return all[0], true
	}
	return node{}, false
}

func (c *call) allAnswers(status string) []node {
	if c.doc.kind == discovery {
		if s, ok := c.n.get("response").resolved(); ok && status[:1] == "2" {
			return []node{s}
		}
		return nil
	}
	r, described, _ := c.answers(status)
	if !described {
		return nil
	}
	if c.doc.kind == openAPI2 {
		if s := r.get("schema"); s.exists() {
			return []node{s}
		}
		return nil
	}
	if all := content(r, "json"); all != nil {
		return all
	}
	return content(r, "*/*")
}

// success is the first status that the document gives for success.
func (c *call) success() string {
	for _, name := range c.n.get("responses").names() {
		if strings.HasPrefix(name, "2") {
			return name
		}
	}
	return "200"
}
