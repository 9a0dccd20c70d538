// Package ui is the operator's pages: which connections need their user, what is in force,
// what the last calls came to, who did what. They are HTML that works without scripts; the
// one script keeps what stands there as it is by now. Whoever shows an API key with the scope
// ui once sees what the key reaches; what changes something needs the scope connect as well.
// Start with [UI].
package ui

import (
	"context"
	"html/template"
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
	scriptRoute       = "/ui/live.js"
	liveRoute         = "/ui/live/{page}"
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

	streams streams
}

// Routes returns the handlers of each path.
func (u *UI) Routes() map[string]answer.Methods {
	get := func(show func(*visit) *view) answer.Methods {
		return answer.Methods{http.MethodGet: u.seen(show)}
	}
	post := func(do func(*visit) *view) answer.Methods {
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
		scriptRoute:       {http.MethodGet: serveScript},
		liveRoute:         {http.MethodGet: answer.WithoutHead(u.stream)},
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
	Live     *live  // nil: the page stays as it is
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

// A view is a page that is not written yet.
type view struct {
	template *template.Template
	frame    frame
	data     any    // embeds the frame
	code     string // of what went wrong
}

// write answers with a page.
func (u *UI) write(w *answer.Writer, shown *view) {
	if shown == nil { // it is answered already
		return
	}
	if shown.code != "" {
		w.Code = shown.code
	}
	page.Write(w, shown.template, shown.frame.Sheet, shown.data)
}

// to sends the browser to another page of these.
func (u *UI) to(w *answer.Writer, path string) {
	page.NoStore(w.Header())
	w.Header().Set("Location", u.Site.Path(path))
	w.WriteHeader(http.StatusSeeOther)
}

var problemPage = body(`<div class="wrong" role="alert"><p>{{.Text}}</p></div>
<p><a class="button" href="{{.Root}}">Back to the connections</a></p>`)

// problem is a page that says what is wrong.
func (u *UI) problem(v *visit, status int, code, title, text string) *view {
	f := u.frame(status, title, "", v)
	return &view{problemPage, f, struct {
		frame
		Text string
	}{f, text}, code}
}

// fail answers with a page that says what is wrong.
func (u *UI) fail(w *answer.Writer, v *visit, status int, code, title, text string) {
	u.write(w, u.problem(v, status, code, title, text))
}

// failed is a page that says what the engine's error means.
func (u *UI) failed(v *visit, err error) *view {
	status := http.StatusBadGateway
	switch engine.ErrorKind(err) {
	case engine.KindNotFound:
		status = http.StatusNotFound
	case engine.KindUnavailable, engine.KindRateLimited:
		status = http.StatusServiceUnavailable
	case "":
		return u.problem(v, http.StatusInternalServerError, "internal", "That did not work", "Something went wrong that has no name; the log may say more.")
	}
	return u.problem(v, status, string(engine.ErrorKind(err)), "That did not work", wordsOf(err))
}
