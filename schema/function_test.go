package schema

import (
	"slices"
	"strings"
	"testing"
)

func TestCheckFunctions(t *testing.T) {
	for _, row := range []struct{ in, err string }{
		{"${base64(oauth_client_secret, ':')}", ""},
		{"${hex(hmac_sha256(sha256(a), sha1(b), now('ms')))} ${uuid()}${nonce()}${now()}", ""},
		{"${a || lower(upper(b), 'x') || urlencode(base64url(md5(c)))}", ""},
		{"${bas64(a)}", "bas64(): there is no such function"},
		{"${base64()}", "base64(): it takes at least 1, and is given 0"},
		{"${hex(hmac_sha1(a))}", "hmac_sha1(): it takes at least 2, and is given 1"},
		{"${uuid(a)}", "uuid(): it takes at most 0, and is given 1"},
		{"${sha256(a)}", "sha256(): a digest is no text"},
		{"x ${'y' || hmac_sha1(a, b)}", "hmac_sha1(): a digest is no text"},
		{"${lower(sha1(a))}", "sha1(): a digest is no text"},
		{"${now('seconds')}", "now(): it takes one of 's', 'ms', 'iso', in quotes"},
		{"${now(a)}", "now(): it takes one of"},
		{"${now('s' || 'ms')}", "now(): it takes one of"},
		{"${hex(now('s', 'ms'))}", "now(): it takes at most 1, and is given 2"},
	} {
		parsed, err := ParseTemplate(row.in)
		if err != nil {
			t.Fatalf("%s: %v", row.in, err)
		}
		switch err := parsed.CheckFunctions(); {
		case row.err == "" && err != nil:
			t.Errorf("%s: got %v", row.in, err)
		case row.err != "" && (err == nil || !strings.HasPrefix(err.Error(), row.err)):
			t.Errorf("%s: got %v, want %s", row.in, err, row.err)
		}
	}
}

// TestFunctionNames: what a function is given counts as named by the template.
func TestFunctionNames(t *testing.T) {
	parsed, err := ParseTemplate("a ${base64(username, ':', hex(sha1(password || 'x'))) || api_key}")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := parsed.Refs(), []string{"username", "password", "api_key"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !parsed.Computed() || parsed.Generated() {
		t.Error("it is computed, and nothing in it is generated")
	}
	generated, _ := ParseTemplate("${hex(sha1(nonce()))}")
	if !generated.Generated() {
		t.Error("a nonce within functions is generated all the same")
	}
	if plain, _ := ParseTemplate("Bearer ${access_token}"); plain.Computed() {
		t.Error("a name is not computed")
	}
}
