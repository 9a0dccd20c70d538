package typed

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/ask"
	"github.com/nango-lite/nango-lite/server/internal/credentials"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// readTyped reads what the user typed: members of a JSON object, named as the
// integration names its credentials and fields, or as Nango's client writes them:
// apiKey for api_key, privateKey.id for private_key_id.
func (t *Typed) readTyped(w *answer.Writer, d *engine.Description, a *ask.Ask, given *engine.Credentials) bool {
	var body map[string]any
	if !input.JSON(w, &body) {
		return false
	}
	bad := func(message string) bool {
		w.Fail(http.StatusBadRequest, "invalid_body", message)
		return false
	}
	if t, ok := body["type"]; ok && !declares(d, "type") {
		if t != credentials.Type(d.AuthMode) && t != string(d.AuthMode) {
			return bad("type is another than the integration's auth mode")
		}
		delete(body, "type")
	}
	if option, ok := body["assertionOption"].(map[string]any); ok && len(option) == 0 {
		delete(body, "assertionOption")
	}
	typed := map[string]string{}
	if !flatten(typed, "", body) {
		return bad("each credential is a text")
	}
	for _, name := range slices.Sorted(maps.Keys(typed)) {
		f := fieldOf(d, name)
		switch {
		case f == nil:
			return bad("the integration declares no credential or field by the name of one of the members; it has " + ask.InputNames(d))
		case f.Credential && given.Field(f.Name).IsSet() && given.Field(f.Name).Reveal() != typed[name]:
			return bad(f.Name + " is given twice")
		case f.Credential:
			given.SetField(f.Name, schema.NewSecret(typed[name]))
		case a.Fields[f.Name] != "" && a.Fields[f.Name] != typed[name]:
			return bad(f.Name + " is settled, or given twice")
		default:
			a.Fields[f.Name] = typed[name]
		}
	}
	return true
}

// flatten puts the texts of v into out, with the names of nested members joined by an
// underscore. It reports false if there is anything but texts, or the same name twice.
func flatten(out map[string]string, name string, v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		_, twice := out[name]
		if v != "" {
			out[name] = v
		}
		return !twice
	case map[string]any:
		for member, inner := range v {
			if name != "" {
				member = name + "_" + member
			}
			if !flatten(out, member, inner) {
				return false
			}
		}
		return true
	}
	return false
}

// fieldOf returns the field or credential of that name, or of the same name in another
// spelling, such as apiKey for api_key. It returns nil if there is none.
func fieldOf(d *engine.Description, name string) *engine.InputField {
	var like *engine.InputField
	for _, list := range [][]engine.InputField{d.Fields, d.Choices} {
		for i := range list {
			switch {
			case list[i].Name == name:
				return &list[i]
			case plainName(list[i].Name) == plainName(name):
				like = &list[i]
			}
		}
	}
	return like
}

func plainName(name string) string {
	return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
}

func declares(d *engine.Description, name string) bool {
	return slices.ContainsFunc(d.Fields, func(f engine.InputField) bool { return f.Name == name })
}
