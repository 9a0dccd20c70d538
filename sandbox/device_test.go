package sandbox_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// deviceFlow returns a flow of an integration with a device flow, and what the
// provider has answered a device.
func deviceFlow(t *testing.T, opts *sandbox.Options) (*flow, tokens) {
	t.Helper()
	i := slackLike()
	i.Auth.DeviceAuthorizationURL = "https://slack.com/device"
	i.Samples = nil
	i.Auth.TokenResponse = nil
	f := newFlow(t, i, opts)
	resp, d := f.do(f.deviceRequest(nil))
	if resp.StatusCode != 200 {
		t.Fatalf("%s %v", resp.Status, d)
	}
	return f, d
}

func (f *flow) deviceRequest(change func(*http.Request, map[string]string)) *http.Request {
	r := f.tokenRequest(map[string]string{"scope": f.i.OAuthScopes.Join(f.i.Auth.Separator())}, change)
	r.URL, _ = url.Parse(f.i.Auth.DeviceAuthorizationURL)
	return r
}

func (f *flow) poll(d tokens) tokens {
	_, answer := f.do(f.tokenRequest(map[string]string{"grant_type": deviceGrant, "device_code": d.text("device_code")}, nil))
	return answer
}

func TestS25_DeviceIsHeldToTheInterval(t *testing.T) {
	t.Parallel()
	c := newClock()
	f, d := deviceFlow(t, &sandbox.Options{Now: c.now})
	steps := []struct {
		after time.Duration
		want  string
	}{
		{0, "authorization_pending"},
		{4 * time.Second, "slow_down"}, // from here on every ten seconds
		{5 * time.Second, "slow_down"}, // every fifteen
		{15 * time.Second, "authorization_pending"},
		{15 * time.Second, "authorization_pending"},
	}
	for i, s := range steps {
		c.advance(s.after)
		if got := f.poll(d).text("error"); got != s.want {
			t.Errorf("poll %d, %s later: %q, want %q", i, s.after, got, s.want)
		}
	}
	if err := sandbox.AllowDevice(t.Context(), f.rt, d.text("verification_uri"), strings.ToLower(d.text("user_code")), "allow"); err != nil {
		t.Fatal(err)
	}
	c.advance(15 * time.Second)
	tok := f.poll(d)
	if tok.text("access_token") == "" {
		t.Fatalf("after consent: %v", tok)
	}
	c.advance(15 * time.Second)
	if got := f.poll(d).text("error"); got != "invalid_grant" {
		t.Errorf("a code that was used: %q", got)
	}
}

func TestS25_DeviceEndsAreSaid(t *testing.T) {
	t.Parallel()
	c := newClock()
	f, d := deviceFlow(t, &sandbox.Options{Now: c.now})
	page := d.text("verification_uri_complete")
	if err := sandbox.AllowDevice(t.Context(), f.rt, page, "ZZZZ-ZZZZ", "allow"); err == nil {
		t.Error("the page took a code that no device shows")
	}
	if err := sandbox.AllowDevice(t.Context(), f.rt, page, d.text("user_code"), "deny"); err != nil {
		t.Fatal(err)
	}
	if err := sandbox.AllowDevice(t.Context(), f.rt, page, d.text("user_code"), "allow"); err == nil {
		t.Error("the page took a code that was decided on before")
	}
	if got := f.poll(d).text("error"); got != "access_denied" {
		t.Errorf("after Deny: %q", got)
	}
	_, d = f.do(f.deviceRequest(nil))
	c.advance(10 * time.Minute)
	if got := f.poll(d).text("error"); got != "expired_token" {
		t.Errorf("too late: %q", got)
	}
	if err := sandbox.AllowDevice(t.Context(), f.rt, page, d.text("user_code"), "allow"); err == nil {
		t.Error("the page took a code that has expired")
	}
}

func TestDeviceRequestsAreChecked(t *testing.T) {
	t.Parallel()
	f, d := deviceFlow(t, nil)
	for name, change := range map[string]func(*http.Request, map[string]string){
		"scopes joined otherwise": func(_ *http.Request, p map[string]string) { p["scope"] = "chat:write users:read" },
		"no secret":               func(_ *http.Request, p map[string]string) { delete(p, "client_secret") },
		"a code":                  func(_ *http.Request, p map[string]string) { p["code"] = "x" },
		"JSON":                    func(r *http.Request, _ map[string]string) { r.Header.Set("Content-Type", "application/json") },
	} {
		if resp, _ := f.do(f.deviceRequest(change)); resp.StatusCode < 400 {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, d.text("verification_uri_complete"), nil)
	resp, err := f.rt.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	if page := string(b); !strings.Contains(page, `value="`+d.text("user_code")+`"`) || strings.Contains(page, d.text("device_code")) {
		t.Errorf("the page: %s", page)
	}
	for name, params := range map[string]map[string]string{
		"another grant":      {"grant_type": "authorization_code", "device_code": d.text("device_code")},
		"a code beside it":   {"grant_type": deviceGrant, "device_code": d.text("device_code"), "code": "x"},
		"a code made up":     {"grant_type": deviceGrant, "device_code": "made-up"},
		"nothing to redeem":  {"grant_type": deviceGrant},
		"a token as a code":  {"grant_type": deviceGrant, "device_code": d.text("user_code")},
		"a verifier with it": {"grant_type": deviceGrant, "device_code": d.text("device_code"), "code_verifier": verifier},
	} {
		if resp, body := f.do(f.tokenRequest(params, nil)); resp.StatusCode < 400 {
			t.Errorf("%s: %s %v", name, resp.Status, body)
		}
	}
}
