package sandbox_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/sandbox"
	"github.com/nango-lite/nango-lite/schema"
)

func mcpLike() *schema.Integration {
	return &schema.Integration{
		Name: "lamps",
		Auth: schema.Auth{AuthMode: schema.MCPOAuth2},
		Requests: schema.Requests{
			BaseURL: "https://mcp.lamps.example/v1/mcp",
			Headers: map[string]string{"Authorization": "Bearer ${access_token}"},
		},
	}
}

const lampsIssuer = "https://mcp.lamps.example/sandbox-as"

// ask sends a request and returns the refusal, or "".
func (f *flow) ask(method, at, media, body string, header ...string) (string, *http.Response, tokens) {
	f.t.Helper()
	r, err := http.NewRequest(method, at, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, doc := f.do(r)
	return resp.Header.Get(sandbox.RefusalHeader), resp, doc
}

func (f *flow) registers(change map[string]string) (string, tokens) {
	f.t.Helper()
	members := map[string]string{
		"client_name": `"x"`, "redirect_uris": `["` + redirectURI + `"]`, "grant_types": `["authorization_code","refresh_token"]`, "response_types": `["code"]`,
		"token_endpoint_auth_method": `"none"`, "application_type": `"native"`,
	}
	var parts []string
	for name, v := range members {
		if other, ok := change[name]; ok {
			v = other
		}
		parts = append(parts, `"`+name+`":`+v)
	}
	ref, _, doc := f.ask("POST", lampsIssuer+"/register", "application/json", "{"+strings.Join(parts, ",")+"}")
	return ref, doc
}

// What the resource and the server say of themselves agrees.
func TestDiscovered(t *testing.T) {
	t.Parallel()
	p := newProvider(t, mcpLike(), nil)
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	_, resp, _ := f.ask("GET", "https://mcp.lamps.example/v1/mcp", "", "")
	const metadata = "https://mcp.lamps.example/.well-known/oauth-protected-resource/v1/mcp"
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != 401 || got != `Bearer resource_metadata="`+metadata+`", scope="sandbox:use"` {
		t.Errorf("%s, challenge %q", resp.Status, got)
	}
	_, _, doc := f.ask("GET", metadata, "", "")
	if doc.text("resource") != "https://mcp.lamps.example/v1/mcp" || doc["authorization_servers"].([]any)[0] != lampsIssuer {
		t.Errorf("the resource says %v", doc)
	}
	_, _, doc = f.ask("GET", "https://mcp.lamps.example/.well-known/oauth-authorization-server/sandbox-as", "", "")
	if doc.text("issuer") != lampsIssuer || doc.text("token_endpoint") != lampsIssuer+"/token" {
		t.Errorf("the server says %v", doc)
	}
	for _, elsewhere := range []string{"https://mcp.lamps.example/.well-known/oauth-protected-resource", metadata + "/x"} {
		if ref, _, _ := f.ask("GET", elsewhere, "", ""); !strings.HasPrefix(ref, "not_found") {
			t.Errorf("%s: %q", elsewhere, ref)
		}
	}
	if s := p.Stats(); s.Calls != 0 {
		t.Errorf("discovery counts as %d calls", s.Calls)
	}
}

func TestRegistrationIsStrict(t *testing.T) {
	t.Parallel()
	p := newProvider(t, mcpLike(), nil)
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no redirect":          {map[string]string{"redirect_uris": "[]"}, "invalid_redirect_uri: redirect_uris is missing"},
		"a web redirect":       {map[string]string{"application_type": `"web"`}, "invalid_redirect_uri: a redirect over http is for application_type native"},
		"http elsewhere":       {map[string]string{"redirect_uris": `["http://app.example/cb"]`}, "invalid_redirect_uri: a redirect over http"},
		"another grant":        {map[string]string{"grant_types": `["implicit"]`}, "invalid_client_metadata: grant_types must be"},
		"another response":     {map[string]string{"response_types": `["token"]`}, "invalid_client_metadata: response_types must be"},
		"another auth":         {map[string]string{"token_endpoint_auth_method": `"private_key_jwt"`}, "invalid_client_metadata: token_endpoint_auth_method"},
		"nobody in particular": {map[string]string{"client_name": `""`}, "invalid_client_metadata: client_name is missing"},
	} {
		if ref, _ := f.registers(tt.change); !strings.HasPrefix(ref, tt.want) {
			t.Errorf("%s: got %q, want %q", name, ref, tt.want)
		}
	}
	if ref, _, _ := f.ask("POST", lampsIssuer+"/register", "text/plain", "{}"); !strings.Contains(ref, "Content-Type must be application/json") {
		t.Errorf("got %q", ref)
	}
	if ref, doc := f.registers(nil); ref != "" || doc.text("client_id") == "" || doc.text("client_secret") != "" || p.Stats().Registrations != 1 {
		t.Errorf("got %q, %v", ref, doc)
	}
}

// The grant is for one client and one resource, from consent to call.
func TestGrantsAreForOneResource(t *testing.T) {
	t.Parallel()
	p := newProvider(t, mcpLike(), nil)
	f := &flow{t: t, p: p, rt: sandbox.NewMux(p).Transport()}
	_, client := f.registers(map[string]string{"token_endpoint_auth_method": `"client_secret_post"`})
	const resource = "https://mcp.lamps.example/v1/mcp"
	asks := func(change map[string]string) string {
		q := url.Values{
			"response_type": {"code"}, "client_id": {client.text("client_id")}, "redirect_uri": {redirectURI}, "state": {"st4te"}, "scope": {"sandbox:use"}, "resource": {resource},
			"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}, // RFC 7636 B
		}
		for name, v := range change {
			if q.Set(name, v); v == "" {
				q.Del(name)
			}
		}
		return lampsIssuer + "/authorize?" + q.Encode()
	}
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no resource":      {map[string]string{"resource": ""}, "invalid_target: resource is missing"},
		"another resource": {map[string]string{"resource": "https://mcp.lamps.example/v2/mcp"}, "invalid_target: resource is not the one"},
		"no such client":   {map[string]string{"client_id": "x"}, "unauthorized_client: the client_id was not issued by a sandbox"},
		"another redirect": {map[string]string{"redirect_uri": "http://localhost:3004/oauth/callback"}, "invalid_request: redirect_uri is not one that the client registered"},
		"no scope":         {map[string]string{"scope": ""}, "invalid_scope: the integration asks for scopes"},
	} {
		if ref, _, _ := f.ask("GET", asks(tt.change), "", ""); !strings.HasPrefix(ref, tt.want) {
			t.Errorf("%s: got %q, want %q", name, ref, tt.want)
		}
	}
	back, err := sandbox.Allow(t.Context(), f.rt, asks(nil), "allow")
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Query().Get("iss"); got != lampsIssuer {
		t.Errorf("iss is %q", got)
	}
	redeem := func(change map[string]string) (string, tokens) {
		form := url.Values{
			"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {redirectURI}, "resource": {resource},
			"client_id": {client.text("client_id")}, "client_secret": {client.text("client_secret")}, "code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
		}
		for name, v := range change {
			if form.Set(name, v); v == "" {
				form.Del(name)
			}
		}
		ref, _, doc := f.ask("POST", lampsIssuer+"/token", "application/x-www-form-urlencoded", form.Encode())
		return ref, doc
	}
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no resource":      {map[string]string{"resource": ""}, "invalid_target: resource is missing"},
		"another resource": {map[string]string{"resource": resource + "/"}, "invalid_target: resource is not"},
		"no secret":        {map[string]string{"client_secret": ""}, "invalid_client: the client authenticates with none and registered for client_secret_post"},
		"another secret":   {map[string]string{"client_secret": "x"}, "invalid_client: client_secret is not the one that was given"},
		"no client":        {map[string]string{"client_id": ""}, "invalid_client: client_id is missing"},
	} {
		if ref, _ := redeem(tt.change); !strings.HasPrefix(ref, tt.want) {
			t.Errorf("%s: got %q, want %q", name, ref, tt.want)
		}
	}
	ref, tok := redeem(nil)
	if ref != "" {
		t.Fatal(ref)
	}
	refresh := map[string]string{"grant_type": "refresh_token", "refresh_token": tok.text("refresh_token"), "code": "", "redirect_uri": "", "code_verifier": ""}
	refresh["resource"] = ""
	if ref, _ := redeem(refresh); !strings.HasPrefix(ref, "invalid_target") {
		t.Errorf("a refresh without the resource: %q", ref)
	}
	refresh["resource"] = resource
	if ref, _ := redeem(refresh); ref != "" {
		t.Errorf("a refresh: %q", ref)
	}
	if ref, _, _ := f.ask("GET", resource+"/x", "", "", "Authorization", "Bearer "+tok.text("access_token")); ref != "" {
		t.Errorf("a call: %q", ref)
	}
}
