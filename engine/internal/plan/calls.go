package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// Calls is an integration's requests section with its templates parsed.
type Calls struct {
	BaseURL               schema.Template
	Headers, Params, Body FieldSets
	Verify                schema.Template // path of the verify call
}

// FieldSets part headers or parameters into those that a call gets, those that grant
// access, and others that each attempt gets.
type FieldSets struct {
	Plain, Secret []render.Field

	// Each holds what is made anew for each attempt, and headers that are the same for all:
	// a call needs no copy of its headers for those.
	Each []render.Field
}

// All returns every field. Those that grant nothing yield to the caller's own.
func (s *FieldSets) All() []render.Field {
	all := s.Late()
	for _, f := range s.Plain {
		f.Yields = true
		all = append(all, f)
	}
	return all
}

// Late returns what is added to an attempt rather than to a call.
func (s *FieldSets) Late() []render.Field { return slices.Concat(s.Secret, s.Each) }

func newCalls(in *Integration) (*Calls, error) {
	p := &Calls{}
	var err error
	if p.BaseURL, err = schema.ParseTemplate(in.Requests.BaseURL); err != nil {
		return nil, fmt.Errorf("requests.base_url: %w", err)
	}
	for _, sets := range []struct {
		key    string
		values map[string]string
		to     *FieldSets
	}{{"headers", in.Requests.Headers, &p.Headers}, {"params", in.Requests.Params, &p.Params}, {"body", in.Requests.Body, &p.Body}} {
		if *sets.to, err = readFields(in, sets.key, sets.values); err != nil {
			return nil, err
		}
	}
	if v := in.Requests.Verify; v != nil {
		if p.Verify, err = schema.ParseTemplate(v.Path); err != nil {
			return nil, fmt.Errorf("requests.verify.path: %w", err)
		}
	}
	return p, nil
}

// IsSecret reports whether a placeholder stands for what grants access.
func (in *Integration) IsSecret(name string) bool {
	return schema.IsCredential(name, func(namespace, field string) bool {
		return namespace == "credentials" || in.Connection[field].Secret
	})
}

// readFields parses headers or params, in the order of their names. What came from a
// variable counts as a secret: who keeps it out of the file has a reason.
func readFields(in *Integration, key string, values map[string]string) (FieldSets, error) {
	var sets FieldSets
	for _, name := range slices.Sorted(maps.Keys(values)) {
		t, err := schema.ParseTemplate(values[name])
		if err != nil {
			return sets, fmt.Errorf("requests.%s.%s: %w", key, name, err)
		}
		f := render.Field{Name: name, Value: t}
		switch {
		case slices.ContainsFunc(t.Refs(), in.IsSecret) || fromVariable(in, "requests."+key+"."+name):
			sets.Secret = append(sets.Secret, f)
		case t.Generated() || key == "headers" && t.Constant() && !isIdempotencyKey(in, name):
			f.Yields = true
			sets.Each = append(sets.Each, f)
		default:
			sets.Plain = append(sets.Plain, f)
		}
	}
	return sets, nil
}

// isIdempotencyKey reports whether a header makes repetitions harmless: whether a call
// has it is asked before its first attempt.
func isIdempotencyKey(in *Integration, name string) bool {
	return in.Requests.Retries != nil && strings.EqualFold(in.Requests.Retries.IdempotencyKey, name)
}

func fromVariable(in *Integration, path string) bool {
	return slices.ContainsFunc(in.Values, func(v schema.Value) bool {
		return v.Origin.Reference != "" && strings.EqualFold(v.Path, path)
	})
}
