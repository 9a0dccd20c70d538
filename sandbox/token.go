package sandbox

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"

	"github.com/nango-lite/nango-lite/schema"
)

// maxBody is how much of a request's body the sandbox looks at.
const maxBody = 1 << 20

// The parameters of a token request that RFC 6749, RFC 7636 and RFC 8628 name.
var tokenParams = []string{"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope", "device_code"}

// A tokenRequest is a request to the token endpoint, read but not checked.
type tokenRequest struct {
	wire   url.Values        // parameters by the names they have on the wire
	std    map[string]string // by their standard names
	query  url.Values
	header http.Header
	issues bool // the mode gets its tokens without a code
	begins bool // it asks for no token yet
	seen   *seen
}

func (t *tokenRequest) exchange() bool {
	return t.issues || t.begins || t.std["code"] != "" || t.device()
}

// device reports whether the request redeems a device code.
func (t *tokenRequest) device() bool { return t.std["device_code"] != "" }

// serveToken plays the token endpoint (RFC 6749 3.2) for both grants.
func (p *Provider) serveToken(w http.ResponseWriter, r *http.Request, at location) {
	body := readBody(r)
	f := p.faults.takeToken()
	if p.playBeforeToken(w, r, f) {
		return
	}
	a, ref := p.grant(r, body, at)
	if ref != nil {
		p.stats.add(func(s *counts) { s.refused++ })
		p.write(w, r, p.tokenError(ref))
		return
	}
	if p.playAfterToken(w, r, f) {
		return
	}
	p.write(w, r, a)
}

// grant checks a token request and answers it.
func (p *Provider) grant(r *http.Request, body []byte, at location) (answer, *refusal) {
	t, ref := p.readTokenRequest(r, body, at)
	if ref != nil {
		return answer{}, ref
	}
	if t.issues {
		return p.issueToken(t, at)
	}
	for _, check := range []func(*tokenRequest) *refusal{
		p.checkClient,
		func(t *tokenRequest) *refusal { return p.checkGrant(t, at) },
		func(t *tokenRequest) *refusal { return p.checkExtras(t, at) },
	} {
		if ref := check(t); ref != nil {
			return answer{}, ref
		}
	}
	if t.device() {
		return p.exchangeDevice(t)
	}
	if t.exchange() {
		return p.exchange(t)
	}
	return p.refresh(t)
}

// readTokenRequest reads the parameters from where the blueprint says that they
// stand, and refuses them elsewhere.
func (p *Provider) readTokenRequest(r *http.Request, body []byte, at location) (*tokenRequest, *refusal) {
	a := &p.integration.Auth
	method := a.TokenRequestMethod
	if method == "" {
		method = http.MethodPost
	}
	if how := a.RefreshRequest; how != nil && how.Method != "" && (at.name == placeRefresh || at.shared && r.Method == how.Method) {
		method = how.Method
	}
	if r.Method != method {
		return nil, refused(405, "invalid_request", "token requests are made with %s, not %s", method, r.Method)
	}
	t := &tokenRequest{query: r.URL.Query(), header: r.Header, issues: a.Issues(), seen: see(r, body)}
	var ref *refusal
	switch {
	case method == http.MethodGet:
		t.wire = t.query
	case a.BodyFormat == "query":
		t.wire, ref = readNoBody(t.query, body)
	case a.BodyFormat == "json":
		t.wire, ref = readJSON(r.Header, body)
	default:
		t.wire, ref = readForm(r.Header, body)
	}
	if ref != nil {
		return nil, ref
	}
	for name, values := range t.wire {
		if len(values) > 1 {
			return nil, refused(400, "invalid_request", "%s is given more than once (RFC 6749 3.2)", name)
		}
	}
	return t, p.readStandard(t, method)
}

// readClientForm reads a form that a client posts and in which it says who it is, to an
// endpoint beside the token endpoint. byPost is said to whoever uses another method.
func (p *Provider) readClientForm(r *http.Request, at location, byPost string) (*tokenRequest, *refusal) {
	t := &tokenRequest{header: r.Header, query: r.URL.Query(), begins: true}
	if r.Method != http.MethodPost {
		return nil, refused(405, "invalid_request", "%s", byPost)
	}
	var ref *refusal
	if t.wire, ref = readForm(r.Header, readBody(r)); ref != nil {
		return nil, ref
	}
	if ref := p.readStandard(t, r.Method); ref != nil {
		return nil, ref
	}
	if ref := p.checkClient(t); ref != nil {
		return nil, ref
	}
	return t, p.checkDeclared(at.query, t.query.Get, "the query of "+at.name)
}

// readStandard gives the parameters their standard names.
func (p *Provider) readStandard(t *tokenRequest, method string) *refusal {
	t.std = map[string]string{}
	for _, name := range tokenParams {
		wire, renamed := p.wireName(name)
		if renamed && t.wire.Has(name) && !p.declaresToken(name) {
			if wire == "" {
				return refused(400, "invalid_request", "%s is given, but token_request.rename leaves it out", name)
			}
			return refused(400, "invalid_request", "%s is given, but token_request.rename calls it %s", name, wire)
		}
		if wire == "" {
			continue
		}
		t.std[name] = t.wire.Get(wire)
		if method != http.MethodGet && p.integration.Auth.BodyFormat != "query" && t.query.Has(wire) && !p.declaresToken(wire) {
			return refused(400, "invalid_request", "%s stands in the query; it belongs in the body", wire)
		}
	}
	return nil
}

// wireName returns what a standard parameter is called at this provider.
func (p *Provider) wireName(name string) (wire string, renamed bool) {
	if t := p.integration.Auth.TokenRequest; t != nil {
		if wire, ok := t.Rename[name]; ok {
			return wire, wire != name
		}
	}
	return name, false
}

// declaresToken reports whether the blueprint itself puts a parameter of that
// name on the wire.
func (p *Provider) declaresToken(name string) bool {
	named := func(d declared) bool { return d.name == name }
	renames := p.integration.Auth.TokenRequest
	return slices.ContainsFunc(p.params.token, named) || slices.ContainsFunc(p.params.refresh, named) ||
		slices.ContainsFunc(p.params.query, named) || renames != nil && slices.Contains(slices.Collect(values(renames.Rename)), name)
}

func values(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// readNoBody reads a request whose parameters stand in its query.
func readNoBody(query url.Values, body []byte) (url.Values, *refusal) {
	if len(body) > 0 {
		return nil, refused(400, "invalid_request", "the request has a body; its parameters belong in the query (body_format: query)")
	}
	return query, nil
}

func readForm(h http.Header, body []byte) (url.Values, *refusal) {
	if media := mediaType(h); media != "application/x-www-form-urlencoded" {
		return nil, refused(400, "invalid_request", "Content-Type must be application/x-www-form-urlencoded, not %q", media)
	}
	v, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refused(400, "invalid_request", "the body is not form-urlencoded")
	}
	return v, nil
}

func readJSON(h http.Header, body []byte) (url.Values, *refusal) {
	if media := mediaType(h); media != "application/json" {
		return nil, refused(400, "invalid_request", "Content-Type must be application/json (body_format: json), not %q", media)
	}
	v, err := decode(body)
	object, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, refused(400, "invalid_request", "the body is not a JSON object")
	}
	out := url.Values{}
	for name, value := range object {
		switch value.(type) {
		case string, json.Number, bool:
			out.Set(name, text(value))
		case nil:
		default:
			return nil, refused(400, "invalid_request", "%s is neither text nor number", name)
		}
	}
	return out, nil
}

func mediaType(h http.Header) string {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return media
}

// readBody reads a body up to maxBody and drops the rest.
func readBody(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return b
}

// clientAuth is the declared way of client authentication, in words.
var clientAuth = map[string]string{
	schema.ClientAuthHeader: "a Basic header (authorization_method: header)",
	schema.ClientAuthBody:   "client_id and client_secret in the body (authorization_method: body)",
	schema.ClientAuthNone:   "client_id alone (authorization_method: none)",
	schema.ClientAuthJWT:    "a signed client_assertion (authorization_method: private_key_jwt)",
	schema.ClientAuthTLS:    "client_id and a client certificate (authorization_method: tls_client_auth)",
}
