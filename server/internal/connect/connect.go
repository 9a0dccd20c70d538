// Package connect is how users connect: at the provider's page, with a code, or with what
// they type. It puts the rooms below it together; start with [New].
//
// session says for whom, ask reads what a browser wants, consent and typed connect, choose
// asks what only the provider can list, result and socket tell what came of it. hosted is a
// page that leads to all of these, again makes links by which a user connects again. flow
// keeps what is under way, site knows the server's own address, fault says why nothing was
// connected.
package connect

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/server/internal/access"
	"github.com/nango-lite/nango-lite/server/internal/connect/again"
	"github.com/nango-lite/nango-lite/server/internal/connect/ask"
	"github.com/nango-lite/nango-lite/server/internal/connect/choose"
	"github.com/nango-lite/nango-lite/server/internal/connect/consent"
	"github.com/nango-lite/nango-lite/server/internal/connect/flow"
	"github.com/nango-lite/nango-lite/server/internal/connect/hosted"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/connect/session"
	"github.com/nango-lite/nango-lite/server/internal/connect/site"
	"github.com/nango-lite/nango-lite/server/internal/connect/socket"
	"github.com/nango-lite/nango-lite/server/internal/connect/typed"
	"github.com/nango-lite/nango-lite/store/record"
)

// Options are what connecting needs. Public, BrowserURL and Logger may be nil.
type Options struct {
	Engine   *engine.Engine
	Records  record.Store
	Guard    *access.Guard
	Public   *url.URL // the server's own address; nil: not known
	Settings func() schema.Server
	Now      func() time.Time
	Logger   *slog.Logger

	// BrowserURL returns where a browser finds the page u of a provider. If nil, it is u.
	BrowserURL func(integration string, u *url.URL) *url.URL
}

// A Connect is how users connect. It is safe for concurrent use.
type Connect struct {
	site     *site.Site
	sockets  *socket.Sockets
	sessions *session.Sessions
	consent  *consent.Consent
	chooser  *choose.Chooser
	fields   *choose.Fields
	typed    *typed.Typed
	hosted   *hosted.Hosted
	again    *again.Links
}

// Links makes links by which a user connects again.
func (c *Connect) Links() *again.Links { return c.again }

// Site knows where the server is reached.
func (c *Connect) Site() *site.Site { return c.site }

// New returns a Connect.
func New(o Options) *Connect {
	if o.BrowserURL == nil {
		o.BrowserURL = func(_ string, u *url.URL) *url.URL { return u }
	}
	here := &site.Site{Public: o.Public, Settings: o.Settings}
	sockets := socket.New(o.Records, here, o.Now)
	teller := &result.Teller{Engine: o.Engine, Site: here, Sockets: sockets}
	kept := &session.Store{Records: o.Records, Now: o.Now, Logger: o.Logger}
	sessions := &session.Sessions{Engine: o.Engine, Guard: o.Guard, Site: here, Store: kept, Teller: teller}
	flows := &flow.Store{Records: o.Records, Secure: here.Secure}
	reader := &ask.Reader{Engine: o.Engine, Sessions: kept, Teller: teller, Site: here}
	chooser := &choose.Chooser{Engine: o.Engine, Flows: flows, Teller: teller, Site: here, Now: o.Now}
	c := &Connect{
		site: here, sockets: sockets, sessions: sessions, chooser: chooser,
		fields: &choose.Fields{Engine: o.Engine, Sessions: sessions},
		typed:  &typed.Typed{Engine: o.Engine, Ask: reader, Sessions: kept},
		consent: &consent.Consent{
			Engine: o.Engine, Ask: reader, Sessions: kept, Flows: flows, Chooser: chooser, Teller: teller, Site: here,
			Now: o.Now, BrowserURL: o.BrowserURL,
		},
	}
	c.hosted = &hosted.Hosted{Engine: o.Engine, Sessions: kept, Ask: reader, Typer: c.typed, Sender: c.consent, Teller: teller, Site: here}
	c.again = &again.Links{Engine: o.Engine, Records: o.Records, Sessions: sessions, Teller: teller, Site: here, Now: o.Now}
	return c
}
