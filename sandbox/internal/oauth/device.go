package oauth

import (
	"net/http"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/sandbox/internal/grant"
	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
	"github.com/nango-lite/nango-lite/sandbox/internal/page"
	"github.com/nango-lite/nango-lite/sandbox/internal/play"
)

func (p *deviceFlow) deviceInterval() time.Duration {
	if p.Opts.DeviceInterval > 0 {
		return p.Opts.DeviceInterval
	}
	return 5 * time.Second
}

// serveDevice plays the device authorization endpoint (RFC 8628 3.1).
func (p *deviceFlow) serveDevice(w http.ResponseWriter, r *http.Request, at match.Location) {
	a, ref := p.beginDevice(r, at)
	if ref != nil {
		p.Stats.Add(func(s *play.Counts) { s.Refused++ })
		a = p.answers.tokenError(ref)
	}
	p.Write(w, r, a)
}

func (p *deviceFlow) beginDevice(r *http.Request, at match.Location) (message.Answer, *message.Refusal) {
	t, ref := p.clients.readClientForm(r, at, "the device authorization request is made with POST (RFC 8628 3.1)")
	if ref != nil {
		return message.Answer{}, ref
	}
	if ref := p.checkScope(t.std["scope"]); ref != nil {
		return message.Answer{}, ref
	}
	const what = "the device authorization request (device_authorization_params)"
	if ref := p.CheckDeclared(p.Params.Device, t.wire.Get, what, "client_id", "scope"); ref != nil {
		return message.Answer{}, ref
	}
	for _, name := range []string{"device_code", "code", "redirect_uri", "code_verifier"} {
		if t.std[name] != "" {
			return message.Answer{}, message.Refused(400, "invalid_request", "%s has no place in a device authorization request (RFC 8628 3.1)", name)
		}
	}
	client := p.Integration.OAuthClientID
	if client == "" {
		client = t.client()
	}
	return p.deviceAnswer(r, at, grant.Claims{Kind: grant.KindDevice, Client: client, Scope: t.std["scope"], Family: p.Random(8)}), nil
}

// deviceAnswer begins a device authorization and answers as RFC 8628 3.2 says.
func (p *deviceFlow) deviceAnswer(r *http.Request, at match.Location, c grant.Claims) message.Answer {
	code := p.Issue(c, deviceLifetime)
	c, _ = grant.Open(code)
	user := p.Devices.Add(c, p.deviceInterval(), p.Random)
	page := at.RealURL(r, strings.TrimSuffix(r.URL.EscapedPath(), "/")+match.VerificationPath, nil)
	body := map[string]any{
		"device_code": code, "user_code": user, "verification_uri": page, "verification_uri_complete": page + "?user_code=" + user,
		"expires_in": int(deviceLifetime / time.Second),
	}
	if wait := p.deviceInterval(); wait != 5*time.Second { // which goes without saying
		body["interval"] = wait.Seconds()
	}
	a := message.Answer{Body: body}
	a.Set("Cache-Control", "no-store")
	return a
}

// serveVerification plays the page where the user enters the code (RFC 8628 3.3).
func (p *deviceFlow) serveVerification(w http.ResponseWriter, r *http.Request, _ match.Location) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		pg := page.Data{Title: "Sandbox: " + p.Product(), Product: p.Product(), Integration: p.Name(), UserCode: r.URL.Query().Get("user_code")}
		p.Devices.Mu.Lock()
		if d := p.Devices.Of(pg.UserCode, p.Now()); d != nil {
			pg.Client, pg.Scopes = d.Claims.Client, p.scopesOf(d.Claims)
		}
		p.Devices.Mu.Unlock()
		pg.Request = p.Issue(grant.Claims{Kind: grant.KindConsent}, consentLifetime)
		page.Write(w, r, http.StatusOK, "device", pg)
	case http.MethodPost:
		p.decideDevice(w, r)
	default:
		p.writeRefusalPage(w, r, message.Refused(http.StatusMethodNotAllowed, "invalid_request", "the page takes GET, and POST from its form"))
	}
}

// decideDevice takes the user's decision. The browser stays where it is: the device
// asks for it.
func (p *deviceFlow) decideDevice(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, message.MaxBody)
	if err := r.ParseForm(); err != nil {
		p.writeRefusalPage(w, r, message.Refused(400, "invalid_request", "the form cannot be read"))
		return
	}
	if _, ref := p.Verify(grant.KindConsent, "request that the form carries", r.PostForm.Get("request")); ref != nil {
		p.writeRefusalPage(w, r, message.Refused(400, "invalid_request", "%s; start again", ref.Reason))
		return
	}
	decision := r.PostForm.Get("decision")
	if decision != "allow" && decision != "deny" {
		p.writeRefusalPage(w, r, message.Refused(400, "invalid_request", "decision must be allow or deny"))
		return
	}
	p.Devices.Mu.Lock()
	d := p.Devices.Of(r.PostForm.Get("user_code"), p.Now())
	if d != nil {
		d.Decision = decision
	}
	p.Devices.Mu.Unlock()
	if d == nil {
		p.writeRefusalPage(w, r, message.Refused(400, "invalid_request", "no device that waits shows this code"))
		return
	}
	said := "The device may use " + p.Product()
	if decision == "deny" {
		said = "The device may not use " + p.Product()
		p.Stats.Add(func(s *play.Counts) { s.Denials++ })
	} else {
		p.Stats.Add(func(s *play.Counts) { s.Consents++ })
	}
	page.Write(w, r, http.StatusOK, "decided", page.Data{Title: "Sandbox: " + p.Product(), Product: p.Product(), Integration: p.Name(), Reason: said})
}
