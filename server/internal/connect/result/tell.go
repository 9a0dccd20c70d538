// Package result tells what came of connecting: to the page that waits for it, to the
// window that opened this one, to the address where the browser goes next, and to the user.
// Start with [Teller].
package result

import (
	"net/http"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/connect/socket"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// Integrations describe integrations.
type Integrations interface {
	Describe(name string) (*engine.Description, error)
}

// A Teller tells results.
type Teller struct {
	Engine  Integrations
	Site    *site.Site
	Sockets *socket.Sockets
}

// Tell tells the result to those that the destination names, and shows it to the user.
func (t *Teller) Tell(w *answer.Writer, to Destination, r Result) {
	if _, err := t.Engine.Describe(r.Key.Integration); err == nil {
		w.Connection = r.Key // names that a caller has invented are not logged
	}
	if r.Err != nil {
		w.Code = r.Err.Code
	}
	t.Sockets.Tell(w.Request.Context(), to.Socket, r.message())
	if to.Redirect != "" {
		page.NoStore(w.Header())
		w.Header().Set("Location", r.redirectTo(to.Redirect))
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	p := page.Page{Status: http.StatusOK, Title: "Connected", Text: "You can close this window."}
	if r.Pending {
		p.Text = "Something is still to be chosen: go back to the application."
	}
	if to.Back != "" && r.Err == nil && !r.Pending {
		p.Links = []page.Link{{URL: to.Back, Text: "Back to the list"}}
	}
	if r.Err != nil {
		p.Status, p.Title, p.Text = r.Err.Status, "Not connected", r.Err.Message
		p.More = "You can close this window and start again from the application."
		if text := forUsers[r.Err.Code]; text != "" {
			p.Text = text
		}
		if to.Back != "" {
			p.More, p.Next = "", &page.Link{URL: to.Back, Text: "Try again"}
		}
	}
	for _, origin := range []string{to.Origin, to.Product} {
		if origin != "" {
			p.Origins, p.Event = append(p.Origins, origin), r.event()
		}
	}
	page.Show(w, t.Site.Look(), p)
}

// Fail tells the user why nothing was connected, where it is not known who else is to be
// told.
func (t *Teller) Fail(w *answer.Writer, err *fault.Error) { t.Tell(w, Destination{}, Result{Err: err}) }

// forUsers says in a user's words what an error's message says in a program's.
var forUsers = map[string]string{
	"callback_err":                  "The provider did not grant the access, or you said no. Nothing was stored.",
	"unknown_connect_session_token": "This link has ended, or there is none like it. Nothing was stored.",
	"connect_session_used":          "This has been connected already. There is nothing left to do here.",
	"state_cookie_err":              "This browser has not begun what you want to end here. Nothing was stored.",
}
