package lookup

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
	"github.com/nango-lite/nango-lite/engine/internal/plan"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// templates returns what must be known to make a look-up.
func (t *Table) templates(l *plan.LookUp) []string {
	texts := []string{l.Request.URL, l.Request.Path}
	if l.Request.Path != "" {
		texts = append(texts, t.In.Requests.BaseURL)
	}
	texts = slices.AppendSeq(texts, maps.Values(l.Request.Headers))
	return slices.AppendSeq(texts, maps.Values(l.Request.Params))
}

// waits reports whether a look-up needs a field that is still open.
func (o *Operation) waits(l *plan.LookUp) bool {
	return slices.ContainsFunc(o.templates(l), func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && o.unknown(t)
	})
}

// uses reports whether a look-up uses a connection field.
func (t *Table) uses(l *plan.LookUp, field string) bool {
	return slices.ContainsFunc(t.templates(l), func(text string) bool {
		parsed, err := schema.ParseTemplate(text)
		return err == nil && slices.Contains(parsed.Refs(), "connection."+field)
	})
}

// unknown reports whether a template needs a field that is looked up and not there yet.
func (o *Operation) unknown(t schema.Template) bool {
	var missing *render.MissingError
	_, err := render.Text(t, o.In.ValuesAt(o.Conn, time.Now())) // what is generated is not what it lacks
	return errors.As(err, &missing) && o.In.LookUpOf(missing.Name) != nil
}

// VerifyWaits reports whether the verify call needs a field that is still open.
func (o *Operation) VerifyWaits() bool {
	texts := []string{o.In.Requests.BaseURL, o.In.Requests.Verify.Path}
	texts = slices.AppendSeq(texts, maps.Values(o.In.Requests.Headers))
	texts = slices.AppendSeq(texts, maps.Values(o.In.Requests.Params))
	if method := o.In.Requests.Verify.Method; method != "" && method != http.MethodGet {
		texts = slices.AppendSeq(texts, maps.Values(o.In.Requests.Body))
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && o.unknown(t)
	})
}

// Amend returns a copy of c with other values, and without what was looked up
// with those that it had.
func (t *Table) Amend(op string, c *connection.Connection, fields map[string]string) (*connection.Connection, error) {
	next := c.Clone()
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f, ok := t.In.Connection[name]
		if !ok || f.From != schema.FromUser && !f.IsChoice() {
			return nil, &fault.Error{Op: op, Key: c.Key, Kind: fault.KindClient, Detail: "the integration declares no connection field " + strconv.Quote(name) + " for the user"}
		}
		v := fields[name]
		if v != "" || f.From == schema.FromUser {
			var err error
			if v, err = t.In.CheckField(op, c.Key, "connection", name, f.Field, v); err != nil {
				return nil, err
			}
		}
		if was, _ := t.In.Carried(c, name); was != v {
			changed = append(changed, name)
		}
		t.In.SetField(next, name, v)
	}
	for i := range t.In.LookUps { // in their order, so that one look suffices
		l := &t.In.LookUps[i]
		stale := func(name string) bool { return t.uses(l, name) }
		if _, given := fields[l.Name]; !given && slices.ContainsFunc(changed, stale) {
			t.In.SetField(next, l.Name, "")
			changed = append(changed, l.Name)
		}
	}
	return next, nil
}
