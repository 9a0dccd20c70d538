package loader_test

import (
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// hostile are values that something on the way might take for more than text.
var hostile = []string{
	"a\nadmin: true", "two\r\nlines\n", `"`, `'`, `" , y: "z`, "a: b", "#c", "x #c", "&a", "*a", "null", "~", "0123", "1e3", "true", "- x", "{a: b}", "[a]",
	"@x", "`", "%", "!tag", "|", ">", "${X}", "${access_token}", "${access_token", "{access_token}", "$$", "$", "$$$", "$${x}", "$<X>", "$X", "${X:-y}", "${'",
	"\t", " lead", "trail ", "é\u2028ü", "\u0000", "---", "<<", "2022-06-28", ".nan", "${file:/etc/passwd}", `\n`, "=", "A=B",
}

// literal is what a template without placeholders yields.
func literal(t *testing.T, text string) string {
	t.Helper()
	parsed, err := schema.ParseTemplate(text)
	if err != nil {
		t.Fatalf("template %q: %v", text, err)
	}
	var b strings.Builder
	for _, p := range parsed.Parts {
		if len(p.Refs) > 0 && p.Refs[0].Name != "" {
			t.Errorf("a value became the placeholder ${%s}", p.Refs[0].Name)
		}
		b.WriteString(p.Literal)
		if len(p.Refs) > 0 {
			b.WriteString(p.Refs[0].Literal)
		}
	}
	return b.String()
}

// TestValuesArriveAsTheyAre in plain keys, in lists, in templates, and between
// neighbours that would love to make something of them.
func TestValuesArriveAsTheyAre(t *testing.T) {
	for _, value := range hostile {
		opts := &loader.Options{Catalog: catalog, LookupEnv: func(name string) (string, bool) { return value, name == "V" }}
		cfg := loadText(t, `integrations:
    acme:
        extends_blueprint: acme:v10
        oauth_client_id: a
        oauth_client_secret: ${V}
        oauth_scopes: [$V, "x${V}y"]
        app_api_key: $V
        auth:
            token_params: {whole: "${V}", dollar: "$$<V>", brace: "$<V>{access_token}", twice: "$<V>$<V>"}
        requests:
            params: {mixed: "${V}${'-'}${V}"}
`, opts)
		i := cfg.Integrations["acme"]
		for what, got := range map[string]string{
			value:                             i.OAuthClientSecret.Reveal(),
			value + "":                        i.AppAPIKey.Reveal(),
			"x" + value + "y":                 i.OAuthScopes.List[1],
			"$" + value:                       literal(t, i.Auth.TokenParams.Text("dollar")),
			value + "{access_token}":          literal(t, i.Auth.TokenParams.Text("brace")),
			value + value:                     literal(t, i.Auth.TokenParams.Text("twice")),
			value + "-" + value:               literal(t, i.Requests.Params["mixed"]),
			strings.Repeat(value, 1):          literal(t, i.Auth.TokenParams.Text("whole")),
			strings.Join([]string{value}, ""): i.OAuthScopes.List[0],
		} {
			if got != what {
				t.Errorf("value %q: got %q, want %q", value, got, what)
			}
		}
	}
}

// TestReferences is the grammar.
func TestReferences(t *testing.T) {
	env := map[string]string{"A": "one", "EMPTY": "", "A_1": "two", "_A": "low"}
	for in, want := range map[string]string{
		"${A}":                "one",
		"$A":                  "one",
		"$<A>":                "one",
		"$<env:A>":            "one",
		"${env:A}":            "one",
		"${A_1}${A}":          "twoone",
		"${_A}":               "low",
		"${NONE:-}":           "",
		"${NONE:-x y}":        "x y",
		"${EMPTY:-x}":         "x",
		"${A:-x}":             "one",
		"${env:NONE:-x}":      "x",
		"${NONE:-<a>}":        "<a>",
		"$${A}":               "${A}",
		"$$${A}":              "$${A}",
		"a$A":                 "a$A",
		"$A ":                 "$A ",
		"$a":                  "$a",
		"$5":                  "$5",
		"pa$word$":            "pa$word$",
		"^[a-z]+$":            "^[a-z]+$",
		"$(A)":                "$(A)",
		"$<>":                 "$<>",
		"<A>":                 "<A>",
		"#${A}":               "#one",
		"cost $5 for ${A} $$": "cost $5 for one $$",
	} {
		cfg := loadText(t, "integrations:\n    a: {extends_blueprint: keyed:v0, app_api_key: '"+in+"'}\n",
			&loader.Options{Catalog: catalog, LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
		if got := cfg.Integrations["a"].AppAPIKey.Reveal(); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

// TestUnsetIsUnset: what a lookup returns beside false does not count.
func TestUnsetIsUnset(t *testing.T) {
	cfg := loadText(t, "integrations:\n    a: {extends_blueprint: keyed:v0, app_api_key: '${A:-fallback}'}\n",
		&loader.Options{Catalog: catalog, LookupEnv: func(string) (string, bool) { return "of another", false }})
	if got := cfg.Integrations["a"].AppAPIKey.Reveal(); got != "fallback" {
		t.Errorf("got %q, want the fallback", got)
	}
}

// TestOnlyNamedVariablesAreRead: a file can make nobody look at the whole
// environment.
func TestOnlyNamedVariablesAreRead(t *testing.T) {
	read := map[string]bool{}
	loadText(t, "# ${COMMENT}\nintegrations:\n    a: {extends_blueprint: keyed:v0, app_api_key: '${A}', requests: {headers: {'X-Key': '$<B>'}}}\n",
		&loader.Options{Catalog: catalog, LookupEnv: func(name string) (string, bool) { read[name] = true; return "x", true }})
	if len(read) != 2 || !read["A"] || !read["B"] {
		t.Errorf("read %v, want A and B", read)
	}
}
