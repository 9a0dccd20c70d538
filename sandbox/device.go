package sandbox

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	deviceGrant      = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628 3.4
	deviceLifetime   = 10 * time.Minute
	deviceSlower     = 5 * time.Second // RFC 8628 3.5
	verificationPath = "/verify"

	// Letters that are no digits and spell no words (RFC 8628 6.1).
	userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"
)

// devices are the device authorizations that this process has begun.
type devices struct {
	mu     sync.Mutex
	byUser map[string]*device // by user code, without dashes
	byID   map[string]*device // by the ID of the device code
}

// A device waits for its user.
type device struct {
	claims   claims
	decision string // allow, deny; empty: none yet
	interval time.Duration
	polled   time.Time
	redeemed bool
}

func (p *Provider) deviceInterval() time.Duration {
	if p.opts.DeviceInterval > 0 {
		return p.opts.DeviceInterval
	}
	return 5 * time.Second
}

// serveDevice plays the device authorization endpoint (RFC 8628 3.1).
func (p *Provider) serveDevice(w http.ResponseWriter, r *http.Request, at location) {
	a, ref := p.beginDevice(r, at)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		a = p.tokenError(ref)
	}
	p.write(w, r, a)
}

func (p *Provider) beginDevice(r *http.Request, at location) (answer, *refusal) {
	t, ref := p.readClientForm(r, at, "the device authorization request is made with POST (RFC 8628 3.1)")
	if ref != nil {
		return answer{}, ref
	}
	if ref := p.checkScope(t.std["scope"]); ref != nil {
		return answer{}, ref
	}
	const what = "the device authorization request (device_authorization_params)"
	if ref := p.checkDeclared(p.params.device, t.wire.Get, what, "client_id", "scope"); ref != nil {
		return answer{}, ref
	}
	for _, name := range []string{"device_code", "code", "redirect_uri", "code_verifier"} {
		if t.std[name] != "" {
			return answer{}, refused(400, "invalid_request", "%s has no place in a device authorization request (RFC 8628 3.1)", name)
		}
	}
	client := p.integration.OAuthClientID
	if client == "" {
		client = t.client()
	}
	return p.deviceAnswer(r, at, claims{Kind: kindDevice, Client: client, Scope: t.std["scope"], Family: p.random(8)}), nil
}

// deviceAnswer begins a device authorization and answers as RFC 8628 3.2 says.
func (p *Provider) deviceAnswer(r *http.Request, at location, c claims) answer {
	code := p.issue(c, deviceLifetime)
	c, _ = open(code)
	user := p.devices.add(c, p.deviceInterval(), p.random)
	page := at.realURL(r, strings.TrimSuffix(r.URL.EscapedPath(), "/")+verificationPath, nil)
	body := map[string]any{
		"device_code": code, "user_code": user, "verification_uri": page, "verification_uri_complete": page + "?user_code=" + user,
		"expires_in": int(deviceLifetime / time.Second),
	}
	if wait := p.deviceInterval(); wait != 5*time.Second { // which goes without saying
		body["interval"] = wait.Seconds()
	}
	a := answer{body: body}
	a.set("Cache-Control", "no-store")
	return a
}

// add remembers a device and returns its user code.
func (ds *devices) add(c claims, interval time.Duration, random func(int) string) string {
	var code strings.Builder
	for i, digit := range random(4) {
		if i == 4 {
			code.WriteByte('-')
		}
		code.WriteByte(userCodeLetters[strings.IndexRune("0123456789abcdef", digit)])
	}
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if ds.byUser == nil {
		ds.byUser, ds.byID = map[string]*device{}, map[string]*device{}
	}
	d := &device{claims: c, interval: interval}
	ds.byUser[plainCode(code.String())], ds.byID[c.ID] = d, d
	return code.String()
}

// plainCode is what counts of a user code: people type it with dashes and without,
// in any case (RFC 8628 6.1).
func plainCode(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(userCodeLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(s))
}

// of returns the device of a user code that still waits.
func (ds *devices) of(userCode string, now time.Time) *device {
	d := ds.byUser[plainCode(userCode)]
	if d == nil || d.decision != "" || !now.Before(time.UnixMilli(d.claims.Expires)) {
		return nil
	}
	return d
}

// serveVerification plays the page where the user enters the code (RFC 8628 3.3).
func (p *Provider) serveVerification(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		pg := page{Title: "Sandbox: " + p.product(), Product: p.product(), Integration: p.Name(), UserCode: r.URL.Query().Get("user_code")}
		p.devices.mu.Lock()
		if d := p.devices.of(pg.UserCode, p.now()); d != nil {
			pg.Client, pg.Scopes = d.claims.Client, p.scopesOf(d.claims)
		}
		p.devices.mu.Unlock()
		pg.Request = p.issue(claims{Kind: kindConsent}, consentLifetime)
		writePage(w, r, http.StatusOK, "device", pg)
	case http.MethodPost:
		p.decideDevice(w, r)
	default:
		p.writeRefusalPage(w, r, refused(http.StatusMethodNotAllowed, "invalid_request", "the page takes GET, and POST from its form"))
	}
}

// decideDevice takes the user's decision. The browser stays where it is: the device
// asks for it.
func (p *Provider) decideDevice(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		p.writeRefusalPage(w, r, refused(400, "invalid_request", "the form cannot be read"))
		return
	}
	if _, ref := p.verify(kindConsent, "request that the form carries", r.PostForm.Get("request")); ref != nil {
		p.writeRefusalPage(w, r, refused(400, "invalid_request", "%s; start again", ref.reason))
		return
	}
	decision := r.PostForm.Get("decision")
	if decision != "allow" && decision != "deny" {
		p.writeRefusalPage(w, r, refused(400, "invalid_request", "decision must be allow or deny"))
		return
	}
	p.devices.mu.Lock()
	d := p.devices.of(r.PostForm.Get("user_code"), p.now())
	if d != nil {
		d.decision = decision
	}
	p.devices.mu.Unlock()
	if d == nil {
		p.writeRefusalPage(w, r, refused(400, "invalid_request", "no device that waits shows this code"))
		return
	}
	said := "The device may use " + p.product()
	if decision == "deny" {
		said = "The device may not use " + p.product()
		p.stats.add(func(s *counts) { s.denials++ })
	} else {
		p.stats.add(func(s *counts) { s.consents++ })
	}
	writePage(w, r, http.StatusOK, "decided", page{Title: "Sandbox: " + p.product(), Product: p.product(), Integration: p.Name(), Reason: said})
}

// checkDeviceGrant checks what is particular to the grant of RFC 8628 3.4.
func (p *Provider) checkDeviceGrant(t *tokenRequest, at location) *refusal {
	for _, name := range []string{"code", "refresh_token", "redirect_uri", "code_verifier"} {
		if t.std[name] != "" {
			return refused(400, "invalid_request", "%s has no place beside a device code (RFC 8628 3.4)", name)
		}
	}
	if at.name == placeRefresh {
		return refused(400, "invalid_request", "a device code belongs at token_url; this is refresh_url")
	}
	if name, _ := p.wireName("grant_type"); name != "" && t.std["grant_type"] != deviceGrant {
		return refused(400, "unsupported_grant_type", "%s must be %q, not %q", name, deviceGrant, t.std["grant_type"])
	}
	return nil
}

// exchangeDevice answers a device that asks whether its user has decided
// (RFC 8628 3.5). A device code is good once.
func (p *Provider) exchangeDevice(t *tokenRequest) (answer, *refusal) {
	c, ok := open(t.std["device_code"])
	switch {
	case !ok || c.Kind != kindDevice || c.Integration != p.Name():
		return answer{}, refused(400, "invalid_grant", "the device code is none of this provider's")
	case t.std["client_id"] != "" && t.std["client_id"] != c.Client:
		return answer{}, refused(400, "invalid_grant", "the device code was given to another client")
	case !p.now().Before(time.UnixMilli(c.Expires)):
		return answer{}, refused(400, "expired_token", "the device code has expired")
	}
	if ref := p.devices.redeem(c, p.now()); ref != nil {
		return answer{}, ref
	}
	p.stats.add(func(s *counts) { s.exchanges++ })
	base := claims{Client: c.Client, Scope: c.Scope, Family: c.Family}
	return p.tokenAnswer(t, base, !p.integration.Auth.RefreshesAccessToken()), nil
}

// redeem takes a device code if its user has allowed it, and refuses one that is
// shown too often.
func (ds *devices) redeem(c claims, now time.Time) *refusal {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	d := ds.byID[c.ID]
	if d == nil {
		return refused(400, "invalid_grant", "the device code was begun at another sandbox")
	}
	last := d.polled
	d.polled = now
	switch {
	case d.redeemed:
		return refused(400, "invalid_grant", "the device code was used before")
	case !last.IsZero() && now.Sub(last) < d.interval:
		d.interval += deviceSlower
		return refused(400, "slow_down", "the device asked again after %s; from now on it has to wait %s", now.Sub(last).Round(time.Millisecond), d.interval)
	case d.decision == "deny":
		return refused(400, "access_denied", "the user pressed Deny in the sandbox")
	case d.decision == "":
		return refused(400, "authorization_pending", "the user has not decided yet")
	}
	d.redeemed = true
	return nil
}
