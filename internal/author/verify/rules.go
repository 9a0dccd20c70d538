package verify

import (
	"slices"

	"github.com/nango-lite/nango-lite/loader"
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
