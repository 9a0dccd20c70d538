package lint_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nango-lite/nango-lite/blueprints"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/loader/lint"
)

// The bundled catalog is what authors copy from, so it keeps every rule.
func TestBundledCatalog(t *testing.T) {
	c, _ := loader.Builtin()
	for _, name := range c.Names() {
		data, err := blueprints.FS.ReadFile(name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range lint.Check(c, "blueprints/"+name+".yaml", data) {
			t.Error(d)
		}
	}
}

// What a blueprint takes over is judged where it was written, unless only both
// together are wrong.
func TestExtended(t *testing.T) {
	const head = "display_name: X\nmaintainer: nobody <nobody@x.example>\ndocs_url: https://x.example\nversions:\n    v0:\n        comment: Something.\n"
	base := "format: 1\nname: base\n" + head +
		"        auth: {auth_mode: API_KEY}\n        requests:\n            base_url: https://base.example/\n            params: {key: \"${api_key}\"}\n" +
		"        samples: [{request: {path: /a}, response: {body: {}}}]\n" +
		"        notes: [{text: There is no other way., key: requests.params.key}]\n"
	over := "format: 1\nname: over\n" + head + "        extends: base:v0\n        notes: [{text: Something else.}]\n"
	broken := "format: 1\nname: broken\n" + head + "        extends: none:v0\n"
	fsys := fstest.MapFS{"base.yaml": {Data: []byte(base)}, "over.yaml": {Data: []byte(over)}, "broken.yaml": {Data: []byte(broken)}}
	c := loader.NewCatalog(fsys)
	for file, want := range map[string]string{
		"base.yaml": `base.yaml:10:9: warning: nothing proves that credentials work; name a cheap GET under requests.verify [missing-verify]
base.yaml:11:23: warning: the base URL ends in a slash; paths begin with one; take it away [url-slash]
`,
		"over.yaml": `over.yaml:9:18: warning: ${api_key} is sent in the query, where logs keep it, and no note says why (see base.yaml:12:27); send it in a header if the API takes it there, or add a note with key: requests.params.key [unexplained-query-credential]
`,
		"broken.yaml": `broken.yaml:9:18: error: there is no blueprint "none" [unknown-blueprint]
`,
	} {
		if diff := cmp.Diff(want, text(lint.Check(c, file, fsys[file].Data))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}
