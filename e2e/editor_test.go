package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What an editor with the YAML language server shows to an operator: our schema,
// as the program prints it, over the example file and over broken copies of it.
func TestEditor(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	example, err := os.ReadFile("../integrations.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := install(t, "integrations: {}\n")
	text := withModeline(t, string(example), schemaFile(n, "integrations"))
	server := startEditor(t, nil)

	t.Run("example", func(t *testing.T) {
		uri := fileURI(filepath.Join(n.dir, "example.yaml"))
		server.open(uri, text)
		wantClean(t, server.findings(uri), 4)
		hover := string(server.at("textDocument/hover", uri, placeOf(t, text, "oauth_scopes")))
		if !strings.Contains(hover, "Scopes to ask for") {
			t.Errorf("hovering over oauth_scopes shows %s; want what the schema says of it", hover)
		}
	})

	for _, broken := range []struct {
		name, from, to string
		message        string // a part of what is said, at the line of to
	}{
		{"typo", "oauth_scopes: ''", "oauth_scope: ''", "oauth_scope is not allowed"},
		{"wrong type", "oauth_scopes: ''", "oauth_scopes: 7", "Incorrect type"},
		{"text for a map", "verify: {method: GET, path: /todos/1}", "verify: /todos/1", "Incorrect type"},
		{"unknown mode", "auth_mode: API_KEY", "auth_mode: APIKEY", "API_KEY"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			if strings.Count(text, broken.from) != 1 {
				t.Fatalf("the example has no line %q any more", broken.from)
			}
			text := strings.Replace(text, broken.from, broken.to, 1)
			line := placeOf(t, text, broken.to).Line
			uri := fileURI(filepath.Join(n.dir, broken.name+".yaml"))
			server.open(uri, text)
			found := server.findings(uri)
			if !slices.ContainsFunc(found, func(d diagnostic) bool {
				return d.Range.Start.Line == line && strings.Contains(d.Message, broken.message)
			}) {
				t.Errorf("want %q at line %d; found %+v", broken.message, line+1, found)
			}
			for _, d := range found {
				if d.Range.Start.Line != line {
					t.Errorf("line %d, where nothing is wrong: %s", d.Range.Start.Line+1, d.Message)
				}
			}
		})
	}

	t.Run("completion", func(t *testing.T) {
		const block = "    new:\n        \n"
		text := text + block
		uri := fileURI(filepath.Join(n.dir, "completion.yaml"))
		server.open(uri, text)
		server.findings(uri)
		at := position{Line: strings.Count(text, "\n") - 1, Character: 8}
		checkCompletion(t, server.at("textDocument/completion", uri, at),
			"extends_blueprint", "oauth_client_id", "oauth_client_secret", "oauth_scopes", "auth", "requests")
	})
}

// Authors of blueprints write in an editor, too: it must find no mistake in those
// that are bundled, and one in one with a key that does not exist.
func TestEditorOverBlueprints(t *testing.T) {
	t.Parallel()
	needPrograms(t)
	files, err := filepath.Glob("../blueprints/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no blueprints: %v", err)
	}
	n := install(t, "integrations: {}\n")
	server := startEditor(t, object{schemaFile(n, "blueprint"): "*.yaml"})
	uri := func(name string) string { return fileURI(filepath.Join(n.dir, filepath.Base(name))) }
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		server.open(uri(name), string(text))
	}
	server.open(uri("broken.yaml"), "format: 1\nnames: broken\n")
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) { wantClean(t, server.findings(uri(name)), 2) })
	}
	if found := server.findings(uri("broken.yaml")); len(found) == 0 {
		t.Error("nothing is found in a broken blueprint; was the schema read?")
	}
}

// startEditor starts the language server as an editor does. schemas says which
// schema is for which files; a file can also say so itself.
func startEditor(t *testing.T, schemas object) *languageServer {
	t.Helper()
	p := startNode(t, nil, "node_modules/yaml-language-server/bin/yaml-language-server", "--stdio")
	return speak(t, p, object{"yaml": object{
		"validate": true, "completion": true, "hover": true, "schemas": schemas,
		"schemaStore": object{"enable": false}, // a list that it would fetch
	}})
}

// wantClean wants nothing of that severity or worse.
func wantClean(t *testing.T, found []diagnostic, severity int) {
	t.Helper()
	for _, d := range found {
		if d.Severity <= severity {
			t.Errorf("line %d: %s", d.Range.Start.Line+1, d.Message)
		}
	}
}

// checkCompletion holds that keys are offered, and everything with a description.
func checkCompletion(t *testing.T, answer json.RawMessage, keys ...string) {
	t.Helper()
	var list struct {
		Items []struct {
			Label         string
			Documentation any // a string, or an object with one
		}
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, item := range list.Items {
		labels = append(labels, item.Label)
		text, _ := item.Documentation.(string)
		if markdown, ok := item.Documentation.(object); ok {
			text, _ = markdown["value"].(string)
		}
		if text == "" {
			t.Errorf("%s is offered without a description", item.Label)
		}
	}
	for _, key := range keys {
		if !slices.Contains(labels, key) {
			t.Errorf("%s is not offered; there are %q", key, labels)
		}
	}
}

// schemaFile writes the schema of that name as the program prints it, and returns
// its URI.
func schemaFile(n *installation, name string) string {
	n.t.Helper()
	file := filepath.Join(n.dir, name+".schema.json")
	if err := os.WriteFile(file, []byte(n.must("schema", name)), 0o600); err != nil {
		n.t.Fatal(err)
	}
	return fileURI(file)
}

// withModeline points the first line of a file, which editors read, at uri.
func withModeline(t *testing.T, text, uri string) string {
	t.Helper()
	const line = "# yaml-language-server: $schema="
	first, rest, _ := strings.Cut(text, "\n")
	if !strings.HasPrefix(first, line) {
		t.Fatalf("the first line does not name a schema: %q", first)
	}
	return line + uri + "\n" + rest
}

func fileURI(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// placeOf returns where part stands in text.
func placeOf(t *testing.T, text, part string) position {
	t.Helper()
	before, _, ok := strings.Cut(text, part)
	if !ok {
		t.Fatalf("no %q in:\n%s", part, text)
	}
	line := strings.Count(before, "\n")
	return position{line, len(before) - strings.LastIndex(before, "\n") - 1}
}
