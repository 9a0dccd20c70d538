package discovery

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fields []string
		want   Challenge
		ok     bool
	}{
		// RFC 9728 5.1, RFC 6750 3.1.
		{[]string{`Bearer resource_metadata="https://resource.example.com/.well-known/oauth-protected-resource"`}, Challenge{ResourceMetadata: "https://resource.example.com/.well-known/oauth-protected-resource"}, true},
		{[]string{`Bearer realm="example", error="insufficient_scope", scope="files:read files:write"`}, Challenge{Scope: "files:read files:write", Error: "insufficient_scope"}, true},
		{[]string{`Basic realm="Bearer scope=x"`, `bearer SCOPE = a`}, Challenge{Scope: "a"}, true},
		{[]string{`Negotiate dG9rZW4=, Bearer error="a\"b", Basic realm=x, scope=y`}, Challenge{Error: `a"b`}, true},
		{[]string{`Bearer error=a, Bearer resource_metadata="https://a.test", error=b`}, Challenge{ResourceMetadata: "https://a.test", Error: "b"}, true},
		{[]string{`Bearer scope=a, scope=b`}, Challenge{Scope: "a"}, true},
		{[]string{`Bearer`}, Challenge{}, true},
		{[]string{`Basic realm=x`, ``, `scope=a`}, Challenge{}, false},
		{nil, Challenge{}, false},
	} {
		if got, ok := Bearer(tt.fields); got != tt.want || ok != tt.ok {
			t.Errorf("%q: got %+v, %v; want %+v, %v", tt.fields, got, ok, tt.want, tt.ok)
		}
	}
}

// RFC 8414 3.1, RFC 9728 3.1, and the order of MCP.
func TestURLs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		of        string
		resources []string
		servers   []string
	}{
		{"https://a.test", []string{"https://a.test/.well-known/oauth-protected-resource"},
			[]string{"https://a.test/.well-known/oauth-authorization-server", "https://a.test/.well-known/openid-configuration"}},
		{"https://a.test/", []string{"https://a.test/.well-known/oauth-protected-resource"},
			[]string{"https://a.test/.well-known/oauth-authorization-server", "https://a.test/.well-known/openid-configuration"}},
		{"https://a.test:8443/public/mcp", []string{"https://a.test:8443/.well-known/oauth-protected-resource/public/mcp", "https://a.test:8443/.well-known/oauth-protected-resource"},
			[]string{"https://a.test:8443/.well-known/oauth-authorization-server/public/mcp", "https://a.test:8443/.well-known/openid-configuration/public/mcp", "https://a.test:8443/public/mcp/.well-known/openid-configuration"}},
		{"https://a.test/r?k=v", []string{"https://a.test/.well-known/oauth-protected-resource/r?k=v", "https://a.test/.well-known/oauth-protected-resource"}, nil},
	} {
		u, err := url.Parse(tt.of)
		if err != nil {
			t.Fatal(err)
		}
		if got := ResourceURLs(u); !slices.Equal(got, tt.resources) {
			t.Errorf("%s: got %q", tt.of, got)
		}
		if got := ServerURLs(u); tt.servers != nil && !slices.Equal(got, tt.servers) {
			t.Errorf("%s: got %q", tt.of, got)
		}
	}
}

func TestFresh(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"": time.Minute, "public, max-age=30": 30 * time.Second, "max-age=3600": time.Minute, "no-store": 0, "max-age=30, no-cache": 0, `Max-Age="5"`: 5 * time.Second, "max-age=-1": time.Minute,
	} {
		if got := Fresh(http.Header{"Cache-Control": {text}}, time.Minute); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// A client with a certificate has endpoints of its own (RFC 8705 5).
func TestAliases(t *testing.T) {
	t.Parallel()
	doc, err := decode([]byte(`{"issuer":"https://id.test","authorization_endpoint":"https://id.test/a","token_endpoint":"https://id.test/t","revocation_endpoint":"https://id.test/r",
		"code_challenge_methods_supported":["S256"],"mtls_endpoint_aliases":{"token_endpoint":"https://mtls.id.test/t"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for certificate, want := range map[bool]string{false: "https://id.test/t", true: "https://mtls.id.test/t"} {
		s, err := ReadServer(doc, "https://id.test", certificate)
		if err != nil || s.Token != want || s.Revoke != "https://id.test/r" {
			t.Errorf("with a certificate %v: %+v, %v", certificate, s, err)
		}
	}
}
