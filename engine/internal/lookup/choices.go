package lookup

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// ErrOpenField says that a connection does not carry yet what is needed.
var ErrOpenField = errors.New("the field is still open: choose it, or have it looked up")

// A Choice is one of the values that a connection field can have.
type Choice struct {
	Value string `json:"value"`
	Title string `json:"title"` // what a person knows it by
}

func hasChoice(choices []Choice, v string) bool {
	return slices.ContainsFunc(choices, func(c Choice) bool { return c.Value == v })
}

// Choices asks the provider what a field can be. What it is now does not matter.
func (o *Operation) Choices(ctx context.Context, field string) ([]Choice, error) {
	l := o.In.LookUpOf("connection." + field)
	if l == nil || l.List == nil {
		return nil, o.fail(fault.KindClient, "the integration declares no connection field "+strconv.Quote(field)+" to choose", nil)
	}
	if o.waits(l) {
		return nil, o.fail(fault.KindClient, "the look-up of connection."+field+" needs another field", ErrOpenField)
	}
	doc, err := o.ask(ctx, l)
	if err != nil {
		return nil, err
	}
	choices, ok := choicesOf(l, doc)
	if !ok {
		return nil, within(l, o.fail(fault.KindInvalidResponse, "the answer has no list at "+strconv.Quote(l.List.Items), nil))
	}
	return choices, nil
}

// choicesOf returns what of the answer there is to choose from; false if there is no
// list where it should be.
func choicesOf(l *plan.LookUp, doc any) ([]Choice, bool) {
	v, _ := schema.At(doc, l.List.Items)
	items, ok := v.([]any)
	if !ok {
		return nil, false
	}
	var out []Choice
	seen := map[string]bool{}
	for _, item := range items {
		when := schema.Condition{Body: l.List.When}
		fits := when.Matches(schema.Answer{Doc: func() any { return item }})
		value, ok := schema.TextAt(item, l.List.Value)
		if !fits || !ok || value == "" || seen[value] {
			continue
		}
		seen[value] = true
		c := Choice{Value: value, Title: value}
		if l.List.Title != "" {
			if title, ok := schema.TextAt(item, l.List.Title); ok && title != "" {
				c.Title = title
			}
		}
		out = append(out, c)
	}
	return out, true
}
