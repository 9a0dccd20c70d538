package consent

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/server/internal/answer"
	"github.com/nango-lite/nango-lite/server/internal/connect/ask"
	"github.com/nango-lite/nango-lite/server/internal/connect/fault"
	"github.com/nango-lite/nango-lite/server/internal/connect/flow"
	"github.com/nango-lite/nango-lite/server/internal/connect/result"
	"github.com/nango-lite/nango-lite/server/internal/ident"
	"github.com/nango-lite/nango-lite/server/internal/page"
)

// beginDevice shows the user a code to enter at the provider's page (RFC 8628), on a
// page that looks again until they have.
func (c *Consent) beginDevice(w *answer.Writer, a *ask.Ask) (to string, status int, refused *fault.Error) {
	if len(a.Params) > 0 {
		return "", 0, fault.Param("authorization_params have no meaning where users consent on another device")
	}
	d, err := c.Engine.DeviceAuth(w.Request.Context(), a.Key, a.AuthCodeOptions())
	if err != nil {
		return "", 0, fault.OfConsent(err)
	}
	f := flowOf(a)
	if f.Device, err = d.Seal(flow.Unsealed{}); err != nil {
		return "", 0, fault.OfConsent(err)
	}
	token := rand.Text()
	if refused := c.Flows.Begin(w, flow.Device, ident.ShortHash(token), f, d.ExpiresAt.Add(time.Minute), false); refused != nil {
		return "", 0, refused
	}
	w.Connection = a.Key
	return c.Site.Path("/oauth/device?flow=" + token), http.StatusSeeOther, nil
}

// Device is GET /oauth/device: the page with the code. Each time it is loaded it asks the
// provider whether the user has consented, unless it is too early to ask again.
func (c *Consent) Device(w *answer.Writer) {
	ctx, cancel := flow.Ending(w.Request.Context())
	defer cancel()
	token := form.Parse(w.Request.URL.RawQuery).Get("flow")
	id := ident.ShortHash(token)
	f, unknown := c.Flows.Look(ctx, flow.Device, id)
	if unknown == nil && !c.Flows.SameBrowser(w.Request, id, f) {
		unknown = fault.New(http.StatusBadRequest, "state_cookie_err", "this browser has not begun the authorization")
	}
	if unknown == nil {
		unknown = c.stillAllowed(ctx, f)
	}
	if unknown != nil {
		c.Teller.Fail(w, unknown)
		return
	}
	d, err := engine.OpenDeviceAuth(f.Device, flow.Unsealed{})
	if err != nil {
		c.Teller.Tell(w, f.To, result.Result{Key: f.Key, Err: fault.OfConsent(err)})
		return
	}
	w.Connection = f.Key
	if !c.claimPoll(ctx, f, d) {
		c.showCode(w, token, d)
		return
	}
	made, err := c.Engine.PollDevice(ctx, d)
	if errors.As(err, new(*engine.StillPendingError)) {
		c.keepPoll(ctx, f, d)
		c.showCode(w, token, d)
		return
	}
	c.Flows.Forget(ctx, w, flow.Device, id)
	if err != nil {
		c.Teller.Tell(w, f.To, result.Result{Key: f.Key, Err: fault.OfConsent(err)})
		return
	}
	c.connected(ctx, w, f, made)
}

// claimPoll reports whether this request is the one that asks the provider now. Of several,
// at whichever server, only one does, because providers slow down a client that asks too
// often.
func (c *Consent) claimPoll(ctx context.Context, f *flow.Flow, d *engine.DeviceAuth) bool {
	now := c.Now()
	if now.Before(d.NextPoll) && now.Before(d.ExpiresAt) {
		return false
	}
	claimed := *d
	claimed.NextPoll = now.Add(max(d.Interval, time.Second))
	return c.keepPoll(ctx, f, &claimed)
}

// keepPoll stores when to ask next.
func (c *Consent) keepPoll(ctx context.Context, f *flow.Flow, d *engine.DeviceAuth) bool {
	kept := *f
	var err error
	if kept.Device, err = d.Seal(flow.Unsealed{}); err != nil {
		return false
	}
	return c.Flows.Change(ctx, &kept)
}

// browserURL returns where a browser finds a page of the provider.
func (c *Consent) browserURL(integration, text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	return c.BrowserURL(integration, u).String()
}

func (c *Consent) showCode(w *answer.Writer, token string, d *engine.DeviceAuth) {
	wait := max(d.NextPoll.Sub(c.Now()), time.Second)
	page.Show(w, c.Site.Look(), page.Page{
		Status: http.StatusOK, Title: "Enter this code", Text: "Open the provider's page, on this device or another, and enter the code. This page goes on by itself.",
		Code: d.UserCode, Links: []page.Link{{URL: c.browserURL(d.Key.Integration, d.VerificationURI), Text: d.VerificationURI}},
		Refresh: c.Site.Path("/oauth/device?flow=" + token), Seconds: int((wait + time.Second - 1) / time.Second),
	})
}
