package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/nango-lite/nango-lite/sandbox/internal/match"
	"github.com/nango-lite/nango-lite/sandbox/internal/message"
)

func (p *clients) declares(list []match.Declared, name string) bool {
	return slices.ContainsFunc(list, func(d match.Declared) bool { return strings.EqualFold(d.Name, name) })
}

// client returns the id with which the client authenticates.
func (t *tokenRequest) client() string {
	if id := t.std["client_id"]; id != "" {
		return id
	}
	encoded, _ := strings.CutPrefix(t.header.Get("Authorization"), "Basic ")
	plain, _ := base64.StdEncoding.DecodeString(encoded)
	id, _, _ := strings.Cut(string(plain), ":")
	return id
}

// The parameters of a token request that RFC 6749, RFC 7636 and RFC 8628 name.
var tokenParams = []string{"grant_type", "code", "redirect_uri", "client_id", "client_secret", "code_verifier", "refresh_token", "scope", "device_code"}

// A tokenRequest is a request to the token endpoint, read but not checked.
type tokenRequest struct {
	wire   url.Values        // parameters by the names they have on the wire
	std    map[string]string // by their standard names
	types  map[string]string // of what stands in JSON
	query  url.Values
	header http.Header
	issues bool // the mode gets its tokens without a code
	begins bool // it asks for no token yet
	seen   *match.Seen
}

func (t *tokenRequest) exchange() bool {
	return t.issues || t.begins || t.std["code"] != "" || t.device()
}

// device reports whether the request redeems a device code.
func (t *tokenRequest) device() bool { return t.std["device_code"] != "" }

// readTokenRequest reads the parameters from where the blueprint says that they
// stand, and refuses them elsewhere.
func (p *clients) readTokenRequest(r *http.Request, body []byte, at match.Location) (*tokenRequest, *message.Refusal) {
	a := &p.Integration.Auth
	method := a.TokenRequestMethod
	if method == "" {
		method = http.MethodPost
	}
	if how := a.RefreshRequest; how != nil && how.Method != "" && (at.Name == match.PlaceRefresh || at.Shared && r.Method == how.Method) {
		method = how.Method
	}
	if r.Method != method {
		return nil, message.Refused(405, "invalid_request", "token requests are made with %s, not %s", method, r.Method)
	}
	t := &tokenRequest{query: r.URL.Query(), header: r.Header, issues: a.Issues(), seen: match.See(r, body)}
	var ref *message.Refusal
	switch {
	case method == http.MethodGet:
		t.wire = t.query
	case a.BodyFormat == "query":
		t.wire, ref = message.ReadNoBody(t.query, body)
	case a.BodyFormat == "json":
		t.wire, t.types, ref = message.ReadJSON(r.Header, body)
	default:
		t.wire, ref = message.ReadForm(r.Header, body)
	}
	if ref != nil {
		return nil, ref
	}
	for name, values := range t.wire {
		if len(values) > 1 {
			return nil, message.Refused(400, "invalid_request", "%s is given more than once (RFC 6749 3.2)", name)
		}
	}
	return t, p.readStandard(t, method)
}

// readClientForm reads a form that a client posts and in which it says who it is, to an
// endpoint beside the token endpoint. byPost is said to whoever uses another method.
func (p *clients) readClientForm(r *http.Request, at match.Location, byPost string) (*tokenRequest, *message.Refusal) {
	t := &tokenRequest{header: r.Header, query: r.URL.Query(), begins: true}
	if r.Method != http.MethodPost {
		return nil, message.Refused(405, "invalid_request", "%s", byPost)
	}
	var ref *message.Refusal
	if t.wire, ref = message.ReadForm(r.Header, message.ReadBody(r)); ref != nil {
		return nil, ref
	}
	if ref := p.readStandard(t, r.Method); ref != nil {
		return nil, ref
	}
	if ref := p.checkClient(t); ref != nil {
		return nil, ref
	}
	return t, p.CheckDeclared(at.Query, t.query.Get, "the query of "+at.Name)
}

// readStandard gives the parameters their standard names.
func (p *clients) readStandard(t *tokenRequest, method string) *message.Refusal {
	t.std = map[string]string{}
	for _, name := range tokenParams {
		wire, renamed := p.wireName(name)
		if renamed && t.wire.Has(name) && !p.declaresToken(name) {
			if wire == "" {
				return message.Refused(400, "invalid_request", "%s is given, but token_request.rename leaves it out", name)
			}
			return message.Refused(400, "invalid_request", "%s is given, but token_request.rename calls it %s", name, wire)
		}
		if wire == "" {
			continue
		}
		t.std[name] = t.wire.Get(wire)
		if method != http.MethodGet && p.Integration.Auth.BodyFormat != "query" && t.query.Has(wire) && !p.declaresToken(wire) {
			return message.Refused(400, "invalid_request", "%s stands in the query; it belongs in the body", wire)
		}
	}
	return nil
}

// wireName returns what a standard parameter is called at this provider.
func (p *clients) wireName(name string) (wire string, renamed bool) {
	if t := p.Integration.Auth.TokenRequest; t != nil {
		if wire, ok := t.Rename[name]; ok {
			return wire, wire != name
		}
	}
	return name, false
}

// declaresToken reports whether the blueprint itself puts a parameter of that
// name on the wire.
func (p *clients) declaresToken(name string) bool {
	named := func(d match.Declared) bool { return d.Name == name }
	renames := p.Integration.Auth.TokenRequest
	return slices.ContainsFunc(p.Params.Token, named) || slices.ContainsFunc(p.Params.Refresh, named) ||
		slices.ContainsFunc(p.Params.Query, named) || renames != nil && slices.Contains(slices.Collect(values(renames.Rename)), name)
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
