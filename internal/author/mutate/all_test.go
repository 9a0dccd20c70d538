//go:build mutation

package mutate

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
)

const openFile = "../../../docs/decisions/0054-mutation-of-all.md"

// A kind of survivors that may be, and why.
type kind struct {
	path    *regexp.Regexp
	because string
	change  func(string) bool // nil: any
}

func (k kind) holds(s Survivor) bool {
	return k.path.MatchString(s.Path) && (k.change == nil || k.change(s.Change))
}

// of is k for some changes only.
func (k kind) of(change func(string) bool) kind {
	k.change = change
	return k
}

// byOne reports whether a change is that of a number by one.
func byOne(change string) bool {
	was, is, _ := strings.Cut(change, " → ")
	a, err1 := strconv.Atoi(was)
	b, err2 := strconv.Atoi(is)
	return err1 == nil && err2 == nil && (a-b == 1 || b-a == 1)
}

func toNone(change string) bool { return change == "app → none" || change == "none → app" }

func pathLike(pattern, because string) kind {
	return kind{path: regexp.MustCompile("^(?:" + pattern + ")"), because: because}
}

// kinds are those of the table in 0054.
var kinds = []kind{
	pathLike(`credentials\.[^.]+\.secret$`, "a credential is a secret whatever the blueprint says"),
	pathLike(`auth\.scopes$`, "none or app tells readers why no scopes are asked for; the engine asks for none either way").of(toNone),
	pathLike(`auth\.refresh_token_lifetime_seconds$`, "a second is lost between two rounds of the keeper, which are a minute apart at least").of(byOne),
	pathLike(`auth\.refresh_grace_seconds$`, "the engine looks whether there is one; how long it is tells readers, and the sandbox"),
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

// leaveOutKinds takes those away that are of a kind which may survive, and says how many.
func leaveOutKinds(t *testing.T, survived map[string]Survivor) {
	counts := map[string]int{}
	for key, s := range survived {
		if at := slices.IndexFunc(kinds, func(k kind) bool { return k.holds(s) }); at >= 0 {
			counts[kinds[at].because]++
			delete(survived, key)
		}
	}
	for _, because := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%5d because %s", counts[because], because)
	}
}

// otherVersions are all versions of the catalog but the six.
func otherVersions(t *testing.T) (refs []string) {
	catalog, _ := loader.Builtin()
	index, problems := catalog.Index()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, e := range index {
		for _, v := range e.Versions {
			if ref := e.Name + ":" + v.Name; !slices.Contains(entries, ref) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}
