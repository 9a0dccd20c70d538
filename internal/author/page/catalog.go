package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/author/bench"
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

// Catalog returns the whole catalog as a page of Markdown, with what the bench
// has found.
func Catalog(catalog []*schema.Blueprint, reports []bench.Report) []byte {
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
	f("<!-- Made from the blueprints: go generate ./internal/author/... -->\n\n# The catalog\n\n")
	f("%s, %s: %s. `nango-lite blueprints show NAME` prints the page of an entry, `nango-lite blueprints docs -o DIR` all of them as a site.\n\n",
		plural(len(catalog), "API"), plural(len(pages), "version"), strings.Join(counts, ", "))
	f("![For each version, which parts are covered; the table below says the same](catalog.svg)\n\n")
	f("✓ covered, ✗ not covered, – there is nothing to cover. A version in ~~strokes~~ is deprecated.\n\n")
	f("| API | version | mode |")
	for _, c := range columns {
		f(" %s |", c.short)
	}
	f(" confirmed by |\n| --- | --- | --- |%s --- |\n", strings.Repeat(" :-: |", len(columns)))
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
		f(" %s |\n", p.ConfirmedBy)
	}
	f("\n| column | means that |\n| --- | --- |\n")
	for _, c := range columns {
		f("| %s | %s |\n", c.short, c.long)
	}
	f("| confirmed by | what is behind the values: see [below](#what-confirms-the-values) |\n")
	writeSteps(&b, reports)
	writeConfirmed(&b, pages)
	return []byte(b.String())
}

// writeSteps writes which steps each version has, and that they passed.
func writeSteps(b *strings.Builder, reports []bench.Report) {
	passed := 0
	for _, r := range reports {
		passed += stepsOf(&r, bench.Passed)
	}
	fmt.Fprintf(b, "\n## Steps\n\nThe bench plays each version against the sandbox, with the version's own samples: %s, %s. `nango-lite blueprints test NAME` plays one again. ✓ passed, ✗ failed, – the version has no such step.\n\n| version |",
		plural(len(reports), "version"), plural(passed, "step"))
	for _, step := range bench.Steps() {
		fmt.Fprintf(b, " %s |", step)
	}
	fmt.Fprintf(b, "\n| --- |%s\n", strings.Repeat(" :-: |", len(bench.Steps())))
	for _, r := range reports {
		fmt.Fprintf(b, "| `%s` |", r.Entry)
		for _, step := range bench.Steps() {
			fmt.Fprintf(b, " %s |", map[bench.Status]string{bench.Passed: "✓", bench.Failed: "✗", bench.Absent: "–"}[r.Step(step).Status])
		}
		b.WriteString("\n")
	}
	var unplayed []string
	for _, r := range reports {
		if stepsOf(&r, bench.Absent) == len(r.Steps) && len(r.Steps) > 0 {
			unplayed = append(unplayed, fmt.Sprintf("- `%s`: %s.", r.Entry, inline(r.Steps[0].Detail)))
		}
	}
	if len(unplayed) > 0 {
		fmt.Fprintf(b, "\nNot played:\n\n%s\n", strings.Join(unplayed, "\n"))
	}
}

// stepsOf counts the steps with a status.
func stepsOf(r *bench.Report, status bench.Status) int {
	n := 0
	for _, s := range r.Steps {
		if s.Status == status {
			n++
		}
	}
	return n
}
