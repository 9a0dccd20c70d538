package consent_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/consent"
	"github.com/nango-lite/nango-lite/engine/internal/fault"
)

// Whatever a browser brings in place of what was sealed, by a sealer that would open
// anything: an error of the flow's state, or something whole that seals and opens again.
func FuzzOpenSealed(f *testing.F) {
	p, d := &consent.Pending{}, &consent.DeviceAuth{}
	fill(reflect.ValueOf(p).Elem())
	fill(reflect.ValueOf(d).Elem())
	whole, _ := p.Seal(plainSealer{})
	device, _ := d.Seal(plainSealer{})
	for _, seed := range []string{whole, device, whole + "A", whole[:len(whole)-1], whole + "\n", "", "e30", "bnVsbA", "====", whole + "e30"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := consent.OpenPending(text, plainSealer{}); err != nil {
			if p != nil || fault.KindOf(err) != fault.KindState || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, %v", p, err)
			}
		} else {
			again, err := p.Seal(plainSealer{})
			if err != nil {
				t.Fatalf("opened, and not sealed again: %v", err)
			}
			q, err := consent.OpenPending(again, plainSealer{})
			if err != nil || !reflect.DeepEqual(reveal(p), reveal(q)) {
				t.Errorf("got %v of %v, %v", q, p, err)
			}
		}
		if d, err := consent.OpenDeviceAuth(text, plainSealer{}); err != nil {
			if d != nil || fault.KindOf(err) != fault.KindState || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v, %v", d, err)
			}
		} else if _, err := d.Seal(plainSealer{}); err != nil {
			t.Fatalf("opened, and not sealed again: %v", err)
		}
	})
}

// Whatever URL a callback came to: it is the redirect URI to the letter, or it is not.
func FuzzCameBy(f *testing.F) {
	for _, seed := range []string{
		"/oauth/callback/fjord?code=c&state=s", "https://app.test/oauth/callback/fjord?code=c", "/oauth/callback/fjor%64", "/oauth/callback/fjord/", "/oauth/callback/./fjord", "/oauth/callback/quay/../fjord", "//app.test/oauth/callback/fjord",
		"https://app.test:443/oauth/callback/fjord", "https://APP.test/oauth/callback/fjord", "http://app.test/oauth/callback/fjord", "/oauth%2Fcallback/fjord", "?code=c", "", "https:x", "/oauth/callback/fjord#x", "*", "//@/oauth/callback/fjord", "https:/oauth/callback/fjord", "https://x@app.test/oauth/callback/fjord",
	} {
		f.Add(seed)
	}
	p := &consent.Pending{Key: key, RedirectURL: "https://app.test/oauth/callback/fjord"}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := url.Parse(text)
		if err != nil {
			return
		}
		bare, _, _ := strings.Cut(text, "#")
		bare, _, _ = strings.Cut(bare, "?")
		origin, found := strings.CutSuffix(bare, "/oauth/callback/fjord")
		origin = strings.TrimSuffix(strings.ToLower(origin), ":443")
		same := found && (origin == "" || origin == "https://app.test")
		if got := p.CameBy(at); got != same {
			t.Errorf("%q: %t", text, got)
		}
	})
}
