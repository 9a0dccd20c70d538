package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
)

// A Tree holds members as JSON has them: texts, numbers, booleans, lists and objects.
// Each text in it, however deep, is a template; see [ParseTemplate]. A template that is
// one placeholder keeps the type of what it stands for where that has one, such as the
// number of now(). Numbers are of a type that encoding/json writes.
type Tree map[string]any

// UnmarshalJSON reads an object. Numbers stay as they are written.
func (t *Tree) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return err
	}
	*t = object
	return nil
}

// Text returns the text or scalar of a member as it is written, or "".
func (t Tree) Text(name string) string {
	text, _ := Scalar(t[name])
	return text
}

// Leaves returns the scalars by their dotted paths, as text, and what is empty as an
// empty text: what a form would hold.
func (t Tree) Leaves() map[string]string {
	if t == nil {
		return nil
	}
	out := make(map[string]string, len(t))
	for path, v := range LeavesOf(map[string]any(t)) {
		out[path], _ = Scalar(v)
	}
	return out
}

// LeavesOf returns what stands in a decoded document that is neither an object nor a
// list with something in it, by dotted path.
func LeavesOf(doc any) map[string]any {
	out := map[string]any{}
	leaves(doc, "", out)
	return out
}

func leaves(v any, path string, out map[string]any) {
	below := func(step string) string {
		if path == "" {
			return step
		}
		return path + "." + step
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 {
			for name, inner := range v {
				leaves(inner, below(name), out)
			}
			return
		}
	case []any:
		if len(v) > 0 {
			for i, inner := range v {
				leaves(inner, below(strconv.Itoa(i)), out)
			}
			return
		}
	}
	if path != "" {
		out[path] = v
	}
}

// Map returns a tree of the same shape, each text in it replaced by what f makes of it;
// path is where it stands, for errors.
func (t Tree) Map(f func(path, text string) (any, error)) (Tree, error) {
	if t == nil {
		return nil, nil
	}
	mapped, err := mapTexts(map[string]any(t), "", f)
	if err != nil {
		return nil, err
	}
	return mapped.(map[string]any), nil
}

func mapTexts(v any, path string, f func(path, text string) (any, error)) (any, error) {
	dot := path
	if dot != "" {
		dot += "."
	}
	var err error
	switch v := v.(type) {
	case string:
		return f(path, v)
	case map[string]any:
		out := maps.Clone(v)
		for name := range out {
			if out[name], err = mapTexts(v[name], dot+name, f); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i := range v {
			if out[i], err = mapTexts(v[i], dot+strconv.Itoa(i), f); err != nil {
				return nil, err
			}
		}
		return out, nil
	case nil, bool, json.Number, float64, int, int64:
		return v, nil
	}
	return nil, fmt.Errorf("%s: JSON has nothing like a %T", path, v)
}

// IsFlat reports whether a form or a query can hold t: no member is an object or a
// list.
func (t Tree) IsFlat() bool {
	for _, v := range t {
		if _, ok := Scalar(v); !ok {
			return false
		}
	}
	return true
}
