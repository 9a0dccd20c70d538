package cli

import (
	"context"
	"net/url"
	"strings"

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
	at, err := con.consent(ctx, u, p.URL.Reveal())
	if err != nil {
		return nil, err
	}
	return u.Engine.ExchangeAt(ctx, p, at)
}

// redirectFor returns where a flow's callback comes to: an authorization server that the
// file does not name has a path of its own, so that it cannot pass another's code off as
// its own (RFC 9700 4.4).
func redirectFor(e *engine.Engine, integration string, given *answers, redirect *url.URL) (*url.URL, error) {
	issuer, err := e.Issuer(integration, given.consent().Fields)
	if err != nil || issuer.Configured {
		return redirect, err
	}
	path := url.PathEscape(integration)
	if issuer.ID != "" {
		path += "/" + issuer.ID
	}
	if strings.HasSuffix(redirect.Path, "/"+path) { // it was registered like that
		return redirect, nil
	}
	return redirect.JoinPath(path), nil
}

// cameTo returns the URL that a callback came to, whose query is read as browsers
// write forms.
func cameTo(u *url.URL) *url.URL {
	at := *u
	at.RawQuery = form.Parse(u.RawQuery).Encode()
	return &at
}

// consent presses the sandbox's button for the user.
func (con connector) consent(ctx context.Context, u *session.Use, authURL string) (*url.URL, error) {
	ctx = sandbox.WithIntegration(ctx, u.Integration.Name)
	callback, err := sandbox.Allow(ctx, u.Transport, authURL, "allow")
	if err != nil {
		return nil, err
	}
	if con.Trace {
		con.Tracef("consent", "the sandbox's user allowed it")
	}
	return cameTo(callback), nil
}

// tellConsent says that nobody was asked; --trace has said so in its place.
func (con connector) tellConsent(k engine.Key) {
	if !con.Trace {
		con.Notef("sandbox: its user consented for %s", k)
	}
}
