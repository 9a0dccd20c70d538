package engine_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nango-lite/nango-lite/engine"
	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

// lantern wants WSSE, as the strict sandbox plays it.
func lantern() *schema.Integration {
	return &schema.Integration{
		Name: "tower",
		Auth: schema.Auth{AuthMode: schema.Signature, RequestSignature: &schema.RequestSignature{Headers: map[string]string{
			"X-WSSE": `UsernameToken Username="${username}", PasswordDigest="${base64(sha1(nonce(), now('iso'), password))}", Nonce="${nonce()}", Created="${now('iso')}"`,
		}}},
		Credentials: map[string]schema.Field{"username": {Example: "bob"}, "password": {Example: "taadtaadpstcsm", Secret: true}},
		Requests:    schema.Requests{BaseURL: "https://tower.test/v2"},
	}
}

func connectAs(t *testing.T, w *oauth1World, user, password string) *http.Client {
	t.Helper()
	given := engine.Credentials{Username: schema.NewSecret(user), Password: schema.NewSecret(password)}
	if _, err := w.Connect(t.Context(), towerKey, given, nil); err != nil {
		t.Fatal(err)
	}
	client, err := w.Client(towerKey)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestWSSE: each attempt is signed anew, and the sandbox, which makes the digest
// itself and takes each nonce once, finds it so.
func TestWSSE(t *testing.T) {
	w := newOAuth1World(t, lantern())
	client := connectAs(t, w, "bob", "taadtaadpstcsm")
	failed := false
	w.answer = func(r *http.Request) *http.Response {
		if failed {
			return nil
		}
		failed = true
		return answer(r, 503, "")
	}
	retries, wait := 1, 0.0
	w.Reload(&schema.Config{Integrations: map[string]*schema.Integration{"tower": func() *schema.Integration {
		in := lantern()
		in.Requests.Retries = &schema.Retries{MaxRetries: &retries, TimeBetweenRetriesSec: &wait}
		return in
	}()}})
	for range 2 {
		if resp, err := client.Get("/lamps"); err != nil || resp.StatusCode != 200 || resp.Request.Header.Get("X-WSSE") != "" {
			t.Fatalf("got %v, %v", resp, err)
		}
	}
	form := regexp.MustCompile(`^UsernameToken Username="bob", PasswordDigest="[A-Za-z0-9+/]{27}=", Nonce="[0-9a-f]{32}", Created="2026-03-01T12:00:00Z"$`)
	seen := map[string]bool{}
	for _, r := range w.sent {
		if v := r.Header.Get("X-WSSE"); !form.MatchString(v) || seen[v] {
			t.Errorf("sent %q", v)
		} else {
			seen[v] = true
		}
	}
	if len(w.sent) != 3 {
		t.Errorf("%d attempts", len(w.sent))
	}
	client = connectAs(t, w, "bob", "another")
	if resp, err := client.Get("/lamps"); err != nil || resp.StatusCode != 401 || !strings.Contains(resp.Header.Get(sandbox.RefusalHeader), "header X-WSSE holds for sha1() what is not the digest") {
		t.Errorf("a wrong password: %v, %v", resp, err)
	}
	w.now = w.now.Add(time.Hour) // the provider's clock is the same here
	if _, err := w.Connect(t.Context(), towerKey, engine.Credentials{Username: schema.NewSecret("bob")}, nil); !errors.Is(err, engine.ErrClient) {
		t.Errorf("no password: %v", err)
	}
}

// hmacTower signs with an API key over all that is sent, in headers and in the query.
func hmacTower() *schema.Integration {
	return &schema.Integration{
		Name: "tower",
		Auth: schema.Auth{AuthMode: schema.APIKey, RequestSignature: &schema.RequestSignature{
			Headers: map[string]string{"X-Time": "${now('ms')}"},
			Params:  map[string]string{"sig": "${hex(hmac_sha256(credentials.secret, request.method, ' ', request.host, request.path, '?', request.query, '\n', request.body, now('ms')))}"},
		}},
		Credentials: map[string]schema.Field{"api_key": {Example: "key"}, "secret": {Example: "hush", Secret: true}},
		Requests:    schema.Requests{BaseURL: "https://tower.test/v2", Headers: map[string]string{"X-Key": "${api_key}"}, Params: map[string]string{"v": "1"}},
	}
}

func TestSignatureCoversWhatIsSent(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		body               io.Reader
		signed             string // without time; empty: refused
	}{
		{"no body", "GET", "/a%2Fb?q=%20x", nil, "GET tower.test/v2/a%2Fb?q=%20x&v=1\n"},
		{"a body", "POST", "/x", strings.NewReader(`{"a":1}`), "POST tower.test/v2/x?v=1\n{\"a\":1}"},
		{"a stream", "POST", "/x", io.MultiReader(strings.NewReader("ping")), "POST tower.test/v2/x?v=1\nping"},
		{"a signature of the caller's own", "GET", "/x?sig=mine&b=2", nil, "GET tower.test/v2/x?b=2&v=1\n"},
		{"a large stream", "POST", "/x", io.MultiReader(bytes.NewReader(make([]byte, 9<<20))), ""},
		{"a large body", "POST", "/x", bytes.NewReader(make([]byte, 9<<20)), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newOAuth1World(t, hmacTower())
			given := engine.Credentials{APIKey: schema.NewSecret("key"), Fields: map[string]schema.Secret{"secret": schema.NewSecret("hush")}}
			if _, err := w.Connect(t.Context(), towerKey, given, nil); err != nil {
				t.Fatal(err)
			}
			client, _ := w.Client(towerKey)
			r, err := http.NewRequest(c.method, c.path, c.body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(r)
			if c.signed == "" {
				if !errors.Is(err, engine.ErrUnsupported) || len(w.sent) > 0 {
					t.Errorf("got %v, %d requests", err, len(w.sent))
				}
				return
			}
			if err != nil || resp.StatusCode != 200 {
				t.Fatalf("got %v, %v: %s", resp, err, resp.Header.Get(sandbox.RefusalHeader))
			}
			mac := hmac.New(sha256.New, []byte("hush"))
			mac.Write([]byte(c.signed + w.sent[0].Header.Get("X-Time")))
			if got := w.sent[0].URL.Query()["sig"]; len(got) != 1 || got[0] != hex.EncodeToString(mac.Sum(nil)) {
				t.Errorf("got %q over %s", got, w.sent[0].URL)
			}
		})
	}
}

// A signature goes to the origin alone, and is no more to be seen than the secret.
func TestS36_SignaturesAreMasked(t *testing.T) {
	net := &hosts{status: 307, to: map[string]string{"https://tower.test/v2/away": "https://elsewhere.test/x", "https://elsewhere.test/x": ""}}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"tower": hmacTower()}}, &engine.Options{Transport: net})
	if err != nil {
		t.Fatal(err)
	}
	given := engine.Credentials{APIKey: schema.NewSecret("key"), Fields: map[string]schema.Secret{"secret": schema.NewSecret("hush")}}
	if _, err := e.Connect(t.Context(), towerKey, given, nil); err != nil {
		t.Fatal(err)
	}
	client, _ := e.Client(towerKey)
	if resp, err := client.Get("/away"); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	if r := net.sent[1]; r.URL.Query().Has("sig") || r.Header.Get("X-Time") != "" || r.Header.Get("X-Key") != "" {
		t.Errorf("a stranger got %v %v", r.URL, r.Header)
	}
	_, err = client.Get("/nowhere") // the error repeats the URL that was sent
	if sig := net.sent[2].URL.Query().Get("sig"); err == nil || sig == "" || strings.Contains(err.Error(), sig) {
		t.Errorf("got %v", err)
	}
}

// S36: a key in the body is sent with each attempt to the origin alone, and is not
// to be seen.
func TestS36_KeyInTheBody(t *testing.T) {
	const key = "Seeded1Key2InTheBody"
	net := &hosts{status: 307, to: map[string]string{"https://tower.test/v2/there": "https://tower.test/v2/here", "https://tower.test/v2/here": "", "https://tower.test/v2/ping": "", "https://tower.test/v2/away": "https://elsewhere.test/x"}}
	in := &schema.Integration{Name: "tower", Auth: schema.Auth{AuthMode: schema.APIKey}, Requests: schema.Requests{
		BaseURL: "https://tower.test/v2", Body: map[string]string{"key": "${api_key}", "sum": "${hex(sha1(api_key))}"}, Verify: &schema.Verify{Method: "POST", Path: "/ping"}}}
	e, err := engine.New(&schema.Config{Integrations: map[string]*schema.Integration{"tower": in}}, &engine.Options{Transport: net})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Connect(t.Context(), towerKey, engine.Credentials{APIKey: schema.NewSecret(key)}, &engine.ConnectOptions{Verify: true}); err != nil {
		t.Fatal(err)
	}
	client, _ := e.Client(towerKey)
	if resp, err := client.Post("/there", "application/json", strings.NewReader(`{"a":1}`)); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	sum := sha1.Sum([]byte(key))
	members := `"key":"` + key + `","sum":"` + hex.EncodeToString(sum[:]) + `"}`
	if got, want := strings.Join(net.bodies, " "), `{`+members+` {"a":1,`+members+` {"a":1,`+members; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, _ = client.Post("/away", "application/json", strings.NewReader(`{"a":1}`))
	_, refused := client.Post("/here", "text/plain", strings.NewReader(key))
	_, broken := client.Post("/nowhere", "application/json", strings.NewReader(`{}`))
	if !errors.Is(refused, engine.ErrUnsupported) || broken == nil || strings.Contains(net.visited(), "elsewhere") {
		t.Errorf("got %v, %v after %s", refused, broken, net.visited())
	}
	for _, err := range []error{refused, broken} {
		if strings.Contains(err.Error(), key) || strings.Contains(err.Error(), hex.EncodeToString(sum[:])) {
			t.Errorf("the key is in %v", err)
		}
	}
}

// A token that calls are signed with, and that stands nowhere else in them, is refreshed
// like any other.
func TestSignatureWithATokenIsRefreshed(t *testing.T) {
	var sent []string
	p := &provider{token: answers(`{"access_token":"a1","refresh_token":"r1"}`, `{"access_token":"a2"}`)}
	p.api = func(r *http.Request) (int, string) {
		sent = append(sent, r.Header.Get("X-Signed"))
		if r.Header.Get("X-Signed") == "a1 GET" {
			return 401, `{}`
		}
		return 200, `{}`
	}
	e := newEngine(t, p, nil, func(in *schema.Integration) {
		in.Requests.Headers = nil
		in.Auth.RequestSignature = &schema.RequestSignature{Headers: map[string]string{"X-Signed": "${access_token} ${request.method}"}}
	})
	connect(t, e)
	if err := called(t, e, "/x"); err != nil || fmt.Sprint(sent) != "[a1 GET a2 GET]" {
		t.Errorf("got %v; signed with %q", err, sent)
	}
}
