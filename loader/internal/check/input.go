package check

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nango-lite/nango-lite/schema"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// An Input is the JSON Schema of an operation's inputs, compiled when it is first
// needed. It implements [schema.InputChecker].
type Input struct {
	compiled func() (*jsonschema.Schema, error)
}

var _ schema.InputChecker = (*Input)(nil)

// inputID is the name of every such schema: none can refer to another.
const inputID = "https://nango-lite.dev/input.json"

// NewInput returns the checker of a schema, which must not be modified from now on.
func NewInput(doc map[string]any) *Input {
	return &Input{sync.OnceValues(func() (s *jsonschema.Schema, err error) {
		defer func() {
			if r := recover(); r != nil {
				s, err = nil, fmt.Errorf("it cannot be compiled: %v", r)
			}
		}()
		data, err := json.Marshal(doc)
		if err != nil {
			return nil, err
		}
		c := jsonschema.NewCompiler()
		c.Draft = jsonschema.Draft2020
		c.LoadURL = refuse
		c.AssertFormat = true
		if err := c.AddResource(inputID, strings.NewReader(string(data))); err != nil {
			return nil, err
		}
		return c.Compile(inputID)
	})}
}

// Problem returns what is wrong with the schema itself, with a dotted path, or nil.
func (i *Input) Problem() (path string, err error) {
	_, err = i.compiled()
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return "", err
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	return strings.Join(pointer(invalid.InstanceLocation), "."), errors.New(invalid.Message)
}

// CheckInput implements [schema.InputChecker].
func (i *Input) CheckInput(v any) (problems []schema.InputProblem) {
	compiled, err := i.compiled()
	if err != nil {
		return []schema.InputProblem{{Message: "the input schema of the operation is not one; validate says where"}}
	}
	defer func() {
		if r := recover(); r != nil {
			problems = []schema.InputProblem{{Message: "the input cannot be checked"}}
		}
	}()
	err = compiled.Validate(v)
	var invalid *jsonschema.ValidationError
	if err == nil || !errors.As(err, &invalid) {
		return nil
	}
	var leaves func(e *jsonschema.ValidationError)
	leaves = func(e *jsonschema.ValidationError) {
		keyword := e.KeywordLocation[strings.LastIndexByte(e.KeywordLocation, '/')+1:]
		if len(e.Causes) == 0 || keyword == "oneOf" || keyword == "anyOf" {
			problems = append(problems, schema.InputProblem{Path: strings.Join(pointer(e.InstanceLocation), "."), Message: words(keyword, e.Message)})
			return
		}
		for _, cause := range e.Causes {
			leaves(cause)
		}
	}
	leaves(invalid)
	slices.SortFunc(problems, func(a, b schema.InputProblem) int { return strings.Compare(a.Path+a.Message, b.Path+b.Message) })
	return slices.Compact(problems)
}

// words says what is wrong without the value, which the validator quotes here and there.
func words(keyword, message string) string {
	switch keyword {
	case "type", "enum", "const", "required", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
		"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "additionalProperties":
		return message // of these the schema alone
	case "pattern":
		return "does not match the pattern of the operation's schema"
	case "format":
		_, format, _ := strings.Cut(message, " is not valid ")
		return "is not a valid " + strings.Trim(format, "'")
	case "oneOf", "anyOf":
		return "is like none of the forms that the operation takes, or like several"
	case "multipleOf":
		return "is not a multiple of what the schema says"
	}
	return "is not as " + keyword + " of the operation's schema says"
}
