package choose

import (
	"errors"
	"net/http"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// An openField is what the user has still to choose, as GET and POST answer.
type openField struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Choices     []choice `json:"choices,omitempty"`
}

type choice struct {
	Value string `json:"value"`
	Title string `json:"title"`
}

// Fields are the routes for pages of the product's, on which it lets the user choose.
type Fields struct {
	Engine   Engine
	Sessions *session.Sessions
}

// Open is GET /connect/fields/{integration}: what the connection that a session
// has made still lacks.
func (f *Fields) Open(w *answer.Writer) {
	k, ok := f.madeBy(w)
	if !ok {
		return
	}
	c, err := f.Engine.Connection(w.Request.Context(), k)
	if err != nil {
		fault.OfTyped(err).Answer(w)
		return
	}
	f.showOpen(w, c)
}

// Set is POST /connect/fields/{integration}.
func (f *Fields) Set(w *answer.Writer) {
	k, ok := f.madeBy(w)
	if !ok {
		return
	}
	var body struct {
		Fields map[string]string `json:"fields"`
	}
	if !input.JSON(w, &body) {
		return
	}
	described, err := f.Engine.Describe(k.Integration)
	if err == nil {
		for name := range body.Fields {
			if !slices.ContainsFunc(described.Choices, func(c engine.InputField) bool { return c.Name == name }) {
				w.Fail(http.StatusBadRequest, "invalid_body", "fields has a member that is none to choose")
				return
			}
		}
	}
	c, err := f.Engine.SetFields(w.Request.Context(), k, body.Fields)
	if err != nil {
		fault.OfTyped(err).Answer(w)
		return
	}
	f.showOpen(w, c)
}

// madeBy returns the connection that the session of a request has made.
func (f *Fields) madeBy(w *answer.Writer) (engine.Key, bool) {
	k := engine.Key{Integration: w.Request.PathValue("integration")}
	by := f.Sessions.Of(w)
	if by == nil {
		return k, false
	}
	k.ConnectionID = by.ConnectionID
	if !slices.Contains(by.Made, k.Integration) {
		w.Fail(http.StatusForbidden, "forbidden", "the connect session has made no connection of this integration")
		return k, false
	}
	w.Connection = k
	return k, true
}

func (f *Fields) showOpen(w *answer.Writer, c *engine.Connection) {
	open, err := f.Engine.OpenFields(c)
	if err != nil {
		fault.OfTyped(err).Answer(w)
		return
	}
	shown := []openField{}
	for _, field := range open {
		o := openField{Name: field.Name, Title: field.Title, Description: field.Description}
		if field.Choice {
			choices, err := f.Engine.Choices(w.Request.Context(), c.Key, field.Name)
			if err != nil && !errors.Is(err, engine.ErrOpenField) { // it waits for another choice
				fault.OfTyped(err).Answer(w)
				return
			}
			for _, c := range choices {
				o.Choices = append(o.Choices, choice{c.Value, c.Title})
			}
		}
		shown = append(shown, o)
	}
	w.JSON(http.StatusOK, map[string]any{"data": map[string]any{
		"providerConfigKey": c.Key.Integration, "connectionId": c.Key.ConnectionID, "open": shown,
	}})
}
