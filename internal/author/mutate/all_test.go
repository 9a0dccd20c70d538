//go:build mutation

package mutate

import (
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
)

const openFile = "../../../docs/decisions/0054-mutation-of-all.md"

// A kind of survivors that may be, and why.
type kind struct {
	path    *regexp.Regexp
	because string
}

func pathLike(pattern, because string) kind {
	return kind{regexp.MustCompile("^(?:" + pattern + ")"), because}
}

// kinds are those of the table in 0054.
var kinds = []kind{
	pathLike(`credentials\.[^.]+\.secret$`, "a credential is a secret whatever the blueprint says"),
	pathLike(`auth\.scopes$`, "it tells readers why no scopes are asked for"),
	pathLike(`auth\.default_scopes`, "which scopes are asked for where nobody says is a choice: the sandbox grants any"),
	pathLike(`auth\.client_name$`, "it is shown to people"),
	pathLike(`auth\.(refresh_token_lifetime|refresh_margin|refresh_grace|token_lifetime|jwt\.lifetime)_seconds$`, "a second, or a margin, is lost in when the engine looks"),
	pathLike(`requests\.errors\.rules\.`, "it says by status what the engine assumes anyway, or no sample shows what it names"),
	pathLike(`requests\.errors\.`, "words and codes are found where they usually stand as well, or no sample shows them there"),
	pathLike(`requests\.pagination\.limit\.request$`, "without a largest page the engine leaves the size to the provider"),
	pathLike(`requests\.pagination\.`, "no sample shows this list, or how it ends"),
	pathLike(`requests\.rate_limit\.`, "429 is a limit anyway, or no sample shows this answer"),
	pathLike(`requests\.retries\.`, "it repeats a default, or no sample shows this path"),
	pathLike(`requests\.verify\.`, "the sandbox takes any body and any query that the sample does not hold"),
	pathLike(`notes\.[0-9]+\.when`, "no sample shows the answer that the note is about"),
	pathLike(`operations\.`, "no sample shows it"),
	pathLike(`connection\.[^.]+\.(format|pattern|optional|default|enum|from|secret)`, "the value of the bench is of both forms"),
}

// TestMutationOfAll is the named command; see -all.
func TestMutationOfAll(t *testing.T) {
	if !*all {
		return
	}
	listed, err := ReadSurvivors(openFile)
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for _, s := range listed {
		open[s.key()] = true
	}
	catalog, problems := loader.Builtin()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	index, problems := catalog.Index()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var refs []string
	for _, e := range index {
		for _, v := range e.Versions {
			if ref := e.Name + ":" + v.Name; !slices.Contains(entries, ref) {
				refs = append(refs, ref)
			}
		}
	}
	survived := mutate(t, refs)
	counts := map[string]int{}
	for _, key := range slices.Sorted(maps.Keys(survived)) {
		at := slices.IndexFunc(kinds, func(k kind) bool { return k.path.MatchString(survived[key].Path) })
		switch {
		case at >= 0:
			counts[kinds[at].because]++
		case !open[key]:
			t.Errorf("survives, is of no kind that may, and is not listed: | %s |", key)
		}
		delete(open, key)
	}
	for _, key := range slices.Sorted(maps.Keys(open)) {
		t.Errorf("does not survive any more, but is listed: | %s |", key)
	}
	for _, because := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d because %s", counts[because], because)
	}
}
