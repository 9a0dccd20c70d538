// Package hosted is the connect page that this server itself shows: what a connect
// session allows, a form for what the user has to type, and what came of it. Pages of
// products open it by its link, in a popup or in a frame; see [Script]. Start with [Hosted].
package hosted

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/ask"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Route is where the page is, for GET and for POST.
const Route = "/connect"

// Engine is what the page needs of an engine.
type Engine interface {
	Describe(name string) (*engine.Description, error)
	Integrations() []*schema.Integration
	OpenFields(c *engine.Connection) ([]engine.InputField, error)
}

// A Typer connects with what the user has typed; see package typed.
type Typer interface {
	Connect(ctx context.Context, a *ask.Ask) (*engine.Connection, error)
}

// A Sender sends a browser to the provider's page; see package consent.
type Sender interface {
	// Send answers with a page that leads to the provider, or says why it cannot.
	Send(w *answer.Writer, a *ask.Ask) *fault.Error
}

// Hosted shows the page.
type Hosted struct {
	Engine   Engine
	Sessions *session.Store
	Ask      *ask.Reader
	Typer    Typer
	Sender   Sender
	Teller   *result.Teller
	Site     *site.Site
}

// A visit is one look at the page.
type visit struct {
	*session.Session
	token  string
	origin string // of the page that shows ours in a frame, or has opened it; empty: none
}

// Show is GET: the list of what may be connected, or the form of one integration.
func (h *Hosted) Show(w *answer.Writer) {
	q := form.Parse(w.Request.URL.RawQuery)
	v, refused := h.visit(w, q)
	if refused != nil {
		h.Teller.Fail(w, refused)
		return
	}
	name := q.Get("integration")
	names := h.connectable(v)
	if name == "" && len(names) == 1 && !slices.Contains(v.Made, names[0]) {
		name = names[0]
	}
	if name == "" {
		h.showList(w, v, names)
		return
	}
	d, refused := h.described(v, name)
	if refused != nil {
		h.Teller.Tell(w, h.to(v), result.Result{Key: engine.Key{Integration: name}, Err: refused})
		return
	}
	h.showForm(w, v, d, nil, nil, nil)
}

// visit finds out for whom the page is.
func (h *Hosted) visit(w *answer.Writer, q url.Values) (*visit, *fault.Error) {
	s, refused := h.Sessions.ByToken(w.Request.Context(), q.Get("session_token"))
	if refused != nil {
		return nil, refused
	}
	v := &visit{Session: s, token: q.Get("session_token"), origin: q.Get("origin")}
	return v, h.Site.CheckProduct(v.origin)
}

// described describes an integration that the session may connect.
func (h *Hosted) described(v *visit, name string) (*engine.Description, *fault.Error) {
	if refused := v.May(name); refused != nil {
		return nil, refused
	}
	d, err := h.Engine.Describe(name)
	if err != nil {
		return nil, fault.New(http.StatusNotFound, "unknown_config_key", "there is no such integration")
	}
	return d, nil
}

// connectable are the integrations that a session allows.
func (h *Hosted) connectable(v *visit) []string {
	if len(v.Allowed) > 0 {
		return v.Allowed
	}
	var names []string
	for _, in := range h.Engine.Integrations() {
		names = append(names, in.Name)
	}
	return names
}

// to is where the result of what is begun here is told: to the page, which may have
// opened a window for it.
func (h *Hosted) to(v *visit) result.Destination {
	return result.Destination{Origin: h.Site.Origin(), Product: v.origin, Back: h.path(v, "")}
}

// path is the address of the page, or of the form of one integration.
func (h *Hosted) path(v *visit, integration string) string {
	return h.Site.ConnectPage(v.token, v.origin, integration)
}

// Submit is POST: what the user has typed.
func (h *Hosted) Submit(w *answer.Writer) {
	q, err := input.BrowserForm(w)
	if err != nil {
		h.Teller.Fail(w, fault.Param("the form cannot be read, or is too large"))
		return
	}
	if input.FromElsewhere(w.Request) {
		h.Teller.Fail(w, fault.New(http.StatusForbidden, "forbidden", "the form was sent from a page of another server"))
		return
	}
	v, refused := h.visit(w, q)
	if refused != nil {
		h.Teller.Fail(w, refused)
		return
	}
	d, refused := h.described(v, q.Get("integration"))
	if refused != nil {
		h.Teller.Tell(w, h.to(v), result.Result{Key: engine.Key{Integration: q.Get("integration")}, Err: refused})
		return
	}
	h.connect(w, v, d, q)
}

// connect goes on with what the user has typed: to the provider's page, or to the end.
func (h *Hosted) connect(w *answer.Writer, v *visit, d *engine.Description, q url.Values) {
	values, wrong := h.read(v, d, q)
	if len(wrong) > 0 {
		h.showForm(w, v, d, values, wrong, nil)
		return
	}
	a, refused := h.Ask.Typed(v.Session, d, values)
	if refused != nil {
		h.showForm(w, v, d, values, nil, refused)
		return
	}
	a.To, w.Connection = h.to(v), a.Key
	if d.Consent {
		if refused := h.Sender.Send(w, a); refused != nil {
			h.showForm(w, v, d, values, nil, refused)
		}
		return
	}
	made, err := h.Typer.Connect(w.Request.Context(), a)
	if err != nil {
		h.showForm(w, v, d, values, nil, fault.OfTyped(err))
		return
	}
	open, err := h.Engine.OpenFields(made)
	h.Teller.Tell(w, a.To, result.Result{Key: a.Key, Pending: err == nil && len(open) > 0})
}

// read takes the values of a form, and says which are wrong and how, by field. What the
// product has settled is not asked for.
func (h *Hosted) read(v *visit, d *engine.Description, q url.Values) (values, wrong map[string]string) {
	values, wrong = map[string]string{}, map[string]string{}
	for _, f := range h.asked(v, d) {
		text := q.Get(fieldName(f.Name))
		if text != "" {
			values[f.Name] = text
		}
		if err := f.Check(text); err != nil {
			wrong[f.Name] = f.Title + " " + err.Error() + "."
		}
	}
	return values, wrong
}
