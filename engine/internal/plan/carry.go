package plan

import (
	"strings"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/schema"
)

// Carried returns what c carries for a connection field, its default left out.
func (in *Integration) Carried(c *connection.Connection, name string) (string, bool) {
	if v, ok := c.Fields[name]; ok {
		return v, true
	}
	v, ok := c.Credentials.Fields["connection."+name]
	return v.Reveal(), ok
}

// SetField makes c carry v, or nothing if v is empty: with the credentials if the
// field is a secret.
func (in *Integration) SetField(c *connection.Connection, name, v string) {
	delete(c.Fields, name)
	delete(c.Credentials.Fields, "connection."+name)
	switch {
	case v == "":
	case in.Connection[name].Secret:
		if c.Credentials.Fields == nil {
			c.Credentials.Fields = map[string]schema.Secret{}
		}
		c.Credentials.Fields["connection."+name] = schema.NewSecret(v)
	default:
		if c.Fields == nil {
			c.Fields = map[string]string{}
		}
		c.Fields[name] = v
	}
}

// SameFields reports whether two states of a connection carry the same fields.
func (in *Integration) SameFields(a, b *connection.Connection) bool {
	for name := range in.Connection {
		v, _ := in.Carried(a, name)
		if w, _ := in.Carried(b, name); v != w {
			return false
		}
	}
	return true
}

// TakeFields fills the connection fields that come from the given source. A
// missing one is an error unless it is optional, has a default, or is there
// already. With an error, the others are filled all the same.
func (in *Integration) TakeFields(op string, c *connection.Connection, from string, get func(path string) (string, bool)) error {
	var failed error
	for _, name := range in.ConnectionNames() {
		if in.Connection[name].From != from {
			continue
		}
		if reason := takeField(in, c, name, strings.ReplaceAll(from, "_", " "), get); reason != "" && failed == nil {
			failed = &fault.Error{Op: op, Key: c.Key, Kind: fault.KindInvalidResponse, Detail: reason}
		}
	}
	return failed
}

// takeField says why a field cannot be filled, or "".
func takeField(in *Integration, c *connection.Connection, name, source string, get func(path string) (string, bool)) (reason string) {
	f := in.Connection[name]
	path := f.Path
	if path == "" {
		path = name
	}
	v, ok := get(path)
	if !ok || v == "" {
		if _, kept := in.Value(c, "connection."+name); kept || f.Optional {
			return ""
		}
		return "no value for connection." + name + " in the " + source
	}
	if reason := Misfit(f.Field, in.Parsed.Patterns["connection."+name], v); reason != "" {
		return "connection." + name + " from the " + source + " " + reason
	}
	in.SetField(c, name, v)
	return ""
}
