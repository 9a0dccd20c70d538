package render

import (
	"encoding/json"

	"github.com/nango-lite/nango-lite/schema"
)

// Typed gives the value of a placeholder as JSON has it, or false if it is text, or if
// there is none.
type Typed func(name string) (any, bool)

// JSON fills t for a place in a JSON document. A template that is one placeholder keeps
// the type of what it stands for: the number of now(), and what typed, which may be
// nil, gives. All else is text.
func JSON(t schema.Template, values Values, typed Typed) (any, error) {
	if len(t.Parts) != 1 || t.Parts[0].Refs == nil {
		return Text(t, values)
	}
	for i := range t.Parts[0].Refs {
		r := &t.Parts[0].Refs[i]
		if r.Name != "" && typed != nil {
			if v, ok := typed(r.Name); ok {
				return v, nil
			}
		}
		text, _, err := value(schema.Part{Refs: t.Parts[0].Refs[i : i+1]}, values)
		switch {
		case isMissing(err):
			continue
		case err != nil:
			return nil, err
		case r.Func == "now" && r.NowFormat() != "iso":
			return json.Number(text), nil
		}
		return text, nil
	}
	return nil, missing(t.Parts[0].Refs, values)
}
