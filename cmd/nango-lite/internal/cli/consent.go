package cli

import (
	"context"
	"net/url"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/sandbox"
)

// playsConsent reports whether the sandbox's user consents by itself. Only a
// running sandbox has pages to send a browser to.
func (con connector) playsConsent(noBrowser bool) bool {
	return con.Sandbox == session.InProcess || con.Sandbox != "" && !noBrowser
}

// authorizeSandbox takes a connection through consent without a person.
func (con connector) authorizeSandbox(ctx context.Context, u *session.Use, k engine.Key, given *answers, redirect *url.URL) (*engine.Connection, error) {
	p, err := u.Engine.AuthCodeURL(ctx, k, redirect.String(), given.consent())
	if err != nil {
		return nil, err
	}
	callback, err := con.consent(ctx, u, p.URL)
	if err != nil {
		return nil, err
	}
	return u.Engine.Exchange(ctx, p, callback)
}

// consent presses the sandbox's button for the user.
func (con connector) consent(ctx context.Context, u *session.Use, authURL string) (url.Values, error) {
	ctx = sandbox.WithIntegration(ctx, u.Integration.Name)
	callback, err := sandbox.Allow(ctx, u.Transport, authURL, "allow")
	if err != nil {
		return nil, err
	}
	if con.Trace {
		con.Tracef("consent", "the sandbox's user allowed it")
	}
	return form.Parse(callback.RawQuery), nil
}

// tellConsent says that nobody was asked; --trace has said so in its place.
func (con connector) tellConsent(k engine.Key) {
	if !con.Trace {
		con.Notef("sandbox: its user consented for %s", k)
	}
}
