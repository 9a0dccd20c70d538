package discovery

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const seeded = "seeded-secret-Zx81"

// harmless fails the test if err repeats what a stranger wrote.
func harmless(t *testing.T, err error, doc []byte) {
	t.Helper()
	if err == nil {
		return
	}
	if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, seeded) {
		t.Errorf("%q gives the error %s", doc, text)
	}
}

func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{
		`{"resource":"https://a.test/mcp","authorization_servers":["https://id.test"],"scopes_supported":["a","b c",7]}`,
		`{"issuer":"https://id.test","authorization_endpoint":"https://id.test/a","token_endpoint":"https://id.test/t","code_challenge_methods_supported":["S256"],"mtls_endpoint_aliases":{"token_endpoint":"https://m.id.test"}}`,
		`{"issuer":"https://id.test","authorization_endpoint":"https://` + seeded + `@id.test/a","token_endpoint":"http://` + seeded + `"}`,
		`{"client_id":"` + seeded + `","client_secret":"` + seeded + `","redirect_uris":["https://app.test/callback"],"client_secret_expires_at":1e300}`,
		`{"client_id":{"a":[]},"redirect_uris":"` + seeded + `","client_secret_expires_at":"soon"}`,
		`{"issuer":null,"Issuer":"https://id.test"}`, `[]`, `null`, `{`, ``, `{} {}`, `"` + seeded + `"`, `{"resource":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	as := Request{Name: "x", Redirect: "https://app.test/callback", Method: MethodBasic}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := decode(body)
		harmless(t, err, body)
		if err != nil {
			return
		}
		r, err := ReadResource(doc, "https://a.test/mcp")
		harmless(t, err, body)
		if err == nil && strings.TrimSuffix(r.Name, "/") != "https://a.test/mcp" {
			t.Errorf("%q is taken for another resource", body)
		}
		for _, certificate := range []bool{false, true} {
			s, err := ReadServer(doc, "https://id.test", certificate)
			harmless(t, err, body)
			if err != nil {
				continue
			}
			for _, endpoint := range []string{s.Authorize, s.Token, s.Register, s.Revoke} {
				if _, err := Secure(endpoint); endpoint != "" && err != nil {
					t.Errorf("%q gives the endpoint %s", body, endpoint)
				}
			}
			s.Method(true)
		}
		c, err := ReadClient(doc, as)
		harmless(t, err, body)
		if err == nil && (c.ID == "" || (c.Method == MethodNone) != (c.Secret == "")) {
			t.Errorf("%q gives the client %+v", body, c)
		}
		(&Answer{Doc: doc}).Code()
	})
}

func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{
		`Bearer resource_metadata="https://a.test/x", scope="a b"`, `Basic realm="a, Bearer x=\"y\"", Bearer error=invalid_token`, `Bearer`, `bearer  scope = "\"`,
		`Negotiate abc==, Bearer scope=a,, ,resource_metadata=`, `,,=`, `"`, `Bearer scope="` + strings.Repeat("x ", 300) + `"`, `Digest a="b", c=d, Bearer e`,
	} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		c, ok := Bearer([]string{a, b})
		if !ok && c != (Challenge{}) {
			t.Errorf("%+v of nothing", c)
		}
		for _, s := range Scopes(c.Scope) {
			if s == "" || strings.ContainsAny(s, " \"\\\r\n") {
				t.Errorf("%q is taken for a scope", s)
			}
		}
	})
}

func FuzzURLs(f *testing.F) {
	f.Add("https://a.test/b/c/?d=e")
	f.Add("https://a.test")
	f.Add("https://a.test/%2F..")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := Secure(text)
		harmless(t, err, nil)
		if err != nil {
			return
		}
		for _, place := range append(ResourceURLs(u), ServerURLs(u)...) {
			p, err := url.Parse(place)
			if err != nil || p.Scheme != u.Scheme || p.Host != u.Host {
				t.Errorf("%q leads to %q", text, place)
			}
		}
	})
}
