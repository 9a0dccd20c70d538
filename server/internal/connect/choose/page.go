// Package choose lets users choose what only the provider can list, such as one of their
// accounts, after they have consented: on a page of this server ([Chooser]), or on the
// product's own ([Fields]).
package choose

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/flow"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/input"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// Engine is what this package needs of an engine.
type Engine interface {
	Choices(ctx context.Context, k engine.Key, field string) ([]engine.Choice, error)
	Connection(ctx context.Context, k engine.Key) (*engine.Connection, error)
	Describe(name string) (*engine.Description, error)
	OpenFields(c *engine.Connection) ([]engine.InputField, error)
	SetFields(ctx context.Context, k engine.Key, fields map[string]string) (*engine.Connection, error)
}

// A Chooser lets users choose on a page of this server.
type Chooser struct {
	Engine Engine
	Flows  *flow.Store
	Teller *result.Teller
	Site   *site.Site
	Now    func() time.Time
}

// life is how long a user has to choose.
const life = 15 * time.Minute

// Show answers with a page on which the user chooses a field of the connection, and reports
// whether it did. It does not if nothing is to be chosen, or the provider does not list the
// choices; the flow then ends with fields that are open. wrong is shown above the choices.
func (c *Chooser) Show(ctx context.Context, w *answer.Writer, f *flow.Flow, made *engine.Connection, wrong string) bool {
	open, err := c.Engine.OpenFields(made)
	if err != nil {
		return false
	}
	i := slices.IndexFunc(open, func(f engine.InputField) bool { return f.Choice })
	if i < 0 {
		return false
	}
	choices, err := c.Engine.Choices(ctx, made.Key, open[i].Name)
	if err != nil || len(choices) == 0 {
		return false
	}
	token := rand.Text()
	kept := *f
	kept.Pending, kept.Device = "", ""
	if c.Flows.Begin(w, flow.Choice, ident.ShortHash(token), &kept, c.Now().Add(life), false) != nil {
		return false
	}
	w.Connection = f.Key
	page.Show(w, c.Site.Look(), page.Page{
		Status: http.StatusOK, Title: "One more step", Text: wrong,
		Form: &page.Form{Action: c.Site.Path("/oauth/choose"), Token: token, Field: open[i].Name, Title: open[i].Title, Description: open[i].Description, Choices: choices},
	})
	return true
}

// Chosen is POST /oauth/choose: what the user has chosen.
func (c *Chooser) Chosen(w *answer.Writer) {
	ctx, cancel := flow.Ending(w.Request.Context())
	defer cancel()
	q, err := input.BrowserForm(w)
	if err != nil {
		c.Teller.Fail(w, fault.Param("the form cannot be read, or is too large"))
		return
	}
	id := ident.ShortHash(q.Get("token"))
	f, unknown := c.Flows.Take(ctx, flow.Choice, id)
	if unknown == nil && !c.Flows.SameBrowser(w.Request, id, f) {
		unknown = fault.New(http.StatusBadRequest, "state_cookie_err", "this browser has not begun the authorization")
	}
	if unknown != nil {
		c.Teller.Fail(w, unknown)
		return
	}
	c.Flows.ForgetBrowser(w, id)
	wrong := ""
	made, failed := c.Engine.SetFields(ctx, f.Key, map[string]string{q.Get("field"): q.Get("value")})
	if failed != nil {
		if wrong = "That could not be chosen. Try again."; engine.ErrorKind(failed) != engine.KindClient {
			wrong = "The provider does not answer just now. Try again."
		}
		if made, failed = c.Engine.Connection(ctx, f.Key); failed != nil {
			c.Teller.Tell(w, f.To, result.Result{Key: f.Key, Err: fault.OfConsent(failed)})
			return
		}
	}
	open, _ := c.Engine.OpenFields(made)
	if len(open) > 0 && c.Show(ctx, w, f, made, wrong) {
		return
	}
	c.Teller.Tell(w, f.To, result.Result{Key: f.Key, Pending: len(open) > 0})
}
