package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// The sandbox takes a signed token only if all that the blueprint says of it is so.
func TestSignedTokenRefusals(t *testing.T) {
	t.Parallel()
	c := newClock()
	now := c.now().Unix()
	p := newProvider(t, &schema.Integration{
		Name: "lamp", Credentials: map[string]schema.Field{"secret": {Example: "00ff"}},
		Auth: schema.Auth{AuthMode: schema.SignedJWT, JWT: &schema.JWT{
			Algorithm: "HS256", Header: schema.Tree{"kid": "${credentials.id}"}, Payload: schema.Tree{"aud": "/admin/", "jti": ""},
			Key: "${credentials.secret}", KeyEncoding: "hex", LifetimeSeconds: 60,
		}},
		Requests: schema.Requests{BaseURL: "https://lamp.example/api", Headers: map[string]string{"Authorization": "Lamp ${access_token}"}},
	}, &sandbox.Options{Now: c.now})
	rt := sandbox.NewMux(p).Transport()
	for name, tt := range map[string]struct {
		change func(header, payload map[string]any) (key string)
		want   string
	}{
		"in order":       {func(_, _ map[string]any) string { return "\x00\xff" }, ""},
		"alg none":       {func(h, _ map[string]any) string { h["alg"] = "none"; return "\x00\xff" }, `alg is "none", and the blueprint says HS256`},
		"another key":    {func(_, _ map[string]any) string { return "00ff" }, "the signature does not verify"},
		"no kid":         {func(h, _ map[string]any) string { delete(h, "kid"); return "\x00\xff" }, `"kid" is missing from the JWT's header`},
		"another aud":    {func(_, p map[string]any) string { p["aud"] = "/user/"; return "\x00\xff" }, `"aud" in the JWT's payload`},
		"an extra claim": {func(_, p map[string]any) string { p["jti"] = "x"; return "\x00\xff" }, `the JWT has "jti"`},
		"expired":        {func(_, p map[string]any) string { p["exp"] = now; return "\x00\xff" }, "the JWT has expired"},
		"without end":    {func(_, p map[string]any) string { delete(p, "exp"); return "\x00\xff" }, "the JWT has no exp"},
		"from tomorrow":  {func(_, p map[string]any) string { p["iat"] = now + 3600; return "\x00\xff" }, "issued in the future"},
		"too long":       {func(_, p map[string]any) string { p["exp"] = now + 61; return "\x00\xff" }, "the JWT lives for 61 s"},
	} {
		header, payload := map[string]any{"alg": "HS256", "kid": "k"}, map[string]any{"aud": "/admin/", "iat": now, "exp": now + 60}
		key := tt.change(header, payload)
		r, _ := http.NewRequest("GET", "https://lamp.example/api/x", nil)
		r.Header.Set("Authorization", "Lamp "+hs256(header, payload, key))
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		if tt.want == "" && resp.StatusCode != 200 || tt.want != "" && (resp.StatusCode != 401 && resp.StatusCode != 400 || !strings.Contains(resp.Header.Get(sandbox.RefusalHeader), tt.want)) {
			t.Errorf("%s: %s %s, want %q", name, resp.Status, resp.Header.Get(sandbox.RefusalHeader)+string(b), tt.want)
		}
	}
	c.advance(2 * time.Minute)
}

func hs256(header, payload map[string]any, key string) string {
	h, _ := json.Marshal(header)
	p, _ := json.Marshal(payload)
	input := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(p)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
