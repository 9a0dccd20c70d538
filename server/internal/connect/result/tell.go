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
	product := ""
	if d, err := t.Engine.Describe(r.Key.Integration); err == nil {
		w.Connection, product = r.Key, d.DisplayName // names that a caller has invented are not logged
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
	p := said(to, r)
	if r.Err != nil {
		p = refused(to, r.Err, product)
	}
	for _, origin := range []string{to.Origin, to.Product} {
		if origin != "" {
			p.Origins, p.Event = append(p.Origins, origin), r.event()
		}
	}
	page.Show(w, t.Site.Look(), p)
}

// said is the page of a connection that was made.
func said(to Destination, r Result) page.Page {
	p := page.Page{Status: http.StatusOK, Title: "Connected", Text: "You can close this window."}
	switch {
	case r.Pending:
		p.Text = "Something is still to be chosen: go back to the application."
	case to.Back != "":
		p.Links = []page.Link{{URL: to.Back, Text: "Back to the list"}}
	}
	return p
}

// refused is the page that says why there is none, and what the user can do.
func refused(to Destination, err *fault.Error, product string) page.Page {
	p := page.Page{Status: err.Status, Title: "Not connected", Text: err.ForUsers(product), Details: err.ForOperators(product)}
	if err.Code == "connect_session_used" {
		p.Title = "This has been connected already"
		if to.Back != "" {
			p.Links = []page.Link{{URL: to.Back, Text: "Back to the list"}}
		}
		return p
	}
	if to.Back != "" && err.Again() {
		p.Next = &page.Link{URL: to.Back, Text: "Try again"}
	} else {
		p.More = "You can close this window and start again from the application."
	}
	return p
}

// Fail tells the user why nothing was connected, where it is not known who else is to be
// told.
func (t *Teller) Fail(w *answer.Writer, err *fault.Error) { t.Tell(w, Destination{}, Result{Err: err}) }
