package loader

import (
	"fmt"
	"strings"

	"github.com/nango-lite/nango-lite/loader/internal/tree"
	"github.com/nango-lite/nango-lite/schema"
)

// scopesWarning returns a warning about scopes that seem to be joined by another mark than
// the API's: the provider would take them for one scope that it does not know.
func scopesWarning(i *schema.Integration, n *tree.Node) (Diagnostic, bool) {
	if i.OAuthScopes == nil || n == nil {
		return Diagnostic{}, false
	}
	separator := " "
	if i.Auth.ScopeSeparator != nil {
		separator = *i.Auth.ScopeSeparator
	}
	texts := i.OAuthScopes.List
	inList := texts != nil
	if !inList {
		texts = []string{i.OAuthScopes.Verbatim}
	}
	for at, text := range texts {
		text = strings.TrimSpace(text)
		if strings.Contains(text, separator) && strings.TrimSpace(separator) != "" && !inList || !strings.ContainsAny(text, " ,;") {
			continue
		}
		if !inList && separator == " " && !strings.ContainsAny(text, ",;") {
			continue
		}
		place := n.Origin
		what := fmt.Sprintf("this API joins scopes by %q, and this text by something else", separator)
		if inList && at < len(n.Items) {
			place, what = n.Items[at].Origin, "this item of the list reads like several scopes"
		}
		return Diagnostic{
			Place: placeOf(place), Severity: Warning, Code: "scope-separator", Message: what, Hint: "write a list with an item for each scope",
		}, true
	}
	return Diagnostic{}, false
}
