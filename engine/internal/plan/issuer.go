package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// ServerFields returns the connection fields by which users name the server that
// authorises them, in order: those that decide whose host an endpoint is of and have neither
// enum nor pattern, and all of the
// resource that says who authorises its users.
func (in *Integration) ServerFields() []string {
	names := map[string]bool{}
	for _, t := range []schema.Template{in.Parsed.AuthorizationURL, in.Parsed.TokenURL, in.Parsed.RequestURL} {
		for _, name := range schema.HostOwners(t) {
			f, ok := in.field(name)
			if ok && len(f.Enum) == 0 && f.Pattern == "" && (f.Format == "hostname" || f.Format == "uri") {
				names[name] = true
			}
		}
	}
	if in.FindsServer() {
		for _, t := range []schema.Template{in.Parsed.BaseURL, in.Parsed.Resource, in.Parsed.AuthorizationServer} {
			for _, name := range t.Refs() {
				if _, ok := in.field(name); ok {
					names[name] = true
				}
			}
		}
	}
	fields := slices.Sorted(maps.Keys(names))
	for i, name := range fields {
		fields[i] = strings.TrimPrefix(name, "connection.")
	}
	return fields
}

func (in *Integration) field(name string) (schema.ConnectionField, bool) {
	field, ok := strings.CutPrefix(name, "connection.")
	if !ok {
		return schema.ConnectionField{}, false
	}
	f, ok := in.Connection[field]
	return f, ok
}
