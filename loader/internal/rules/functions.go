package rules

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// functions checks what the functions of a template are given.
func (r *checker) functions(n *tree.Node, t schema.Template) {
	var wrong *schema.FunctionError
	if !errors.As(t.CheckFunctions(), &wrong) {
		return
	}
	hint := ""
	if wrong.Unknown {
		hint = suggest.DidYouMean(wrong.Func, slices.Sorted(maps.Keys(schema.Functions)))
	}
	r.report(n.Origin, "bad-function", wrong.Error(), hint)
}

// requestFields are what request.* knows.
var requestFields = []string{"body", "host", "method", "path", "query"}

// requestField says why ${request.<field>} has no value at path, or "". It needs a
// whole request.
func requestField(field string, path []string) (reason, hint string) {
	if !slices.Contains(requestFields, field) {
		return "a request has method, host, path, query and body", suggest.DidYouMean(field, requestFields)
	}
	in := strings.Join(path[:max(0, len(path)-1)], ".")
	if in == "auth.token_headers" || strings.HasPrefix(in, "auth.signature.") || strings.HasPrefix(in, "auth.steps.") && strings.HasSuffix(in, ".headers") {
		return "", ""
	}
	return "only auth.signature, auth.token_headers and the headers of auth.steps know the request that they stand in", ""
}

// spoken returns what a template says itself, other than to functions.
func spoken(text string) string {
	t, err := schema.ParseTemplate(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	for _, p := range t.Parts {
		b.WriteString(p.Literal)
		for _, ref := range p.Refs {
			b.WriteString(ref.Literal)
		}
	}
	return b.String()
}
