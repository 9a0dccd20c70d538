package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/console"
	"github.com/nango-lite/nango-lite/cmd/nango-lite/internal/session"
	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
)

// connectDevice takes a connection through consent on another device (RFC 8628).
func (con connector) connectDevice(ctx context.Context, u *session.Use, k engine.Key, given *answers, noBrowser bool) (*engine.Connection, error) {
	if con.playsConsent(noBrowser) {
		c, err := con.authorizeDevice(ctx, u, k, given)
		if err != nil {
			return nil, err
		}
		return con.verified(ctx, u, c)
	}
	d, err := u.Engine.DeviceAuth(ctx, k, given.consent())
	if err != nil {
		return nil, err
	}
	if err := con.showCode(ctx, d, noBrowser); err != nil {
		return nil, err
	}
	done := con.countdown(d.ExpiresAt)
	c, err := u.Engine.DeviceAccessToken(ctx, d)
	done()
	if err != nil {
		return nil, err
	}
	return con.verified(ctx, u, c)
}

// authorizeDevice does the same without a person.
func (con connector) authorizeDevice(ctx context.Context, u *session.Use, k engine.Key, given *answers) (*engine.Connection, error) {
	d, err := u.Engine.DeviceAuth(ctx, k, given.consent())
	if err != nil {
		return nil, err
	}
	page := sandbox.WithIntegration(ctx, u.Integration.Name)
	if err := sandbox.AllowDevice(page, u.Transport, d.VerificationURI, d.UserCode, "allow"); err != nil {
		return nil, err
	}
	if con.Trace {
		con.Tracef("consent", "the sandbox's user entered the code and allowed it")
	}
	c, err := u.Engine.DeviceAccessToken(ctx, d)
	if err == nil {
		con.tellConsent(k)
	}
	return c, err
}

// showCode tells the user where to go and what to enter there. The page with the
// code in it is for the browser of this machine alone.
func (con connector) showCode(ctx context.Context, d *engine.DeviceAuth, noBrowser bool) error {
	page, code := con.pageURL(d.Key, d.VerificationURI), console.OneLine(d.UserCode)
	if noBrowser {
		con.Notef("open this page to connect %s and enter the code; waiting", d.Key)
		_, err := fmt.Fprintf(con.Out, "%s\n%s\n", page, code)
		return err
	}
	con.Notef("to connect %s, open\n\n  %s\n\nand enter the code\n\n  %s\n", d.Key, page, code)
	if d.VerificationURIComplete != "" {
		page = con.pageURL(d.Key, d.VerificationURIComplete)
	}
	browse := con.Deps.Browse
	if browse == nil {
		browse = openBrowser
	}
	if err := browse(ctx, page); err != nil {
		con.Notef("no browser could be opened (%s)", console.OneLine(err.Error()))
	}
	return nil
}

// countdown shows on a terminal how long the user has left, until the returned
// function is called.
func (con connector) countdown(end time.Time) (done func()) {
	if !console.IsTerminal(con.Err) {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			fmt.Fprintf(con.Err, "\rwaiting for the user; %s left \r", max(0, end.Sub(con.Deps.Now())).Round(time.Second))
			select {
			case <-tick.C:
			case <-stop:
				fmt.Fprintf(con.Err, "\r%40s\r", "")
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}
