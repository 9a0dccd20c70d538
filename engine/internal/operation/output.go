package operation

import (
	"encoding/json"
	"fmt"

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
	var list []json.RawMessage
	if json.Unmarshal(answer, &list) != nil || list == nil {
		return o.picked(answer)
	}
	for i := range list {
		var err error
		if list[i], err = o.picked(list[i]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(list)
}

// picked returns the fields of one object; what it lacks is left out.
func (o *Operation) picked(object json.RawMessage) (json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(o.Output.Fields))
	for name, path := range o.Output.Fields {
		if v, ok := schema.RawAt(object, path); ok {
			out[name] = v
		}
	}
	return json.Marshal(out)
}
