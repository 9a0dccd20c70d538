package cli

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/schema"
)

// Only addresses of this machine may be waited at (RFC 8252 7.3).
func TestS14_RedirectsToThisMachineAlone(t *testing.T) {
	for text, ok := range map[string]bool{
		"http://localhost:3003/oauth/callback": true, "http://127.0.0.1:0/cb": true, "http://[::1]:0/cb": true, "http://127.0.0.1:8080": true,
		"https://localhost/cb": false, "http://example.com/cb": false, "http://10.0.0.1/cb": false, "http://0.0.0.0:1/cb": false, "http://localhost.example.com/cb": false,
		"http://user@localhost/cb": false, "http://localhost/cb?x=1": false, "http://localhost/cb#x": false, "localhost:3003": false, "": false,
	} {
		if _, err := parseRedirect(text); (err == nil) != ok {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// The listener takes one answer, by GET at the exact path, and sends the browser
// nowhere, whatever the answer says.
func TestS3_S14_OneAnswerAndNoRedirect(t *testing.T) {
	l, err := listen(&url.URL{Scheme: "http", Host: "127.0.0.1:0", Path: "/oauth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if l.redirect.Port() == "0" {
		t.Fatal("the port that was taken is not in the redirect URL")
	}
	l.expect(schema.NewSecret("the-state"))
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(method, path string) (int, string) {
		r, _ := http.NewRequest(method, "http://"+l.redirect.Host+path, nil)
		resp, err := plain.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.Header.Get("Location") != "" || resp.Header.Get("Refresh") != "" || strings.Contains(string(body), "evil.test") {
			t.Errorf("%s %s leads on: %v %s", method, path, resp.Header, body)
		}
		return resp.StatusCode, string(body)
	}
	const rest = "?code=c&state=the-state&redirect_uri=https://evil.test&next=//evil.test&return_to=https://evil.test"
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"POST", "/oauth/callback" + rest, 400}, {"PUT", "/oauth/callback" + rest, 405}, {"HEAD", "/oauth/callback" + rest, 405},
		{"GET", "/oauth/callback/" + rest, 404}, {"GET", "/" + rest, 404}, {"GET", "/oauth%2fcallback" + rest, 404}, {"GET", "//oauth/callback" + rest, 404},
		{"GET", "/oauth/callback?code=c&state=another", 400}, {"GET", "/oauth/callback?code=c", 400},
	} {
		if got, _ := ask(c.method, c.path); got != c.want {
			t.Errorf("%s %s: got %d, want %d", c.method, c.path, got, c.want)
		}
	}
	l.done(nil) // what the page is to say
	if got, _ := ask("GET", "/oauth/callback"+rest); got != 200 {
		t.Errorf("the answer: got %d", got)
	}
	if at := <-l.answers; at.Query().Get("code") != "c" {
		t.Error("another answer")
	}
	if got, _ := ask("GET", "/oauth/callback"+rest); got != 400 {
		t.Errorf("the answer again: got %d", got)
	}
	l.close()
	if conn, err := net.Dial("tcp", l.redirect.Host); err == nil {
		_ = conn.Close()
		t.Error("the listener is still there")
	}
}

// A provider may be asked to have the browser post the answer as a form (OAuth 2.0 Form
// Post Response Mode 2). What stands in the query of such a request is none of it.
func TestFormPost(t *testing.T) {
	l, err := listen(&url.URL{Scheme: "http", Host: "127.0.0.1:0", Path: "/cb"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	l.expect(schema.NewSecret("the-state"))
	post := func(query, media, body string) int {
		r, _ := http.NewRequest("POST", "http://"+l.redirect.Host+"/cb"+query, strings.NewReader(body))
		r.Header.Set("Content-Type", media)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	const form = "application/x-www-form-urlencoded"
	for name, got := range map[string]int{
		"another state":  post("", form, "code=c&state=other"),
		"in the query":   post("?code=c&state=the-state", form, ""),
		"JSON":           post("", "application/json", `{"code":"c","state":"the-state"}`),
		"a form too big": post("", form, "state=the-state&code="+strings.Repeat("x", maxForm)),
	} {
		if got != http.StatusBadRequest {
			t.Errorf("%s: got %d", name, got)
		}
	}
	l.done(nil)
	if got := post("", form+"; charset=utf-8", "code=c&state=the-state"); got != 200 {
		t.Errorf("the answer: got %d", got)
	}
	if callback := <-l.answers; callback.Query().Get("code") != "c" {
		t.Errorf("got %v", callback)
	}
}

// A refusal without a state ends nothing, as anybody can send one; who waits is told, once
// for each code, and of nothing that is no code.
func TestRefusalWithoutAState(t *testing.T) {
	l, err := listen(&url.URL{Scheme: "http", Host: "127.0.0.1:0", Path: "/cb"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	var told []string
	l.tell = func(code string) { told = append(told, code) }
	l.expect(schema.NewSecret("the-state"))
	for _, query := range []string{"error=access_denied", "error=access_denied", "error=x%0a%1b[2J", "error=access_denied&state=another", "error=server_error", "code=c", "error=a", "error=b"} {
		resp, err := http.Get("http://" + l.redirect.Host + "/cb?" + query)
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		named := strings.Contains(string(page), "access_denied")
		if resp.StatusCode != http.StatusBadRequest || named != (query == "error=access_denied") {
			t.Errorf("%s: %d %s", query, resp.StatusCode, page)
		}
	}
	if got := strings.Join(told, " "); got != "access_denied server_error a" {
		t.Errorf("told of %s", got)
	}
	select {
	case <-l.answers:
		t.Error("the wait has ended")
	default:
	}
}

// What a browser is started with can be read by all who use the machine: it leads to the
// page once, and holds nothing of it.
func TestS54_StartLeadsToThePageOnce(t *testing.T) {
	l, err := listen(&url.URL{Scheme: "http", Host: "127.0.0.1:0", Path: "/oauth/callback"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	plain := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	const page = "https://id.fjord.test/authorize?state=the-state"
	ask := func(method, address string) (int, string) {
		r, _ := http.NewRequest(method, address, nil)
		resp, err := plain.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode, resp.Header.Get("Location")
	}
	first, start := l.startFor(page), l.startFor(page)
	if first == start || !strings.HasPrefix(start, "http://"+l.redirect.Host+"/start/") || strings.Contains(start, "state=") {
		t.Fatalf("got %s, then %s", first, start)
	}
	for _, c := range []struct {
		method, address string
		want            int
		leads           string
	}{
		{"GET", first, 404, ""}, {"GET", start + "/", 404, ""}, {"GET", strings.TrimSuffix(start, start[len(start)-1:]), 404, ""},
		{"POST", start, 410, ""}, {"HEAD", start, 410, ""}, {"GET", start, 302, page}, {"GET", start, 410, ""},
	} {
		if status, leads := ask(c.method, c.address); status != c.want || leads != c.leads {
			t.Errorf("%s %s: got %d %s, want %d %s", c.method, c.address, status, leads, c.want, c.leads)
		}
	}
}
