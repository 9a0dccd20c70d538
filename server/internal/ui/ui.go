// Package ui is the operator's pages: which connections need their user, what is in force,
// what the last calls came to, who did what. They are HTML without scripts. Whoever shows an
// API key with the scope ui once sees what the key reaches; what changes something needs the
// scope connect as well. Start with [UI].
package ui

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/apikey"
	"github.com/nango-lite/nango-lite/server/internal/calls"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/page"
	"github.com/nango-lite/nango-lite/store/record"
)

// The routes.
const (
	Route             = "/ui"
	loginRoute        = "/ui/login"
	logoutRoute       = "/ui/logout"
	connectionRoute   = "/ui/connection"
	refreshRoute      = "/ui/connection/refresh"
	verifyRoute       = "/ui/connection/verify"
	linkRoute         = "/ui/connection/link"
	disconnectRoute   = "/ui/connection/disconnect"
	integrationsRoute = "/ui/integrations"
	integrationRoute  = "/ui/integrations/{integration}"
	activityRoute     = "/ui/activity"
	auditRoute        = "/ui/audit"
)

// Engine is what the pages need of an engine.
type Engine interface {
	Connection(ctx context.Context, k engine.Key) (*engine.Connection, error)
	Connections(ctx context.Context, q engine.Query) (engine.Page, error)
	Integrations() []*schema.Integration
	Limits(integration string) []engine.LimitState
	Refresh(ctx context.Context, k engine.Key) (*engine.Connection, error)
	Revoke(ctx context.Context, k engine.Key) error
	Verify(ctx context.Context, k engine.Key) error
}

// Keys find API keys; see [apikey.Ring].
type Keys interface {
	access.Keys
	ByHash(ctx context.Context, hash string) (*apikey.Key, error)
}

// UI shows the pages. It is safe for concurrent use.
type UI struct {
	Engine  Engine
	Keys    Keys
	Limit   *access.Limiter // of requests with one key
	Records record.Store    // sessions and the audit log
	Site    *site.Site
	Link    func(ctx context.Context, k engine.Key) string // by which a user connects again; "" if there can be none
	Calls   *calls.Calls                                   // nil: no calls are known
	Now     func() time.Time

	// Logins limits attempts to sign in, by address.
	Logins *access.Limiter
}

// Routes returns the handlers of each path.
func (u *UI) Routes() map[string]answer.Methods {
	get := func(show func(*visit)) answer.Methods {
		return answer.Methods{http.MethodGet: u.seen(show)}
	}
	post := func(do func(*visit)) answer.Methods {
		return answer.Methods{http.MethodPost: u.done(do)}
	}
	return map[string]answer.Methods{
		Route:             get(u.list),
		loginRoute:        {http.MethodGet: u.showLogin, http.MethodPost: u.login},
		logoutRoute:       post(u.logout),
		connectionRoute:   get(u.showConnection),
		refreshRoute:      post(u.refresh),
		verifyRoute:       post(u.verify),
		linkRoute:         post(u.link),
		disconnectRoute:   post(u.disconnect),
		integrationsRoute: get(u.integrations),
		integrationRoute:  get(u.integration),
		activityRoute:     get(u.activity),
		auditRoute:        get(u.audit),
	}
}

// A visit is one request of somebody who is signed in.
type visit struct {
	*answer.Writer
	key  *apikey.Key
	id   string     // of the session's record
	form string     // the token that forms carry
	sent url.Values // a form, or the query
}

// acts reports whether the visitor may change connections.
func (v *visit) acts() bool { return v.key.May(apikey.ScopeConnect) }

// bound reports whether the visitor sees some connections alone.
func (v *visit) bound() bool { return len(v.key.Connections) > 0 }

// A frame is what all pages have.
type frame struct {
	*page.Sheet
	Root     string // of the pages
	SignedIn string // the key's name
	Form     string // the token that forms carry
	Here     string // the section
}

// frame returns what a page has. No setting lets it be shown in a frame of another page.
func (u *UI) frame(status int, title, section string, v *visit) frame {
	look := u.Site.Look()
	look.Frames = nil
	f := frame{Sheet: &page.Sheet{Look: look, Status: status, Title: title, Forms: true}, Root: u.Site.Path(Route), Here: section}
	if v != nil {
		f.SignedIn, f.Form = v.key.Name, v.form
	}
	return f
}

// to sends the browser to another page of these.
func (u *UI) to(w *answer.Writer, path string) {
	page.NoStore(w.Header())
	w.Header().Set("Location", u.Site.Path(path))
	w.WriteHeader(http.StatusSeeOther)
}

var problem = body(`<div class="wrong" role="alert"><p>{{.Text}}</p></div>
<p><a class="button" href="{{.Root}}">Back to the connections</a></p>`)

// fail shows a page that says what is wrong.
func (u *UI) fail(w *answer.Writer, v *visit, status int, code, title, text string) {
	w.Code = code
	f := u.frame(status, title, "", v)
	page.Write(w, problem, f.Sheet, struct {
		frame
		Text string
	}{f, text})
}

// failed shows a page that says what the engine's error means.
func (u *UI) failed(v *visit, err error) {
	status := http.StatusBadGateway
	switch engine.ErrorKind(err) {
	case engine.KindNotFound:
		status = http.StatusNotFound
	case engine.KindUnavailable, engine.KindRateLimited:
		status = http.StatusServiceUnavailable
	case "":
		u.fail(v.Writer, v, http.StatusInternalServerError, "internal", "That did not work", "Something went wrong that has no name; the log may say more.")
		return
	}
	u.fail(v.Writer, v, status, string(engine.ErrorKind(err)), "That did not work", wordsOf(err))
}
