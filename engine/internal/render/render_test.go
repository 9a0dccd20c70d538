package render_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/render"
	"github.com/nango-lite/nango-lite/schema"
)

func template(t *testing.T, text string) schema.Template {
	t.Helper()
	p, err := schema.ParseTemplate(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func of(pairs ...string) render.Values {
	return func(name string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func formats(name string) string {
	return map[string]string{"connection.host": "hostname", "connection.origin": "uri"}[name]
}

func TestText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"plain", "plain"}, {"Bearer ${access_token}", "Bearer a&b"}, {"${connection.none || 'x'}", "x"}, {"${connection.none || access_token}", "a&b"},
		{"$${literal} ${access_token}${access_token}", "${literal} a&ba&b"}, {"${connection.none || ''}", ""},
		{"1${access_token}2${access_token}3${access_token}4", "1a&b2a&b3a&b4"},
	} {
		if got, err := render.Text(template(t, c.text), of("access_token", "a&b")); got != c.want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	var missing *render.MissingError
	if _, err := render.Text(template(t, "${a || b}"), of()); !errors.As(err, &missing) || missing.Name != "a" {
		t.Errorf("got %v", err)
	}
}

func TestHeaderRefusesLineBreaks(t *testing.T) {
	for _, v := range []string{"a\rb", "a\nb", "a\x00b"} {
		if got, err := render.Header(template(t, "${api_key}"), of("api_key", v)); err == nil || strings.Contains(err.Error(), v) {
			t.Errorf("%q: got %q, %v", v, got, err)
		}
	}
}

func TestURL(t *testing.T) {
	for _, c := range []struct{ text, v, want string }{ // want "": refused
		{"https://${connection.sub}.fjord.test/v1", "quill", "https://quill.fjord.test/v1"},
		{"https://${connection.sub}.fjord.test", "evil.com/", ""}, {"https://${connection.sub}.fjord.test", "evil.com#", ""}, {"https://${connection.sub}.fjord.test", "evil.com?", ""},
		{"https://${connection.sub}.fjord.test", "x@evil.com", ""}, {"https://${connection.sub}.fjord.test", "a.b", ""}, {"https://${connection.sub}.fjord.test", "a:80", ""},
		{"https://${connection.sub}.fjord.test", "", ""}, {"https://${connection.sub}.fjord.test", "a\n", ""}, {"https://${connection.sub}.fjord.test", "ü", ""}, {"https://${connection.sub}.fjord.test", "a_b", ""},
		{"https://${connection.host}/v1", "shop.example.test:8443", "https://shop.example.test:8443/v1"},
		{"https://${connection.host}/v1", "evil.com/x", ""}, {"https://${connection.host}/v1", "user@evil.com", ""}, {"https://${connection.host}/v1", "evil.com:80:80", ""},
		{"${connection.origin}/v1", "https://self.example.test/base/", "https://self.example.test/base/v1"},
		{"${connection.none || 'https://self.example.test'}/v1", "", "https://self.example.test/v1"}, {"https://${connection.none || 'www.self.test'}/v1", "", "https://www.self.test/v1"},
		{"${connection.none || 'self.test'}/v1", "", ""}, {"https://${connection.none || 'self.test/x'}/v1", "", ""},
		{"${connection.origin}/v1", "https://user@self.test", ""}, {"${connection.origin}/v1", "file:///etc", ""}, {"${connection.origin}/v1", "https://self.test?x=1", ""}, {"${connection.origin}/v1", "self.test", ""},
		{"${connection.sub}/v1", "https://self.test", ""}, {"${connection.sub}://fjord.test", "https", ""},
		{"https://fjord.test/${connection.sub}/x", "a/b ü?#%", "https://fjord.test/a%2Fb%20%C3%BC%3F%23%25/x"},
		{"https://fjord.test/${connection.sub}/x", "..", ""}, {"https://fjord.test/${connection.sub}/x", ".", ""},
		{"https://fjord.test/x?a=${connection.sub}", "b&c=d #", "https://fjord.test/x?a=b%26c%3Dd%20%23"},
	} {
		values := of()
		if name := template(t, c.text).Refs()[0]; name != "connection.none" {
			values = of(name, c.v)
		}
		u, err := render.URL(template(t, c.text), values, formats)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s with %q gave %s", c.text, c.v, u)
			} else if len(c.v) > 1 && strings.Contains(err.Error(), c.v) && c.v != ".." {
				t.Errorf("%s: %v quotes the value", c.text, err)
			}
			continue
		}
		if err != nil || u.String() != c.want {
			t.Errorf("%s with %q: got %v, %v; want %s", c.text, c.v, u, err, c.want)
		}
	}
}

func TestPath(t *testing.T) {
	got, err := render.Path(template(t, "/teams/${connection.team}/me?for=${connection.team}"), of("connection.team", "a/b&c"))
	if want := "/teams/a%2Fb&c/me?for=a%2Fb%26c"; got != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := render.Path(template(t, "/teams/${connection.team}"), of("connection.team", "..")); err == nil {
		t.Error("a dot segment was taken")
	}
}

// Whatever the value, the host is where the template put it.
func FuzzURL(f *testing.F) {
	for _, v := range []string{"quill", "evil.com/", "x@evil.com", "a.b:80", "%2e", "\\evil.com", "..", "\t"} {
		f.Add(v)
	}
	host, _ := schema.ParseTemplate("https://${connection.sub}.fjord.test/v1")
	path, _ := schema.ParseTemplate("https://fjord.test/${connection.sub}?q=${connection.sub}")
	f.Fuzz(func(t *testing.T, v string) {
		if u, err := render.URL(host, of("connection.sub", v), formats); err == nil && (!strings.HasSuffix(u.Host, ".fjord.test") || u.Path != "/v1" || strings.Count(u.Host, ".") != 2) {
			t.Errorf("%q: %s", v, u)
		}
		if u, err := render.URL(path, of("connection.sub", v), formats); err == nil && (u.Host != "fjord.test" || u.Query().Get("q") != v || u.Path != "/"+v) {
			t.Errorf("%q: %s", v, u)
		}
	})
}
