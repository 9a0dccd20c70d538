package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
)

// connectDevice takes a connection through consent on another device (RFC 8628).
func (a *app) connectDevice(ctx context.Context, u *use, k engine.Key, given *answers, noBrowser bool) (*engine.Connection, error) {
	if a.playsConsent(noBrowser) {
		c, err := a.authorizeDevice(ctx, u, k, given)
		if err != nil {
			return nil, err
		}
		return a.verified(ctx, u, c)
	}
	d, err := u.engine.DeviceAuth(ctx, k, given.consent())
	if err != nil {
		return nil, err
	}
	if err := a.showCode(ctx, d, noBrowser); err != nil {
		return nil, err
	}
	done := a.countdown(d.ExpiresAt)
	c, err := u.engine.DeviceAccessToken(ctx, d)
	done()
	if err != nil {
		return nil, err
	}
	return a.verified(ctx, u, c)
}

// authorizeDevice does the same without a person.
func (a *app) authorizeDevice(ctx context.Context, u *use, k engine.Key, given *answers) (*engine.Connection, error) {
	d, err := u.engine.DeviceAuth(ctx, k, given.consent())
	if err != nil {
		return nil, err
	}
	page := sandbox.WithIntegration(ctx, u.in.Name)
	if err := sandbox.AllowDevice(page, u.transport, d.VerificationURI, d.UserCode, "allow"); err != nil {
		return nil, err
	}
	if a.trace {
		a.tracef("consent", "the sandbox's user entered the code and allowed it")
	}
	c, err := u.engine.DeviceAccessToken(ctx, d)
	if err == nil {
		a.tellConsent(k)
	}
	return c, err
}

// showCode tells the user where to go and what to enter there. The page with the
// code in it is for the browser of this machine alone.
func (a *app) showCode(ctx context.Context, d *engine.DeviceAuth, noBrowser bool) error {
	page, code := a.pageURL(d.Key, d.VerificationURI), oneLine(d.UserCode)
	if noBrowser {
		a.notef("open this page to connect %s and enter the code; waiting", d.Key)
		_, err := fmt.Fprintf(a.io.Out, "%s\n%s\n", page, code)
		return err
	}
	a.notef("to connect %s, open\n\n  %s\n\nand enter the code\n\n  %s\n", d.Key, page, code)
	if d.VerificationURIComplete != "" {
		page = a.pageURL(d.Key, d.VerificationURIComplete)
	}
	browse := a.deps.Browse
	if browse == nil {
		browse = openBrowser
	}
	if err := browse(ctx, page); err != nil {
		a.notef("no browser could be opened (%s)", oneLine(err.Error()))
	}
	return nil
}

// countdown shows on a terminal how long the user has left, until the returned
// function is called.
func (a *app) countdown(end time.Time) (done func()) {
	if !isTerminal(a.io.Err) {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			fmt.Fprintf(a.io.Err, "\rwaiting for the user; %s left \r", max(0, end.Sub(a.deps.Now())).Round(time.Second))
			select {
			case <-tick.C:
			case <-stop:
				fmt.Fprintf(a.io.Err, "\r%40s\r", "")
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}
