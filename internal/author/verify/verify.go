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
	codeBase       = "verify-base-url"
	codeURL        = "verify-auth-url"
	codeScope      = "verify-scope"
	codeClient     = "verify-client"
	codePath       = "verify-path"
	codeMethod     = "verify-method"
	codeHeader     = "verify-header"
	codeOlder      = "verify-version"
	codeParameter  = "verify-parameter"
	codePageSize   = "verify-page-size"
	codePagination = "verify-pagination"
	codeStatus     = "verify-status"
	codeBody       = "verify-body"
	codeErrors     = "verify-errors"
	codeCorrection = "verify-correction"
)

// A Rule is one thing that is compared.
type Rule struct {
	Code     string // stable, as findings show it
	Severity loader.Severity
	Text     string // what it finds, for people
}

// Rules returns all rules.
func Rules() []Rule { return slices.Clone(rules) }

var rules = []Rule{
	{codeBase, loader.Error, "The document knows no server at `requests.base_url`, or nothing below it."},
	{codeURL, loader.Error, "An address of `auth` is another in the document."},
	{codeScope, loader.Error, "A default scope, or one in the sample of a token, is not in the document; `scopes: none` though it has some; or `verify` needs a scope that neither `default_scopes` nor a note names."},
	{codeClient, loader.Error, "The token endpoint has clients authenticate otherwise, PKCE is of another method, or a key or password is sent elsewhere."},
	{codePath, loader.Error, "The document has no such path: of `verify`, a sample, an operation, a look-up, `retries.safe` or `pagination.paths`."},
	{codeMethod, loader.Error, "The document has the path, and not with this method."},
	{codeHeader, loader.Error, "Calls need a header that is neither sent nor named in a note; a header has a value that it cannot have; or what is left of a limit stands in another header."},
	{codeOlder, loader.Warning, "A header asks for an older or newer version of the API than the document describes. Paths and bodies are then not compared."},
	{codeParameter, loader.Error, "A sample or an operation sends a parameter that the call does not take, or a value that it cannot have; or an operation or `verify` lacks one that the call needs."},
	{codePageSize, loader.Error, "`limit.max` is not the largest page of the document, by its maximum or its words."},
	{codePagination, loader.Error, "No list takes the parameter, or has anything in its answer where `pagination` looks."},
	{codeStatus, loader.Error, "The document answers with other statuses than the sample."},
	{codeBody, loader.Error, "A body has a member, type or value that its schema does not; an operation lacks a required member, or looks where the answer has nothing."},
	{codeErrors, loader.Error, "No error of the document has anything where `errors` looks, or one in a sample is not like those of its status."},
	{codeCorrection, loader.Error, "A correction does not fit its document any more."},
}

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
