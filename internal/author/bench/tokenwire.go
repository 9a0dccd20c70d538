package bench

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nango-lite/nango-lite/schema"
)

// tokenParams are the parameters that a token request may have: those of the RFCs, by the
// names that this provider gives them, and those that the blueprint adds. Nil is for modes
// whose requests the sandbox takes with what is declared and nothing else.
func tokenParams(in *schema.Integration) map[string]bool {
	a := &in.Auth
	if a.AuthMode != schema.OAuth2 && a.AuthMode != schema.OAuth2CC {
		return nil
	}
	may := map[string]bool{}
	// RFC 6749, 7636, 8628, 7009, 7523 and 8707.
	for _, name := range []string{"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope", "device_code", "token", "token_type_hint", "assertion", "client_assertion", "client_assertion_type", "resource"} {
		may[name] = true
	}
	add := func(trees ...schema.Tree) {
		for _, t := range trees {
			for name := range t {
				may[name] = true
			}
		}
	}
	add(a.TokenParams, a.RefreshParams)
	if how := a.RevocationRequest; how != nil {
		add(how.Params)
	}
	for _, s := range a.Steps {
		add(s.Params)
	}
	if how := a.TokenRequest; how != nil {
		for name, as := range how.Rename {
			if _, own := a.TokenParams[name]; !own {
				delete(may, name)
			}
			may[as] = as != ""
		}
		for name := range how.Query {
			may[name] = true
		}
	}
	for _, text := range []string{a.TokenURL, a.RefreshURL, a.RevocationURL} {
		_, query, _ := strings.Cut(text, "?")
		own, _ := url.ParseQuery(query)
		for name := range own {
			may[name] = true
		}
	}
	return may
}

func (w *wire) tokenRequest(r *http.Request) (*http.Response, error) {
	params := paramsOf(r)
	w.object(w.strangeHeader(r), w.strangeParam(params), w.strangePlace(r), w.strangeScope(params), w.strangeLife(r, params))
	resp, err := w.send(r)
	if err != nil || w.token == nil {
		return resp, err
	}
	a := readAnswer(resp)
	w.token(&a)
	return a.response(r), nil
}

// object keeps what is wrong with a request.
func (w *wire) object(errs ...error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, err := range errs {
		if err != nil {
			w.broken = append(w.broken, err)
		}
	}
}

func (w *wire) strangeHeader(r *http.Request) error {
	known := append(slices.Collect(maps.Keys(w.played.Auth.TokenHeaders)), "Accept", "Authorization")
	known = append(known, w.played.Auth.AuthMode.Mode().SignatureHeaders...)
	if how := w.played.Auth.RevocationRequest; how != nil {
		known = slices.AppendSeq(known, maps.Keys(how.Headers))
	}
	for _, s := range w.played.Auth.Steps {
		known = slices.AppendSeq(known, maps.Keys(s.Headers))
	}
	for name := range r.Header {
		declared := func(other string) bool { return strings.EqualFold(name, other) }
		if !slices.ContainsFunc(known, declared) && !slices.ContainsFunc(usual, declared) {
			return fmt.Errorf("a token request has the header %s, which nobody declares", name)
		}
	}
	return nil
}

// paramsOf returns what a token request has in its query and its body, by the names at the
// top of a document.
func paramsOf(r *http.Request) map[string]any {
	params := map[string]any{}
	take := func(v url.Values) {
		for name := range v {
			params[name] = v.Get(name)
		}
	}
	take(r.URL.Query())
	if r.Body == nil {
		return params
	}
	b, _ := io.ReadAll(r.Body)
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(b))
	if doc, ok := decode(b).(map[string]any); ok {
		maps.Copy(params, doc)
	} else if form, err := url.ParseQuery(string(b)); err == nil {
		take(form)
	}
	return params
}

// strangeParam holds that a token request has parameters that are declared and no others:
// a provider may ignore them (RFC 6749 3.2), and they are wrong all the same.
func (w *wire) strangeParam(params map[string]any) error {
	if w.params == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !w.params[name] {
			return fmt.Errorf("a token request has the parameter %q, which nobody declares", name)
		}
	}
	return nil
}

// strangeScope holds that the client credentials grant asks for the declared scopes; the
// page of consent is where the others ask.
func (w *wire) strangeScope(params map[string]any) error {
	a := &w.played.Auth
	if _, own := a.TokenParams["scope"]; own || a.AuthMode != schema.OAuth2CC || params["grant_type"] != "client_credentials" {
		return nil
	}
	if got, want := text(params["scope"]), (&Entry{Played: w.played}).scope(nil); got != want {
		return fmt.Errorf("a token request asks for the scope %q, and %q is declared", got, want)
	}
	return nil
}

// strangeLife holds that a signed token says the end that auth.jwt.lifetime_seconds gives it.
func (w *wire) strangeLife(r *http.Request, params map[string]any) error {
	if w.played.Auth.JWT == nil {
		return nil
	}
	shown := strings.Fields(r.Header.Get("Authorization"))
	for _, name := range []string{"assertion", "client_assertion"} {
		shown = append(shown, text(params[name]))
	}
	for _, token := range shown {
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			continue
		}
		payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
		claims := decode(payload)
		from, err1 := strconv.ParseFloat(at(claims, "iat"), 64)
		end, err2 := strconv.ParseFloat(at(claims, "exp"), 64)
		life := time.Duration((end - from) * float64(time.Second))
		if err1 == nil && err2 == nil && !near(life, w.played.Auth.JWT.Lifetime()) {
			return fmt.Errorf("the signed token lives for %s, and %s is declared", life, w.played.Auth.JWT.Lifetime())
		}
	}
	return nil
}

// strangePlace holds that a token request goes to its endpoint to the letter: a server may
// redirect from a URL with a slash more or less, and then a POST arrives as a GET.
func (w *wire) strangePlace(r *http.Request) error {
	where := r.URL.Scheme + "://" + r.URL.Host + r.URL.EscapedPath()
	if w.played.Auth.AuthMode == schema.MCPOAuth2 || slices.ContainsFunc(w.exact, func(re *regexp.Regexp) bool { return re.MatchString(where) }) {
		return nil
	}
	return fmt.Errorf("a token request goes to %s, which is not quite an endpoint that is declared", where)
}
