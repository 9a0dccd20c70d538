package engine

import (
	"context"
	"fmt"
	"strconv"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/schema"
)

// lookUpFields looks up what c does not carry yet, each field after those that it needs.
// What is there was chosen beforehand, as far as fresh says so, and must be among
// the choices. Where there are several and none is chosen, the field is left open, as
// is what needs it.
func (e *Engine) lookUpFields(ctx context.Context, op string, in *integration, c *Connection, session layer.Session, fresh func(name string) bool) error {
	for i := range in.LookUps {
		l := &in.LookUps[i]
		_, has := in.Carried(c, l.Name)
		if has && (l.List == nil || !fresh(l.Name)) || in.Waits(c, l) {
			continue
		}
		if err := e.lookUpField(ctx, op, in, c, session, l); err != nil && (!l.Optional || has || ctx.Err() != nil) {
			return err
		}
	}
	return nil
}

func (e *Engine) lookUpField(ctx context.Context, op string, in *integration, c *Connection, session layer.Session, l *plan.LookUp) error {
	doc, err := e.lookUp(ctx, op, in, c, session, l)
	if err != nil {
		return err
	}
	v, kind, reason := lookedUp(l, in, c, doc)
	if v != "" {
		if misfits := plan.Misfit(l.Field, in.Parsed.Patterns["connection."+l.Name], v); misfits != "" {
			kind, reason = KindInvalidResponse, "was looked up and "+misfits
		}
	}
	if reason != "" {
		return &Error{Op: op, Key: c.Key, Kind: kind, Detail: "connection." + l.Name + " " + reason}
	}
	if v != "" {
		in.SetField(c, l.Name, v)
	}
	return nil
}

// lookedUp takes the value out of an answer, or says why it cannot. It is empty where
// there is nothing to set: the value was chosen beforehand, is still to be chosen, or
// the default will do.
func lookedUp(l *plan.LookUp, in *integration, c *Connection, doc any) (v string, kind Kind, reason string) {
	if l.List == nil {
		if v, _ = schema.TextAt(doc, l.JSONPath()); v == "" && l.Default == "" {
			return "", KindInvalidResponse, "was looked up, and the answer has no value for it"
		}
		return v, "", ""
	}
	choices, ok := choicesOf(l, doc)
	chosen, has := in.Carried(c, l.Name)
	switch {
	case !ok:
		return "", KindInvalidResponse, "is looked up in a list, and the answer has none at " + strconv.Quote(l.List.Items)
	case has && !hasChoice(choices, chosen):
		return "", KindClient, fmt.Sprintf("is none of the %d that there are to choose from", len(choices))
	case !has && len(choices) == 1:
		return choices[0].Value, "", ""
	case !has && len(choices) == 0 && l.Default == "":
		return "", KindDenied, "has nothing to choose from: whoever connected has access to none"
	}
	return "", "", ""
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

// explainOpen says of a call that misses a looked-up field what to do about it.
func (in *integration) explainOpen(e *Error, placeholder string) {
	if in.LookUpOf(placeholder) != nil {
		e.Kind, e.Err = KindClient, ErrOpenField
	}
}
