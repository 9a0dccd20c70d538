package verify_test

import (
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
	"testing/fstest"
)

const because = "\n      because: It was so in May.\n      source: https://docs.keel.example/x\n"

// TestCorrections: what a document has wrong is corrected, added and taken away, and a
// correction that no longer fits is a finding.
func TestCorrections(t *testing.T) {
	for _, c := range []struct{ name, correction, want string }{
		{"changed", "at: /components/securitySchemes/login/flows/authorizationCode/tokenUrl\n      says: https://id.keel.example/token\n      is: https://id.keel.example/t2", "token_url is another in the document: https://id.keel.example/t2"},
		{"taken away", "at: /components/responses/me/content/application~1json/schema/properties/name\n      says: \"*\"", `"name" is no member`},
		{"added", "at: /paths/~1ships/get/parameters/-\n      is: {name: fleet, in: query, required: true}", "the call needs the parameter fleet"},
		{"everywhere", "at: /components/responses/*/content/*/schema\n      says: \"*\"\n      is: {type: object, properties: {}}", ""},
		{"number", "at: /paths/~1ships/get/parameters/1/schema/maximum\n      says: 200\n      is: 100", "is 100 in the document, not 200"},
		{"gone", "at: /components/schemas/Ship/properties/name\n      says: {type: integer}\n      is: {type: string}", "corrections.yaml:2: error: this does not fit the document: it does not say this there (keel#/components/schemas/Ship/properties/name) [verify-correction]"},
		{"added already", "at: /components/schemas/Ship/properties/name\n      is: {type: string}", "this does not fit the document"},
		{"behind a reference", "at: /components/schemas/Ship/properties/hull/properties/length\n      says: {type: number}", "at /components/schemas/Ship/properties/hull it refers to #/components/schemas/Hull"},
	} {
		k, err := verify.ReadCorrections("corrections.yaml", []byte("corrections:\n    - "+c.correction+because))
		if err != nil {
			t.Fatal(err)
		}
		d, err := verify.Parse("keel", []byte(read(t, "keel-openapi.yaml")))
		if err != nil {
			t.Fatal(err)
		}
		ds := k.Apply([]*verify.Document{d})
		catalog := loader.NewCatalog(fstest.MapFS{"keel.yaml": {Data: []byte(read(t, "keel.yaml"))}})
		ds = append(ds, verify.Check(catalog, "keel:v0", []*verify.Document{d})...)
		if c.want == "" && len(ds) > 0 || c.want != "" && (len(ds) == 0 || !strings.Contains(ds[0].String(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, ds, c.want)
		}
	}
}

// TestCorrectionsSayWhy: each has a reason and a page.
func TestCorrectionsSayWhy(t *testing.T) {
	for text, want := range map[string]string{
		"corrections:\n    - {at: /x, because: y}":                                 "k.yaml:2: a correction has the source that says so, an https URL",
		"corrections:\n    - {at: /x, source: \"https://x.example\"}":              "k.yaml:2: a correction says because of what",
		"corrections:\n    - {at: x, because: y, source: \"https://x.example\"}":   "k.yaml:2: at is no JSON pointer",
		"corrections:\n    - {att: /x, because: y, source: \"https://x.example\"}": "field att not found",
		"documents: [a]\nversions: {v0: {documents: [], because: There is none.}}": "",
	} {
		k, err := verify.ReadCorrections("k.yaml", []byte(text))
		switch {
		case want == "" && (err != nil || len(k.DocumentsOf("x", "v0")) != 0 || k.DocumentsOf("x", "v1")[0] != "a"):
			t.Errorf("%s: %v, %v", text, k, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}

// TestBundledCorrections are well formed, each about an entry of the catalog.
func TestBundledCorrections(t *testing.T) {
	c, _ := loader.Builtin()
	for _, name := range verify.BundledNames() {
		if _, _, ok := c.Lookup(name); !ok {
			t.Errorf("corrections/%s.yaml: the catalog has no such entry", name)
		}
		if _, err := verify.Bundled(name); err != nil {
			t.Error(err)
		}
	}
}
