package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// columns are the rows of [Page.Coverage] that the overviews show, with what
// stands above them.
var columns = []struct{ key, short, long string }{
	{rowAuth, "auth", "connections can be made, by the mode of the version"},
	{rowRefresh, "refresh", "tokens are refreshed by themselves"},
	{rowLimit, "limits", "rate limits are detected and waited for"},
	{rowTimeout, "timeouts", "calls are made again after a timeout, where that is safe"},
	{rowAny, "any path", "any endpoint of the API can be called"},
	{rowPages, "pages", "lists are walked to their end"},
	{rowErrors, "errors", "errors are mapped to what the caller can do"},
	{rowVerify, "proof", "a cheap call proves a connection"},
	{rowRevoke, "revoke", "a grant is taken back when a connection is removed"},
	{rowSandbox, "sandbox", "documented answers to play without an account"},
}

// row returns the row of a page with a key.
func (p *Page) row(key string) Row {
	i := slices.IndexFunc(p.Coverage, func(r Row) bool { return r.Key == key })
	return p.Coverage[i]
}

// pagesOf returns the pages of all versions, by name and version.
func pagesOf(catalog []*schema.Blueprint) []*Page {
	var out []*Page
	for _, b := range catalog {
		out = append(out, All(b)...)
	}
	return out
}

// Catalog returns the whole catalog as a page of Markdown.
func Catalog(catalog []*schema.Blueprint) []byte {
	pages := pagesOf(catalog)
	modes := map[schema.AuthMode]int{}
	for _, p := range pages {
		modes[p.AuthMode]++
	}
	var counts []string
	for _, mode := range slices.Sorted(maps.Keys(modes)) {
		counts = append(counts, fmt.Sprintf("%d × %s", modes[mode], modeName(mode)))
	}
	var b strings.Builder
	f := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	f("<!-- Made from the blueprints: go generate ./cmd/nango-lite/... -->\n\n# The catalog\n\n")
	f("%s, %s: %s. `nango-lite blueprints show NAME` prints the page of an entry, `nango-lite blueprints docs -o DIR` all of them as a site.\n\n",
		plural(len(catalog), "API"), plural(len(pages), "version"), strings.Join(counts, ", "))
	f("![For each version, which parts are covered; the table below says the same](catalog.svg)\n\n")
	f("✓ covered, ✗ not covered, – there is nothing to cover. A version in ~~strokes~~ is deprecated.\n\n")
	f("| API | version | mode |")
	for _, c := range columns {
		f(" %s |", c.short)
	}
	f("\n| --- | --- | --- |%s\n", strings.Repeat(" :-: |", len(columns)))
	for _, p := range pages {
		name := inline(p.DisplayName)
		if p.DocsURL != "" {
			name = "[" + name + "](" + p.DocsURL + ")"
		}
		ref := "`" + p.Ref() + "`"
		if p.Deprecated() {
			ref = "~~" + ref + "~~"
		}
		f("| %s | %s | %s |", name, ref, modeName(p.AuthMode))
		for _, c := range columns {
			f(" %s |", p.row(c.key).Mark())
		}
		f("\n")
	}
	f("\n## What the columns mean\n\n| column | means that | test behind it |\n| --- | --- | --- |\n")
	for _, c := range columns {
		f("| %s | %s | %s |\n", c.short, c.long, tests(behindColumn(pages, c.key)))
	}
	return []byte(b.String())
}

// behindColumn are the tests that any page names for a row.
func behindColumn(pages []*Page, key string) []Test {
	var out []Test
	for _, p := range pages {
		for _, t := range p.row(key).Tests {
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}
