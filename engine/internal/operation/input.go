package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nango-lite/nango-lite/internal/suggest"
	"github.com/nango-lite/nango-lite/schema"
)

// An InputError says what is wrong with an input. It quotes no value.
type InputError struct {
	Operation string
	Problems  []schema.InputProblem
}

// Error lists the problems.
func (e *InputError) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Message
		if p.Path != "" {
			texts[i] = p.Path + ": " + p.Message
		}
	}
	return strings.Join(texts, "; ")
}

func (o *Operation) refuse(path, format string, args ...any) error {
	return &InputError{o.Name, []schema.InputProblem{{Path: path, Message: fmt.Sprintf(format, args...)}}}
}

// maxInput is the longest input that is read, in bytes of JSON.
const maxInput = 16 << 20

// CursorInput is the input that every operation with pages has beside its own: where the
// list goes on.
const CursorInput = "cursor"

// inputs returns input, which encoding/json writes as an object, as it is checked and
// used, with the defaults of what is not given, and the cursor of a list. A nil input is
// an empty one.
func (o *Operation) inputs(input any) (given map[string]any, cursor string, err error) {
	if given, err = object(input); err != nil {
		return nil, "", o.refuse("", "%s", err)
	}
	if v, ok := given[CursorInput]; ok && o.Pages != nil {
		if cursor, ok = v.(string); !ok {
			return nil, "", o.refuse(CursorInput, "it is the text that came as next_cursor with the page before")
		}
		delete(given, CursorInput)
	}
	given, err = o.checked(given)
	return given, cursor, err
}

func (o *Operation) checked(given map[string]any) (map[string]any, error) {
	var unknown []schema.InputProblem
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !o.declared(name) {
			message := "there is no such input"
			if near := suggest.Nearest(name, o.names()); near != "" {
				message += fmt.Sprintf("; did you mean %q?", near)
			}
			unknown = append(unknown, schema.InputProblem{Path: name, Message: message})
		}
	}
	for _, in := range o.inputList {
		if _, ok := given[in.Name]; ok {
			continue
		}
		if in.Default != nil {
			given[in.Name] = in.Default
		} else if in.Required {
			unknown = append(unknown, schema.InputProblem{Path: in.Name, Message: "this input is required"})
		}
	}
	if len(unknown) > 0 {
		return nil, &InputError{o.Name, unknown}
	}
	if o.Input == nil {
		return given, nil
	}
	if o.Checker == nil {
		return nil, o.refuse("", "the operation has inputs and nobody who checks them: load it with package loader, or set its Checker")
	}
	if problems := o.Checker.CheckInput(given); len(problems) > 0 {
		return nil, &InputError{o.Name, problems}
	}
	return given, nil
}

// texts reads a map that holds texts alone, as encoding/json would.
func texts(input any) (map[string]any, bool) {
	out, size := map[string]any{}, 0
	keep := func(name, text string) bool {
		out[name] = text
		size += len(name) + len(text)
		return size <= maxInput/8 && utf8.ValidString(name) && utf8.ValidString(text)
	}
	switch input := input.(type) {
	case map[string]string:
		for name, text := range input {
			if !keep(name, text) {
				return nil, false
			}
		}
		return out, true
	case map[string]any:
		for name, v := range input {
			if text, ok := v.(string); !ok || !keep(name, text) {
				return nil, false
			}
		}
		return out, true
	}
	return nil, false
}

// object reads what encoding/json makes of input. Numbers stay as they are written.
func object(input any) (map[string]any, error) {
	if input == nil {
		return map[string]any{}, nil
	}
	if plain, ok := texts(input); ok {
		return plain, nil
	}
	data, err := json.Marshal(input)
	if err != nil {
		return nil, errors.New("the input cannot be written as JSON")
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("the input is longer than %d MiB", maxInput>>20)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.New("the input is not JSON")
	}
	switch doc := doc.(type) {
	case nil:
		return map[string]any{}, nil
	case map[string]any:
		return doc, nil
	}
	return nil, errors.New("the input is not an object")
}
