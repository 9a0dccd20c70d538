package e2e

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// A playedProvider is a provider that can be down: nothing listens then at its address. It
// takes one secret, "good", in whichever way it is shown, and its users consent on a page
// with three links.
type playedProvider struct {
	t       *testing.T
	addr    string
	url     string
	control string // takes POST /down, /up, and /device?answer=allow or deny

	mu     sync.Mutex
	server *http.Server      // nil: it is down
	device map[string]string // what users have answered, by code; empty: nothing yet
}

func playProvider(t *testing.T) *playedProvider {
	p := &playedProvider{t: t, addr: "127.0.0.1:0", device: map[string]string{}}
	p.up()
	p.url = "http://" + p.addr
	control := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/up":
			p.up()
		case "/down":
			p.down()
		case "/device":
			p.mu.Lock()
			defer p.mu.Unlock()
			for code := range p.device {
				p.device[code] = r.URL.Query().Get("answer")
			}
		}
	}))
	p.control = control.URL
	t.Cleanup(control.Close)
	t.Cleanup(p.down)
	return p
}

func (p *playedProvider) up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		return
	}
	ln, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Error(err)
		return
	}
	p.addr = ln.Addr().String()
	mux := http.NewServeMux()
	for path, handle := range map[string]http.HandlerFunc{
		"/authorize": p.authorize, "/token": p.token, "/login": p.login, "/api/me": p.me, "/device": p.begin, "/register": p.register, "/.well-known/": p.metadata,
	} {
		mux.HandleFunc(path, handle)
	}
	p.server = &http.Server{Handler: mux}
	go func(s *http.Server) { _ = s.Serve(ln) }(p.server)
}

func (p *playedProvider) down() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.server != nil {
		_ = p.server.Close()
		p.server = nil
	}
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// authorize is the page where users consent, or not, or where something goes wrong.
func (p *playedProvider) authorize(w http.ResponseWriter, r *http.Request) {
	to, err := url.Parse(r.FormValue("redirect_uri"))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	link := func(text string, more url.Values) string {
		more.Set("state", r.FormValue("state"))
		to.RawQuery = more.Encode()
		return fmt.Sprintf(`<p><a href="%s">%s</a></p>`, html.EscapeString(to.String()), text)
	}
	fmt.Fprint(w, `<!DOCTYPE html><html lang="en"><title>Provider</title><h1>Provider</h1>`, link("Allow", url.Values{"code": {"good"}}),
		link("Deny", url.Values{"error": {"access_denied"}}), link("Go wrong", url.Values{"code": {"bad"}}))
}

var goodToken = map[string]any{"access_token": "good", "token_type": "Bearer", "expires_in": 3600}

func (p *playedProvider) token(w http.ResponseWriter, r *http.Request) {
	_, secret, basic := r.BasicAuth()
	refuse := func(code string) { answerJSON(w, http.StatusBadRequest, map[string]string{"error": code}) }
	switch r.FormValue("grant_type") {
	case "client_credentials":
		if !basic {
			secret = r.FormValue("client_secret")
		}
		if secret != "good" {
			answerJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
			return
		}
	case "authorization_code":
		if r.FormValue("code") != "good" {
			refuse("invalid_grant")
			return
		}
	default:
		p.mu.Lock()
		answer := p.device[r.FormValue("device_code")]
		p.mu.Unlock()
		switch answer {
		case "":
			refuse("authorization_pending")
			return
		case "deny":
			refuse("access_denied")
			return
		}
	}
	answerJSON(w, http.StatusOK, goodToken)
}

// login is the first step of two.
func (p *playedProvider) login(w http.ResponseWriter, r *http.Request) {
	var sent struct{ Pass string }
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || sent.Pass != "good" {
		answerJSON(w, http.StatusUnauthorized, map[string]string{"error": "wrong password"})
		return
	}
	answerJSON(w, http.StatusOK, map[string]string{"token": "good"})
}

// me answers whoever shows what is good.
func (p *playedProvider) me(w http.ResponseWriter, r *http.Request) {
	if _, password, ok := r.BasicAuth(); ok && password == "good" || strings.HasSuffix(r.Header.Get("Authorization"), " good") {
		answerJSON(w, http.StatusOK, map[string]int{"id": 1})
		return
	}
	answerJSON(w, http.StatusUnauthorized, map[string]string{"error": "who are you?"})
}

// begin gives a code for another device.
func (p *playedProvider) begin(w http.ResponseWriter, _ *http.Request) {
	code := rand.Text()
	p.mu.Lock()
	p.device[code] = ""
	p.mu.Unlock()
	answerJSON(w, http.StatusOK, map[string]any{
		"device_code": code, "user_code": "WDJB-MJHT", "verification_uri": p.url + "/enter", "expires_in": 600, "interval": 1,
	})
}

func (p *playedProvider) register(w http.ResponseWriter, r *http.Request) {
	var asked map[string]any
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	asked["client_id"] = "registered"
	answerJSON(w, http.StatusCreated, asked)
}

// metadata is what is said of the API and of its authorization server (RFC 9728, RFC 8414).
func (p *playedProvider) metadata(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "protected-resource") {
		answerJSON(w, http.StatusOK, map[string]any{"resource": p.url + "/api", "authorization_servers": []string{p.url}})
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{
		"issuer": p.url, "authorization_endpoint": p.url + "/authorize", "token_endpoint": p.url + "/token", "registration_endpoint": p.url + "/register",
		"response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"none"},
	})
}
