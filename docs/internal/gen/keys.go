package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// operators says of keys that no blueprint can know what an operator sets them for, as
// Markdown. What is said of a key holds for those below it.
//
//go:embed keys.yaml
var operators []byte

// once are the definitions whose keys are listed once, wherever they stand, with the path
// under which that is.
var once = map[string]string{"condition": "condition", "pagination_at": "requests.pagination"}

// Keys returns the page about who uses which mode, and which key of auth and requests, for
// the checkout at root. The error says which mode or key no blueprint uses although it is
// no operator's own, and of which keys.yaml speaks in vain.
func Keys(root string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(root, "schema/definitions.json"))
	if err != nil {
		return nil, err
	}
	defs, err := parseDefinitions(data)
	if err != nil {
		return nil, err
	}
	words := map[string]string{}
	if err := yaml.Unmarshal(operators, &words); err != nil {
		return nil, err
	}
	versions, err := bundledVersions(root)
	if err != nil {
		return nil, err
	}
	users, err := usersOfKeys(versions, defs)
	if err != nil {
		return nil, err
	}
	told := map[string]bool{}
	var b bytes.Buffer
	b.WriteString(keysHead)
	if err := writeModes(&b, versions, defs); err != nil {
		return nil, err
	}
	for _, name := range []string{"auth", "requests", "condition"} {
		n, err := defs.at(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "\n## %s\n\n", name)
		if name == "condition" {
			b.WriteString(conditionHead)
		}
		b.WriteString("| Key | Who uses it |\n|---|---|\n")
		for _, path := range pathsBelow(n, name, nil) {
			who := shownUsers(users[path])
			if who == "" {
				from := closest(words, path)
				if from == "" {
					return nil, fmt.Errorf("no blueprint uses %s, and it is no operator's own: use it where an API needs it, or take it out (decision 50)", path)
				}
				told[from] = true
				who = "the operator's own: " + words[from]
			}
			fmt.Fprintf(&b, "| %s | %s |\n", code(path), who)
		}
	}
	for path := range words {
		if !told[path] {
			return nil, fmt.Errorf("keys.yaml speaks of %s, which is no key, or is used: take it out", path)
		}
	}
	return b.Bytes(), nil
}

const keysHead = `# Keys, and who needs them

Every mode, and every key of ` + "`auth` and `requests`" + `, is there because a real API needs it: this page names the bundled blueprints that use it. Kept besides
are keys that are the operator's own, which no blueprint can know. What each key means stands in [the reference](configuration.md);
why others went, in [decision 50](decisions/0050-keys-that-no-api-needs.md).

The keys of a condition are listed once, because they are the same wherever an answer is described. Those of
` + "`requests.pagination.paths` are those of `requests.pagination`" + `, and count there.

Made from the blueprints by ` + "`go generate ./docs/...`" + `.
`

const conditionHead = "What `refresh_on`, `success`, `error`, `detect`, `when`, `stop` and `empty` hold.\n\n"

// closest returns path, or what it lies below, whichever words has first; "" for none.
func closest(words map[string]string, path string) string {
	for ; path != ""; path = path[:max(strings.LastIndexByte(path, '.'), 0)] {
		if words[path] != "" {
			return path
		}
	}
	return ""
}

// shownUsers are at most three of them.
func shownUsers(by []string) string {
	if len(by) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(by[:3], ", "), len(by)-3)
	}
	return strings.Join(by, ", ")
}

// A version of a bundled blueprint is what stands under its sections.
type version struct {
	blueprint string
	sections  map[string]yaml.Node
}

// bundledVersions returns the versions of the bundled blueprints, by name.
func bundledVersions(root string) (versions []version, err error) {
	files, err := filepath.Glob(filepath.Join(root, "blueprints/*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var file struct {
			Versions map[string]map[string]yaml.Node
		}
		if err := yaml.Unmarshal(data, &file); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, sections := range file.Versions {
			versions = append(versions, version{strings.TrimSuffix(filepath.Base(name), ".yaml"), sections})
		}
	}
	return versions, nil
}

// usersOfKeys returns the names of the bundled blueprints by key, such as auth.aws.region.
func usersOfKeys(versions []version, defs *definitions) (map[string][]string, error) {
	users := map[string][]string{}
	for _, v := range versions {
		for _, section := range []string{"auth", "requests"} {
			n, err := defs.at(section)
			if err != nil {
				return nil, err
			}
			value := v.sections[section]
			eachUsed(n, section, &value, func(path string) {
				if !slices.Contains(users[path], v.blueprint) {
					users[path] = append(users[path], v.blueprint)
				}
			})
		}
	}
	return users, nil
}

// writeModes writes who uses which mode. The error says which one nobody uses.
func writeModes(b *bytes.Buffer, versions []version, defs *definitions) error {
	n, err := defs.at("auth.auth_mode")
	if err != nil {
		return err
	}
	b.WriteString("\n## Modes\n\n| `auth_mode` | Who uses it |\n|---|---|\n")
	for _, mode := range n.texts("enum") {
		var by []string
		for _, v := range versions {
			var auth struct {
				AuthMode string `yaml:"auth_mode"`
			}
			section := v.sections["auth"]
			if err := section.Decode(&auth); err == nil && auth.AuthMode == mode && !slices.Contains(by, v.blueprint) {
				by = append(by, v.blueprint)
			}
		}
		if len(by) == 0 {
			return fmt.Errorf("no blueprint uses the mode %s: use it where an API needs it, or take it out (decision 50)", mode)
		}
		fmt.Fprintf(b, "| %s | %s |\n", code(mode), shownUsers(by))
	}
	return nil
}

// eachUsed calls f with each key that stands in v, which n describes, by where it is listed.
func eachUsed(n node, path string, v *yaml.Node, f func(path string)) {
	places := placesOf(n, nil)
	for _, at := range places {
		if once[at.name] != "" {
			path = once[at.name]
		}
	}
	for _, item := range v.Content {
		if v.Kind == yaml.SequenceNode || v.Kind == yaml.DocumentNode {
			eachUsed(n, path, item, f)
		}
	}
	for i := 0; v.Kind == yaml.MappingNode && i < len(v.Content); i += 2 {
		key, value := v.Content[i].Value, v.Content[i+1]
		known := false
		for _, at := range places {
			if p, ok := at.property(key); ok && !known {
				known = true
				f(path + "." + key)
				eachUsed(p.target(), path+"."+key, value, f)
			}
		}
		if !known { // a name of the author's, such as a header
			eachUsed(n, path, value, f)
		}
	}
}

// pathsBelow returns the keys below n in the order of the definitions.
func pathsBelow(n node, path string, above []string) (paths []string) {
	for _, at := range placesOf(n, nil) {
		if slices.Contains(above, at.name) || above != nil && once[at.name] != "" {
			continue // listed elsewhere
		}
		for _, key := range at.keys() {
			p, _ := at.property(key)
			if below := path + "." + key; !slices.Contains(paths, below) {
				paths = append(paths, below)
				paths = append(paths, pathsBelow(p.target(), below, append(above, at.name))...)
			}
		}
	}
	return paths
}

// placesOf returns n and what its items, its values and its alternatives are: the nodes
// whose keys stand in a value of n.
func placesOf(n node, found []node) []node {
	n = n.target()
	if n.json == nil || slices.ContainsFunc(found, func(f node) bool { return f.name == n.name }) {
		return found
	}
	found = append(found, n)
	found = placesOf(n.items(), found)
	found = placesOf(n.values(), found)
	var alternatives []map[string]json.RawMessage
	_ = json.Unmarshal(n.json["oneOf"], &alternatives)
	for i, a := range alternatives {
		found = placesOf(node{fmt.Sprintf("%s|%d", n.name, i), a, n.doc}, found)
	}
	return found
}
