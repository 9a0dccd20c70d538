package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What an editor with the YAML language server shows to an operator: our schema,
// as the program prints it, over the example file and over broken copies of it.
func TestEditor(t *testing.T) {
	needPrograms(t)
	example, err := os.ReadFile("../integrations.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	n := install(t, "integrations: {}\n")
	schema := filepath.Join(n.dir, "integrations.schema.json")
	if err := os.WriteFile(schema, []byte(n.must("schema", "integrations")), 0o600); err != nil {
		t.Fatal(err)
	}
	text := withSchema(t, string(example), fileURI(schema))
	server := speak(t, startNode(t, nil, "node_modules/yaml-language-server/bin/yaml-language-server", "--stdio"), object{"yaml": object{
		"validate": true, "completion": true, "hover": true,
		"schemaStore": object{"enable": false}, // a list that it would fetch
	}})

	t.Run("example", func(t *testing.T) {
		uri := fileURI(filepath.Join(n.dir, "example.yaml"))
		for _, d := range server.diagnose(uri, text) {
			t.Errorf("line %d: %s", d.Range.Start.Line+1, d.Message)
		}
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
			found := server.diagnose(fileURI(filepath.Join(n.dir, broken.name+".yaml")), text)
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
		server.diagnose(uri, text)
		at := position{Line: strings.Count(text, "\n") - 1, Character: 8}
		checkCompletion(t, server.at("textDocument/completion", uri, at),
			"extends_blueprint", "oauth_client_id", "oauth_client_secret", "oauth_scopes", "auth", "requests")
	})
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

var modeline = regexp.MustCompile(`(?m)\A# yaml-language-server: \$schema=\S+$`)

// withSchema points the file's first line, which editors read, at uri.
func withSchema(t *testing.T, text, uri string) string {
	t.Helper()
	if !modeline.MatchString(text) {
		t.Fatalf("the first line does not name a schema: %.80q", text)
	}
	return modeline.ReplaceAllLiteralString(text, "# yaml-language-server: $schema="+uri)
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
