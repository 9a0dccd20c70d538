package bench

import (
	"bytes"
	"encoding/json"

	"github.com/nango-lite/nango-lite/schema"
)

// plain returns v as decoded JSON, numbers as they were written.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return decode(b)
}

// decode returns JSON decoded, or nil.
func decode(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// encode writes v in one form only, so that equal values are equal texts.
func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// text is a scalar as text; anything else is "".
func text(v any) string {
	t, _ := schema.Scalar(v)
	return t
}
