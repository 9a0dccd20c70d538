package cli

import (
	"context"
	"net/url"
	"os/exec"
	"runtime"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
)

// connectBrowser takes a connection through consent in a browser.
func (a *app) connectBrowser(ctx context.Context, u *use, k engine.Key, given *answers, redirect *url.URL, noBrowser bool) (*engine.Connection, error) {
	l, err := listen(redirect)
	if err != nil {
		return nil, err
	}
	defer l.close()
	p, err := u.engine.AuthCodeURL(ctx, k, l.redirect.String(), given.consent())
	if err != nil {
		return nil, err
	}
	l.expect(p.State, u.engine.CallbackState)
	if err := a.show(ctx, k, a.pageURL(k, p.URL), noBrowser); err != nil {
		return nil, err
	}
	callback, err := l.wait(ctx, p, a.deps.Now())
	if err != nil {
		return nil, err
	}
	c, err := u.engine.Exchange(ctx, p, callback)
	if err == nil {
		c, err = a.verified(ctx, u, c)
	}
	l.done(err)
	return c, err
}

// pageURL is where a browser finds the authorization page: at the provider, or in
// a running sandbox.
func (a *app) pageURL(k engine.Key, authURL string) string {
	base := a.sandboxURL()
	u, err := url.Parse(authURL)
	if base == nil || err != nil {
		return authURL
	}
	return sandbox.BrowserURL(base, k.Integration, u).String()
}

// show brings the user to the page.
func (a *app) show(ctx context.Context, k engine.Key, page string, noBrowser bool) error {
	if noBrowser {
		a.notef("open this URL to connect %s; waiting for the answer", k)
		_, err := a.io.Out.Write([]byte(page + "\n"))
		return err
	}
	browse := a.deps.Browse
	if browse == nil {
		browse = openBrowser
	}
	if err := browse(ctx, page); err != nil {
		a.notef("no browser could be opened (%s)", oneLine(err.Error()))
	}
	a.notef("to connect %s, consent in the browser; if it shows nothing, open\n\n  %s\n", k, page)
	return nil
}

// openBrowser asks the desktop to open a page, and does not wait for it.
func openBrowser(_ context.Context, page string) error {
	name, args := "xdg-open", []string{page}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", page}
	}
	cmd := exec.Command(name, args...) // no shell: the URL is data
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
