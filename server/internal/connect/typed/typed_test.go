package typed

import (
	"maps"
	"testing"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

func TestFlatten(t *testing.T) {
	got := map[string]string{}
	ok := flatten(got, "", map[string]any{"apiKey": "k", "privateKey": map[string]any{"id": "1", "secret": "s"}, "empty": "", "none": nil})
	if want := map[string]string{"apiKey": "k", "privateKey_id": "1", "privateKey_secret": "s"}; !ok || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, ok)
	}
	for name, v := range map[string]any{
		"a number": map[string]any{"a": 1.0}, "a list": map[string]any{"a": []any{"b"}},
		"the same twice": map[string]any{"a": map[string]any{"b": "1"}, "a_b": "2"},
	} {
		if flatten(map[string]string{}, "", v) {
			t.Errorf("%s is taken", name)
		}
	}
}

// A name that is spelled as JavaScript spells is the same name, but the exact one wins.
func TestFieldOf(t *testing.T) {
	d := &engine.Description{
		Fields:  []engine.InputField{{Name: "api_key"}, {Name: "apikey", Credential: true}, {Name: "private_key_id"}},
		Choices: []engine.InputField{{Name: "account"}},
	}
	for name, want := range map[string]string{"api_key": "api_key", "apikey": "apikey", "privateKey_id": "private_key_id", "Account": "account", "made_up": ""} {
		got := ""
		if f := fieldOf(d, name); f != nil {
			got = f.Name
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Each mode without a page of the provider's has a route that errors can name.
func TestRouteOf(t *testing.T) {
	for mode, want := range map[schema.AuthMode]string{
		schema.APIKey: "/api-auth/api-key/{integration}", schema.TwoStep: "/auth/bill/{integration}", schema.App: "/auth/jwt/{integration}",
		schema.OAuth2: "/oauth/connect/{integration}",
	} {
		if got := routeOf(mode); got != want {
			t.Errorf("%s: got %s, want %s", mode, got, want)
		}
	}
}
