//go:build openapi

package verify_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
)

// The documents of providers are not part of this repository: many may not be passed on.
// With the tag openapi these tests read them from the directory that NANGO_LITE_OPENAPI
// names.

// seed makes the wrong values of TestSeeded the same in each run.
const seed = 20261130

// seededEntries have a document each: OpenAPI 2.0, 3.0, 3.1 and a discovery document are
// among them.
var seededEntries = []string{"asana", "box", "discord", "github", "google-calendar", "hubspot", "jira", "klaviyo", "notion", "slack", "xero", "zendesk"}

var kinds = []string{"host", "path", "parameter", "size", "scope", "response path", "member", "error", "version"}

// A wrongValue is a change of one value, in one line.
type wrongValue struct {
	kind, path, old, new string
	line, column         int // 1-based, of the value or the key
}

// TestSeeded: of fifty wrong values at least 45 are found at their line, and none in the
// entries as they are.
func TestSeeded(t *testing.T) {
	random := rand.New(rand.NewPCG(seed, 0))
	type state struct {
		text   string
		before map[int]bool
		left   map[string][]wrongValue
	}
	states := map[string]*state{}
	for _, name := range seededEntries {
		data, err := fs.ReadFile(blueprints.FS, name+".yaml")
		if err != nil {
			t.Fatal(err)
		}
		s := &state{string(data), linesFound(t, name, string(data), true), map[string][]wrongValue{}}
		for _, w := range wrongValues(t, name, string(data)) {
			s.left[w.kind] = append(s.left[w.kind], w)
		}
		states[name] = s
	}
	found, seeded := 0, 0
	counts := map[string][2]int{}
	for i := 0; seeded < 50; i++ {
		kind := kinds[i%len(kinds)]
		var entries []string
		for _, name := range seededEntries {
			if len(states[name].left[kind]) > 0 {
				entries = append(entries, name)
			}
		}
		if entries == nil {
			continue
		}
		name := entries[random.IntN(len(entries))]
		s := states[name]
		j := random.IntN(len(s.left[kind]))
		w := s.left[kind][j]
		s.left[kind] = slices.Delete(s.left[kind], j, j+1)
		lines := linesFound(t, name, w.in(s.text), false)
		if lines == nil {
			continue // the loader refuses it
		}
		seeded++
		c := counts[kind]
		c[1]++
		if lines[w.line] && !s.before[w.line] {
			found++
			c[0]++
		} else {
			t.Logf("not found: %s.yaml:%d %s (%s): %s instead of %s; findings at %v", name, w.line, w.path, kind, w.new, w.old, lines)
		}
		counts[kind] = c
	}
	for _, kind := range kinds {
		t.Logf("%s: %d of %d", kind, counts[kind][0], counts[kind][1])
	}
	t.Logf("found %d of %d", found, seeded)
	if found < 45 {
		t.Errorf("found %d of %d wrong values, want at least 45", found, seeded)
	}
}

// linesFound returns the lines of an entry at which something is found; nil if it cannot
// be used. As the entry is nothing may be found, but that notion:v0 is older.
func linesFound(t *testing.T, name, text string, asItIs bool) map[int]bool {
	t.Helper()
	k, err := verify.Bundled(name)
	if err != nil {
		t.Fatal(err)
	}
	c := loader.NewCatalog(blueprints.FS, fstest.MapFS{name + ".yaml": {Data: []byte(text)}})
	b, ds, _ := c.Lookup(name)
	if ds.HasErrors() {
		return nil
	}
	lines := map[int]bool{}
	for version := range b.Versions {
		docs, err := documents().Documents(k, name, version)
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) == 0 {
			continue
		}
		for _, d := range slices.Concat(k.Apply(docs), verify.Check(c, name+":"+version, docs)) {
			if asItIs && (name != "notion" || d.Code != "verify-version") {
				t.Errorf("untouched: %s", d)
			}
			lines[d.Line] = true
		}
	}
	return lines
}

func documents() verify.Directory { return verify.Directory(os.Getenv("NANGO_LITE_OPENAPI")) }

// wrongValues returns a wrong one for each value of an entry of which its documents, or
// what corrects them, speak: the value stands in their text. Where they are silent
// nothing can be found.
func wrongValues(t *testing.T, name, text string) []wrongValue {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	k, _ := verify.Bundled(name)
	values := walk(root.Content[0], "")
	ofToken := func(path string) bool { // what token endpoints answer stands in few documents
		sample, _, _ := strings.Cut(path, ".response.")
		kind := values[sample+".kind"]
		return kind != nil && strings.HasPrefix(kind.Value, "token")
	}
	texts := map[string]string{}
	var out []wrongValue
	for path, n := range values {
		_, rest, ok := strings.Cut(path, "versions.")
		version, rest, _ := strings.Cut(rest, ".")
		if !ok || len(k.DocumentsOf(name, version)) == 0 || name == "notion" && version == "v0" { // the document is of another version
			continue
		}
		w := wrongValue{path: path, line: n.Line, column: n.Column, old: n.Value}
		if texts[version] == "" {
			texts[version] = published(t, name, k.DocumentsOf(name, version))
		}
		if w.kind, w.new = wrong(rest, n); w.kind != "" && w.spokenOf(texts[version]) && (w.kind != "member" || !ofToken(path)) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b wrongValue) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return a.column - b.column
	})
	return out
}

// published is the text of documents, and of their corrections.
func published(t *testing.T, name string, names []string) string {
	t.Helper()
	var text strings.Builder
	corrections, _ := os.ReadFile("corrections/" + name + ".yaml")
	text.Write(corrections)
	for _, n := range names {
		f, err := os.Open(filepath.Join(string(documents()), n+".json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, z); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// spokenOf reports whether a document has the value in its text: a URL as a whole or a
// host of it, and of a path in an answer the last name.
func (w wrongValue) spokenOf(text string) bool {
	switch w.kind {
	case "path":
		return true
	case "version":
		return strings.Contains(text, strconv.Quote(w.path[strings.LastIndexByte(w.path, '.')+1:]))
	case "scope":
		return strings.Contains(text, `"scopes":{"`) && strings.Contains(text, strconv.Quote(strings.Fields(w.old)[0]))
	case "host":
		u, err := url.Parse(w.old)
		return err == nil && strings.Contains(text, w.old) || err == nil && strings.HasSuffix(w.path, "base_url") && strings.Contains(text, u.Host)
	case "size":
		return regexp.MustCompile(`(?i)max(imum)?\b[^0-9}]{0,80}\b` + w.old + `\b`).MatchString(text)
	}
	names := strings.Split(w.old, ".")
	return strings.Contains(text, strconv.Quote(names[len(names)-1]))
}

// walk returns scalars by their dotted path, and keys by their path and a # at the end.
func walk(n *yaml.Node, path string) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	below := func(step string) string { return strings.TrimPrefix(path+"."+step, ".") }
	switch n.Kind {
	case yaml.ScalarNode:
		out[path] = n
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			at := below(strings.ReplaceAll(n.Content[i].Value, ".", "·"))
			out[at+"#"] = n.Content[i]
			for p, m := range walk(n.Content[i+1], at) {
				out[p] = m
			}
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			for p, m := range walk(item, below(strconv.Itoa(i))) {
				out[p] = m
			}
		}
	}
	return out
}

// wrong returns the kind of a value and a wrong one, or "".
func wrong(path string, n *yaml.Node) (kind, value string) {
	is := func(parts ...string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.HasSuffix(path, p) })
	}
	in := func(parts ...string) bool {
		return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains("."+path, p) })
	}
	key := strings.HasSuffix(path, "#")
	samples := strings.HasPrefix(path, "samples.")
	switch {
	case !key && strings.HasPrefix(n.Value, "https://") && slices.Contains([]string{"auth.authorization_url", "auth.token_url", "requests.base_url"}, path):
		return "host", strings.Replace(n.Value, "://", "://x", 1)
	case !key && strings.HasPrefix(n.Value, "/") && is("verify.path", "request.path"):
		return "path", misspelt(n.Value)
	case key && in(".request.query.") && samples, key && in("operations.", ".request.params."):
		return "parameter", n.Value + "_by"
	case !key && in("requests.pagination.") && is("cursor.request", "limit.request", "page.request", "offset.request"):
		return "parameter", "my_" + n.Value
	case !key && in("requests.pagination.") && is("limit.max"):
		max, _ := strconv.Atoi(n.Value)
		return "size", strconv.Itoa(max * 2)
	case !key && in("auth.default_scopes."), !key && samples && is("response.body.scope") && n.Value != "":
		return "scope", n.Value + ".all"
	case !key && in("requests.pagination.") && is(".items", "cursor.response", "has_more", "has_next", ".last", "total.response") && n.Value != "" && n.Value != ".":
		return "response path", n.Value + "s"
	case !key && (is("requests.errors.code", "requests.errors.message", "request_id.body") || in("requests.errors.code.") || in("requests.errors.message.")):
		return "error", n.Value + "_text"
	case key && samples && in(".response.body."):
		return "member", n.Value + "_of"
	case !key && samples && in(".response.body.") && n.Tag == "!!int":
		return "member", `"many"`
	case !key && in("requests.headers.") && len(n.Value) == 10 && n.Value[4] == '-':
		return "version", "2021" + n.Value[4:]
	}
	return "", ""
}

// misspelt doubles a letter in the last word of a path that is written out.
func misspelt(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range slices.Backward(parts) {
		if len(p) > 2 && !strings.ContainsAny(p, "{$@") {
			parts[i] = p[:2] + p[1:]
			break
		}
	}
	return strings.Join(parts, "/")
}

// in returns the text with the value changed.
func (w wrongValue) in(text string) string {
	lines := strings.SplitAfter(text, "\n")
	line := []rune(lines[w.line-1])
	before, after := string(line[:w.column-1]), string(line[w.column-1:])
	lines[w.line-1] = before + strings.Replace(after, w.old, w.new, 1)
	return strings.Join(lines, "")
}

// TestNotionV0IsOlder: the entry of 2022 is told apart from the API that the document
// describes.
func TestNotionV0IsOlder(t *testing.T) {
	k, err := verify.Bundled("notion")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := documents().Documents(k, "notion", "v0")
	if err != nil || len(docs) == 0 {
		t.Fatalf("no document: %v; set NANGO_LITE_OPENAPI", err)
	}
	c, _ := loader.Builtin()
	text := fmt.Sprint(slices.Concat(k.Apply(docs), verify.Check(c, "notion:v0", docs)))
	if want := "version 2022-06-28 is older than the document's 2026-03-11"; !strings.Contains(text, want) {
		t.Errorf("got %s, want %s", text, want)
	}
}
