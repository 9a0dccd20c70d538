// Package check validates values against the JSON Schemas of package schema. It
// is the only package that knows the validator, whose panics, random order and
// wording end here. Start with [Integration].
package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/nango-lite/nango-lite/loader/internal/document"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// A Finding is one requirement that a value does not meet.
type Finding struct {
	Path    []string // of the value, in names and indexes
	Keyword string   // of JSON Schema, such as "enum"
	Want    any      // what the schema says under Keyword, as encoding/json decodes it
	Names   []string // required: the missing keys; additionalProperties: the unknown ones
	Known   []string // additionalProperties: the keys there are
}

// A Schema is one of the three. It is compiled when a value first does not meet it,
// and is safe for concurrent use.
type Schema struct {
	compiled func() (*jsonschema.Schema, error)
	doc      func() map[string]any
}

// The schemas.
var (
	Integrations = newSchema(schema.IntegrationsJSON, document.Integrations) // an integrations file
	Integration  = newSchema(schema.IntegrationJSON, document.Integration)   // a resolved integration
	Blueprint    = newSchema(schema.BlueprintJSON, document.Blueprint)       // a blueprint file
)

func newSchema(data []byte, doc func() map[string]any) *Schema {
	s := &Schema{doc: doc}
	s.compiled = sync.OnceValues(func() (*jsonschema.Schema, error) {
		c := jsonschema.NewCompiler()
		c.LoadURL = refuse
		id, _ := s.doc()["$id"].(string)
		// Of all that our schemas say, 2019-09 says the same. The validator's way to
		// 2020-12 looks for dynamic anchors all over the schema, at each of its nodes.
		asBefore := bytes.Replace(data, []byte("draft/2020-12/schema"), []byte("draft/2019-09/schema"), 1)
		if err := c.AddResource(id, bytes.NewReader(asBefore)); err != nil {
			return nil, err
		}
		return c.Compile(id)
	})
	return s
}

// Validate returns what is wrong with v, which holds what [tree.Node.JSON]
// makes, in no particular order.
func (s *Schema) Validate(v any) (findings []Finding, err error) {
	defer func() {
		if r := recover(); r != nil {
			findings, err = nil, fmt.Errorf("validate: %v", r)
		}
	}()
	if meets(s.doc(), v) {
		return nil, nil
	}
	compiled, err := s.compiled()
	if err != nil {
		return nil, err
	}
	err = compiled.Validate(v)
	if err == nil {
		return nil, nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return nil, err
	}
	c := collector{schema: s, value: v}
	c.collect(invalid)
	return c.findings, nil
}

type collector struct {
	schema   *Schema
	value    any
	findings []Finding
}

// collect walks down to the errors that say something.
func (c *collector) collect(e *jsonschema.ValidationError) {
	keyword := e.KeywordLocation[strings.LastIndexByte(e.KeywordLocation, '/')+1:]
	switch {
	case keyword == "oneOf":
		c.alternatives(e)
	case strings.Contains(e.KeywordLocation, "/propertyNames"):
		c.add(e, "propertyNames")
	case len(e.Causes) > 0:
		for _, cause := range e.Causes {
			c.collect(cause)
		}
	default:
		c.add(e, keyword)
	}
}

// alternatives goes on with the alternative whose type fits, or reports that
// none does.
func (c *collector) alternatives(e *jsonschema.ValidationError) {
	for _, branch := range e.Causes {
		sub := collector{schema: c.schema, value: c.value}
		sub.collect(branch)
		if !slices.ContainsFunc(sub.findings, func(f Finding) bool {
			return f.Keyword == "type" && len(f.Path) == len(pointer(e.InstanceLocation))
		}) {
			c.findings = append(c.findings, sub.findings...)
			return
		}
	}
	var types []any
	list, _ := c.at(e.AbsoluteKeywordLocation).([]any)
	for _, alternative := range list {
		if t, ok := alternative.(map[string]any)["type"]; ok {
			types = append(types, t)
		}
	}
	c.findings = append(c.findings, Finding{Path: pointer(e.InstanceLocation), Keyword: "type", Want: types})
}

func (c *collector) add(e *jsonschema.ValidationError, keyword string) {
	f := Finding{Path: pointer(e.InstanceLocation), Keyword: keyword, Want: c.at(e.AbsoluteKeywordLocation)}
	switch keyword {
	case "required":
		f.Names = c.missing(f)
	case "additionalProperties":
		c.unknown(&f, e)
	}
	c.findings = append(c.findings, f)
}

func (c *collector) missing(f Finding) (names []string) {
	have, _ := c.instance(f.Path).(map[string]any)
	want, _ := f.Want.([]any)
	for _, name := range want {
		if _, ok := have[name.(string)]; !ok {
			names = append(names, name.(string))
		}
	}
	return names
}

func (c *collector) unknown(f *Finding, e *jsonschema.ValidationError) {
	parent, _ := c.at(strings.TrimSuffix(e.AbsoluteKeywordLocation, "/additionalProperties")).(map[string]any)
	properties, _ := parent["properties"].(map[string]any)
	for name := range properties {
		f.Known = append(f.Known, name)
	}
	have, _ := c.instance(f.Path).(map[string]any)
	for name := range have {
		if _, ok := properties[name]; !ok {
			f.Names = append(f.Names, name)
		}
	}
	slices.Sort(f.Known)
	slices.Sort(f.Names)
}

// at returns what the schema says at an absolute keyword location.
func (c *collector) at(location string) any {
	_, fragment, _ := strings.Cut(location, "#")
	return follow(c.schema.doc(), pointer(fragment))
}

func (c *collector) instance(path []string) any { return follow(c.value, path) }

func follow(v any, path []string) any {
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// pointer splits a JSON pointer (RFC 6901), which the validator also escapes as a
// URL fragment.
func pointer(p string) []string {
	if p == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, step := range steps {
		if plain, err := url.PathUnescape(step); err == nil {
			step = plain
		}
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps
}

func refuse(id string) (io.ReadCloser, error) {
	return nil, fmt.Errorf("schema %s is not embedded", id)
}
