package schema_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

// The kinds are those of the schema, each has a section of its name, and each is known.
func TestPaginationKindsAreThoseOfTheSchema(t *testing.T) {
	text, err := os.ReadFile("definitions.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs struct {
			Pagination struct {
				Properties map[string]struct{ Enum []string }
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	properties := doc.Defs.Pagination.Properties
	if got := properties["kind"].Enum; !slices.Equal(got, schema.PaginationKinds) {
		t.Errorf("the schema has the kinds %q, Go has %q", got, schema.PaginationKinds)
	}
	for _, kind := range schema.PaginationKinds {
		if _, ok := properties[kind]; !ok {
			t.Errorf("kind %s has no section", kind)
		}
		if p := (&schema.Pagination{Kind: kind}); p.Lacks() == "this kind of pagination is not known" {
			t.Errorf("kind %s is not known", kind)
		}
	}
	if p := (&schema.Pagination{Kind: "tide"}); p.Lacks() != "this kind of pagination is not known" {
		t.Errorf("an unknown kind lacks %q", p.Lacks())
	}
}
