package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/schema"
)

// A LookUp is a connection field that a request finds (from: request), with the
// request's templates parsed.
type LookUp struct {
	schema.ConnectionField
	Name   string
	To     schema.Template // of the URL, or of the path below base_url
	AtBase bool            // what every call of the API has goes along
}

func newLookUps(in *schema.Integration) ([]LookUp, error) {
	order, cycle := schema.LookUps(in.Connection, &in.Requests)
	if len(cycle) > 0 {
		return nil, fmt.Errorf("connection: the look-ups of %s need each other", strings.Join(cycle, ", "))
	}
	var out []LookUp
	for _, name := range order {
		l := LookUp{ConnectionField: in.Connection[name], Name: name}
		var err error
		if l.To, err = schema.ParseTemplate(l.Request.URL + l.Request.Path); err != nil {
			return nil, fmt.Errorf("connection.%s.request: %w", name, err)
		}
		if _, err = parseMap(l.Request.Params); err != nil {
			return nil, fmt.Errorf("connection.%s.request.params: %w", name, err)
		}
		l.AtBase = l.Request.AtBase(in.Requests.BaseURL)
		out = append(out, l)
	}
	return out, nil
}

// JSONPath returns where in the answer, or in an item of its list, the value stands.
func (l *LookUp) JSONPath() string {
	if l.Path == "" {
		return l.Name
	}
	return l.Path
}

// LookUpOf returns what a placeholder is looked up by, or nil.
func (in *Integration) LookUpOf(placeholder string) *LookUp {
	name, ok := strings.CutPrefix(placeholder, "connection.")
	i := slices.IndexFunc(in.LookUps, func(l LookUp) bool { return ok && l.Name == name })
	if i < 0 {
		return nil
	}
	return &in.LookUps[i]
}
