// Package verify holds blueprints against the documents that providers publish about
// their APIs: OpenAPI 3.x and 2.0, Google discovery documents, and the metadata of
// authorization servers (RFC 8414).
//
// Start with [Check]. What documents have wrong stands in [Corrections], with the page
// that says so; [Bundled] returns those of the bundled catalog. A finding says that the
// entry and the document differ, and where in either; who of the two is right is for
// people to find out.
package verify

import "github.com/nango-lite/nango-lite/loader"

// Check returns where a version of the catalog, such as notion:v0, differs from the
// documents of its provider, sorted by place. A difference is an error; that the entry
// asks for another version of the API than the document describes is a warning, and what
// follows from it is not looked for. The version must be one that the catalog has.
func Check(c *loader.Catalog, ref string, docs []*Document) loader.Diagnostics {
	v, ds := c.Version(ref)
	if v == nil {
		return ds
	}
	k := &checker{Version: v, places: places{catalog: c, ref: ref}, docs: docs}
	for _, d := range docs {
		k.calls = append(k.calls, d.operations()...)
	}
	k.baseURL()
	k.uses = k.listUses()
	k.authorization()
	if k.headers() {
		return k.found.Sorted() // a document of another version knows other paths and bodies
	}
	for i := range k.uses {
		k.use(&k.uses[i])
	}
	k.verifyScopes()
	k.pages()
	k.errors()
	k.operations()
	return k.found.Sorted()
}
