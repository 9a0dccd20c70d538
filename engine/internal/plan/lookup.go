package plan

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/connection"
	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

// A LookUp is a connection field that a request finds (from: request), with the
// request's templates parsed.
type LookUp struct {
	schema.ConnectionField
	Name   string
	To     schema.Template // of the URL, or of the path below base_url
	AtBase bool            // what every call of the API has goes along
}

func newLookUps(in *schema.Integration) ([]LookUp, error) {
	order, cycle := schema.LookUps(in.Connection, &in.Requests)
	if len(cycle) > 0 {
		return nil, fmt.Errorf("connection: the look-ups of %s need each other", strings.Join(cycle, ", "))
	}
	var out []LookUp
	for _, name := range order {
		l := LookUp{ConnectionField: in.Connection[name], Name: name}
		var err error
		if l.To, err = schema.ParseTemplate(l.Request.URL + l.Request.Path); err != nil {
			return nil, fmt.Errorf("connection.%s.request: %w", name, err)
		}
		if _, err = parseMap(l.Request.Params); err != nil {
			return nil, fmt.Errorf("connection.%s.request.params: %w", name, err)
		}
		l.AtBase = l.Request.AtBase(in.Requests.BaseURL)
		out = append(out, l)
	}
	return out, nil
}

// JSONPath returns where in the answer, or in an item of its list, the value stands.
func (l *LookUp) JSONPath() string {
	if l.Path == "" {
		return l.Name
	}
	return l.Path
}

// templates returns what must be known to make a look-up.
func (in *Integration) templates(l *LookUp) []string {
	texts := []string{l.Request.URL, l.Request.Path}
	if l.Request.Path != "" {
		texts = append(texts, in.Requests.BaseURL)
	}
	texts = slices.AppendSeq(texts, maps.Values(l.Request.Headers))
	return slices.AppendSeq(texts, maps.Values(l.Request.Params))
}

// Waits reports whether a look-up needs a field that is still open.
func (in *Integration) Waits(c *connection.Connection, l *LookUp) bool {
	return slices.ContainsFunc(in.templates(l), func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && in.Unknown(c, t)
	})
}

// Uses reports whether a look-up uses a connection field.
func (in *Integration) Uses(l *LookUp, field string) bool {
	return slices.ContainsFunc(in.templates(l), func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && slices.Contains(t.Refs(), "connection."+field)
	})
}

// Unknown reports whether t needs a field that is looked up and not there yet.
func (in *Integration) Unknown(c *connection.Connection, t schema.Template) bool {
	var missing *render.MissingError
	_, err := render.Text(t, in.ValuesAt(c, time.Now())) // what is generated is not what it lacks
	return errors.As(err, &missing) && in.LookUpOf(missing.Name) != nil
}

// LookUpOf returns what a placeholder is looked up by, or nil.
func (in *Integration) LookUpOf(placeholder string) *LookUp {
	name, ok := strings.CutPrefix(placeholder, "connection.")
	i := slices.IndexFunc(in.LookUps, func(l LookUp) bool { return ok && l.Name == name })
	if i < 0 {
		return nil
	}
	return &in.LookUps[i]
}

// VerifyWaits reports whether the verify call needs a field that is still open.
func (in *Integration) VerifyWaits(c *connection.Connection) bool {
	texts := []string{in.Requests.BaseURL, in.Requests.Verify.Path}
	texts = slices.AppendSeq(texts, maps.Values(in.Requests.Headers))
	texts = slices.AppendSeq(texts, maps.Values(in.Requests.Params))
	if method := in.Requests.Verify.Method; method != "" && method != http.MethodGet {
		texts = slices.AppendSeq(texts, maps.Values(in.Requests.Body))
	}
	return slices.ContainsFunc(texts, func(text string) bool {
		t, err := schema.ParseTemplate(text)
		return err == nil && in.Unknown(c, t)
	})
}
