// Package consent connects by the provider's own page, where the user consents: it sends the
// browser there and takes it back, or shows a code to enter on another device. Start with
// [Consent].
package consent

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/ask"
	"github.com/nango-lite/nango-lite/server/internal/connect/choose"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/flow"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// Engine is what Consent needs of an engine.
type Engine interface {
	AuthCodeURL(ctx context.Context, k engine.Key, redirectURL string, opts *engine.AuthCodeOptions) (*engine.Pending, error)
	Describe(name string) (*engine.Description, error)
	DeviceAuth(ctx context.Context, k engine.Key, opts *engine.AuthCodeOptions) (*engine.DeviceAuth, error)
	ExchangeAt(ctx context.Context, p *engine.Pending, at *url.URL) (*engine.Connection, error)
	Issuer(integration string, fields map[string]string) (engine.Issuer, error)
	OpenFields(c *engine.Connection) ([]engine.InputField, error)
	PollDevice(ctx context.Context, d *engine.DeviceAuth) (*engine.Connection, error)
}

// Consent sends users to the provider's page, and takes them back.
type Consent struct {
	Engine   Engine
	Ask      *ask.Reader
	Sessions *session.Store
	Flows    *flow.Store
	Chooser  *choose.Chooser
	Teller   *result.Teller
	Site     *site.Site
	Now      func() time.Time

	// BrowserURL returns where a browser finds the page u of a provider.
	BrowserURL func(integration string, u *url.URL) *url.URL
}

// Begin is GET /oauth/connect/{integration}: it sends a browser to the
// provider's page.
func (c *Consent) Begin(w *answer.Writer) {
	a, err := c.Ask.Read(w.Request, w.Request.PathValue("integration"))
	if err == nil {
		err = c.begin(w, a)
	}
	if err != nil {
		c.Teller.Tell(w, a.To, result.Result{Key: a.Key, Err: err})
	}
}

// begin sends the browser to where the user consents, or says why it cannot.
func (c *Consent) begin(w *answer.Writer, a *ask.Ask) *fault.Error {
	to, status, err := c.prepare(w, a)
	if err != nil {
		return err
	}
	page.NoStore(w.Header())
	w.Header().Set("Location", to)
	w.WriteHeader(status)
	return nil
}

// Send does the same for a form that was posted to this server. It answers with a page that
// leads on at once, for browsers do not follow a form's redirect to where the page's
// policy has no form lead.
func (c *Consent) Send(w *answer.Writer, a *ask.Ask) *fault.Error {
	to, _, err := c.prepare(w, a)
	if err != nil {
		return err
	}
	page.Show(w, c.Site.Look(), page.Page{
		Status: http.StatusOK, Title: "One moment", Refresh: to, Next: &page.Link{URL: to, Text: "Continue"},
	})
	return nil
}

// prepare begins a flow, and returns where it goes on and how a redirect there is called.
func (c *Consent) prepare(w *answer.Writer, a *ask.Ask) (to string, status int, refused *fault.Error) {
	described, wrong := c.check(a)
	if wrong != nil {
		return "", 0, wrong
	}
	if described.DeviceOnly {
		return c.beginDevice(w, a)
	}
	redirect, err := c.redirectURI(a)
	if err != nil {
		return "", 0, fault.OfConsent(err)
	}
	p, err := c.Engine.AuthCodeURL(w.Request.Context(), a.Key, redirect, a.AuthCodeOptions())
	if err != nil {
		return "", 0, fault.OfConsent(err)
	}
	at, err := url.Parse(p.URL.Reveal())
	if err != nil || at.Scheme != "https" && at.Scheme != "http" {
		return "", 0, fault.New(http.StatusInternalServerError, "provider_config_err", "the authorization endpoint is no web address")
	}
	f := flowOf(a)
	if f.Pending, err = p.Seal(flow.Unsealed{}); err != nil {
		return "", 0, fault.OfConsent(err)
	}
	if refused := c.Flows.Begin(w, flow.Callback, ident.ShortHash(p.State.Reveal()), f, p.ExpiresAt, postsForm(at)); refused != nil {
		return "", 0, refused
	}
	w.Connection = a.Key
	return c.BrowserURL(a.Key.Integration, at).String(), http.StatusFound, nil
}

// check says what keeps an ask from being met by consent; else it returns what the
// integration wants.
func (c *Consent) check(a *ask.Ask) (*engine.Description, *fault.Error) {
	described, err := c.Engine.Describe(a.Key.Integration)
	switch {
	case err != nil:
		return nil, fault.OfConsent(err)
	case !described.Consent:
		return nil, fault.New(http.StatusBadRequest, "auth_mode_err", "this integration has no page to consent at; it wants "+string(described.AuthMode))
	case !c.Site.Known():
		return nil, fault.New(http.StatusInternalServerError, "provider_config_err", "the server does not know its own address: --public-url, or server.public_url, is missing")
	}
	return described, a.Check(described)
}

// redirectURI returns the callback of an ask. Each integration has its own, and so has each
// authorization server that users name, so that none can pass another's code off as its
// own (RFC 9700 4.4).
func (c *Consent) redirectURI(a *ask.Ask) (string, error) {
	name := a.Key.Integration
	issuer, err := c.Engine.Issuer(name, a.Fields)
	if err != nil {
		return "", err
	}
	at := c.Site.URL("/oauth/callback")
	if slices.Contains(c.Site.Settings().SharedCallback, name) {
		if !issuer.Configured {
			return "", fault.New(http.StatusInternalServerError, "provider_config_err", "server.shared_callback names an integration whose authorization server is found out, or named by users; it needs a callback of its own")
		}
		return at, nil
	}
	at += "/" + url.PathEscape(name)
	if issuer.ID != "" {
		at += "/" + issuer.ID
	}
	return at, nil
}

// postsForm reports whether the provider's page posts the callback as a form (OAuth 2.0
// Form Post Response Mode). That is a request of another site, with which browsers send
// only cookies that are for cross-site use.
func postsForm(authorize *url.URL) bool { return authorize.Query().Get("response_mode") == "form_post" }

// flowOf returns what is kept of an ask while the user is away.
func flowOf(a *ask.Ask) *flow.Flow {
	f := &flow.Flow{Key: a.Key, To: a.To}
	if a.Session != nil {
		f.Session = a.Session.ID()
	}
	return f
}
