package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
	"github.com/nango-lite/nango-lite/store/seal"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

func onDevices(in *schema.Integration) { in.Auth.DeviceAuthorizationURL = "https://fjord.test/device" }

// A deviceServer answers device authorization requests with begin, and polls with
// each of polls in turn.
type deviceServer struct {
	begin string
	polls []poll
	asked []time.Time // polls
	sent  []url.Values
}

type poll struct {
	status int // 0: no answer
	body   string
}

const devicePending = `{"device_code":"seeded-device-code","user_code":"WDJB-MJHT","verification_uri":"https://fjord.test/link","verification_uri_complete":"https://fjord.test/link?c=WDJB-MJHT","expires_in":600}`

func (d *deviceServer) PublicOnly() http.RoundTripper { return d }

func (d *deviceServer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	d.sent = append(d.sent, form)
	if r.URL.Path == "/device" {
		if d.begin == "" {
			d.begin = devicePending
		}
		return answer(r, 200, d.begin), nil
	}
	d.asked = append(d.asked, time.Now())
	next := d.polls[min(len(d.asked), len(d.polls))-1]
	if next.status == 0 {
		return nil, context.DeadlineExceeded
	}
	return answer(r, next.status, next.body), nil
}

func deviceEngine(t *testing.T, d *deviceServer, change func(*schema.Integration)) *engine.Engine {
	t.Helper()
	in := fjord()
	onDevices(in)
	if change != nil {
		change(in)
	}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: d})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var (
	pendingPoll = poll{400, `{"error":"authorization_pending"}`}
	grantedPoll = poll{200, `{"access_token":"a","refresh_token":"r","expires_in":3600}`}
)

// How long the engine lets pass before each poll, from what the provider has said.
func TestS25_DevicePace(t *testing.T) {
	tests := map[string]struct {
		begin string
		polls []poll
		want  []int // seconds before each poll
	}{
		"every five seconds":                {polls: []poll{pendingPoll, pendingPoll, grantedPoll}, want: []int{5, 5, 5}},
		"at the interval that is stated":    {begin: strings.Replace(devicePending, "}", `,"interval":8}`, 1), polls: []poll{pendingPoll, grantedPoll}, want: []int{8, 8}},
		"stated as text":                    {begin: strings.Replace(devicePending, "}", `,"interval":"8"}`, 1), polls: []poll{grantedPoll}, want: []int{8}},
		"an interval of nothing":            {begin: strings.Replace(devicePending, "}", `,"interval":0}`, 1), polls: []poll{grantedPoll}, want: []int{5}},
		"an interval below a second":        {begin: strings.Replace(devicePending, "}", `,"interval":1e-9}`, 1), polls: []poll{pendingPoll, grantedPoll}, want: []int{1, 1}},
		"a negative interval":               {begin: strings.Replace(devicePending, "}", `,"interval":-5}`, 1), polls: []poll{grantedPoll}, want: []int{5}},
		"an interval that is no number":     {begin: strings.Replace(devicePending, "}", `,"interval":"inf"}`, 1), polls: []poll{grantedPoll}, want: []int{5}},
		"five more for each slow_down":      {polls: []poll{{400, `{"error":"slow_down"}`}, pendingPoll, {400, `{"error":"slow_down"}`}, pendingPoll, grantedPoll}, want: []int{5, 10, 10, 15, 15}},
		"in whatever status (GitHub: 200)":  {polls: []poll{{200, `{"error":"authorization_pending"}`}, {200, `{"error":"slow_down"}`}, grantedPoll}, want: []int{5, 5, 10}},
		"in whatever status (Google: 428)":  {polls: []poll{{428, `{"error":"authorization_pending"}`}, {403, `{"error":"slow_down"}`}, grantedPoll}, want: []int{5, 5, 10}},
		"less often after a time-out":       {polls: []poll{{}, {}, pendingPoll, grantedPoll}, want: []int{5, 10, 20, 20}},
		"and after an outage, to a minute":  {polls: []poll{{503, ""}, {503, ""}, {503, ""}, {503, ""}, {503, ""}, grantedPoll}, want: []int{5, 10, 20, 40, 60, 60}},
		"no faster for a long interval":     {begin: strings.Replace(devicePending, "}", `,"interval":90}`, 1), polls: []poll{{503, ""}, grantedPoll}, want: []int{90, 90}},
		"as long as too many requests says": {polls: []poll{{429, `{}`}, grantedPoll}, want: []int{5, 5}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &deviceServer{begin: tt.begin, polls: tt.polls}
				e := deviceEngine(t, d, nil)
				start := time.Now()
				p, err := e.DeviceAuth(t.Context(), alice, nil)
				if err != nil {
					t.Fatal(err)
				}
				c, err := e.DeviceAccessToken(t.Context(), p)
				if err != nil || c.Credentials.Token.AccessToken.Reveal() != "a" {
					t.Fatalf("got %v, %v", c, err)
				}
				var got []int
				for _, at := range d.asked {
					got, start = append(got, int(at.Sub(start).Seconds())), at
				}
				if fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("polled after %v seconds, want %v", got, tt.want)
				}
			})
		})
	}
}

// The ends that RFC 8628 3.5 states, and the lifetime of the code.
func TestS25_DeviceEnds(t *testing.T) {
	tests := map[string]struct {
		polls []poll
		want  error
		after time.Duration
	}{
		"access_denied":    {[]poll{pendingPoll, {400, `{"error":"access_denied"}`}}, engine.ErrDenied, 10 * time.Second},
		"expired_token":    {[]poll{pendingPoll, {400, `{"error":"expired_token"}`}}, engine.ErrState, 10 * time.Second},
		"invalid_grant":    {[]poll{{400, `{"error":"invalid_grant"}`}}, engine.ErrClient, 5 * time.Second},
		"invalid_client":   {[]poll{{401, `{"error":"invalid_client"}`}}, engine.ErrClient, 5 * time.Second},
		"nonsense":         {[]poll{{200, `<html>`}}, engine.ErrInvalidResponse, 5 * time.Second},
		"nobody decides":   {[]poll{pendingPoll}, engine.ErrState, 10 * time.Minute},
		"no answer at all": {[]poll{{}}, engine.ErrState, 10 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &deviceServer{polls: tt.polls}
				e := deviceEngine(t, d, nil)
				start := time.Now()
				p, err := e.DeviceAuth(t.Context(), alice, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err = e.DeviceAccessToken(t.Context(), p); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				if got := time.Since(start); got != tt.after {
					t.Errorf("ended after %s, want %s", got, tt.after)
				}
				if strings.Contains(fmt.Sprint(err), "seeded") {
					t.Errorf("the device code is in %q", err)
				}
				if _, err := e.Connection(t.Context(), alice); !errors.Is(err, engine.ErrNotFound) {
					t.Errorf("something was stored: %v", err)
				}
			})
		})
	}
}

// The caller's patience ends first.
func TestS25_DeviceContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := deviceEngine(t, &deviceServer{polls: []poll{pendingPoll}}, nil)
		p, err := e.DeviceAuth(t.Context(), alice, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		if _, err := e.DeviceAccessToken(ctx, p); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// A host that answers requests keeps the authorization sealed, and asks when it is
// asked itself: the provider is bothered no more often for that.
func TestS25_PollDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deviceServer{polls: []poll{pendingPoll, {400, `{"error":"slow_down"}`}, grantedPoll}}
		e := deviceEngine(t, d, nil)
		p, err := e.DeviceAuth(t.Context(), alice, nil)
		if err != nil {
			t.Fatal(err)
		}
		keys := seal.NewKeys()
		for n := 0; ; n++ {
			sealed, err := p.Seal(keys)
			if err != nil {
				t.Fatal(err)
			}
			if p, err = engine.OpenDeviceAuth(sealed, keys); err != nil {
				t.Fatal(err)
			}
			c, err := e.PollDevice(t.Context(), p)
			var pending *engine.StillPendingError
			if err == nil {
				if got, want := n, 20; got != want || c.Credentials.Token.RefreshToken.Reveal() != "r" {
					t.Errorf("connected after %d seconds, want %d", got, want)
				}
				break
			}
			if !errors.As(err, &pending) || pending.RetryAfter <= 0 || n > 100 {
				t.Fatalf("after %d seconds: %v", n, err)
			}
			time.Sleep(time.Second)
		}
		if len(d.asked) != 3 {
			t.Errorf("%d polls, want 3", len(d.asked))
		}
	})
}

func TestDeviceRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &deviceServer{polls: []poll{grantedPoll}}
		e := deviceEngine(t, d, func(in *schema.Integration) {
			in.Auth.AuthorizationURL = ""
			in.Auth.AuthorizationMethod = "none"
			in.OAuthClientSecret = schema.Secret{}
			in.Auth.DeviceAuthorizationParams = map[string]string{"audience": "api", "client_id": "another"}
			in.Auth.TokenParams = schema.Tree{"grant_type": "authorization_code", "resource": "x"}
		})
		if _, err := e.AuthCodeURL(t.Context(), alice, callbackURL, nil); !errors.Is(err, engine.ErrUnsupported) {
			t.Errorf("AuthCodeURL without authorization_url: got %v, want kind unsupported", err)
		}
		if about, err := e.Describe("fjord"); err != nil || !about.Device || !about.DeviceOnly || !about.Consent {
			t.Errorf("Describe: %+v, %v", about, err)
		}
		p, err := e.DeviceAuth(t.Context(), alice, &engine.AuthCodeOptions{Scopes: []string{"read"}})
		if err != nil {
			t.Fatal(err)
		}
		if p.UserCode != "WDJB-MJHT" || p.VerificationURI != "https://fjord.test/link" || p.VerificationURIComplete != "https://fjord.test/link?c=WDJB-MJHT" {
			t.Errorf("got %q at %q or %q", p.UserCode, p.VerificationURI, p.VerificationURIComplete)
		}
		if text := fmt.Sprintf("%v %+v", p, *p); strings.Contains(text, "seeded") {
			t.Errorf("prints as %s", text)
		}
		if _, err := e.DeviceAccessToken(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"audience=api&client_id=client-id&scope=read",
			"client_id=client-id&device_code=seeded-device-code&grant_type=" + url.QueryEscape(deviceGrant) + "&resource=x",
		}
		for i, w := range want {
			if got := d.sent[i].Encode(); got != w {
				t.Errorf("request %d: got %s, want %s", i, got, w)
			}
		}
	})
}

// An answer that no user could act on, or that would send their browser somewhere
// odd, ends the flow.
func TestDeviceAnswers(t *testing.T) {
	tests := map[string]struct {
		with map[string]any
		ok   bool
	}{
		"as it should be":         {map[string]any{}, true},
		"verification_url":        {map[string]any{"verification_uri": nil, "verification_url": "https://fjord.test/link"}, true},
		"loopback":                {map[string]any{"verification_uri": "http://127.0.0.1:8080/link"}, true},
		"no device code":          {map[string]any{"device_code": nil}, false},
		"no user code":            {map[string]any{"user_code": ""}, false},
		"user code with controls": {map[string]any{"user_code": "A\x1b[2J"}, false},
		"no page":                 {map[string]any{"verification_uri": nil}, false},
		"a page of another kind":  {map[string]any{"verification_uri": "javascript:alert(1)"}, false},
		"a page in the open":      {map[string]any{"verification_uri": "http://fjord.test/link"}, false},
		"a page with a password":  {map[string]any{"verification_uri": "https://a:b@fjord.test/link"}, false},
		"an error in a 200":       {map[string]any{"error": "invalid_scope"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal([]byte(devicePending), &doc); err != nil {
				t.Fatal(err)
			}
			for k, v := range tt.with {
				doc[k] = v
			}
			body, _ := json.Marshal(doc)
			p, err := deviceEngine(t, &deviceServer{begin: string(body)}, nil).DeviceAuth(t.Context(), alice, nil)
			if (err == nil) != tt.ok {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
}

// Engine and sandbox agree on the whole of it, and the sandbox on what goes wrong.
func TestDeviceInTheSandbox(t *testing.T) {
	for _, method := range []string{"header", "body", "none"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := fjord()
				onDevices(in)
				in.Name, in.Auth.AuthorizationMethod = "fjord", method
				played, err := sandbox.New(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				rt := sandbox.NewMux(played).Transport()
				e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: rt})
				if err != nil {
					t.Fatal(err)
				}
				p, err := e.DeviceAuth(t.Context(), alice, nil)
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					time.Sleep(12 * time.Second)
					if err := sandbox.AllowDevice(t.Context(), rt, p.VerificationURI, strings.ToLower(strings.ReplaceAll(p.UserCode, "-", "")), "allow"); err != nil {
						t.Error(err)
					}
				}()
				c, err := e.DeviceAccessToken(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(c.Credentials.Token.Scopes, " "); got != "read write" {
					t.Errorf("scopes %q", got)
				}
				if _, err := e.Refresh(t.Context(), alice); err != nil {
					t.Error(err)
				}
				p.NextPoll = time.Time{}
				if _, err := e.PollDevice(t.Context(), p); !errors.Is(err, engine.ErrClient) {
					t.Errorf("the code once more: got %v", err)
				}
				if s := played.Stats(); s.Exchanges != 1 || s.Refused != 3 {
					t.Errorf("%d exchanges and %d refusals, want 1 and 3", s.Exchanges, s.Refused)
				}
			})
		})
	}
}
