package page

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/internal/author/bench"
	"github.com/nango-lite/nango-lite/internal/author/verify"
	"github.com/nango-lite/nango-lite/loader"
	"github.com/nango-lite/nango-lite/schema"
)

func TestConfirmedBy(t *testing.T) {
	linked := schema.Sample{DocsURL: "https://docs.acme.example/x"}
	for want, v := range map[string]struct {
		ref     string
		samples []schema.Sample
	}{
		byDocument: {"notion:v1", nil},
		byPage:     {"acme:v0", []schema.Sample{linked, {}, linked}},
		bySources:  {"acme:v0", []schema.Sample{linked, {}}},
	} {
		if got := confirmedBy(v.ref, &schema.Version{Samples: v.samples}); got != want {
			t.Errorf("%s with %d samples: got %q, want %q", v.ref, len(v.samples), got, want)
		}
	}
	if got := confirmedBy("acme:v0", &schema.Version{}); got != bySources {
		t.Errorf("nothing linked: got %q, want %q", got, bySources)
	}
}

// The list of what is held against documents is made where they are at hand. What can be
// told without them has to agree: which versions there are, and which documents the
// corrections name.
func TestHeldIsOfTheCatalog(t *testing.T) {
	c, _ := loader.Builtin()
	refs, docs := bench.Refs(c), documents()
	for ref := range docs {
		if !slices.Contains(refs, ref) {
			t.Errorf("held.txt: there is no %s", ref)
		}
	}
	for _, ref := range refs {
		name, version, _ := strings.Cut(ref, ":")
		k, err := verify.Bundled(name)
		if err != nil {
			t.Fatal(err)
		}
		_, own := k.Versions[version]
		want := k.DocumentsOf(name, version)
		if (own || k.Documents != nil) && !slices.Equal(docs[ref], want) {
			t.Errorf("held.txt says %v of %s, its corrections %v", docs[ref], ref, want)
		}
	}
}

// The sums below are those of the rows above.
func TestConfirmedIsCounted(t *testing.T) {
	text := string(Catalog(bundled(t), nil))
	counts := map[string]int{}
	for line := range strings.Lines(text) {
		if cells := strings.Split(line, " | "); len(cells) == 3+len(columns)+1 {
			counts[strings.TrimSuffix(cells[len(cells)-1], " |\n")]++
		}
	}
	for _, c := range confirmations {
		if row := "| " + c.by + " | " + strconv.Itoa(counts[c.by]) + " | "; !strings.Contains(text, row) {
			t.Errorf("%d rows say %s, and the table below does not", counts[c.by], c.by)
		}
	}
	if counts[byDocument] == 0 || counts[byPage] == 0 {
		t.Errorf("got %v", counts)
	}
}
