package page

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// CommandLineRedirect is the redirect URL of connections from the command line,
// which users of 2022 have registered with their providers.
const CommandLineRedirect = "http://localhost:3003/oauth/callback"

// Use is how to use a blueprint.
type Use struct {
	YAML      string   `json:"yaml"`      // the block, for the integrations file
	Variables []string `json:"variables"` // those that the block takes from the environment
	Override  string   `json:"override"`  // what may be said differently
	Try       []string `json:"try"`       // commands that need no account
	Connect   []string `json:"connect"`   // commands that do
}

func useOf(b *schema.Blueprint, version string) Use {
	v := b.Versions[version]
	lines, variables := Block(b, version)
	var yaml strings.Builder
	yaml.WriteString("integrations:\n")
	for _, line := range lines {
		if line != "" {
			line = "    " + line
		}
		yaml.WriteString(line + "\n")
	}
	path := firstCall(v)
	if c := v.Requests.Verify; path == "/" && c != nil && c.Method == "POST" && c.Path != "" {
		path = firstPost(c)
	}
	return Use{
		YAML: yaml.String(), Variables: append([]string{}, variables...), Override: override(v.Auth.AuthMode),
		Try:     []string{fmt.Sprintf("nango-lite --sandbox call %s %s", b.Name, path)},
		Connect: []string{"nango-lite connect " + b.Name, fmt.Sprintf("nango-lite call %s %s", b.Name, path)},
	}
}

// firstCall is a path to begin with: a documented list, or the call that proves
// the credentials.
func firstCall(v *schema.Version) string {
	var paths []string
	if c := v.Requests.Verify; c != nil && (c.Method == "" || c.Method == "GET") {
		paths = append(paths, c.Target())
	}
	for _, s := range v.Samples {
		if r := s.Request; r != nil && (r.Method == "" || r.Method == "GET") && (s.Kind == "" || s.Kind == schema.SampleAPI) {
			paths = append(paths, r.Path)
		}
	}
	for _, p := range paths {
		if !strings.ContainsAny(p, "{$'\" &") {
			return p
		}
	}
	return "/"
}

// firstPost is the call that proves the credentials, where nothing answers a GET.
func firstPost(c *schema.Verify) string {
	text := "POST " + c.Path
	if c.Body == nil {
		return text
	}
	body, err := json.Marshal(c.Body)
	if err != nil || strings.Contains(string(body), "'") {
		return text
	}
	return text + " -d '" + string(body) + "'"
}

func override(mode schema.AuthMode) string {
	text := "Whatever the blueprint says can be said differently in your file: auth, requests, connection and credentials are merged over it, key by key, and null removes a key."
	if mode.Consents() && mode.Mode().Client {
		text += " The oauth_ keys are optional: a program that brings tokens of its own leaves them all out. Only connecting and refreshing ask for them."
	}
	return text
}

// Block returns what to paste below "integrations:" to use a version of b, and
// the variables that it takes.
func Block(b *schema.Blueprint, version string) (lines, variables []string) {
	v := b.Versions[version]
	auth := &v.Auth
	lines = []string{b.Name + ":", "    extends_blueprint: " + b.Name + ":" + version}
	add := func(line string) { lines = append(lines, "    "+line) }
	variable := func(what string) string {
		name := envName(b.Name) + "_" + what
		variables = append(variables, name)
		return "${" + name + "}"
	}
	inputs := brought(b, v)
	if n := len(client(b, v)); n > 0 && auth.AuthMode == schema.OAuth2 && auth.AsksNoScopes() {
		inputs = slices.Insert(inputs, n, Input{Name: "oauth_scopes"}) // where there is nothing to bring, it is said
	}
	if len(inputs) > 0 && inputs[0].Name != "app_api_key" {
		lines = append(lines, "")
	}
	for _, in := range inputs {
		switch in.Name {
		case "oauth_client_id":
			add("oauth_client_id: <YOUR " + strings.ToUpper(b.DisplayName+" "+in.Title) + ">")
		case "oauth_client_secret":
			add("oauth_client_secret: " + variable(strings.ToUpper(strings.ReplaceAll(in.Title, " ", "_"))))
		case "oauth_scopes":
			add(scopesLine(auth))
		case "app_api_key":
			add("app_api_key: " + variable("APP_API_KEY"))
		default: // is long
			what := strings.ToUpper(strings.TrimPrefix(in.Name, "oauth_"))
			add(in.Name + ": " + variable(what) + " # PEM; ${file:PATH} reads a file")
		}
	}
	if auth.AuthMode == schema.OAuth2CC && len(auth.OwnCredentials()) > 1 && len(v.Credentials) == 0 {
		lines = append(lines, "")
		add("# one app for all connections; without it, each brings its own:")
		add("# oauth_client_id: <YOUR " + strings.ToUpper(b.DisplayName) + " CLIENT ID>")
		add("# oauth_client_secret: ${" + envName(b.Name) + "_CLIENT_SECRET}")
	}
	return lines, variables
}

func scopesLine(auth *schema.Auth) string {
	switch {
	case auth.Scopes == schema.ScopesNone:
		return "oauth_scopes: '' # this API has no scopes"
	case auth.Scopes == schema.ScopesApp:
		return "oauth_scopes: '' # chosen in the app's settings"
	case len(auth.DefaultScopes) > 0:
		return "# oauth_scopes: [" + strings.Join(quoted(auth.DefaultScopes), ", ") + "] # the default"
	}
	return "oauth_scopes: <YOUR SCOPES> # a list, such as [read, write]"
}

func quoted(scopes []string) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	return out
}

// wants reports whether a request of the version carries a placeholder.
func wants(v *schema.Version, placeholder string) bool {
	r := &v.Requests
	texts := slices.Concat([]string{r.BaseURL}, slices.Collect(maps.Values(r.Headers)), slices.Collect(maps.Values(r.Params)), slices.Collect(maps.Values(r.Body)),
		slices.Collect(maps.Values(v.Auth.TokenParams.Leaves())), slices.Collect(maps.Values(v.Auth.TokenHeaders)))
	if j := v.Auth.JWT; j != nil {
		texts = slices.Concat(texts, slices.Collect(maps.Values(j.Header.Leaves())), slices.Collect(maps.Values(j.Payload.Leaves())), []string{j.Key})
	}
	if signed := v.Auth.RequestSignature; signed != nil {
		texts = slices.Concat(texts, slices.Collect(maps.Values(signed.Headers)), slices.Collect(maps.Values(signed.Params)))
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && slices.Contains(t.Refs(), placeholder)
	})
}

// envName makes the first part of a variable's name.
func envName(name string) string {
	s := strings.ToUpper(strings.NewReplacer("-", "_", ".", "_", "~", "_").Replace(name))
	if s != "" && s[0] >= '0' && s[0] <= '9' {
		return "_" + s
	}
	return s
}
