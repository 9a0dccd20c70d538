package lint

import "github.com/nango-lite/nango-lite/loader"

// A Rule is one thing that lint looks for.
type Rule struct {
	Code     string // stable, as findings show it
	Severity loader.Severity
	Text     string // what it finds, for people
}

// Rules returns all rules, by theme. What the loader itself refuses has codes of
// its own.
func Rules() []Rule { return append([]Rule(nil), rules...) }

var rules = []Rule{
	// The file and its versions.
	{"file-name", loader.Error, "The catalog would not find a file of this name."},
	{"missing-docs-url", loader.Warning, "The blueprint does not link the provider's documentation."},
	{"display-name", loader.Warning, "The display name is longer than 60 letters, or has spaces around it."},
	{"version-name", loader.Warning, "A version is not called `v0`, `v1`, …"},
	{"version-order", loader.Warning, "A version stands after a newer one. `--fix` moves it."},
	{"key-order", loader.Warning, "A key stands after one that it comes before everywhere else. `--fix` moves it."},
	{"missing-comment", loader.Warning, "A version does not say in a sentence what it covers."},
	{"missing-successor", loader.Error, "A deprecated version names no successor."},
	{"unknown-successor", loader.Error, "The successor is no version of the catalog, is this version, or is deprecated itself."},
	{"stray-successor", loader.Warning, "A version has a successor, or a day on which it ends, and is not deprecated."},

	// URLs and hosts.
	{"url-scheme", loader.Error, "A URL is not https. Plain http is for loopback."},
	{"url-host", loader.Warning, "A host has capitals, the standard port, or no dot."},
	{"url-slash", loader.Warning, "A base URL ends in a slash, or a URL or path has two slashes in a row."},
	{"url-query", loader.Error, "A path has a query or a fragment."},
	{"host-field", loader.Error, "A value that becomes part of a host is not a declared field with a pattern, a format or an enum; or one that stands for a whole origin has not the format `uri`."},

	// Placeholders and fields.
	{"unused-credential", loader.Error, "No header, parameter or URL of the calls sends what the mode obtains."},
	{"optional-value", loader.Error, "A call sends an optional field without an alternative, so that it fails for whoever leaves the field out."},
	{"unused-field", loader.Warning, "A user is asked for a value that nothing uses. Fields from the token answer or the callback may be there for hosts."},
	{"unfilled-field", loader.Error, "A field comes from the callback or the token answer, and the mode has none."},
	{"field-title", loader.Warning, "A field that a user types has no title."},
	{"field-example", loader.Warning, "A field with a pattern, a format or an enum has no example, which the sandbox types."},
	{"field-mismatch", loader.Error, "An example, a default or a value of an enum is not of the field's own pattern, format or enum."},

	// Headers.
	{"header-name", loader.Error, "What should be the name of a header is none."},
	{"header-case", loader.Warning, "A header is not written as usual: a capital after each hyphen."},
	{"header-reserved", loader.Error, "A header belongs to the connection itself, such as `Host` or `Content-Length`."},

	// Authorization.
	{"unexplained-pkce", loader.Warning, "PKCE is off or `plain`, and no note with `key: auth.pkce` says why."},
	{"unexplained-query-credential", loader.Warning, "A credential is sent in a query, where logs keep it, and no note with the parameter's key says why."},
	{"unexplained-grant", loader.Warning, "The token request uses the password grant, and no note with its key says why."},
	{"scope-separator", loader.Warning, "The scope separator is empty, is a word, or stands beside `scopes`; or a default scope holds it."},

	// Calls.
	{"missing-verify", loader.Warning, "There is no `requests.verify`, so nobody can tell whether credentials work before they are needed."},
	{"verify-method", loader.Warning, "Verify is not a GET or HEAD."},
	{"safe-entry", loader.Error, "An entry of `retries.safe` stands there twice, or is no method and path, or its method is safe anyway."},
	{"empty-section", loader.Error, "A map has none of the keys that would give it an effect."},
	{"unused-pagination", loader.Warning, "A key under `pagination` belongs to another kind, or has no effect beside another key."},
	{"page-flags", loader.Error, "Two of `has_more`, `has_next` and `last` look at the same path, and read it in different ways."},
	{"page-end", loader.Error, "A list with `offset.step` has nothing that ends it."},
	{"page-path", loader.Error, "A pattern under `pagination.paths` fits no path."},
	{"dead-condition", loader.Error, "A condition can never match: it asks for a `code` where `errors.code` says nowhere to look, for a status that no answer ends with, or for a plain text where none is looked into."},
	{"wide-condition", loader.Error, "A condition takes every successful answer for a failure."},
	{"shadowed-rule", loader.Error, "A rule is never reached: an earlier one matches whatever it matches."},

	// Samples.
	{"missing-sample", loader.Warning, "There is no sample of an api call, a token answer, an error, a rate limit, or the verify call, where the version declares one."},
	{"sample-request", loader.Error, "An api sample, or one of a look-up, has no request."},
	{"duplicate-sample", loader.Warning, "Two samples answer the same request with the same status."},
	{"sample-token", loader.Error, "A token sample does not fit `token_response`: a path leads nowhere, the type of token is unknown, it would not count as success, or its expiry is not where it is looked for."},
	{"sample-look-up", loader.Error, "A sample of a look-up holds no value, or no list, where the field looks; or one of another form. Or no field is looked up there."},
	{"sample-error", loader.Error, "An error sample would not be read as an error, or has neither code nor message where `errors` says; or no sample has one of them."},
	{"sample-rate-limit", loader.Error, "A rate_limited sample is not detected, a rule calls it something else, or the wait it names cannot be read."},
	{"sample-page", loader.Error, "No sample is a list where `pagination.items` says, or none shows how the list goes on; or so it is for a path of `pagination.paths` that has a sample."},
	{"sample-last-page", loader.Warning, "Each sample of a list says that there is no more, so that nothing shows how one goes on."},

	// Operations.
	{"operation-docs", loader.Warning, "An operation does not link the provider's page about it."},
	{"operation-effect", loader.Warning, "The name of an operation says another effect than its method, and `effect` is not stated."},
	{"operation-schema", loader.Error, "The `input` of an operation, or the schema of its output, is no JSON Schema; an input has no description, or a default that does not fit."},
	{"operation-output", loader.Error, "The sample that answers an operation has nothing where `output` or `pages` looks."},

	// Notes.
	{"note-sentence", loader.Warning, "A note or comment does not begin with a capital or the name of a key, or does not end in a full stop."},
	{"note-length", loader.Warning, "A note has more than 300 letters."},
	{"note-words", loader.Warning, "A note praises."},
	{"note-source", loader.Warning, "A note says all, never, only or a number, and links no page that says so."},
	{"template-left", loader.Warning, "A text that `blueprints new` writes still stands there."},
	{"note-key", loader.Warning, "A note is about a key that the format does not have, or about a field that the version does not declare."},
}

var severities = func() map[string]loader.Severity {
	m := map[string]loader.Severity{}
	for _, r := range rules {
		m[r.Code] = r.Severity
	}
	return m
}()
