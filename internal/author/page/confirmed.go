package page

import (
	_ "embed" // for held and drawn
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// What confirms the values of a version, the strongest first.
const (
	byDocument = "document"
	byPage     = "page"
	bySources  = "two sources"
)

var confirmations = []struct{ by, means string }{
	{byDocument, "the provider publishes a document of the API (OpenAPI, Google discovery). CI holds the version against it: `nango-lite blueprints verify` compares addresses, scopes, paths, methods, headers, parameters, page sizes, samples and errors, and finds no difference but those that the corrections name with their page"},
	{byPage, "there is no such document. The provider's pages say the values: more than half of the samples, which show paths, parameters, answers and errors, link the page"},
	{bySources, "neither. The values are those on which independent sources agree; pages are linked where one was found"},
}

// held lists the versions that CI holds against documents, as "name:version document…";
// the documents themselves may not be passed on. Made by the test TestHeld of the
// package verify, which also holds it to what is there.
//
//go:embed held.txt
var held string

// drawn is about the draws of versions that were checked by hand. People write it.
//
//go:embed confirmed.md
var drawn string

// documents returns the names of the documents by version.
func documents() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(held) {
		if f := strings.Fields(line); len(f) > 1 {
			out[f[0]] = f[1:]
		}
	}
	return out
}

// confirmedBy says what confirms the values of v, which has a name such as notion:v0.
func confirmedBy(ref string, v *schema.Version) string {
	if documents()[ref] != nil {
		return byDocument
	}
	linked := 0
	for _, s := range v.Samples {
		if s.DocsURL != "" {
			linked++
		}
	}
	if 2*linked > len(v.Samples) {
		return byPage
	}
	return bySources
}

// writeConfirmed counts the versions by mode, and by what confirms them.
func writeConfirmed(b *strings.Builder, pages []*Page) {
	counts := map[schema.AuthMode]map[string]int{}
	sum := map[string]int{}
	for _, p := range pages {
		if counts[p.AuthMode] == nil {
			counts[p.AuthMode] = map[string]int{}
		}
		counts[p.AuthMode][p.ConfirmedBy]++
		sum[p.ConfirmedBy]++
	}
	b.WriteString("\n## What confirms the values\n\n| confirmed by | versions | means that |\n| --- | --: | --- |\n")
	for _, c := range confirmations {
		fmt.Fprintf(b, "| %s | %d | %s |\n", c.by, sum[c.by], c.means)
	}
	b.WriteString("\n| mode | versions |")
	for _, c := range confirmations {
		fmt.Fprintf(b, " %s |", c.by)
	}
	fmt.Fprintf(b, "\n| --- | --: |%s\n", strings.Repeat(" --: |", len(confirmations)))
	row := func(name string, by map[string]int) {
		all := 0
		for _, n := range by {
			all += n
		}
		fmt.Fprintf(b, "| %s | %d |", name, all)
		for _, c := range confirmations {
			fmt.Fprintf(b, " %d |", by[c.by])
		}
		b.WriteString("\n")
	}
	for _, mode := range slices.Sorted(maps.Keys(counts)) {
		row(modeName(mode), counts[mode])
	}
	row("all", sum)
	b.WriteString("\n" + drawn)
}
