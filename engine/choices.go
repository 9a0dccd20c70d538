package engine

import (
	"context"
	"errors"
	"slices"
	"strconv"
)

// ErrOpenField is in an error of KindClient that says that a connection does not carry
// yet what a call needs: [Engine.OpenFields] says which fields that may be,
// [Engine.Choices] what they can be, and [Engine.SetFields] sets them.
var ErrOpenField = errors.New("the field is still open: choose it, or have it looked up")

// A Choice is one of the values that a connection field can have.
type Choice struct {
	Value string `json:"value"`
	Title string `json:"title"` // what a person knows it by
}

func hasChoice(choices []Choice, v string) bool {
	return slices.ContainsFunc(choices, func(c Choice) bool { return c.Value == v })
}

// OpenFields returns the fields that c should carry and does not: those that are
// looked up and wait for a choice among several (see [Engine.Choices]) or for such a
// choice in another field, and those that were declared after c was made.
// [Engine.SetFields] sets them. Calls that need one fail with KindClient until then.
func (e *Engine) OpenFields(c *Connection) ([]InputField, error) {
	in, err := e.integration(c.Key.Integration)
	if err != nil {
		return nil, err
	}
	var open []InputField
	for _, name := range in.ConnectionNames() {
		f := in.Connection[name]
		if _, ok := in.Value(c, "connection."+name); !ok && !f.Optional {
			open = append(open, in.connectionInput(name))
		}
	}
	return open, nil
}

// Choices asks the provider what the field of k's connection can be. What it is now
// does not matter. It fails with KindClient if the field is none to choose, or if its
// look-up needs another field that is still open.
func (e *Engine) Choices(ctx context.Context, k Key, field string) ([]Choice, error) {
	const op = "choices"
	in, err := e.integration(k.Integration)
	if err != nil {
		return nil, err
	}
	c, err := e.load(ctx, in, k)
	if err != nil {
		return nil, err
	}
	l := in.LookUpOf("connection." + field)
	if l == nil || l.List == nil {
		return nil, &Error{Op: op, Key: k, Kind: KindClient, Detail: "the integration declares no connection field " + strconv.Quote(field) + " to choose"}
	}
	if in.Waits(c, l) {
		return nil, &Error{Op: op, Key: k, Kind: KindClient, Detail: "the look-up of connection." + field + " needs another field", Err: ErrOpenField}
	}
	doc, err := e.lookUp(ctx, op, in, c, e.session(in, k), l)
	if err != nil {
		return nil, err
	}
	choices, ok := choicesOf(l, doc)
	if !ok {
		return nil, lookUpFailed(l, &Error{Op: op, Key: k, Kind: KindInvalidResponse, Detail: "the answer has no list at " + strconv.Quote(l.List.Items)})
	}
	return choices, nil
}
