package lint

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

func placeholders(v *version) {
	templates := v.templates()
	if names := v.Auth.AuthMode.Mode().Sends; names != nil && !uses(templates, "requests.", names...) && !uses(templates, "auth.signature.", names...) {
		v.report("unused-credential", "requests.headers", fmt.Sprintf("no call sends ${%s}", names[0]),
			"put it into requests.headers, as the provider wants it")
	}
	for _, name := range slices.Sorted(maps.Keys(v.Connection)) {
		if f := v.Connection[name]; f.From == schema.FromUser && !uses(templates, "", "connection."+name) {
			v.reportKey("unused-field", []string{"connection", name}, fmt.Sprintf("users are asked for %q, and nothing uses it", name), "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Credentials)) {
		if !v.takesItself(name) && !uses(templates, "", credentialNames(name)...) {
			v.reportKey("unused-field", []string{"credentials", name}, fmt.Sprintf("users are asked for %q, and nothing uses it", name), "")
		}
	}
}

// optionalValues: a call that sends an optional field needs something to send where it was
// left out.
func optionalValues(v *version) {
	templates := v.templates()
	for _, at := range slices.Sorted(maps.Keys(templates)) {
		if !strings.HasPrefix(at, "requests.headers.") && !strings.HasPrefix(at, "requests.params.") && at != "requests.base_url" {
			continue
		}
		for _, part := range templates[at].Parts {
			if len(part.Refs) != 1 || !v.isOptional(part.Refs[0].Name) {
				continue
			}
			v.report("optional-value", at, fmt.Sprintf("%s is optional, and a call without it fails", part.Refs[0].Name),
				fmt.Sprintf("say what is sent then: ${%s || '…'}", part.Refs[0].Name))
		}
	}
}

// isOptional reports whether a name is that of a field that may be left out.
func (v *version) isOptional(name string) bool {
	section, field, _ := strings.Cut(name, ".")
	switch section {
	case "connection":
		f, ok := v.Connection[field]
		return ok && f.Optional && f.Default == ""
	case "credentials":
		f, ok := v.Credentials[field]
		return ok && f.Optional && f.Default == ""
	}
	return false
}

// takesItself reports whether the mode uses a field of credentials without a
// placeholder, such as the secret that it signs with.
func (v *version) takesItself(name string) bool {
	if v.Auth.AuthMode == schema.OAuth2 && (name == "client_id" || name == "client_secret") {
		return true // each connection's own app
	}
	own := slices.Contains(v.Auth.OwnCredentials(), name)
	mode := v.Auth.AuthMode.Mode()
	return own && (mode.Sends == nil || mode.Name == schema.OAuth2CC)
}

// credentialNames are the placeholders that hold a field of credentials.
func credentialNames(name string) []string {
	names := []string{"credentials." + name}
	switch name {
	case "api_key":
		names = append(names, "api_key")
	case "username", "password":
		names = append(names, name, "basic_auth_encoded")
	}
	return names
}

// templates returns all texts with placeholders under auth, requests and look-ups, by
// path.
func (v *version) templates() map[string]schema.Template {
	out := map[string]schema.Template{}
	each(v.sections(), nil, func(path []string, text string) {
		if t, err := schema.ParseTemplate(text); err == nil && len(t.Refs()) > 0 {
			out[strings.Join(path, ".")] = t
		}
	})
	return out
}

// uses reports whether any template under a path names one of names.
func uses(templates map[string]schema.Template, under string, names ...string) bool {
	for path, t := range templates {
		if !strings.HasPrefix(path, under) {
			continue
		}
		for _, ref := range t.Refs() {
			if slices.Contains(names, ref) || slices.Contains(names, namespaceOf(ref)) {
				return true
			}
		}
	}
	return false
}

// namespaceOf returns connection.* for connection.region.
func namespaceOf(ref string) string {
	namespace, _, dotted := strings.Cut(ref, ".")
	if !dotted {
		return ""
	}
	return namespace + ".*"
}

// sections returns what holds templates as plain maps.
func (v *version) sections() any {
	lookUps := map[string]any{}
	for name, f := range v.Connection {
		lookUps[name] = f.Request
	}
	type openAuth schema.Auth // without the methods that hide what templates hold
	type openRequests schema.Requests
	data, err := json.Marshal(map[string]any{"auth": openAuth(v.Auth), "requests": openRequests(v.Requests), "connection": lookUps, "operations": requestsOf(v.Operations)})
	if err != nil {
		return nil
	}
	var out any
	_ = json.Unmarshal(data, &out)
	return out
}

// requestsOf returns the parts of operations that hold templates.
func requestsOf(operations map[string]*schema.Operation) map[string]any {
	out := make(map[string]any, len(operations))
	for name, o := range operations {
		out[name] = o.Request
	}
	return out
}

// each calls visit for every text below n.
func each(n any, path []string, visit func(path []string, text string)) {
	switch n := n.(type) {
	case string:
		visit(path, n)
	case map[string]any:
		for name, value := range n {
			each(value, append(path[:len(path):len(path)], name), visit)
		}
	case []any:
		for i, item := range n {
			each(item, append(path[:len(path):len(path)], strconv.Itoa(i)), visit)
		}
	}
}
