package oauthwire

import (
	"net/url"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"a","expires_in":3600}`, `{"access_token":"a","expires_in":"1e400"}`, `{"access_token":{},"expires_in":-9e300}`,
		`{"access_token":"a","expires_in":NaN}`, "access_token=a&expires_in=1&scope=a,b", "<html>", "", "{", `{"scope":[1,null,"x"],"access_token":"t"}`,
		`{"data":{"t":"x","at":"2026-01-02T03:04:05Z"}}`, `{"access_token":1,"data":{"at":9223372036854775807}}`, "%zz=1", `{"error":{"code":[]}}`,
	} {
		f.Add([]byte(seed), "application/json")
		f.Add([]byte(seed), "application/x-www-form-urlencoded")
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	shapes := []*schema.TokenResponse{nil, {AccessToken: "data.t", Expires: &schema.Expires{Path: "data.at", Kind: "at", Unit: "ms"}, Secondary: map[string]schema.SecondaryToken{"u": {AccessToken: "data.u"}}}}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		doc, err := decode(body, contentType)
		if err != nil {
			return
		}
		for _, shape := range shapes {
			a := &Answer{Status: 200, Doc: doc}
			ErrorCode(a, shape, func(schema.Condition) bool { return true })
			tok, ok := Read(a, shape, now)
			if ok != (tok.AccessToken != "") {
				t.Errorf("ok %v with token %q", ok, tok.AccessToken)
			}
			if y := tok.ExpiresAt.Year(); !tok.ExpiresAt.IsZero() && (y < -10000 || y > 10000) {
				t.Errorf("token ends in the year %d", y)
			}
		}
	})
}

func TestRenamedLeavesTheCallerAlone(t *testing.T) {
	params := map[string]any{"code": "c"}
	r := &Request{Params: params, ClientAuth: "body", Rename: map[string]string{"code": "auth_code"}, Method: "POST"}
	r.URL = mustParse(t, "https://x.test/token")
	if _, err := r.build(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(params) != 1 || params["code"] != "c" {
		t.Errorf("the caller's parameters are now %v", params)
	}
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
