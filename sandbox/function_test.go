package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// A published example of WSSE (xml.com, 2003) is in order at its time, once.
func TestWSSEExample(t *testing.T) {
	t.Parallel()
	at := time.Date(2003, 12, 15, 14, 43, 9, 0, time.UTC)
	p := newProvider(t, &schema.Integration{
		Name: "atom",
		Auth: schema.Auth{AuthMode: schema.Signature, RequestSignature: &schema.RequestSignature{Headers: map[string]string{
			"X-WSSE": `UsernameToken Username="${username}", PasswordDigest="${base64(sha1(nonce(), now('iso'), password))}", Nonce="${nonce()}", Created="${now('iso')}"`}}},
		Credentials: map[string]schema.Field{"username": {Example: "bob"}, "password": {Example: "taadtaadpstcsm", Secret: true}},
		Requests:    schema.Requests{BaseURL: "https://atom.example"},
	}, &sandbox.Options{Now: func() time.Time { return at }})
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	const example = `UsernameToken Username="bob", PasswordDigest="quR/EWLAV4xLf9Zqyw4pDmfV9OY=", Nonce="d36e316282959a9ed4c89851497a717f", Created="2003-12-15T14:43:07Z"`
	ask := func(header string) string {
		r, _ := http.NewRequest("GET", "https://atom.example/x", nil)
		if header != "" {
			r.Header.Set("X-WSSE", header)
		}
		resp, _ := f.do(r)
		return resp.Header.Get(sandbox.RefusalHeader)
	}
	for _, row := range []struct{ header, want string }{
		{strings.Replace(example, "quR", "quS", 1), "sha1() what is not the digest"},
		{strings.Replace(example, "d36", "d37", 1), "sha1() what is not the digest"},
		{"", "header X-WSSE is missing"},
		{"UsernameToken bob", "does not read like"},
		{example, ""},
		{example, "nonce() what was used before"},
		{strings.Replace(strings.Replace(example, "bob", "eve", 1), "d36", "d37", 1), ""}, // a stranger's secret is not known here
	} {
		if got := ask(row.header); !strings.Contains(got, row.want) || row.want == "" && got != "" {
			t.Errorf("%q: got %q, want %q", row.header, got, row.want)
		}
	}
	at = at.Add(6 * time.Minute)
	if got := ask(strings.Replace(example, "bob", "eve", 1)); !strings.Contains(got, "not within 5m0s") && !strings.Contains(got, "used before") {
		t.Errorf("late: got %q", got)
	}
}

// The sandbox reads back what functions have made, makes digests again, and takes a
// nonce once.
func TestFunctionsOfTokenRequests(t *testing.T) {
	t.Parallel()
	clock := newClock()
	p := newProvider(t, &schema.Integration{
		Name: "quay", OAuthClientSecret: schema.NewSecret("shh"), AppAPIKey: schema.NewSecret("Aa"),
		Auth: schema.Auth{
			AuthMode: schema.TwoStep, TokenURL: "https://quay.example/login",
			TokenParams: schema.Tree{"user": "${credentials.username}", "proof": "${base64(sha1(nonce(), now('iso'), credentials.password))}",
				"nonce": "${nonce()}", "at": "${now('iso')}", "id": "${uuid()}", "app": "${upper(app_api_key)}", "odd": "${base64url(credentials.username, '>')}"},
			TokenHeaders: map[string]string{"Authorization": "Basic ${base64(oauth_client_secret, ':')}", "X-Sign": "${hex(hmac_sha256(oauth_client_secret, request.body, now('s')))}", "X-Time": "${now()}"},
		},
		Credentials: map[string]schema.Field{"username": {Example: "mira"}, "password": {Example: "invented", Secret: true}},
		Requests:    schema.Requests{BaseURL: "https://quay.example/api", Headers: map[string]string{"Authorization": "Bearer ${access_token}"}},
	}, &sandbox.Options{Now: clock.now})
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	n := 0
	ask := func(change func(url.Values), tamper func(*http.Request)) string {
		n++
		nonce, at, seconds := fmt.Sprintf("%032x", n), clock.at.Format(time.RFC3339), strconv.FormatInt(clock.at.Unix(), 10)
		sum := sha1.Sum([]byte(nonce + at + "invented"))
		v := url.Values{"user": {"mira"}, "nonce": {nonce}, "at": {at}, "proof": {base64.StdEncoding.EncodeToString(sum[:])},
			"id": {fmt.Sprintf("0b5e1f6a-1c2d-4e3f-8a9b-%012x", n)}, "app": {"AA"}, "odd": {"bWlyYT4"}}
		if change != nil {
			change(v)
		}
		body := v.Encode()
		r, err := http.NewRequest("POST", "https://quay.example/login", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, []byte("shh"))
		mac.Write([]byte(body + seconds))
		r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Basic c2hoOg=="},
			"X-Time": {seconds}, "X-Sign": {hex.EncodeToString(mac.Sum(nil))}}
		if tamper != nil {
			tamper(r)
		}
		resp, _ := f.do(r)
		return resp.Header.Get(sandbox.RefusalHeader)
	}
	if got := ask(nil, nil); got != "" {
		t.Fatalf("as declared: %q", got)
	}
	param := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, tt := range map[string]struct {
		change func(url.Values)
		tamper func(*http.Request)
		want   string
	}{
		"another secret":      {nil, header("Authorization", "Basic c2hvOg=="), `"Authorization" in the token request's header (token_headers) has another value`},
		"a password as well":  {nil, header("Authorization", "Basic c2hoOng="), "something else than the blueprint declares"},
		"no base64":           {nil, header("Authorization", "Basic shh:"), "does not read like it"},
		"padding left out":    {nil, header("Authorization", "Basic c2hoOg"), "does not read like it"},
		"padding where none":  {param("odd", "bWlyYT4="), nil, "base64url() what does not read like it"},
		"another signature":   {nil, header("X-Sign", strings.Repeat("0", 64)), "hmac_sha256() what is not the digest"},
		"capitals":            {nil, func(r *http.Request) { r.Header.Set("X-Sign", strings.ToUpper(r.Header.Get("X-Sign"))) }, "hex() what does not read like it"},
		"a shorter digest":    {param("proof", "c2hvcnQ="), nil, "sha1() what has 5 bytes and not 20"},
		"a wrong digest":      {param("proof", base64.StdEncoding.EncodeToString(make([]byte, 20))), nil, "sha1() what is not the digest"},
		"an old time":         {param("at", clock.at.Add(-6*time.Minute).Format(time.RFC3339)), nil, "now() what is not within 5m0s"},
		"another format":      {param("at", "1772366400"), nil, "not a time in the format 'iso'"},
		"a header's old time": {nil, header("X-Time", "1772360000"), "is not the digest"},
		"a nonce twice":       {param("nonce", fmt.Sprintf("%032x", 1)), nil, "nonce() what was used before"},
		"no nonce":            {param("nonce", "1"), nil, "nonce() what is none"},
		"a uuid twice":        {param("id", "0b5e1f6a-1c2d-4e3f-8a9b-000000000001"), nil, "uuid() what was used before"},
		"no uuid":             {param("id", "0b5e1f6a-1c2d-1e3f-8a9b-000000000001"), nil, "uuid() what is none"},
		"small letters":       {param("app", "aA"), nil, "does not read like it"},
		"another app":         {param("app", "AB"), nil, "another value"},
	} {
		if got := ask(tt.change, tt.tamper); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	// The password of a stranger is not known here.
	if got := ask(func(v url.Values) {
		v.Set("user", "jonas")
		v.Set("odd", base64.RawURLEncoding.EncodeToString([]byte("jonas>")))
		v.Set("proof", base64.StdEncoding.EncodeToString(make([]byte, 20)))
	}, nil); got != "" {
		t.Errorf("a stranger: %q", got)
	}
}
