package engine_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/schema"
)

// a function makes it of the time.
func TestLookUpsWaitThroughFunctions(t *testing.T) {
	p, asked := lookUps(200, twoSites)
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		withSites(in)
		in.Requests.BaseURL = "https://api.fjord.test"
		in.Requests.Headers["X-Signature"] = "${hex(hmac_sha256(access_token, now(), connection.site))}"
		in.Connection["crew"] = schema.ConnectionField{From: schema.FromRequest, Request: &schema.LookUp{Path: "/crew", Params: map[string]string{"at": "${now('ms')} ${connection.site}"}}}
		in.Requests.Verify = &schema.Verify{Path: "/me"}
	})
	c, err := consented(t, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	open, _ := e.OpenFields(c)
	if len(open) != 2 || len(*asked) != 1 || (*asked)[0].Header.Get("X-Signature") != "" {
		t.Errorf("open are %v after %d requests", open, len(*asked))
	}
}

// The body of a look-up is made like its headers: of the same time, anew for each
// attempt, and with what every body has unless that waits for a field.
func TestLookUpBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, asked := lookUps(200, oneSite)
		var bodies []string
		fails := 2
		api := p.api
		p.api = func(r *http.Request) (int, string) {
			bodies = append(bodies, p.body)
			if fails--; fails >= 0 {
				*asked = append(*asked, r)
				return 503, ""
			}
			return api(r)
		}
		e := newEngine(t, p, nil, func(in *schema.Integration) {
			withSites(in)
			in.Requests.Body = map[string]string{"site": "${connection.site}", "client": "harbour"}
			site := in.Connection["site"]
			site.Request = &schema.LookUp{
				URL: site.Request.URL, Method: "POST", BodyFormat: "json",
				Params: map[string]string{"nonce": "${nonce()}", "proof": "${hex(sha256(access_token, nonce()))}"}, Headers: map[string]string{"X-Nonce": "${nonce()}"},
			}
			in.Connection["site"] = site
		})
		if c, err := consented(t, e, nil); err != nil || c.Fields["site"] != "s1" {
			t.Fatal(c, err)
		}
		seen := map[string]bool{}
		for i, text := range bodies {
			var body map[string]string
			if err := json.Unmarshal([]byte(text), &body); err != nil || body["client"] != "harbour" || len(body) != 3 {
				t.Errorf("body %s, %v", text, err)
			}
			if got := (*asked)[i].Header.Get("X-Nonce"); got != body["nonce"] {
				t.Errorf("attempt %d: %s in the header, %s in the body", i, got, body["nonce"])
			}
			seen[body["nonce"]] = true
		}
		if len(seen) != 3 {
			t.Errorf("%d nonces in %d attempts", len(seen), len(bodies))
		}
	})
}

// A server elsewhere that has had enough says nothing of the API.
func TestLookUpElsewhereDoesNotSlowTheAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{token: answers(goodToken)}
		busy := false
		p.api = func(r *http.Request) (int, string) {
			if r.URL.Host == "sites.test" && busy {
				return 429, `{}`
			}
			return 200, oneSite
		}
		in, none := fjord(), 0
		withSites(in)
		in.Requests.BaseURL, in.Requests.Retries = "https://api.fjord.test", &schema.Retries{MaxRetries: &none}
		in.Connection["site"].Request.URL = "https://sites.test/me"
		rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
			resp, err := p.RoundTrip(r)
			resp.Header.Set("Retry-After", "50")
			return resp, err
		})
		e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"fjord": in}}, &engine.Options{Transport: rt})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := consented(t, e, nil); err != nil {
			t.Fatal(err)
		}
		busy = true
		if _, err := e.Choices(t.Context(), alice, "site"); err == nil {
			t.Error("it was not busy")
		}
		start := time.Now()
		if err := called(t, e, "/x"); err != nil || time.Since(start) > 0 {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}
