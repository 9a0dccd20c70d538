package page

import (
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// An Operation is a named call of the API.
type Operation struct {
	Name    string        `json:"name"`
	Summary string        `json:"summary"`
	Effect  schema.Effect `json:"effect"`
	Repeat  schema.Repeat `json:"repeat"`
	Inputs  []string      `json:"inputs"` // the required ones first
	Needed  int           `json:"needed"` // how many of Inputs are required
	Pages   bool          `json:"pages,omitempty"`
	DocsURL string        `json:"docs_url,omitempty"`
}

// Takes are the inputs in words: those in brackets may be left out.
func (o Operation) Takes() string {
	words := slices.Clone(o.Inputs)
	for i := o.Needed; i < len(words); i++ {
		words[i] = "[" + words[i] + "]"
	}
	return strings.Join(words, " ")
}

// operations are those of a version, by name.
func operations(v *schema.Version) []Operation {
	out := []Operation{}
	keyed := v.Requests.Retries != nil && v.Requests.Retries.IdempotencyKey != ""
	for _, name := range slices.Sorted(maps.Keys(v.Operations)) {
		o := v.Operations[name]
		shown := Operation{
			Name: name, Summary: strings.Join(strings.Fields(o.Summary), " "), Effect: o.Does(), Repeat: o.Repeats(keyed),
			Inputs: []string{}, Pages: o.Pages != nil, DocsURL: o.DocsURL,
		}
		var optional []string
		for _, in := range o.Inputs() {
			if in.Required && in.Default == nil {
				shown.Inputs = append(shown.Inputs, in.Name)
			} else {
				optional = append(optional, in.Name)
			}
		}
		shown.Needed = len(shown.Inputs)
		shown.Inputs = append(shown.Inputs, optional...)
		out = append(out, shown)
	}
	return out
}
