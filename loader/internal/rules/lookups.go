package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// lookUps checks the fields that are looked up: that each says how, and that they
// can be looked up one after the other.
func (r *checker) lookUps() {
	fields := r.Root.Get("connection")
	if fields == nil || fields.Kind != tree.Map {
		return
	}
	for i := range fields.Fields {
		if f := &fields.Fields[i]; f.Value.Kind == tree.Map {
			r.lookUp(f)
		}
	}
	r.lookUpOrder(fields)
}

// lookUp checks the keys of one field.
func (r *checker) lookUp(f *tree.Field) {
	request, list, path := f.Value.Field("request"), f.Value.Field("list"), f.Value.Field("path")
	if f.Value.Str("from") != schema.FromRequest {
		for _, other := range []*tree.Field{request, list} {
			if other != nil {
				r.report(other.At, "conflicting-keys", fmt.Sprintf("%q belongs to a field with from: request", other.Name), "")
			}
		}
		return
	}
	if list != nil && path != nil {
		r.report(path.At, "conflicting-keys", `"path" and "list" exclude each other`, "list.items and list.value say where the values stand")
	}
	if request == nil {
		r.report(f.At, "missing-key", `"from: request" without "request"`, "request says what is asked, such as {path: /me}")
		return
	}
	below, whole := request.Value.Field("path"), request.Value.Field("url")
	switch {
	case below == nil && whole == nil:
		r.report(request.At, "missing-key", `"request" has neither "path" nor "url"`, "")
	case below != nil && whole != nil:
		r.report(whole.At, "conflicting-keys", `"path" and "url" exclude each other`, "a path is below base_url, a url is not")
	}
}

// lookUpOrder: what is looked up cannot be needed for its own look-up.
func (r *checker) lookUpOrder(fields *tree.Node) {
	connection, err := tree.Decode[map[string]schema.ConnectionField](fields)
	if err != nil {
		return // the schema has said so
	}
	requests := &schema.Requests{BaseURL: r.Root.Str("requests", "base_url")}
	_, cycle := schema.LookUps(*connection, requests)
	if len(cycle) == 0 {
		return
	}
	at := fields.Field(cycle[0])
	if len(cycle) > 1 {
		r.report(at.At, "look-up-cycle", fmt.Sprintf("the look-ups of %s need each other", conjunction(cycle)), "")
		return
	}
	path := at.Value.Get("request", "path")
	if t, err := schema.ParseTemplate(requests.BaseURL); path != nil && err == nil && slices.Contains(t.Refs(), "connection."+cycle[0]) {
		r.report(path.Origin, "look-up-cycle", fmt.Sprintf("base_url needs %q, and this path is below base_url", cycle[0]), `give the request a "url"`)
		return
	}
	r.report(at.At, "look-up-cycle", fmt.Sprintf("the look-up of %q needs what it is to find", cycle[0]), "")
}

// conjunction writes "a, b and c".
func conjunction(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// sources are where connection fields come from, in the order of a connection's
// making.
var sources = []string{schema.FromUser, schema.FromCallback, schema.FromTokenResponse, schema.FromRequest}

// firstUse says which sources are there for the requests of auth that make a
// connection. The others are made with one that is whole.
var firstUse = map[string]string{
	"authorization_url": schema.FromUser, "authorization_params": schema.FromUser,
	"request_url": schema.FromUser, "request_params": schema.FromUser, "signature_realm": schema.FromUser,
	"token_url": schema.FromCallback, "token_params": schema.FromCallback, "token_headers": schema.FromCallback,
	"token_request": schema.FromCallback, "jwt": schema.FromCallback, "steps": schema.FromCallback,
}

// tooEarly: a placeholder of auth whose every alternative is known only later can
// never be filled.
func (r *checker) tooEarly(n *tree.Node, t schema.Template, path []string) {
	if len(path) < 2 || path[0] != "auth" || firstUse[path[1]] == "" {
		return
	}
	latest := slices.Index(sources, firstUse[path[1]])
	for _, p := range t.Parts {
		early := slices.ContainsFunc(p.Refs, func(ref schema.Ref) bool {
			field, ok := strings.CutPrefix(ref.Name, "connection.")
			return !ok || slices.Index(sources, r.Root.Str("connection", field, "from")) <= latest || r.Root.Get("connection", field, "default") != nil
		})
		if p.Refs != nil && !early {
			field := strings.TrimPrefix(p.Refs[0].Name, "connection.")
			r.report(n.Origin, "unknown-placeholder", fmt.Sprintf("${%s}: it is not known yet: it comes from the %s", p.Refs[0].Name,
				sourceInWords(r.Root.Str("connection", field, "from"))), "")
		}
	}
}

func sourceInWords(from string) string {
	switch from {
	case schema.FromRequest:
		return "look-up that follows the token answer"
	case schema.FromTokenResponse:
		return "token answer"
	}
	return from
}
