package weburl_test

import (
	"testing"

	"github.com/nango-lite/nango-lite/internal/weburl"
)

func TestSameURL(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://id.example", "https://id.example/", true}, {"https://ID.Example/a", "https://id.example:443/a", true}, {"HTTP://id.example:80", "http://id.example", true},
		{"https://id.example/a/../b", "https://id.example/b", true}, {"https://id.example/./b/", "https://id.example/b/", true}, {"https://id.example/a/..", "https://id.example", true},
		{"https://id.example/a", "https://id.example/a/", false}, {"https://id.example/a", "https://id.example/A", false}, {"https://id.example", "http://id.example", false},
		{"https://id.example:8443", "https://id.example", false}, {"https://id.example:80", "https://id.example", false}, {"https://id.example/a%2fb", "https://id.example/a/b", false},
		{"https://id.example/a?x=1", "https://id.example/a", false}, {"https://id.example//a", "https://id.example/a", false}, {"https://u@id.example", "https://id.example", false},
		{"https://id.example.evil.example", "https://id.example", false}, {"", "", true}, {"urn:a", "urn:A", false}, {"%", "https://id.example", false}, {"https://[::1]/", "https://[::1]:443", true},
	} {
		if weburl.Same(c.a, c.b) != c.same || weburl.Same(c.b, c.a) != c.same {
			t.Errorf("%q and %q: want %v", c.a, c.b, c.same)
		}
	}
}
