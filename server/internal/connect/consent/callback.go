package consent

import (
	"context"
	"net/http"
	"net/url"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/flow"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/input"
)

// Callback is where providers send browsers back to: /oauth/callback, and one below it
// for each integration.
func (c *Consent) Callback(w *answer.Writer) {
	ctx, cancel := flow.Ending(w.Request.Context())
	defer cancel()
	query, err := callbackValues(w)
	if err != nil {
		c.Teller.Fail(w, err)
		return
	}
	state := query.Get("state")
	if state == "" {
		c.callbackWithoutState(w, query)
		return
	}
	id := ident.ShortHash(state)
	f, err := c.Flows.Take(ctx, flow.Callback, id)
	if err != nil {
		c.Teller.Fail(w, err)
		return
	}
	r := result.Result{Key: f.Key}
	if !c.Flows.SameBrowser(w.Request, id, f) {
		r.Err = fault.New(http.StatusBadRequest, "state_cookie_err", "this browser has not begun the authorization, or it began at another address of this server")
		f.To.Redirect, f.To.Origin = "", "" // they were for the browser that began
		c.Teller.Tell(w, f.To, r)
		return
	}
	c.Flows.ForgetBrowser(w, id)
	made, failed := c.exchange(ctx, w, f, query)
	if failed != nil {
		r.Err = failed
		c.Teller.Tell(w, f.To, r)
		return
	}
	c.connected(ctx, w, f, made)
}

// callbackValues are the parameters of a callback, from the query, or from the body of a
// form that the provider's page posts.
func callbackValues(w *answer.Writer) (url.Values, *fault.Error) {
	if w.Request.Method != http.MethodPost {
		return form.Parse(w.Request.URL.RawQuery), nil
	}
	if !input.IsForm(w) {
		return nil, fault.New(http.StatusUnsupportedMediaType, "callback_err", "a callback that is posted is a form")
	}
	query, err := input.BrowserForm(w)
	if err != nil {
		return nil, fault.New(http.StatusBadRequest, "callback_err", "the form cannot be read, or is too large")
	}
	return query, nil
}

// exchange makes the connection of a flow, if it may still be made.
func (c *Consent) exchange(ctx context.Context, w *answer.Writer, f *flow.Flow, query url.Values) (*engine.Connection, *fault.Error) {
	if err := c.stillAllowed(ctx, f); err != nil {
		return nil, err
	}
	p, err := engine.OpenPending(f.Pending, flow.Unsealed{})
	if err != nil {
		return nil, fault.OfConsent(err)
	}
	at, err := url.Parse(c.Site.Path(w.Request.URL.EscapedPath()))
	if err != nil {
		return nil, fault.New(http.StatusBadRequest, "callback_err", "the callback's address cannot be read")
	}
	at.RawQuery = query.Encode()
	made, err := c.Engine.ExchangeAt(ctx, p, at)
	if err != nil {
		return nil, fault.OfConsent(err)
	}
	return made, nil
}

// stillAllowed says if the session that a flow began with has been ended, or has made its
// connection meanwhile. That the session's time is over does not matter, for the flow has
// a time of its own.
func (c *Consent) stillAllowed(ctx context.Context, f *flow.Flow) *fault.Error {
	if f.Session == "" {
		return nil
	}
	by, err := c.Sessions.ByID(ctx, f.Session)
	if err != nil {
		return err
	}
	return by.May(f.Key.Integration)
}

// connected answers when a connection has been made: with what the user has still to
// choose, or else with the result.
func (c *Consent) connected(ctx context.Context, w *answer.Writer, f *flow.Flow, made *engine.Connection) {
	if f.Session != "" {
		c.Sessions.Made(ctx, f.Session, f.Key)
	}
	open, err := c.Engine.OpenFields(made)
	if err == nil && len(open) > 0 && c.Chooser.Show(ctx, w, f, made, "") {
		return
	}
	c.Teller.Tell(w, f.To, result.Result{Key: f.Key, Pending: len(open) > 0})
}

// callbackWithoutState answers a callback that does not say which flow it is of. If it says
// that the user was refused, it ends the browser's flow of that integration, so that no
// page waits for it. A code without a state is not used.
func (c *Consent) callbackWithoutState(w *answer.Writer, query url.Values) {
	refused := fault.New(http.StatusBadRequest, "state_err", "the callback does not say which authorization it belongs to (it has no state)")
	if !refusal(query) {
		c.Teller.Fail(w, refused)
		return
	}
	refused = fault.New(http.StatusBadRequest, "callback_err", "the provider did not grant the authorization, and did not say which (it sent no state)")
	if f := c.onlyFlow(w); f != nil {
		refused.Status = http.StatusOK
		c.Teller.Tell(w, f.To, result.Result{Key: f.Key, Err: refused})
		return
	}
	c.Teller.Fail(w, refused)
}

func refusal(query url.Values) bool {
	return query.Get("error") != "" || query.Has("denied") || query.Get("oauth_problem") != ""
}

// onlyFlow takes the flow of a browser that has just one of the callback's integration.
func (c *Consent) onlyFlow(w *answer.Writer) *flow.Flow {
	name := w.Request.PathValue("integration")
	var found []string
	for _, id := range c.Flows.IDs(w.Request) {
		f, unknown := c.Flows.Look(w.Request.Context(), flow.Callback, id)
		if unknown == nil && c.Flows.SameBrowser(w.Request, id, f) && (name == "" || name == f.Key.Integration) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		return nil
	}
	f, err := c.Flows.Take(w.Request.Context(), flow.Callback, found[0])
	if err != nil {
		return nil
	}
	c.Flows.ForgetBrowser(w, found[0])
	return f
}
