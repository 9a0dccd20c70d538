package page

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/loader"
)

// TestUseOfEachMode shows, for invented blueprints of each mode, the block to paste,
// what the operator and what the users bring, and what is said of the authorization.
func TestUseOfEachMode(t *testing.T) {
	c := loader.NewCatalog(os.DirFS("../../../testdata/blueprints"))
	var got strings.Builder
	for _, ref := range []string{
		"beacon:v0", "beacon:v1", "guild:v0", "ledger:v0", "foundry:v0", "foundry:v2", "portcullis:v1", "portcullis:v2", "lighthouse:v0",
		"turnstile:v0", "lantern:v2", "mooring:v0", "semaphore:v0", "abacus:v0", "depot:v0", "depot:v2", "quirk-emarsys:v0", "quirk-shopback:v0", "keyed:v0",
	} {
		name, version, _ := strings.Cut(ref, ":")
		b, _, ok := c.Lookup(name)
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		p := Of(b, version)
		fmt.Fprintf(&got, "== %s\n%s", ref, p.Use.YAML)
		for _, in := range slices.Concat(p.Bring, p.Type) {
			fmt.Fprintf(&got, "%s: %s. %s\n", in.Name, in.Title, in.Description)
		}
		for _, f := range p.Auth {
			fmt.Fprintf(&got, "%s: %s\n", f.Label, strings.ReplaceAll(f.Value, "\n", " / "))
		}
		fmt.Fprintf(&got, "%s: %s\n%s: %s\n%s\n", p.Coverage[0].Part, p.Coverage[0].How, p.Coverage[8].Part, p.Coverage[8].How, p.Use.Connect[1])
	}
	golden(t, "use.txt", []byte(got.String()))
}

// A server whose only call is a POST is called by it.
func TestFirstCallIsAPost(t *testing.T) {
	want := `nango-lite call mcp-generic POST / -d '{"id":1,`
	if got := pageOf(t, "mcp-generic:v0").Use.Connect[1]; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s…", got, want)
	}
}
