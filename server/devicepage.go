package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/internal/form"
	"github.com/nango-lite/nango-lite/store/record"
)

// deviceKind is the kind of records of flows whose user consents on another device.
const deviceKind = "connect_device"

// beginDevice shows the user a code to enter at the provider's page (RFC 8628), on a
// page that looks again until they have.
func (s *Server) beginDevice(x *exchange, a *ask) *connectError {
	if len(a.params) > 0 {
		return badParam("authorization_params have no meaning where users consent on another device")
	}
	d, err := s.engine.DeviceAuth(x.r.Context(), a.key, a.authorize())
	if err != nil {
		return connectErrorOf(err, consentFailures)
	}
	f := a.flow()
	if f.Device, err = d.Seal(asStored{}); err != nil {
		return connectErrorOf(err, consentFailures)
	}
	token := rand.Text()
	if refused := s.storeFlow(x, deviceKind, recordID(token), f, d.ExpiresAt.Add(time.Minute), false); refused != nil {
		return refused
	}
	x.conn = a.key
	noStore(x.Header())
	x.Header().Set("Location", s.public.EscapedPath()+"/oauth/device?flow="+token)
	x.WriteHeader(http.StatusSeeOther)
	return nil
}

// device is GET /oauth/device: the page with the code. Each look asks the provider, at
// the pace that it wants.
func (s *Server) device(x *exchange) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.r.Context()), exchangeTimeout)
	defer cancel()
	token := form.Parse(x.r.URL.RawQuery).Get("flow")
	id := recordID(token)
	r, err := s.opts.Records.Record(ctx, deviceKind, id)
	f, unknown := s.flowIn(r, err)
	if unknown == nil && !s.sameBrowser(x.r, id, f) {
		unknown = connectErrorf(http.StatusBadRequest, "state_cookie_err", "this browser has not begun the authorization")
	}
	if unknown == nil {
		unknown = s.stillAllowed(ctx, f)
	}
	if unknown != nil {
		s.tell(x, destination{}, result{err: unknown})
		return
	}
	d, err := engine.OpenDeviceAuth(f.Device, asStored{})
	if err != nil {
		s.tell(x, f.To, result{key: f.Key, err: connectErrorOf(err, consentFailures)})
		return
	}
	x.conn = f.Key
	if !s.claimPoll(ctx, r, f, d) {
		s.showCode(x, token, d)
		return
	}
	c, err := s.engine.PollDevice(ctx, d)
	if errors.As(err, new(*engine.StillPendingError)) {
		s.keepPoll(ctx, r, f, d)
		s.showCode(x, token, d)
		return
	}
	s.setCookie(x, id, "", false)
	_ = s.opts.Records.DeleteRecord(ctx, deviceKind, id)
	if err != nil {
		s.tell(x, f.To, result{key: f.Key, err: connectErrorOf(err, consentFailures)})
		return
	}
	s.connected(ctx, x, f, c)
}

// claimPoll reports whether it is this request that asks the provider now. Of several,
// at whatever server, one does: whoever asks too often is slowed down.
func (s *Server) claimPoll(ctx context.Context, r *record.Record, f *flow, d *engine.DeviceAuth) bool {
	now := s.opts.Now()
	if now.Before(d.NextPoll) && now.Before(d.ExpiresAt) {
		return false
	}
	claimed := *d
	claimed.NextPoll = now.Add(max(d.Interval, time.Second))
	return s.keepPoll(ctx, r, f, &claimed)
}

// keepPoll stores when to ask next.
func (s *Server) keepPoll(ctx context.Context, r *record.Record, f *flow, d *engine.DeviceAuth) bool {
	kept := *f
	var err error
	if kept.Device, err = d.Seal(asStored{}); err != nil {
		return false
	}
	version := r.Version
	if r.Sealed, err = json.Marshal(kept); err != nil {
		return false
	}
	return s.opts.Records.ReplaceRecord(ctx, r, version) == nil
}

// browserURL returns where a browser finds a page of the provider.
func (s *Server) browserURL(integration, text string) string {
	u, err := url.Parse(text)
	if err != nil || s.opts.BrowserURL == nil {
		return text
	}
	return s.opts.BrowserURL(integration, u).String()
}

func (s *Server) showCode(x *exchange, token string, d *engine.DeviceAuth) {
	wait := max(d.NextPoll.Sub(s.opts.Now()), time.Second)
	x.page(page{
		Status: http.StatusOK, Title: "Enter this code", Text: "Open the provider's page, on this device or another, and enter the code. This page goes on by itself.",
		Code: d.UserCode, Links: []pageLink{{URL: s.browserURL(d.Key.Integration, d.VerificationURI), Text: d.VerificationURI}},
		Refresh: s.public.EscapedPath() + "/oauth/device?flow=" + token, Seconds: int((wait + time.Second - 1) / time.Second),
	})
}
