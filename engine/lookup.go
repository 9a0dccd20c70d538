package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// A lookUp is a connection field that a request finds (from: request), with the
// request's templates parsed.
type lookUp struct {
	schema.ConnectionField
	name   string
	to     schema.Template // of the URL, or of the path below base_url
	atBase bool            // what every call of the API has goes along
}

func newLookUps(in *schema.Integration) ([]lookUp, error) {
	order, cycle := schema.LookUps(in.Connection, &in.Requests)
	if len(cycle) > 0 {
		return nil, fmt.Errorf("connection: the look-ups of %s need each other", strings.Join(cycle, ", "))
	}
	var out []lookUp
	for _, name := range order {
		l := lookUp{ConnectionField: in.Connection[name], name: name}
		var err error
		if l.to, err = schema.ParseTemplate(l.Request.URL + l.Request.Path); err != nil {
			return nil, fmt.Errorf("connection.%s.request: %w", name, err)
		}
		if _, err = parseMap(l.Request.Params); err != nil {
			return nil, fmt.Errorf("connection.%s.request.params: %w", name, err)
		}
		l.atBase = l.Request.AtBase(in.Requests.BaseURL)
		out = append(out, l)
	}
	return out, nil
}

// lookUpFields looks up what c does not carry yet, each field after those that it needs.
// What is there was chosen beforehand, as far as fresh says so, and must be among
// the choices. Where there are several and none is chosen, the field is left open, as
// is what needs it.
func (e *Engine) lookUpFields(ctx context.Context, op string, in *integration, c *Connection, session layer.Session, fresh func(name string) bool) error {
	for i := range in.lookUps {
		l := &in.lookUps[i]
		_, has := in.carried(c, l.name)
		if has && (l.List == nil || !fresh(l.name)) || in.waits(c, l) {
			continue
		}
		if err := e.lookUpField(ctx, op, in, c, session, l); err != nil && (!l.Optional || has || ctx.Err() != nil) {
			return err
		}
	}
	return nil
}

func (e *Engine) lookUpField(ctx context.Context, op string, in *integration, c *Connection, session layer.Session, l *lookUp) error {
	doc, err := e.lookUp(ctx, op, in, c, session, l)
	if err != nil {
		return err
	}
	v, kind, reason := l.value(in, c, doc)
	if v != "" {
		if misfits := misfit(l.Field, in.auth.patterns["connection."+l.name], v); misfits != "" {
			kind, reason = KindInvalidResponse, "was looked up and "+misfits
		}
	}
	if reason != "" {
		return &Error{Op: op, Key: c.Key, Kind: kind, Detail: "connection." + l.name + " " + reason}
	}
	if v != "" {
		in.setField(c, l.name, v)
	}
	return nil
}

// value takes the value out of an answer, or says why it cannot. It is empty where
// there is nothing to set: the value was chosen beforehand, is still to be chosen, or
// the default will do.
func (l *lookUp) value(in *integration, c *Connection, doc any) (v string, kind Kind, reason string) {
	if l.List == nil {
		if v, _ = schema.TextAt(doc, l.path()); v == "" && l.Default == "" {
			return "", KindInvalidResponse, "was looked up, and the answer has no value for it"
		}
		return v, "", ""
	}
	choices, ok := l.choices(doc)
	chosen, has := in.carried(c, l.name)
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

func (l *lookUp) path() string {
	if l.Path == "" {
		return l.name
	}
	return l.Path
}

// choices returns what of the answer there is to choose from; false if there is no
// list where it should be.
func (l *lookUp) choices(doc any) ([]Choice, bool) {
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

// templates returns what must be known to make a look-up.
func (in *integration) templates(l *lookUp) []string {
	texts := []string{l.Request.URL, l.Request.Path}
	if l.Request.Path != "" {
		texts = append(texts, in.Requests.BaseURL)
	}
	texts = slices.AppendSeq(texts, maps.Values(l.Request.Headers))
	return slices.AppendSeq(texts, maps.Values(l.Request.Params))
}

// waits reports whether a look-up needs a field that is still open.
func (in *integration) waits(c *Connection, l *lookUp) bool {
	return slices.ContainsFunc(in.templates(l), func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && in.unknown(c, t)
	})
}

// uses reports whether a look-up uses a connection field.
func (in *integration) uses(l *lookUp, field string) bool {
	return slices.ContainsFunc(in.templates(l), func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && slices.Contains(t.Refs(), "connection."+field)
	})
}

// unknown reports whether t needs a field that is looked up and not there yet.
func (in *integration) unknown(c *Connection, t schema.Template) bool {
	var missing *render.MissingError
	_, err := render.Text(t, in.valuesAt(c, time.Now())) // what is generated is not what it lacks
	return errors.As(err, &missing) && in.lookUpOf(missing.Name) != nil
}

// lookUpOf returns what a placeholder is looked up by, or nil.
func (in *integration) lookUpOf(placeholder string) *lookUp {
	name, ok := strings.CutPrefix(placeholder, "connection.")
	i := slices.IndexFunc(in.lookUps, func(l lookUp) bool { return ok && l.name == name })
	if i < 0 {
		return nil
	}
	return &in.lookUps[i]
}

// explainOpen says of a call that misses a looked-up field what to do about it.
func (in *integration) explainOpen(e *Error, placeholder string) {
	if in.lookUpOf(placeholder) != nil {
		e.Kind, e.Err = KindClient, ErrOpenField
	}
}

// verifyWaits reports whether the verify call needs a field that is still open.
func (in *integration) verifyWaits(c *Connection) bool {
	texts := []string{in.Requests.BaseURL, in.Requests.Verify.Path}
	texts = slices.AppendSeq(texts, maps.Values(in.Requests.Headers))
	texts = slices.AppendSeq(texts, maps.Values(in.Requests.Params))
	if method := in.Requests.Verify.Method; method != "" && method != http.MethodGet {
		texts = slices.AppendSeq(texts, maps.Values(in.Requests.Body))
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && in.unknown(c, t)
	})
}
