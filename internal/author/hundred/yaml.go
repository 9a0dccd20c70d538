package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// yamlOf writes the calls that are operations as an integrations file.
func yamlOf(drawn []call) string {
	var b strings.Builder
	f := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	f("# Made by go run ./internal/author/hundred; see its comment.\nintegrations:\n")
	last := ""
	for _, c := range drawn {
		if c.reason != "" {
			continue
		}
		if a := c.api; a.Name != last {
			f("    %s:\n        auth: {auth_mode: NONE}\n        requests: {base_url: %q}\n        operations:\n", a.Name, a.BaseURL)
			last = a.Name
		}
		c.write(f)
	}
	return b.String()
}

func (c call) write(f func(string, ...any)) {
	f("            %s:\n                summary: %q\n", c.name(), c.method+" "+c.path)
	if effect := c.api.Effects[c.method+" "+c.path]; effect != "" {
		f("                effect: %s\n", effect)
	}
	f("                request:\n                    method: %s\n                    path: %q\n", c.method, c.at)
	pairs(f, "params", c.params)
	if c.join {
		f("                    join: \",\"\n")
	}
	if _, ok := c.headers["Content-Type"]; ok {
		f("                    headers: {Content-Type: application/json-patch+json}\n")
	} else {
		pairs(f, "headers", c.headers)
	}
	switch {
	case c.whole:
		f("                    body: %q\n", "${input."+c.body[""]+"}")
	case c.body != nil:
		pairs(f, "body", c.body)
		if c.form {
			f("                    body_format: form\n")
		}
	}
	if len(c.inputs) == 0 {
		return
	}
	f("                input:\n                    type: object\n                    properties:\n")
	for _, name := range slices.Sorted(maps.Keys(c.inputs)) {
		if kind := c.inputs[name]; kind != "" {
			f("                        %s: {type: %s}\n", quoted(name), kind)
		} else {
			f("                        %s: {}\n", quoted(name))
		}
	}
	if len(c.needed) > 0 {
		f("                    required: [%s]\n", strings.Join(c.needed, ", "))
	}
}

func pairs(f func(string, ...any), key string, members map[string]string) {
	if len(members) == 0 {
		return
	}
	f("                    %s:\n", key)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		f("                        %s: %q\n", quoted(name), "${input."+members[name]+"}")
	}
}
