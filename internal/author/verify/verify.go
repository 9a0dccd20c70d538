// Package verify holds blueprints against the documents that providers publish about
// their APIs: OpenAPI 3.x and 2.0, Google discovery documents, and the metadata of
// authorization servers (RFC 8414).
//
// Start with [Check]. What documents have wrong stands in [Corrections], with the page
// that says so; [Bundled] returns those of the bundled catalog. A finding says that the
// entry and the document differ, and where in either; who of the two is right is for
// people to find out.
package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

// The codes of findings.
const (
	codeBase       = "verify-base-url"   // requests go where the document knows no server
	codeURL        = "verify-auth-url"   // an address of the authorization is another
	codeScope      = "verify-scope"      // a scope the document does not have, or one that verify needs
	codeClient     = "verify-client"     // the token endpoint or the API takes credentials otherwise
	codePath       = "verify-path"       // the document has no such path
	codeMethod     = "verify-method"     // it has the path, with other methods
	codeHeader     = "verify-header"     // a header that calls need, or a value it cannot have
	codeOlder      = "verify-version"    // the entry asks for another version of the API
	codeParameter  = "verify-parameter"  // a parameter that is unknown or missing
	codePageSize   = "verify-page-size"  // another largest page
	codePagination = "verify-pagination" // nothing stands where the list is said to go on
	codeStatus     = "verify-status"     // the document has other statuses
	codeBody       = "verify-body"       // a body is not as its schema says
	codeErrors     = "verify-errors"     // errors look otherwise
)

// Check returns where a version of the catalog, such as notion:v0, differs from the
// documents of its provider, sorted by place. A difference is an error; that the entry
// asks for another version of the API than the document describes is a warning, and what
// follows from it is not looked for. The version must be one that the catalog has.
func Check(c *loader.Catalog, ref string, docs []*Document) loader.Diagnostics {
	v, ds := c.Version(ref)
	if v == nil {
		return ds
	}
	k := &checker{Version: v, catalog: c, ref: ref, docs: docs}
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

// A checker looks at one version.
type checker struct {
	*schema.Version
	catalog *loader.Catalog
	ref     string
	docs    []*Document
	calls   []*call
	uses    []use
	base    pattern
	lost    bool // the base URL is wrong: paths are compared without it
	found   loader.Diagnostics
}

// report places a finding at the value at path, or at the nearest above it.
func (k *checker) report(code string, path []string, message, document string) {
	k.place(code, path, message, document, false)
}

// reportName places a finding at the key at path.
func (k *checker) reportName(code string, path []string, message, document string) {
	k.place(code, path, message, document, true)
}

func (k *checker) place(code string, path []string, message, document string, name bool) {
	d := loader.Diagnostic{Severity: loader.Error, Code: code, Message: message}
	if code == codeOlder {
		d.Severity = loader.Warning
	}
	if document != "" {
		d.Related = []loader.Place{{File: document}}
	}
	for p := path; ; p = p[:len(p)-1] {
		key, value, ok := k.catalog.Where(k.ref, p...)
		if ok && value.Line > 0 {
			if name && len(p) == len(path) {
				value = key
			}
			d.Place = loader.Place{File: value.File, Line: value.Line, Column: value.Column}
			break
		}
		if len(p) == 0 {
			break
		}
	}
	k.found = append(k.found, d)
}

// says reports whether the version has a value at path.
func (k *checker) says(path ...string) bool {
	_, _, ok := k.catalog.Where(k.ref, path...)
	return ok
}

// documents names them for people.
func (k *checker) documents() string {
	names := make([]string, len(k.docs))
	for i, d := range k.docs {
		names[i] = d.Name
	}
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}

// list writes texts one after the other, a few of them.
func list(texts []string) string {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	if len(texts) > 6 {
		texts = append(texts[:6:6], "…")
	}
	return strings.Join(texts, ", ")
}
