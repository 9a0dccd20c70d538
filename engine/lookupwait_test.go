package engine_test

import (
	"testing"

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
