package schema

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// An Operation is a named call of the API: one request, made of inputs.
//
// Texts in Request are templates that may hold ${input.name}; see [ParseTemplate]. A
// template that is one placeholder keeps the type of its value. An optional input that
// is not given removes the member, parameter or header that it stands in.
type Operation struct {
	Summary     string           `json:"summary,omitempty"`     // one sentence
	Description string           `json:"description,omitempty"` // what else is worth knowing
	DocsURL     string           `json:"docs_url,omitempty"`
	Effect      Effect           `json:"effect,omitempty"` // empty: by method; see [Operation.Does]
	Repeat      Repeat           `json:"repeat,omitempty"` // empty: by effect and method; see [Operation.Repeats]
	Request     OperationRequest `json:"request"`
	Input       map[string]any   `json:"input,omitempty"` // JSON Schema of an object; nil: no inputs
	Pages       *Pages           `json:"pages,omitempty"` // nil: one answer
	Output      *Output          `json:"output,omitempty"`

	// Checker holds inputs to Input. The loader supplies it; whoever builds an
	// Operation with an Input by hand has to as well. It is safe for concurrent use.
	Checker InputChecker `json:"-"`
}

// An InputChecker says where an input, decoded by encoding/json, is not as the schema
// of the operation wants it. The messages quote no value.
type InputChecker interface {
	CheckInput(input any) []InputProblem
}

// An InputProblem is one place of an input that is not as it should be.
type InputProblem struct {
	Path    string // dotted; empty: the input as a whole
	Message string
}

// An OperationRequest is what an operation asks.
type OperationRequest struct {
	Method     string            `json:"method,omitempty"` // empty: GET
	Path       string            `json:"path"`             // below base_url; each input is one segment, or part of one
	Params     Tree              `json:"params,omitempty"` // query; scalars, or lists whose elements repeat the parameter
	Headers    map[string]string `json:"headers,omitempty"`
	Body       any               `json:"body,omitempty"`        // nil: none
	BodyFormat string            `json:"body_format,omitempty"` // json (the default) or form
	Join       string            `json:"join,omitempty"`        // between the elements of a list in params; empty: the parameter repeats
}

// UnmarshalJSON reads an operation. Numbers stay as they are written.
func (o *Operation) UnmarshalJSON(b []byte) error {
	type plain Operation
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode((*plain)(o))
}

// An Effect is what an operation does to the data of the API.
type Effect string

// The effects.
const (
	EffectRead    Effect = "read"    // changes nothing
	EffectWrite   Effect = "write"   // adds or changes
	EffectDestroy Effect = "destroy" // takes away
)

// A Repeat says whether an operation may be asked for again where it is not known
// whether it was done.
type Repeat string

// The ways to repeat.
const (
	RepeatSafe       Repeat = "safe"       // it changes nothing
	RepeatIdempotent Repeat = "idempotent" // twice is as good as once
	RepeatNever      Repeat = "never"      // twice is twice
)

// Does returns the effect: what is declared, or what the method says (RFC 9110 9.2):
// GET and HEAD read, DELETE destroys, all others write.
func (o *Operation) Does() Effect {
	if o.Effect != "" {
		return o.Effect
	}
	switch o.Request.Verb() {
	case http.MethodGet, http.MethodHead:
		return EffectRead
	case http.MethodDelete:
		return EffectDestroy
	}
	return EffectWrite
}

// Repeats returns what is declared; by default what reads is safe, PUT and DELETE are
// idempotent (RFC 9110 9.2.2), and all else is never repeated, unless the API takes
// an idempotency key, which makes every operation idempotent that does not say never.
func (o *Operation) Repeats(idempotencyKey bool) Repeat {
	switch {
	case o.Repeat != "":
		return o.Repeat
	case o.Does() == EffectRead:
		return RepeatSafe
	case idempotencyKey, o.Request.Verb() == http.MethodPut, o.Request.Verb() == http.MethodDelete:
		return RepeatIdempotent
	}
	return RepeatNever
}

// Verb returns the method, GET by default.
func (r *OperationRequest) Verb() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// Form reports whether the body is a form.
func (r *OperationRequest) Form() bool { return r.BodyFormat == "form" }

// An Output says what of the answer is the result. The zero Output is the answer as it is.
type Output struct {
	Path   string            `json:"path,omitempty"`   // dotted; empty: the whole answer
	Fields map[string]string `json:"fields,omitempty"` // new name to dotted path below Path; of each element where that is a list
	Schema map[string]any    `json:"schema,omitempty"` // JSON Schema of the result, checked by the tools of authors alone
}

// Pages says that an operation reads a list that goes on.
type Pages struct {
	Pagination // laid over requests.pagination; zero: as that says
}

// UnmarshalJSON takes true, or what differs from requests.pagination.
func (p *Pages) UnmarshalJSON(b []byte) error {
	if string(b) == "true" {
		*p = Pages{}
		return nil
	}
	return json.Unmarshal(b, &p.Pagination)
}

// An Input is one of the inputs of an operation, for forms, flags and help.
type Input struct {
	Name        string
	Title       string
	Description string
	Type        string // of JSON Schema; empty: any
	Required    bool
	Enum        []any
	Default     any // nil: none
	Schema      map[string]any
}

// Inputs returns the inputs, the required ones first, each by name.
func (o *Operation) Inputs() []Input {
	properties, _ := o.Input["properties"].(map[string]any)
	required, _ := o.Input["required"].([]any)
	out := make([]Input, 0, len(properties))
	for name, p := range properties {
		in := Input{Name: name, Required: slices.Contains(required, any(name))}
		in.Schema, _ = p.(map[string]any)
		in.Title, _ = in.Schema["title"].(string)
		in.Description, _ = in.Schema["description"].(string)
		in.Type, _ = in.Schema["type"].(string)
		in.Enum, _ = in.Schema["enum"].([]any)
		in.Default = in.Schema["default"]
		out = append(out, in)
	}
	slices.SortFunc(out, func(a, b Input) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}
