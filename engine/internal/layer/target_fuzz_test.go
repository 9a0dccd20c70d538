package layer_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/nango-lite/nango-lite/engine/internal/layer"
	"github.com/nango-lite/nango-lite/engine/internal/layer/layertest"
)

// Whatever a caller gives as URL: it is refused, or what is sent is a request target
// below base_url, on its origin, however often a server decodes it.
func FuzzRequestTargets(f *testing.F) {
	for _, seed := range []string{
		"/x", "x/y?z=1", "", "?", "?a=b&a=c&;=%zz", "#part", "https://api.fjord.test/v1/x", "https://api.fjord.test/v10/x", "HTTPS://API.fjord.test:443/v1", "https://api.fjord.test@evil.test/v1/x",
		"//evil.test/v1", "/../x", "/%2e%2e/x", "/.%252e/x", "/..;a/x", `/\..\x`, "/a%2f..%2fb", "/%25252525252e./x", "/a%/..", "/ü b|c^d/%C3%BC", "/x?a b=ü<>&c='\"", "https:x", "http://api.fjord.test/v1/x", "/x\x7f", "/.../..a/a..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if u, err := url.Parse(text); err != nil || u.Host == "evil.test" && u.Scheme == "" {
			return
		}
		got, err := target(t, baseURL(t, "https://api.fjord.test/v1?k=v"), &layertest.Session{}, text)
		if err != nil {
			if got != "" {
				t.Errorf("%q is refused (%v), and sent to %s", text, err, got)
			}
			return
		}
		rest, ok := strings.CutPrefix(got, "https://api.fjord.test/v1")
		if !ok || rest != "" && !strings.ContainsRune("/?", rune(rest[0])) {
			t.Fatalf("%q is sent to %s", text, got)
		}
		path, query, _ := strings.Cut(rest, "?")
		if query != "k=v" && !strings.HasPrefix(query, "k=v&") {
			t.Errorf("%q is sent with the query %q: base_url's is gone", text, query)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>#", r) }) {
			t.Errorf("%q is sent as %q: no request target", text, got)
		}
		for decodings := range 6 {
			for _, segment := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }) {
				if name, _, _ := strings.Cut(segment, ";"); name == ".." {
					t.Fatalf("%q is sent to %s, which climbs when it is decoded %d times", text, got, decodings)
				}
			}
			path = layer.DecodedOnce(path)
		}
	})
}
