package operation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/internal/rawjson"
	"github.com/nango-lite/nango-lite/schema"
)

// Result picks the result out of an answer, or out of an item of a list. The error says
// which path the answer lacks.
func (o *Operation) Result(answer json.RawMessage) (json.RawMessage, error) {
	if o.Output == nil {
		return answer, nil
	}
	if o.Output.Path != "" {
		inner, ok := schema.RawAt(answer, o.Output.Path)
		if !ok {
			return nil, fmt.Errorf("the answer has nothing at output.path, %s", o.Output.Path)
		}
		answer = inner
	}
	if len(o.Output.Fields) == 0 {
		return answer, nil
	}
	list, isList := rawjson.Elements(answer)
	if !isList {
		return o.picked(answer), nil
	}
	out := []byte{'['}
	for i, element := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, o.picked(element)...)
	}
	return append(out, ']'), nil
}

// A field is a member of a result: where it stands in the answer.
type field struct {
	name       []byte // as JSON, with the colon
	path       string
	head, rest string // path, cut at its first dot
}

func fieldsOf(o *schema.Output) []field {
	if o == nil {
		return nil
	}
	var fields []field
	for _, name := range slices.Sorted(maps.Keys(o.Fields)) {
		written, _ := json.Marshal(name) // a string always marshals
		path := o.Fields[name]
		head, rest, _ := strings.Cut(path, ".")
		fields = append(fields, field{append(written, ':'), path, head, rest})
	}
	return fields
}

// picked makes a result of an object in one go through it. What the object does not
// have, the result has not either.
func (o *Operation) picked(object json.RawMessage) json.RawMessage {
	found := make([]json.RawMessage, 2*len(o.fields)) // of the whole path, and of its head
	whole, below := found[:len(o.fields)], found[len(o.fields):]
	rawjson.Members(object, func(name, value json.RawMessage) {
		for i := range o.fields {
			switch f := &o.fields[i]; {
			case rawjson.Named(name, f.path):
				whole[i] = value
			case f.rest != "" && rawjson.Named(name, f.head):
				below[i] = value
			}
		}
	})
	out := make(json.RawMessage, 1, len(object)+2)
	out[0] = '{'
	for i := range o.fields {
		v := whole[i]
		if v == nil && below[i] != nil {
			v, _ = schema.RawAt(below[i], o.fields[i].rest)
		}
		if v == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(out, o.fields[i].name...), v...)
	}
	return append(out, '}')
}
